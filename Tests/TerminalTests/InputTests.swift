import OwnThread
import TerminalEmulator
import Testing

@Suite("Input from a terminal", .serialized, .ownThread) struct InputTests {
  @Test(
    "keys are the same on every terminal, also where bytes and entry disagree",
    arguments: ["xterm-256color", "tmux-256color", "xterm-direct", "linux", "vt100"])
  func keys(term: String) throws {
    let terminal = try probe("keys", environment: ["TERM": term], rows: 40)
    try terminal.wait(for: "ready")
    let presses: [(TerminalEmulator.Key, TerminalEmulator.Modifiers, String)] = [
      (.up, [], "up"), (.left, .control, "ctrl-left"), (.right, .shift, "shift-right"), (.down, .alt, "alt-down"),
      (.home, [], "home"), (.end, [], "end"), (.pageUp, [], "pageUp"), (.pageDown, [], "pageDown"),
      (.insert, [], "insert"),
      (.delete, [], "delete"), (.tab, [], "tab"), (.enter, [], "enter"), (.backspace, [], "backspace"),
      (.function(1), [], "f1"), (.function(4), [], "f4"), (.function(5), [], "f5"), (.function(12), [], "f12"),
    ]
    for (row, (key, modifiers, name)) in presses.enumerated() {
      terminal.key(key, modifiers)
      try terminal.wait(until: { $0.screenText.hasSuffix("key \(name)") || $0.screenText.contains("key \(name)\n") })
      #expect(row < 40)
    }
    terminal.type("\u{1B}[Z")
    try terminal.wait(for: "key shift-tab")
    terminal.type("\u{1B}\r")
    try terminal.wait(for: "key alt-enter")
    terminal.type("\u{1B}[27;2;13~")
    try terminal.wait(for: "key shift-enter")
  }

  @Test("the console's own keys") func console() throws {
    let terminal = try probe("keys", environment: ["TERM": "linux"])
    try terminal.wait(for: "ready")
    terminal.type("\u{1B}[[A\u{1B}[[E\u{1B}[1~\u{1B}[4~\u{1B}\t")
    for name in ["f1", "f5", "home", "end", "shift-tab"] { try terminal.wait(for: "key \(name)") }
  }

  @Test("Esc alone, Esc with a key, and letters of other scripts") func escape() throws {
    let terminal = try probe("keys")
    try terminal.wait(for: "answered")
    terminal.type("\u{1B}")
    try terminal.wait(for: "key escape")
    terminal.type("\u{1B}x")
    try terminal.wait(for: "key alt-'x'")
    terminal.type("é")
    try terminal.wait(for: "key 'é'")
    terminal.type("\u{1B}[99;99;99zk")
    try terminal.wait(for: "key 'k'")
    #expect(!terminal.screenText.contains("'9'"))
    terminal.type("\u{3}\u{1A}\u{1C}")
    for letter in ["c", "z", "\\"] { try terminal.wait(for: "key ctrl-'\(letter)'") }
  }

  @Test("a paste is one event") func paste() throws {
    let terminal = try probe("keys")
    try terminal.wait(for: "answered")
    terminal.paste("one\ntwo\n\u{3}\u{1B}[Athree")
    try terminal.wait(for: "paste 13 bytes 2 lines [one/two/three]")
    #expect(!terminal.screenText.contains("key"))
    terminal.paste(String(repeating: "line\n", count: 20_000))
    try terminal.wait(for: "paste 100000 bytes 20000 lines")
    terminal.type("k")
    try terminal.wait(for: "key 'k'")
  }

  @Test("wheel, clicks and focus") func mouse() throws {
    let terminal = try probe("commands", columns: 300)
    try terminal.wait(for: "answered")
    terminal.click(column: 250, row: 3)
    try terminal.wait(for: "click 250,3")
    terminal.wheel(up: true, column: 5, row: 6)
    try terminal.wait(for: "scroll -3 at 5,6")
    terminal.wheel(up: false, column: 5, row: 6)
    try terminal.wait(for: "scroll 3 at 5,6")
    terminal.type("\u{1B}[O")
    try terminal.wait(for: "focus out")
    terminal.type("M")
    try terminal.wait(until: { !$0.modes.contains(1000) && !$0.modes.contains(1006) })
  }

  @Test("keys typed before the start are not lost") func typeAhead() throws {
    let terminal = try probe("keys", typedBefore: "early")
    for letter in "early" { try terminal.wait(for: "key '\(letter)'") }
  }

  @Test("answers that come late and in pieces are answers, and keys between them are keys") func lateAnswers() throws {
    let terminal = try probe("keys", answers: .init(.held))
    try terminal.wait(for: "ready")
    try terminal.wait(until: \.hasHeldAnswers)
    terminal.type("k")
    try terminal.wait(for: "key 'k'")
    terminal.releaseAnswers(pieceLength: 1)
    terminal.type("l")
    try terminal.wait(for: "answered sync=true dark=true")
    try terminal.wait(for: "key 'l'")
    let keys = terminal.screenText.split(separator: "\n").filter { $0.contains("key") }
    #expect(keys == ["key 'k'", "key 'l'"])
  }

  @Test("a terminal that never answers costs nothing") func noAnswers() throws {
    let start = ContinuousClock.now
    let terminal = try probe("keys", answers: .init(.never))
    try terminal.wait(for: "ready")
    #expect(ContinuousClock.now - start < .seconds(10))
    terminal.type("k")
    try terminal.wait(for: "key 'k'")
    terminal.type("\u{11}")
    try terminal.waitForEnd()
    #expect(terminal.isRestored)
  }

  @Test("a light background is told from a dark one") func background() throws {
    var answers = TerminalEmulator.Answers()
    answers.background = "rgb:ffff/ffff/dddd"
    let light = try probe("keys", answers: answers)
    try light.wait(for: "dark=false")
    answers.background = nil
    let silent = try probe("keys", environment: ["COLORFGBG": "0;15"], answers: answers)
    try silent.wait(for: "dark=false")
  }

  @Test("quitting at once leaves no answer behind for the shell") func quickQuit() throws {
    let terminal = try TerminalEmulator(
      "/bin/sh", ["-c", "'\(probePath)' keys; read -r rest; echo \"[$rest]\""], answers: .init(.held))
    try terminal.wait(for: "ready")
    try terminal.wait(until: \.hasHeldAnswers)
    terminal.type("\u{11}")
    terminal.releaseAnswers()
    try terminal.wait(for: "finished")
    terminal.type("\r")
    try terminal.wait(for: "[]")
  }
}
