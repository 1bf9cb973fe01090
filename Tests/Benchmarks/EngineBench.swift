import Foundation
import Rearview

/// What the engine costs without the network: a model in this process, and the whole path of a call around it.
struct EngineBench {
  private let folder = NSTemporaryDirectory() + "rearview-engine-bench-" + UUID().uuidString
  private let instance: RearviewInstance

  init() async throws {
    instance = RearviewInstance(paths: Paths(environment: ["HOME": folder]), environment: [:])
    try await instance.configure { $0.bankID = "bench" }
    for number in 0..<200 {
      try await instance.retain("Note \(number): the lease in Lisbon was moved to day \(number).", waits: true)
    }
  }

  func end() async {
    await instance.cleanup()
    try? FileManager.default.removeItem(atPath: folder)
  }

  func rows() async throws -> [Row] { try await firstToken() + chunks() + sixtyFour() }

  private func client(_ model: LocalModel) async throws -> WrappedClient {
    try await instance.wrap(LocalClient(model: model)) { $0.bankID = "bench" }
  }

  private static let request: JSONObject = [
    "model": "local", "messages": [["role": "user", "content": "Which day was the lease in Lisbon moved to?"]],
  ]

  /// From the call to the first piece, recall and block included; without memory the rest of the engine alone.
  private func firstToken() async throws -> [Row] {
    let client = try await client(LocalModel(count: 1, text: "word"))
    func median(_ request: JSONObject) async throws -> Double {
      var times: [Double] = []
      for _ in 0..<101 {
        let start = ContinuousClock.now
        for try await piece in try await client.stream(request) {
          guard case .text = piece else { continue }
          times.append(milliseconds(since: start))
        }
      }
      return times.sorted()[times.count / 2]
    }
    var bare = Self.request
    bare["hindsight_inject_memories"] = false
    bare["hindsight_store_conversations"] = false
    return [
      Row(name: "engine: call to first token, no memory, median", value: try await median(bare), unit: "ms", goal: 1),
      Row(
        name: "engine: call to first token, recall among 200 and block", value: try await median(Self.request),
        unit: "ms", goal: 10),
    ]
  }

  /// What a streamed chunk costs beyond what the model's own stream costs, side by side.
  private func chunks() async throws -> [Row] {
    let count = 100_000
    let model = LocalModel(count: count, text: "word ")
    let client = try await client(model)
    var request = Self.request
    request["hindsight_inject_memories"] = false
    request["hindsight_store_conversations"] = false
    var costs: [Double] = []
    for _ in 0..<5 {
      var start = ContinuousClock.now
      for try await _ in model.stream(ChatRequest(messages: [])) {}
      let alone = milliseconds(since: start)
      start = ContinuousClock.now
      var pieces = 0
      for try await piece in try await client.stream(request) { if case .text = piece { pieces += 1 } }
      guard pieces == count else { throw Lost() }
      costs.append((milliseconds(since: start) - alone) * 1_000 / Double(count))
    }
    return [Row(name: "engine: a streamed chunk, median", value: costs.sorted()[2], unit: "µs", goal: 5)]
  }

  /// 64 turns at once, each with its own question and answer.
  private func sixtyFour() async throws -> [Row] {
    let client = try await client(LocalModel(count: 2_000, text: "word "))
    let before = residentKilobytes()
    let records = try await withThrowingTaskGroup(of: (Int, TurnRecord).self) { group in
      for number in 0..<64 {
        group.addTask {
          var request = Self.request
          request["messages"] = [["role": "user", "content": .text("Question \(number) on the lease in Lisbon")]]
          return (number, try await client.create(request).record)
        }
      }
      return try await group.reduce(into: [(Int, TurnRecord)]()) { $0.append($1) }
    }
    for (number, record) in records where record.question != "Question \(number) on the lease in Lisbon" {
      throw Lost()
    }
    let grown = Double(residentKilobytes() - before) / 64
    return [Row(name: "engine: 64 turns at once, memory a turn", value: grown, unit: "kB", goal: 1_000)]
  }

  /// Something was not where it belongs.
  private struct Lost: Error {}

  private func milliseconds(since start: ContinuousClock.Instant) -> Double {
    Double((ContinuousClock.now - start) / .microseconds(1)) / 1_000
  }
}

/// What this process takes of the machine's memory.
func residentKilobytes() -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
  return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
}

/// A client whose model is in this process.
private struct LocalClient: ChatClient {
  let model: LocalModel
  var form: ChatRequest.Form { .openAI }
  func model(_ name: String) -> any ChatModel { model }
}

/// Says the same piece so many times.
private struct LocalModel: ChatModel {
  let name = "local"
  let count: Int
  let text: String

  func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
    AsyncThrowingStream { continuation in
      for _ in 0..<count { continuation.yield(.text(text)) }
      continuation.yield(.finished(.stop))
      continuation.finish()
    }
  }
}
