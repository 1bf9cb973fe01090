import ArgumentParser
import Foundation
import NIOConcurrencyHelpers
import Rearview
import RearviewEngine
import RearviewInterface
import RearviewTerminal
import RearviewText

/// The full-screen program.
struct Chat: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Open the full-screen program (what rearview alone does).")

  @OptionGroup var shared: SharedOptions

  @Flag(name: [.customLong("continue"), .customShort("c")], help: "Open the last session.")
  var continues = false

  @Option(name: .long, help: ArgumentHelp("The theme.", valueName: "name"))
  var theme: String?

  func run() async throws {
    let outcome: TerminalOutcome
    do {
      outcome = try await chat()
    } catch {
      throw CommandEnd(error)
    }
    if case .terminated(let signal) = outcome { signal.endProcess() }
  }

  /// Everything that can be wrong is found before the screen is taken.
  private func chat() async throws -> TerminalOutcome {
    let paths = Paths()
    var shared = shared
    if let theme { shared.set.append("theme=\(theme)") }
    let configuration = try shared.configuration(paths: paths)
    let themes = ThemeLibrary(folder: paths.themes)
    let look = try themes.theme(configuration.theme)
    try Paths.makeFolder(paths.state)
    var options = TerminalOptions()
    options.title = "rearview"
    options.crashReportPath = paths.crashReport
    let loop = try TerminalLoop<ChatProgram>(options: options)
    let client = try await RearviewClient.open(
      configuration: configuration, paths: paths, environment: options.environment)
    try client.check(model: client.model)
    if continues { await client.closeLeftTurns() }
    let (session, turns) = try await Ask.session(client, continues: continues)
    let outcome: TerminalOutcome
    let typed = NIOLockedValueBox("")
    let draft = Draft(paths: paths)
    do {
      let mailbox = loop.mailbox
      let backups = Task {
        await client.keepBackups { mailbox.post(.notice(DisplayText(line: $0), isError: true)) }
      }
      defer { backups.cancel() }
      outcome = try await loop.run { terminal in
        var state = State(size: terminal.size, theme: look, session: session, now: Date())
        state.turns = turns.map(ChatTurn.init)
        if let text = draft.take() { state.composer = TextEditor(text) }
        if session.model == RearviewClient.builtInModel { state.modelHint = DisplayText(RearviewClient.modelHint) }
        return ChatProgram(
          state: state, terminal: terminal, mailbox: mailbox, client: client, themes: themes, draft: typed)
      }
    } catch {
      await client.close()
      throw error
    }
    draft.save(typed.withLockedValue { $0 })
    await client.close()
    return outcome
  }
}
