import Foundation
import NIOConcurrencyHelpers
import Rearview
import RearviewEngine
import RearviewInterface
import RearviewMemory
import RearviewTerminal
import RearviewText

/// Ties terminal, interface and library together, on the terminal's thread: input and events go through `reduce`, the
/// effects run in tasks, and what they find comes back through the mailbox.
final class ChatProgram: TerminalProgram {
  private var state: State
  private let terminal: Terminal
  private let outside: Outside
  private let draft: NIOLockedValueBox<String>
  private var turn: Turn?
  private var isDirty = true

  init(
    state: State, terminal: Terminal, mailbox: Mailbox<Action>, client: RearviewClient, themes: ThemeLibrary,
    draft: NIOLockedValueBox<String>
  ) {
    self.state = state
    self.draft = draft
    self.terminal = terminal
    let outside = Outside(client: client, mailbox: mailbox, themes: themes)
    self.outside = outside
    for effect in self.state.describeModels() { run(effect) }
    Task { await outside.start() }
  }

  var isFinished: Bool { state.isFinished }

  /// Set once for what is shown: a time that is made anew at each look would never be reached.
  private(set) var nextTick: ContinuousClock.Instant?

  func handle(_ input: InputEvent) {
    state.now = Date()
    take(.input(input))
  }

  func handle(_ events: [Action]) {
    state.now = Date()
    for event in events.joiningText() {
      take(event)
    }
  }

  func handle(_ signal: TerminationSignal) {
    state.isFinished = true
    keepDraft()
  }

  /// What is typed and not sent outlives the program.
  private func keepDraft() { draft.withLockedValue { $0 = state.composer.text } }

  func render(size: Size) -> Frame? {
    if size != state.size { take(.input(.resize(size))) }
    if let nextTick, nextTick <= .now { take(.tick(Date())) }
    guard isDirty else { return nil }
    isDirty = false
    return RearviewInterface.render(&state)
  }

  private func take(_ action: Action) {
    isDirty = true
    for effect in reduce(&state, action) { run(effect) }
    nextTick = state.nextTick.map { .now + .seconds(max(0.001, $0.timeIntervalSinceNow)) }
  }

  // MARK: Effects

  private func run(_ effect: Effect) {
    switch effect {
    case .send(let question):
      let turn = outside.client.turn(question, session: state.session, after: state.turns.map(\.record))
      self.turn = turn
      let outside = outside
      outside.noteUse(of: state.session.model)
      Task { await outside.follow(turn) }
    case .cancelTurn: turn?.cancel()
    case .quit:
      turn?.cancel()
      keepDraft()
    case .newSession: turn = nil
    case .useBank: break
    case .useModel(let name):
      let result = Result { try outside.client.check(model: name) }
      take(.model(result.map { name }.mapError { Failure($0) }))
      if case .success = result { outside.noteUse(of: name) }
    case .suspend: terminal.suspend()
    case .redraw: terminal.redraw()
    case .loadModels:
      let outside = outside
      let (current, marks, isFirst) = (state.session.model, state.marks, state.models.models.isEmpty)
      Task { await outside.findModels(current: current, marks: marks, isFirst: isFirst) }
    case .describe(let models):
      let outside = outside
      Task { outside.describe(models) }
    case .loadOptions(let model):
      let values = Result { try outside.client.form(of: model) }
      take(.options(model: model, values.mapError { Failure($0) }))
    case .loadBanks, .loadPage, .edit, .invalidate, .restore, .loadTheme, .listThemes, .setFavourite, .saveOptions:
      let outside = outside
      Task { await outside.run(effect) }
    }
  }
}

/// What happens off the terminal's thread; all that is found goes to the mailbox.
private struct Outside: Sendable {
  let client: RearviewClient
  let mailbox: Mailbox<Action>
  let themes: ThemeLibrary

  /// What an earlier program left behind goes to the store, and the header learns how many memories there are.
  func start() async {
    let mailbox = mailbox
    mailbox.post(.marks(client.marks.read()))
    await client.queue.onChange { change in
      mailbox.post(.storage(turnID: change.turnID, change.storage))
      Task { await postWaiting() }
    }
    if let problem = await client.setUpBank() { mailbox.post(.notice(DisplayText(line: problem), isError: true)) }
    await run(.loadBanks)
    await client.recover()
    await postWaiting()
    client.startBackgroundWork()
  }

  func follow(_ turn: Turn) async {
    for await event in turn.events { mailbox.post(.turn(id: turn.id, event)) }
    await postWaiting()
  }

  private func postWaiting() async {
    if let waiting = try? await client.queue.waiting() { mailbox.post(.waiting(waiting)) }
  }

  /// Until providers have told their models, those that are known by name are there to pick.
  func findModels(current: String, marks: ModelMarks, isFirst: Bool) async {
    let providers = client.providerStatuses()
    let named = ([current] + marks.favourites + marks.recent).map { name in
      client.description(of: name)
        ?? ModelDescription(name: name, provider: Self.provider(of: name), origin: .configured)
    }
    if isFirst { mailbox.post(.models(ModelIndex(models: named, providers: providers), isComplete: false)) }
    mailbox.post(
      .models(ModelIndex(models: await client.models() + named, providers: providers), isComplete: true))
  }

  func describe(_ models: [String]) {
    let known = models.compactMap { name in client.description(of: name).map { (name, $0) } }
    if !known.isEmpty { mailbox.post(.described(Dictionary(known) { $1 })) }
  }

  private static func provider(of model: String) -> String {
    model.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? ""
  }

  /// The menu lists what was used last; that it could not be written down is no news for anyone.
  func noteUse(of model: String) {
    Task { if let marks = try? client.marks.noteUse(of: model) { mailbox.post(.marks(marks)) } }
  }

  func run(_ effect: Effect) async {
    let store = client.store
    switch effect {
    case .loadBanks: mailbox.post(.banks(await attempt { try await store.banks() }))
    case .loadPage(let request, let number, let page):
      let result = await attempt { try await store.memories(page) }
      mailbox.post(.page(request: request, number: number, result))
    case .edit(let id, let bankID, let text):
      let result = await attempt { try await store.edit(id: id, bankID: bankID, text: text) }
      mailbox.post(.memoryChanged(result, done: "Memory changed"))
    case .invalidate(let id, let bankID):
      let result = await attempt { try await store.invalidate(id: id, bankID: bankID, reason: nil) }
      mailbox.post(.memoryChanged(result, done: "Memory invalidated; r restores it"))
    case .restore(let id, let bankID):
      let result = await attempt { try await store.restore(id: id, bankID: bankID) }
      mailbox.post(.memoryChanged(result, done: "Memory restored"))
    case .loadTheme(let name):
      let themes = themes
      mailbox.post(.theme(await attempt { try themes.theme(name) }))
    case .listThemes: mailbox.post(.themes(themes.names()))
    case .setFavourite(let name, let isFavourite):
      switch await attempt({ try client.marks.setFavourite(name, isFavourite) }) {
      case .success(let marks): mailbox.post(.marks(marks))
      case .failure(let failure): mailbox.post(.notice(DisplayText(line: failure.text), isError: true))
      }
    case .saveOptions(let model, let values):
      let result = await attempt { try client.save(values, of: model) }
      mailbox.post(.optionsSaved(model: model, result.map { $0.map { "\($0)" } }))
    case .send, .cancelTurn, .loadModels, .loadOptions, .describe, .useBank, .useModel, .newSession, .suspend, .redraw,
      .quit:
      break
    }
  }
}

/// The outcome of work that may fail, with the sentence that says why.
private func attempt<Value: Sendable>(_ work: @Sendable () async throws -> Value) async -> Result<Value, Failure> {
  do {
    return .success(try await work())
  } catch {
    return .failure(Failure(error))
  }
}

extension [Action] {
  /// Pieces of one answer that came since the last frame as one piece: they are laid out once.
  func joiningText() -> [Action] {
    var joined: [Action] = []
    var pending: (id: String, text: String)?
    func flush() {
      if let text = pending { joined.append(.turn(id: text.id, .text(text.text))) }
      pending = nil
    }
    for action in self {
      if case .turn(let id, .text(let text)) = action {
        if pending?.id == id {
          pending?.text += text
        } else {
          flush()
          pending = (id, text)
        }
      } else {
        flush()
        joined.append(action)
      }
    }
    flush()
    return joined
  }
}
