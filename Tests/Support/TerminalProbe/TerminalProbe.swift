import RearviewTerminal
import RearviewText

/// A small full-screen program for the life cycle tests: it shows what it is told and does, on a key, what a program
/// can do wrong.
///
///     TerminalProbe keys|commands [--ascii] [--title TEXT] [--report FILE] [--on-signal end|ignore|hang]
///
/// `keys` logs every event and ends on Ctrl-Q. `commands` also takes letters for orders (`ProbeProgram.obey`).
@main struct TerminalProbe {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    func value(of name: String) -> String? {
      arguments.firstIndex(of: name).flatMap { arguments.indices.contains($0 + 1) ? arguments[$0 + 1] : nil }
    }
    var options = TerminalOptions()
    options.glyphs = arguments.contains("--ascii") ? .ascii : .automatic
    options.title = value(of: "--title")
    options.crashReportPath = value(of: "--report")
    let takesOrders = arguments.first == "commands"
    let onSignal = value(of: "--on-signal").flatMap(ProbeProgram.OnSignal.init) ?? .end
    if arguments.first == "throw" { return await throwInside(options) }
    do {
      let loop = try TerminalLoop<ProbeProgram>(options: options)
      let mailbox = loop.mailbox
      let outcome = try await loop.run { terminal in
        ProbeProgram(terminal: terminal, mailbox: mailbox, takesOrders: takesOrders, onSignal: onSignal)
      }
      switch outcome {
      case .finished: print("finished")
      case .terminated(let signal):
        print("terminated by \(signal)")
        signal.endProcess()
      }
    } catch {
      print("error: \(error)")
    }
  }

  private struct Refusal: Error {}

  private static func throwInside(_ options: TerminalOptions) async {
    do {
      _ = try await TerminalLoop<ProbeProgram>(options: options).run { _ in throw Refusal() }
    } catch {
      // Not caught on purpose: the runtime is to end the program.
      fatalError("uncaught \(error)")
    }
  }
}
