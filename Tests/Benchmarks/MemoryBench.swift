import DialogueCorpus
import Foundation
import RearviewEmbeddedMemory
import RearviewMemory

/// What the embedded memory costs at a size, on text made up from a seed whose words are as common as in a language.
struct MemoryBench {
  let size: Int
  private let folder = NSTemporaryDirectory() + "rearview-memory-bench-" + UUID().uuidString
  private var path: String { folder + "/memory.sqlite" }
  private var random = SeededText(seed: 11)

  init(size: Int) { self.size = size }

  /// - Parameters: What recall may take of wall time, in milliseconds.
  mutating func rows(recallMedian: Double, recall95: Double) async throws -> [Row] {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let empty = try await EmbeddedMemory.open(path: folder + "/empty.sqlite")
    _ = try await empty.recall(RecallQuery(bankID: "bench", text: "anything"))
    let label = size.formatted(.number.locale(Locale(identifier: "en_US")))
    print("Filling a bank with \(label) memories …")
    let start = ContinuousClock.now
    try await fill()
    let seconds = start.duration(to: .now) / .seconds(1)
    print(String(format: "  %.0f a second", Double(size) / seconds))

    let before = resident()
    let opening = ContinuousClock.now
    let store = try await EmbeddedMemory.open(path: path)
    _ = try await store.recall(RecallQuery(bankID: "bench", text: random.question()))
    let cold = milliseconds(since: opening)
    var times: [Double] = []
    let processor = processorMilliseconds()
    for _ in 0..<300 {
      let question = random.question()
      let start = ContinuousClock.now
      _ = try await store.recall(RecallQuery(bankID: "bench", text: question))
      times.append(milliseconds(since: start))
    }
    print(String(format: "  %.2f ms of processor time a recall", (processorMilliseconds() - processor) / 300))
    times.sort()
    let held = resident() - before
    var writes: [Double] = []
    for number in 0..<300 {
      let turn = self.turn(size + number)
      let start = ContinuousClock.now
      try await store.retain(turn)
      writes.append(milliseconds(since: start))
    }
    writes.sort()
    return [
      Row(name: "recall among \(label), median", value: times[150], unit: "ms", goal: recallMedian),
      Row(name: "recall among \(label), 95th of 100", value: times[285], unit: "ms", goal: recall95),
      Row(name: "retain beside \(label), 95th of 100", value: writes[285], unit: "ms", goal: 5),
      Row(name: "open and first recall, \(label)", value: cold, unit: "ms", goal: size > 100_000 ? 1_000 : 250),
      Row(name: "resident memory for \(label)", value: held, unit: "MB", goal: size > 100_000 ? 120 : 40),
    ]
  }

  private mutating func fill() async throws {
    let store = try await EmbeddedMemory.open(path: path)
    for first in stride(from: 0, to: size, by: 1_000) {
      var turns: [RetainTurn] = []
      for number in first..<min(first + 1_000, size) { turns.append(turn(number)) }
      try await store.retain(turns)
    }
  }

  private mutating func turn(_ number: Int) -> RetainTurn {
    RetainTurn(
      bankID: "bench", turnID: "turn-\(number)", documentID: "session-\(number / 40)",
      messages: [
        RetainedMessage(
          speaker: number.isMultiple(of: 2) ? .user : .assistant, text: random.sentence(),
          saidAt: Date(timeIntervalSince1970: 1_500_000_000 + Double(number) * 120))
      ])
  }

  private func milliseconds(since start: ContinuousClock.Instant) -> Double {
    start.duration(to: .now) / .milliseconds(1)
  }

  private func processorMilliseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1e6
  }

  /// Megabytes of this process.
  private func resident() -> Double {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
    return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6
  }
}

/// Sentences of made-up words: the n-th most common word is n times rarer than the first, as in a language.
struct SeededText {
  private var random: SeededRandom
  private static let common = [
    "the", "and", "to", "of", "I", "a", "in", "is", "it", "that", "was", "for", "on", "you", "with", "my", "we", "at",
  ]

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  mutating func sentence() -> String {
    let count = Int.random(in: 8...40, using: &random)
    return (0..<count).map { _ in word() }.joined(separator: " ") + "."
  }

  /// Five words of meaning among words of none.
  mutating func question() -> String {
    "What did I say about " + (0..<5).map { _ in Self.spelling(rank()) }.joined(separator: " of the ") + "?"
  }

  private mutating func word() -> String {
    if Int.random(in: 0..<100, using: &random) < 45 { return Self.common.randomElement(using: &random) ?? "the" }
    return Self.spelling(rank())
  }

  /// Of 50,000 words, by Zipf's law.
  private mutating func rank() -> Int {
    let share = Double.random(in: 0..<1, using: &random)
    return Int(exp(share * log(50_000)))
  }

  private static func spelling(_ rank: Int) -> String {
    let syllables = [
      "ka", "lo", "mi", "ren", "tu", "sol", "va", "pe", "dor", "ni", "gra", "bel", "fo", "chi", "zun", "hast",
    ]
    var word = ""
    var rest = rank &* 7_919
    repeat {
      word += syllables[rest % 16]
      rest /= 16
    } while rest > 0
    return word
  }
}
