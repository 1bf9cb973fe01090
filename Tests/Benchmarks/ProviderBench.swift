import Foundation
import TerminalEmulator

/// What reading an answer costs, beside what others use: each reader in a process of its own, all from one server, in
/// turn, several rounds.
///
///     REARVIEW_BENCH_PYTHON=…/bin/python swift run -c release RearviewBenchmarks providers
///
/// The interpreter has `httpx`, `openai` and `litellm`, or those of them that are to be compared. Ratios are made of two
/// figures of one round and only they have goals: figures alone tell of the machine.
struct ProviderBench {
  /// What reads: a kind of `ChunkReader`, or of `Peers.py`.
  private struct Contestant: Hashable {
    var title: String
    var kind: String
    /// How many chunks, and in what pieces.
    var model: String
    var isPeer = false
  }

  /// What a reader reports, and its process shows.
  private struct Report: Decodable {
    /// Seconds by the clock of the machine.
    var ready: Double
    /// Milliseconds of the first call in the process, and the median of later ones.
    var firstCall: Double
    var firstToken: Double
    var chunks: Int
    var seconds: Double
    /// Seconds.
    var processor: Double
  }

  private struct Figures {
    /// Milliseconds from the start of the process to its first call.
    var start = 0.0
    var firstCall = 0.0
    var firstToken = 0.0
    var chunksPerSecond = 0.0
    /// Microseconds of processor time.
    var chunkCost = 0.0
    var peakMegabytes = 0.0
  }

  private static let rounds = 5
  private static let raw = Contestant(title: "raw socket, counts only", kind: "raw", model: "bundled-200000")
  private static let ours = Contestant(title: "ours, OpenAI", kind: "openai", model: "bundled-200000")
  private static let httpx = Contestant(title: "httpx and json", kind: "httpx", model: "bundled-200000", isPeer: true)
  private static let rawSingle = Contestant(title: "raw socket, unbundled", kind: "raw", model: "single-200000")
  private static let oursSingle = Contestant(title: "ours, OpenAI, unbundled", kind: "openai", model: "single-200000")
  private static let httpxSingle = Contestant(
    title: "httpx and json, unbundled", kind: "httpx", model: "single-50000", isPeer: true)
  private static let contestants = [
    raw, ours, httpx,
    Contestant(title: "OpenAI's SDK", kind: "openai", model: "bundled-20000", isPeer: true),
    Contestant(title: "LiteLLM", kind: "litellm", model: "bundled-3000", isPeer: true),
    rawSingle, oursSingle, httpxSingle,
    Contestant(title: "ours, Anthropic", kind: "anthropic", model: "bundled-200000"),
    Contestant(title: "ours, Responses", kind: "responses", model: "bundled-200000"),
    Contestant(title: "ours, Gemini", kind: "gemini", model: "bundled-200000"),
    Contestant(title: "ours, Ollama", kind: "ollama", model: "bundled-200000"),
    Contestant(title: "ours, Bedrock", kind: "bedrock", model: "bundled-200000"),
  ]

  private let server: Child
  private let address: String
  private let python: String?

  init() throws {
    server = try Child(TerminalEmulator.builtProgram("RearviewBenchmarks"), ["serve-chunks"])
    address = "http://127.0.0.1:" + (server.readLine() ?? "")
    python = ProcessInfo.processInfo.environment["REARVIEW_BENCH_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }
  }

  func rows() throws -> [Row] {
    var figures: [Contestant: [Figures]] = [:]
    var empty: [(idle: Double, asking: Double)] = []
    var absent: Set<String> = []
    if python == nil {
      print("REARVIEW_BENCH_PYTHON names no Python: nothing to compare with, the ratios are left out")
    }
    for round in 1...Self.rounds {
      print("Round \(round) of \(Self.rounds) …")
      empty.append((try emptyMegabytes([]), try emptyMegabytes([address])))
      for contestant in Self.contestants {
        if let measured = try measure(contestant) {
          figures[contestant, default: []].append(measured)
        } else {
          absent.insert(contestant.title)
        }
      }
    }
    if python != nil, !absent.isEmpty { print("That Python does not run: \(absent.sorted().joined(separator: ", "))") }
    Self.printTable(figures)
    let (idle, asking) = (Self.median(empty.map(\.idle)), Self.median(empty.map(\.asking)))
    print(
      String(format: "\nAn empty program with the HTTP client: %.1f MB, when it has asked once %.1f MB\n", idle, asking)
    )
    return Self.rows(figures, emptyMegabytes: empty.map(\.asking))
  }

  private static func rows(_ figures: [Contestant: [Figures]], emptyMegabytes: [Double]) -> [Row] {
    func row(
      _ name: String, _ unit: String, goal: Double, _ one: Contestant, _ other: Contestant,
      _ compare: (Figures, Figures) -> Double
    ) -> Row? {
      guard let one = figures[one], let other = figures[other], one.count == other.count else { return nil }
      return Row(name: name, value: median(zip(one, other).map(compare)), unit: unit, goal: goal)
    }
    let memory = zip(figures[ours] ?? [], emptyMegabytes).map { $0.peakMegabytes - $1 }
    return [
      row("time a chunk, to that of httpx and json", "×", goal: 1, ours, httpx) {
        $1.chunksPerSecond / $0.chunksPerSecond
      },
      row("processor time a chunk, to that of httpx and json", "×", goal: 0.8, ours, httpx) {
        $0.chunkCost / $1.chunkCost
      },
      row("time a chunk, unbundled, to that of httpx and json", "×", goal: 1, oursSingle, httpxSingle) {
        $1.chunksPerSecond / $0.chunksPerSecond
      },
      row("processor time a chunk, unbundled, to that of httpx and json", "×", goal: 0.8, oursSingle, httpxSingle) {
        $0.chunkCost / $1.chunkCost
      },
      row("added to the first token of a raw socket", "ms", goal: 2, ours, raw) { $0.firstToken - $1.firstToken },
      Row(name: "memory over an empty program that has asked once", value: median(memory), unit: "MB", goal: 8),
    ].compactMap(\.self)
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private static func printTable(_ figures: [Contestant: [Figures]]) {
    func column(_ text: String, _ width: Int) -> String { String(repeating: " ", count: width - text.count) + text }
    let titles = ["start ms", "first call ms", "first token ms", "chunks/s", "CPU µs/chunk", "× httpx", "peak MB"]
    print("\n" + "".padding(toLength: 28, withPad: " ", startingAt: 0) + titles.map { column($0, 15) }.joined())
    for contestant in contestants {
      guard let measured = figures[contestant] else { continue }
      func middle(_ value: (Figures) -> Double) -> Double { median(measured.map(value)) }
      let peer = figures[contestant.model.hasPrefix("single") ? httpxSingle : httpx] ?? []
      let ratio =
        peer.count == measured.count ? median(zip(measured, peer).map { $0.chunkCost / $1.chunkCost }) : .nan
      let cells = [
        String(format: "%.0f", middle(\.start)), String(format: "%.1f", middle(\.firstCall)),
        String(format: "%.2f", middle(\.firstToken)), String(format: "%.0f", middle(\.chunksPerSecond)),
        String(format: "%.2f", middle(\.chunkCost)), ratio.isNaN ? "" : String(format: "%.3f", ratio),
        String(format: "%.1f", middle(\.peakMegabytes)),
      ]
      print(
        contestant.title.padding(toLength: 28, withPad: " ", startingAt: 0)
          + cells.map { column($0, 15) }.joined())
    }
  }

  /// `nil` for a peer that cannot be run.
  private func measure(_ contestant: Contestant) throws -> Figures? {
    let arguments = [contestant.kind, address, contestant.model]
    let start = Double(DispatchTime.now().uptimeNanoseconds) / 1e9
    let child: Child
    if contestant.isPeer {
      guard let python else { return nil }
      let program = String(decoding: PackageResources.Peers_py, as: UTF8.self)
      child = try Child(python, ["-c", program] + arguments)
    } else {
      child = try Child(TerminalEmulator.builtProgram("ChunkReader"), arguments)
    }
    defer { child.end() }
    guard let line = child.readLine() else {
      if contestant.isPeer { return nil }
      throw Failure(description: "\(contestant.title) did not report")
    }
    let report = try JSONDecoder().decode(Report.self, from: Data(line.utf8))
    guard contestant.model.hasSuffix("-\(report.chunks)") else {
      throw Failure(description: "\(contestant.title) read \(report.chunks) chunks of \(contestant.model)")
    }
    return Figures(
      start: (report.ready - start) * 1_000, firstCall: report.firstCall, firstToken: report.firstToken,
      chunksPerSecond: Double(report.chunks) / report.seconds,
      chunkCost: report.processor * 1e6 / Double(report.chunks), peakMegabytes: child.peakMegabytes)
  }

  /// The most memory that a program with the HTTP client and nothing else has held.
  private func emptyMegabytes(_ arguments: [String]) throws -> Double {
    let child = try Child(TerminalEmulator.builtProgram("HTTPClientOnly"), arguments)
    defer { child.end() }
    guard child.readLine() != nil else { throw Failure(description: "HTTPClientOnly did not report") }
    return child.peakMegabytes
  }

  private struct Failure: Error, CustomStringConvertible {
    var description: String
  }
}

/// A process that says something and then waits for the end of its standard input.
private final class Child {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(_ program: String, _ arguments: [String]) throws {
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit { end() }

  /// `nil` when it ends without one.
  func readLine() -> String? {
    var line = Data()
    while true {
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      line += more
      if line.last == UInt8(ascii: "\n") { return String(decoding: line.dropLast(), as: UTF8.self) }
    }
  }

  /// The most that was in memory at once, by what the kernel says of the process as it is; what `getrusage` says counts
  /// the process that it was forked from.
  var peakMegabytes: Double {
    let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) / 1_024
  }

  func end() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
