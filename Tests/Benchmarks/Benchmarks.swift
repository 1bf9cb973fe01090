import Foundation
import RearviewEmbeddedMemory
import RearviewMemory
import ScriptedServer
import TerminalEmulator

/// Measures the built program as a person meets it: in a pseudo-terminal, with a model on loopback.
///
///     swift run -c release RearviewBenchmarks          # `… RearviewBenchmarks engine` for the engine alone
///     swift run -c release RearviewBenchmarks providers  # reading answers, beside what others use
///     swift run -c release RearviewBenchmarks memory     # recall and retain at 10,000, 100,000 and 1,000,000 (or one)
///     swift run -c release RearviewBenchmarks dialogues  # how much of the evidence recall brings
///     swift run -c release RearviewBenchmarks vectors  # comparing vectors, and a bank of them
///
/// Figures are of this machine and moment; compare figures of one run only.
@main
struct Benchmarks {
  static func main() async throws {
    if CommandLine.arguments.contains("serve-chunks") { return try ChunkServer.serve() }
    if CommandLine.arguments.contains("providers") { return end(with: try ProviderBench().rows()) }
    if CommandLine.arguments.contains("dialogues") { return end(with: try await DialogueBench().rows()) }
    if CommandLine.arguments.contains("memory") { return end(with: try await memory()) }
    if CommandLine.arguments.contains("vectors") { return end(with: try await VectorBench().rows()) }
    let engine = try await EngineBench()
    let engineRows = try await engine.rows()
    await engine.end()
    if CommandLine.arguments.contains("engine") { return end(with: engineRows) }
    print("Filling a bank with 100,000 memories …")
    let bench = try await Bench(memories: 100_000)
    var rows = engineRows
    rows += try bench.start()
    rows += try bench.keysWhileStreaming()
    rows += try bench.firstToken()
    rows += try bench.fireHose()
    rows += try await bench.recall()
    end(with: rows)
  }

  /// At three sizes, or at those that are named.
  private static func memory() async throws -> [Row] {
    let asked = CommandLine.arguments.compactMap { Int($0) }
    var rows: [Row] = []
    for (size, median, most) in [(10_000, 3.0, 8.0), (100_000, 15, 40), (1_000_000, 120, 300)]
    where asked.isEmpty || asked.contains(size) {
      var bench = MemoryBench(size: size)
      rows += try await bench.rows(recallMedian: median, recall95: most)
    }
    return rows
  }

  private static func end(with rows: [Row]) {
    Row.printTable(rows)
    if rows.contains(where: { !$0.isMet }) { exit(1) }
  }
}

/// One figure and what it is to be.
struct Row {
  var name: String
  var value: Double
  var unit: String
  var goal: Double

  var isMet: Bool { value <= goal }

  static func printTable(_ rows: [Row]) {
    let width = rows.map(\.name.count).max() ?? 0
    for row in rows {
      let name = row.name.padding(toLength: width, withPad: " ", startingAt: 0)
      // Ratios lie near 1.
      let value = String(format: row.unit == "×" ? "%10.2f %@" : "%10.1f %@", row.value, row.unit)
      print(
        "\(name)  \(value.padding(toLength: 16, withPad: " ", startingAt: 0))  goal \(String(format: "%g", row.goal))  \(row.isMet ? "" : "MISSED")"
      )
    }
  }
}

/// A HOME with a large bank, and the ways to measure the program in it.
final class Bench {
  private let home: String
  private var environment: [String: String]
  private let program: String

  init(memories: Int) async throws {
    home = NSTemporaryDirectory() + "rearview-bench-" + UUID().uuidString
    environment = TerminalEmulator.plainEnvironment.merging(["HOME": home]) { $1 }
    program = TerminalEmulator.builtProgram("rearview")
    let store = try await EmbeddedMemory.open(path: home + "/.local/share/rearview/memory.sqlite")
    var random = SystemRandomNumberGenerator()
    let nouns = ["lease", "garden", "meeting", "invoice", "dog", "train", "recipe", "server", "ticket", "holiday"]
    let places = ["Lisbon", "Porto", "Berlin", "Oslo", "Kyoto", "Lima", "Cairo", "Quito"]
    for batch in 0..<(memories / 1_000) {
      let turns = (0..<1_000).map { index in
        let number = batch * 1_000 + index
        let text =
          "Note \(number): the \(nouns.randomElement(using: &random) ?? "") in \(places.randomElement(using: &random) ?? "") "
          + "was moved to day \(Int.random(in: 1...365, using: &random)) because of matter \(Int.random(in: 1...50_000, using: &random))."
        return RetainTurn(
          bankID: "default", turnID: UUID().uuidString, documentID: "session-\(batch)",
          messages: [
            RetainedMessage(
              speaker: .user, text: text, saidAt: Date(timeIntervalSince1970: 1_700_000_000 + Double(number) * 60))
          ])
      }
      try await store.retain(turns)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: home) }

  private func screen(_ server: ScriptedServer? = nil) throws -> TerminalEmulator {
    var environment = environment
    if let server {
      environment["OPENAI_BASE_URL"] = server.url + "/v1"
      environment["REARVIEW_MODEL"] = "openai/bench"
    }
    return try TerminalEmulator(program, [], environment: environment, folder: home, columns: 120, rows: 40)
  }

  private func quit(_ terminal: TerminalEmulator) throws {
    terminal.key("c", .control)
    terminal.key("c", .control)
    try terminal.waitForEnd()
  }

  private func milliseconds(_ work: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try work()
    let (seconds, attoseconds) = start.duration(to: .now).components
    return Double(seconds) * 1_000 + Double(attoseconds) / 1e15
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  /// From the start of the process to a typed letter on the screen.
  func start() throws -> [Row] {
    var times: [Double] = []
    for _ in 0..<11 {
      var terminal: TerminalEmulator?
      times.append(
        try milliseconds {
          terminal = try screen()
          try terminal?.wait(for: "Message")
          terminal?.type("x")
          try terminal?.wait(for: "› x")
        })
      if let terminal { try quit(terminal) }
    }
    return [Row(name: "start to an accepting composer, 100,000 memories", value: median(times), unit: "ms", goal: 100)]
  }

  /// Letters typed while an answer streams at 5,000 chunks a second.
  func keysWhileStreaming() throws -> [Row] {
    // Five chunks a millisecond.
    let chunk = ScriptedResponse.delta(#"{"content":"word and another\n\n"}"#)
    let five = Array(String(repeating: chunk, count: 5).utf8)
    let server = try ScriptedServer { _ in .stream([.trickle(five, count: 60_000, pauseMilliseconds: 1), .hang]) }
    defer { server.stop() }
    let terminal = try screen(server)
    try terminal.wait(for: "Message")
    terminal.type("go")
    terminal.key(.enter)
    try terminal.wait(for: "word and another")
    terminal.watch(seconds: 0.5)
    let before = terminal.millisecondsOfCPU
    var times: [Double] = []
    var typed = ""
    let took = try milliseconds {
      for index in 0..<200 {
        let letter = String(UnicodeScalar(UInt8(97 + index % 26)))
        typed += letter
        if typed.count > 40 {
          terminal.key("u", .control)
          typed = letter
        }
        times.append(
          try milliseconds {
            terminal.type(letter)
            try terminal.wait(for: "› " + typed)
          })
        terminal.watch(seconds: 0.01)
      }
    }
    let cpu = Double(terminal.millisecondsOfCPU - before) / took * 100
    try quit(terminal)
    let sorted = times.sorted()
    return [
      Row(name: "key to screen at 5,000 chunks/s, median", value: median(times), unit: "ms", goal: 16),
      Row(
        name: "key to screen at 5,000 chunks/s, 99th of 100", value: sorted[sorted.count * 99 / 100], unit: "ms",
        goal: 50),
      Row(name: "processor at 5,000 chunks/s", value: cpu, unit: "%", goal: 100),
    ]
  }

  /// From the first token on the wire to its place on the screen.
  func firstToken() throws -> [Row] {
    var times: [Double] = []
    for _ in 0..<11 {
      let gate = Gate()
      let server = try ScriptedServer { _ in .openAIAnswer("Firstly.", chunkSize: 100).pausing(after: 1, at: gate) }
      let terminal = try screen(server)
      try terminal.wait(for: "Message")
      terminal.type("go")
      terminal.key(.enter)
      try terminal.wait(for: "waiting")
      terminal.watch(seconds: 0.1)
      times.append(
        try milliseconds {
          gate.open()
          try terminal.wait(for: "Firstly.")
        })
      try quit(terminal)
      server.stop()
    }
    return [Row(name: "first token on the wire to the screen", value: median(times), unit: "ms", goal: 30)]
  }

  /// 2,000 chunks as fast as the server can; then rest.
  func fireHose() throws -> [Row] {
    let gate = Gate()
    let chunk = Array(ScriptedResponse.delta(#"{"content":"word and word and "}"#).utf8)
    let server = try ScriptedServer { _ in
      .stream([
        .wait(gate), .flood(chunk, count: 2_000), .send(Array(ScriptedResponse.delta(#"{"content":"the end"}"#).utf8)),
        .send(Array(ScriptedResponse.delta("{}", finish: "stop").utf8)), .send(Array("data: [DONE]\n\n".utf8)),
      ])
    }
    defer { server.stop() }
    let terminal = try screen(server)
    try terminal.wait(for: "Message")
    terminal.type("go")
    terminal.key(.enter)
    try terminal.wait(for: "waiting")
    let (cpuBefore, bytesBefore) = (terminal.millisecondsOfCPU, terminal.bytes.count)
    let took = try milliseconds {
      gate.open()
      try terminal.wait(for: "the end")
    }
    try terminal.wait(for: "This turn is stored.")
    let (cpu, bytes) = (terminal.millisecondsOfCPU - cpuBefore, terminal.bytes.count - bytesBefore)
    let resident = residentMegabytes(of: terminal.process)
    // The toast and the last writes settle first.
    terminal.watch(seconds: 5)
    let (idleCPU, idleBytes) = (terminal.millisecondsOfCPU, terminal.bytes.count)
    terminal.watch(seconds: 5)
    let idle = Double(terminal.millisecondsOfCPU - idleCPU)
    let idleWritten = Double(terminal.bytes.count - idleBytes)
    // A notice comes and goes, and nothing is left running behind it.
    terminal.key("c", .control)
    terminal.watch(seconds: 3)
    let noticeCPU = terminal.millisecondsOfCPU
    terminal.watch(seconds: 3)
    let afterNotice = Double(terminal.millisecondsOfCPU - noticeCPU)
    try quit(terminal)
    return [
      Row(name: "2,000 chunks at once, all on the screen", value: took, unit: "ms", goal: 1_000),
      Row(name: "2,000 chunks at once, processor", value: Double(cpu), unit: "ms", goal: 1_000),
      Row(name: "2,000 chunks at once, written to the terminal", value: Double(bytes) / 1_000, unit: "kB", goal: 400),
      Row(name: "resident memory", value: resident, unit: "MB", goal: 60),
      Row(name: "idle for 5 s, processor", value: idle, unit: "ms", goal: 0),
      Row(name: "idle for 3 s after a notice, processor", value: afterNotice, unit: "ms", goal: 0),
      Row(name: "idle for 5 s, written to the terminal", value: idleWritten, unit: "bytes", goal: 0),
    ]
  }

  /// Recall and a page of the inspector in a bank of 100,000, in this process.
  func recall() async throws -> [Row] {
    let store = try await EmbeddedMemory.open(path: home + "/.local/share/rearview/memory.sqlite")
    var recalls: [Double] = []
    var pages: [Double] = []
    for index in 0..<60 {
      let start = ContinuousClock.now
      _ = try await store.recall(
        RecallQuery(bankID: "default", text: "When was the lease in Lisbon moved because of matter \(index * 700)?"))
      let middle = ContinuousClock.now
      _ = try await store.memories(MemoryPageRequest(bankID: "default", filter: index % 2 == 0 ? "" : "Lisbon lea"))
      recalls.append(Double((middle - start) / .microseconds(1)) / 1_000)
      pages.append(Double((ContinuousClock.now - middle) / .microseconds(1)) / 1_000)
    }
    return [
      Row(name: "recall among 100,000 memories, median", value: median(recalls), unit: "ms", goal: 30),
      Row(name: "page of the inspector, slowest", value: pages.max() ?? 0, unit: "ms", goal: 50),
    ]
  }

  private func residentMegabytes(of process: Int32) -> Double {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return (line.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) / 1_024
  }
}
