import Foundation
import RearviewJSON
import Testing

@Suite("Recorded runs of the Python package")
struct RecordingTests {
  @Test("what we send equals what was recorded, or what the list of differences says", arguments: Recording.all)
  func played(_ recording: Recording) async throws {
    try await expectAsRecorded(recording.name)
  }

  @Test("all are there, and each difference is one of them")
  func complete() {
    let names = Set(Recording.all.map(\.name))
    #expect(names.count == 194)
    #expect(Set(Difference.all.keys).subtracting(names) == [])
  }

  @Test("the list of differences is honest: what it lists does differ")
  func honest() throws {
    for (name, difference) in Difference.all where !difference.reason.hasPrefix("nothing") {
      let recorded = Expected(try Recording(name))
      var ours = recorded
      difference.change(&ours)
      #expect(
        ours.memory != recorded.memory || ours.isOrderFree || ours.model != recorded.model
          || ours.order != recorded.order,
        "\(name) is as recorded")
    }
  }
}

/// Plays a recording and compares everything that went over the wire.
@discardableResult
func expectAsRecorded(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Replay {
  let recording = try Recording(name)
  let replay = try await Player.play(recording)
  var expected = Expected(recording)
  Difference.all[name]?.change(&expected)
  var found: [String] = []
  compare(replay.comparableMemoryRequests, expected.memory, "memory", isOrderFree: expected.isOrderFree, &found)
  compare(replay.comparableModelRequests, expected.model, "model", isOrderFree: false, &found)
  if expected.isOrderFree {
    if replay.order.sorted() != expected.order.sorted() { found.append("order \(replay.order)") }
  } else if replay.order != expected.order {
    found.append("order \(replay.order) instead of \(expected.order)")
  }
  #expect(found == [], "\(name)", sourceLocation: sourceLocation)
  return replay
}

private func compare(
  _ ours: [Recording.Request], _ expected: [Recording.Request], _ what: String, isOrderFree: Bool,
  _ found: inout [String]
) {
  func line(_ request: Recording.Request) -> String { "\(request.method) \(request.path) \(request.body.written())" }
  guard ours.count == expected.count else {
    found.append("\(what): \(ours.map(line)) instead of \(expected.map(line))")
    return
  }
  if isOrderFree, Set(ours.map { $0.withoutKey }) == Set(expected.map { $0.withoutKey }) { return }
  for (one, other) in zip(ours, expected) where one.withoutKey != other.withoutKey {
    found.append("\(what): \(line(one)) instead of \(line(other))")
  }
  for (one, other) in zip(ours, expected) where other.authorization != nil && one.authorization != other.authorization {
    found.append("\(what): \(one.path) without the key")
  }
}

extension Recording.Request {
  fileprivate var withoutKey: Self {
    var request = self
    request.authorization = nil
    return request
  }
}
