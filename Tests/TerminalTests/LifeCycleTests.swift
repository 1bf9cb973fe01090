import Glibc
import OwnThread
import TerminalEmulator
import Testing

/// However the program ends, the terminal is as it was and what was said can be read.
@Suite("The life of a full screen", .serialized, .ownThread) struct LifeCycleTests {
  private func started(
    _ arguments: String..., environment: [String: String] = [:]
  ) throws -> (terminal: TerminalEmulator, settings: String) {
    let terminal = try TerminalEmulator(
      probePath, arguments, environment: TerminalEmulator.plainEnvironment.merging(environment) { $1 })
    let settings = terminal.lineSettingsBefore
    try terminal.wait(for: "answered")
    #expect(terminal.isOnAlternateScreen)
    #expect(!terminal.isCooked)
    #expect(terminal.modes.isSuperset(of: [1049, 2004, 1004, 1000, 1006]))
    return (terminal, settings)
  }

  private func expectRestored(_ terminal: TerminalEmulator, _ settings: String) {
    #expect(terminal.lineSettings == settings)
    #expect(terminal.modes == [7, 25], "left on: \(terminal.modes), all: \(terminal.transcript)")
    #expect(terminal.titlesPushed == terminal.titlesPopped)
  }

  @Test("a normal end gives everything back") func normalEnd() throws {
    let (terminal, settings) = try started("keys", "--title", "probe")
    #expect(terminal.title == "probe")
    terminal.type("\u{11}")
    #expect(try terminal.waitForEnd() == .exit(0))
    expectRestored(terminal, settings)
    #expect(terminal.screenText.contains("finished"))
    #expect(!terminal.screenText.contains("ready"))
  }

  @Test(
    "a fault gives the terminal back, says what happened and dies by its signal",
    arguments: [
      ("T", "Index out of range", [SIGILL, SIGTRAP]), ("S", "SIGSEGV", [SIGSEGV]), ("A", "SIGABRT", [SIGABRT]),
      ("B", "broken elsewhere", [SIGILL, SIGTRAP]), ("O", "SIGSEGV", [SIGSEGV]),
    ])
  func fault(order: String, message: String, signals: [Int32]) throws {
    let report = "/tmp/terminal-tests-\(getpid())-\(order)"
    defer { unlink(report) }
    let (terminal, settings) = try started("commands", "--report", report)
    terminal.type("P")
    terminal.type(order)
    let ending = try terminal.waitForEnd()
    #expect(signals.contains { ending == .signal(Int($0)) }, "\(ending)")
    expectRestored(terminal, settings)
    #expect(terminal.screenText.contains(message))
    #expect(terminal.screenText.contains("noise on stderr"))
    #expect(!terminal.screenText.contains("Press space"))
    var status = stat()
    #expect(stat(report, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    let text = try #require(contents(of: report))
    #expect(text.hasPrefix("ended by SIG"))
    if order == "T" { #expect(text.contains("Index out of range")) }
  }

  @Test("an error that nobody catches is readable on the normal screen") func uncaughtError() throws {
    let terminal = try probe("throw")
    let settings = terminal.lineSettingsBefore
    let ending = try terminal.waitForEnd(seconds: 30)
    #expect(ending == .signal(Int(SIGILL)) || ending == .signal(Int(SIGTRAP)))
    expectRestored(terminal, settings)
    #expect(terminal.transcript.contains("uncaught Refusal"))
  }

  @Test("exit() from anywhere restores the terminal") func exitAnywhere() throws {
    let (terminal, settings) = try started("commands")
    terminal.type("X")
    #expect(try terminal.waitForEnd() == .exit(3))
    expectRestored(terminal, settings)
  }

  @Test(
    "a signal lets the program end in order and then shows in the status",
    arguments: [(SIGTERM, "terminate"), (SIGHUP, "hangup"), (SIGINT, "interrupt")])
  func orderlySignal(number: Int32, name: String) throws {
    let (terminal, settings) = try started("keys")
    terminal.signal(number)
    #expect(try terminal.waitForEnd() == .signal(Int(number)))
    expectRestored(terminal, settings)
    #expect(terminal.screenText.contains("terminated by \(name)"))
  }

  @Test("a program that ignores a signal is ended by the second") func secondSignal() throws {
    let (terminal, settings) = try started("keys", "--on-signal", "ignore")
    terminal.signal(SIGTERM)
    try terminal.wait(for: "signal terminate")
    terminal.type("x")
    try terminal.wait(for: "key 'x'")
    terminal.signal(SIGTERM)
    #expect(try terminal.waitForEnd() == .signal(Int(SIGTERM)))
    expectRestored(terminal, settings)
  }

  @Test("a program that hangs on a signal is ended after two seconds") func hangingProgram() throws {
    let (terminal, settings) = try started("keys", "--on-signal", "hang")
    let start = ContinuousClock.now
    terminal.signal(SIGTERM)
    #expect(try terminal.waitForEnd() == .signal(Int(SIGTERM)))
    #expect(ContinuousClock.now - start < .seconds(20))
    expectRestored(terminal, settings)
  }

  @Test("SIGQUIT restores the terminal and keeps its action") func quitSignal() throws {
    let (terminal, settings) = try started("keys")
    terminal.signal(SIGQUIT)
    #expect(try terminal.waitForEnd() == .signal(Int(SIGQUIT)))
    expectRestored(terminal, settings)
  }

  @Test("a terminal that goes away ends the program") func hangup() throws {
    let (terminal, _) = try started("keys")
    terminal.disconnect()
    let ending = try terminal.waitForEnd()
    #expect(ending == .signal(Int(SIGHUP)))
  }

  @Test("the start after a kill repairs line and modes") func repair() throws {
    let terminal = try probe("keys", startsRaw: true)
    try terminal.wait(for: "answered")
    #expect(terminal.transcript.contains("␛[?1003l"))
    terminal.type("\u{11}")
    try terminal.waitForEnd()
    #expect(terminal.isRestored)
  }

  @Test("what libraries print never reaches the screen and is copied out at the end") func noise() throws {
    let (terminal, _) = try started("commands")
    terminal.type("P")
    terminal.type("x")
    try terminal.wait(for: "key 'x'")
    #expect(!terminal.transcript.contains("noise"))
    terminal.type("Q")
    try terminal.waitForEnd()
    #expect(terminal.screenText.contains("noise on stdout"))
    #expect(terminal.screenText.contains("noise on stderr"))
  }

  @Test("an editor gets the terminal as the shell had it, and the screen comes back") func editor() throws {
    let (terminal, settings) = try started("commands")
    terminal.type("E")
    try terminal.wait(for: "type a line:")
    #expect(terminal.lineSettings == settings)
    #expect(terminal.modes == [7, 25])
    terminal.resize(columns: 100, rows: 30)
    terminal.type("hello\r")
    try terminal.wait(for: "edited [hello]")
    try terminal.wait(for: "ready 100x30")
    #expect(terminal.isOnAlternateScreen)
    #expect(terminal.modes.contains(2004))
    terminal.type("Q")
    try terminal.waitForEnd()
    expectRestored(terminal, settings)
  }

  @Test("Ctrl-Z and fg in a shell", arguments: ["Z", "external"]) func suspend(how: String) throws {
    let terminal = try TerminalEmulator(
      "/bin/bash", ["--norc", "--noprofile", "-i"],
      environment: TerminalEmulator.plainEnvironment.merging(["PS1": "$ "]) { $1 })
    try terminal.wait(for: "$")
    terminal.type("'\(probePath)' commands\r")
    try terminal.wait(for: "answered")
    if how == "Z" {
      terminal.type("Z")
    } else {
      let child = try #require(childProcess(of: terminal.process))
      kill(child, SIGTSTP)
    }
    try terminal.wait(for: "Stopped")
    // The shell's own line editor uses bracketed paste.
    #expect(terminal.modes.subtracting([2004]) == [7, 25])
    terminal.type("echo ok-$((40+2))\r")
    try terminal.wait(for: "ok-42")
    terminal.resize(columns: 90, rows: 20)
    terminal.type("fg\r")
    try terminal.wait(for: "ready 90x20")
    #expect(terminal.modes.isSuperset(of: [1049, 2004, 1004, 1000]))
    terminal.type("x")
    try terminal.wait(for: "key 'x'")
    terminal.type("Q")
    try terminal.wait(for: "finished")
    #expect(terminal.modes.subtracting([2004]) == [7, 25])
  }

  @Test("a stop that could not be caught is mended when it goes on") func stopAndContinue() throws {
    let (terminal, _) = try started("keys")
    terminal.signal(SIGSTOP)
    terminal.signal(SIGCONT)
    terminal.type("x")
    try terminal.wait(for: "key 'x'")
    #expect(terminal.isOnAlternateScreen)
  }

  private func contents(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = fread(&buffer, 1, buffer.count, file)
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  private func childProcess(of parent: Int32) -> Int32? {
    contents(of: "/proc/\(parent)/task/\(parent)/children")?.split(separator: " ").first.flatMap { Int32($0) }
  }
}
