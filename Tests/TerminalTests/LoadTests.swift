import OwnThread
import TerminalEmulator
import Testing

/// Idle costs nothing, a flood does not hold up the keyboard.
@Suite("Load on the loop", .serialized, .ownThread) struct LoadTests {
  @Test("nothing happens when nothing happens: no bytes, no processor time") func idle() throws {
    let terminal = try probe("keys", answers: .init(.never))
    try terminal.wait(for: "ready")
    // Past the time in which answers are expected.
    terminal.watch(seconds: 2.2)
    let bytes = terminal.bytes.count
    let spent = terminal.millisecondsOfCPU
    terminal.watch(seconds: 2)
    #expect(terminal.bytes.count == bytes)
    #expect(terminal.millisecondsOfCPU - spent <= 10)
  }

  @Test("a tick draws on time and only then") func ticks() throws {
    let terminal = try probe("commands")
    try terminal.wait(for: "answered")
    terminal.type("K")
    try terminal.wait(for: "ticks 5")
  }

  @Test("ten thousand events a second arrive whole and in order, 60 times a second, while keys are drawn at once")
  func flood() throws {
    let terminal = try probe("commands")
    try terminal.wait(for: "answered")
    terminal.type("F")
    try terminal.wait(until: { !$0.screenText.contains("events 0 ") })
    var waits: [Duration] = []
    for letter in "abcdefghijklmnop" {
      let start = ContinuousClock.now
      terminal.type(String(letter))
      try terminal.wait(for: "key '\(letter)'")
      waits.append(ContinuousClock.now - start)
    }
    #expect(!terminal.screenText.contains("events 30000"))
    // Debug builds of everything, two cores and other tests beside it: the middle one is what tells.
    #expect(waits.sorted()[waits.count / 2] < .milliseconds(500), "\(waits)")
    try terminal.wait(for: "events 30000", seconds: 20)
    #expect(terminal.screenText.contains("order true"))
    let batches = terminal.rowText(1).split(separator: " ").dropFirst(3).first.flatMap { Int($0) } ?? 0
    // At least 3 s of posting at 60 frames a second; a slow machine may take longer.
    #expect(batches > 10)
    #expect(batches < 60 * 20)
  }

  @Test("frames of a flood are no more than 60 a second") func frameRate() throws {
    let terminal = try probe("commands")
    try terminal.wait(for: "answered")
    let start = ContinuousClock.now
    terminal.type("F")
    try terminal.wait(for: "events 30000", seconds: 20)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let batches = terminal.rowText(1).split(separator: " ").dropFirst(3).first.flatMap { Double($0) } ?? 0
    #expect(batches <= 61 * seconds + 2)
  }

  @Test("a whole repaint of 200 by 60 is quick") func repaint() throws {
    let terminal = try probe("commands", columns: 200, rows: 60)
    try terminal.wait(for: "answered")
    terminal.type("5")
    try terminal.wait(for: "repaint", seconds: 30)
    let line = terminal.screenText.split(separator: "\n").first { $0.contains("repaint") } ?? ""
    let seconds = line.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? .infinity
    // A debug build on a busy machine; a release build takes about a millisecond.
    #expect(seconds < 1, "\(line)")
  }
}
