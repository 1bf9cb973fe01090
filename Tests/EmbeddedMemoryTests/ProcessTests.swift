import Foundation
import GRDB
import OwnThread
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Several processes on one file", .ownThread)
struct ProcessTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  @Test("what was acknowledged is there exactly once after kill -9 at any point")
  func kill() async throws {
    var acknowledged: [String] = []
    let rounds = max(15, Self.kills)
    for round in 0..<rounds {
      let child = try Child(["retain", scene.path, "round-\(round)", "100000"])
      let lines = await child.lines(killingAfter: Int.random(in: 1...60))
      #expect(!lines.isEmpty)
      acknowledged += lines
      #expect(try scene.faults() == [])
    }
    let counts = try scene.inspect { database in
      try Row.fetchAll(database, sql: "SELECT turn, count(*), count(DISTINCT position) FROM message GROUP BY turn")
        .map { ($0[0] as String, [$0[1] as Int, $0[2] as Int]) }
    }
    // A turn whose acknowledgement died with its process may be there too, but whole.
    let stored = Dictionary(uniqueKeysWithValues: counts)
    #expect(stored.values.allSatisfy { $0 == [2, 2] })
    #expect(acknowledged.filter { stored[$0] == nil } == [])
    #expect(Set(acknowledged).count == acknowledged.count)

    let store = try await scene.open()
    let last = try #require(acknowledged.last)
    let number = try #require(last.split(separator: "-").last)
    let found = try await store.recall(
      RecallQuery(bankID: "crash", text: "question \(number) of \"round-\(rounds - 1)\"", types: [.world]))
    #expect(found.memories.first?.memory.turnID == last)
  }

  @Test("two processes and this one retain at the same time, each turn once")
  func together() async throws {
    let path = scene.path
    async let first = try Child(["retain", path, "first", "60"]).lines(killingAfter: nil)
    async let second = try Child(["retain", path, "second", "60"]).lines(killingAfter: nil)
    let store = try await scene.open()
    for number in 0..<60 {
      try await store.retain(.saying("Own note \(number).", turnID: "own-\(number)", bankID: "crash"))
    }
    #expect(try await [first.count, second.count] == [60, 60])
    let turns = try scene.inspect { try String.fetchAll($0, sql: "SELECT turn FROM message WHERE position = 0") }
    let expected = ["first", "second", "own"].flatMap { label in (0..<60).map { "\(label)-\($0)" } }
    #expect(turns.sorted() == expected.sorted())
    #expect(try scene.faults() == [])
  }

  @Test("two stores of one process on one file see each other's writes")
  func twoStores() async throws {
    let (one, other) = (try await scene.open(), try await scene.open())
    try await one.retain(.saying("Written by the one."))
    let memory = try #require(try await other.listed().first)
    #expect(memory.text == "Written by the one.")
    _ = try await other.invalidate(id: memory.id, bankID: "bank", reason: nil)
    #expect(try await one.texts("written") == [])
  }

  @Test("background work that is killed at any point is done, each piece of it once")
  func killedWork() async throws {
    let store = try await scene.open()
    let notes = (0..<60).map { "Note \($0) is about lantern \($0)." }
    for (number, note) in notes.enumerated() {
      try await store.retain(.saying(note, turnID: "turn-\(number)", documentID: "document-\(number % 3)"))
    }
    try await store.queueWork(bankID: "bank")
    var asked = 0
    var rounds = 0
    while true {
      // Two at a time, one of which is killed, as long as there is anything to do.
      async let other = Child(["work", scene.path]).lines(killingAfter: 2)
      let lines = try await Child(["work", scene.path]).lines(killingAfter: Int.random(in: 1...3))
      asked += try await lines.count + other.count
      rounds += 1
      #expect(try scene.faults() == [])
      let isLeft = try await store.jobs().contains { !$0.state.isEnded }
      guard isLeft, rounds < 60 else { break }
      // A job whose workers die again and again is given up; this one has a reason for it.
      try scene.change("UPDATE job SET attempts = 0, not_before = 0")
    }
    #expect(asked >= 9 + 8)
    let jobs = try await store.jobs()
    #expect(jobs.allSatisfy { $0.state == .done || $0.state == .cancelled })
    #expect(try await store.derived(.extract).map(\.text).sorted() == notes.map { "Fact: \($0)" }.sorted())
    let observations = try await store.derived(.observe)
    #expect(observations.map(\.text).sorted() == notes.map { "Observed: \($0)" }.sorted())
    #expect(observations.allSatisfy { $0.proofCount == 1 })
  }

  /// How often a process is killed in each of the tests below: a few times, or as often as `REARVIEW_KILLS` says.
  private static let kills = Int(ProcessInfo.processInfo.environment["REARVIEW_KILLS"] ?? "") ?? 4
  /// How long two processes write at once, as `REARVIEW_WRITERS_SECONDS` says.
  private static let writersSeconds =
    Double(ProcessInfo.processInfo.environment["REARVIEW_WRITERS_SECONDS"] ?? "") ?? 5

  @Test("embedding that is killed at any point goes on, and each memory has one vector of its text")
  func killedEmbedding() async throws {
    let store = try await scene.open()
    for round in 0..<Self.kills {
      try await store.retain(
        (0..<300).map { .saying("Note \($0) of round \(round), a lantern.", turnID: "turn-\(round)-\($0)") })
      if let memory = try await store.listed("lantern").randomElement() {
        _ = try await store.edit(id: memory.id, bankID: "bank", text: "Edited in round \(round): \(memory.text)")
      }
      _ = try await Child(["embed", scene.path]).lines(killingAfter: Int.random(in: 1...4))
      #expect(try scene.faults() == [])
    }
    #expect(try await Child(["embed", scene.path]).lines(killingAfter: nil).isEmpty == false)
    let counts = try scene.inspect { database in
      try [
        "SELECT count(*) FROM memory WHERE state = 0", "SELECT count(*) FROM vector JOIN memory ON memory.id = memory",
        "SELECT vector_count FROM space", "SELECT \(Self.kills * 300)",
      ].map { try Int.fetchOne(database, sql: $0) }
    }
    #expect(Set(counts).count == 1)
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM embedding_queue") } == 0)
    #expect(FileCheck(path: scene.path).run(isFull: true).faults == [])
  }

  @Test("a migration that is killed at any point is done by the next start, with all that was there")
  func killedMigration() async throws {
    for round in 0..<Self.kills {
      let old = try Scene()
      let format = 1 + round % (MemorySchema.format - 1)
      let steps = Array(MemorySchema.steps.prefix(format))
      _ = try MemoryFile(path: old.path, clock: { Scene.time }, steps: steps).open()
      try old.fillFormer(count: 2_000)
      let child = try Child(["open", old.path])
      child.firstLine()
      // From before it begins to after it ended.
      usleep(UInt32.random(in: 0...120_000))
      child.kill()
      _ = await child.lines(killingAfter: nil)
      let store = try await old.open()
      #expect(try await store.banks().map(\.memoryCount) == [2_000])
      #expect(try await store.texts("note 1234").first == "Note 1234 is about a lantern.")
      #expect(try old.faults() == [])
      let copy = old.folder + "/backups/memory-format-\(format).sqlite"
      if FileManager.default.fileExists(atPath: copy) { #expect(try DatabaseQueue(path: copy).integrity() == ["ok"]) }
      #expect(FileManager.default.fileExists(atPath: copy))
    }
  }

  @Test("an import that is killed at any point is whole after it was run again")
  func killedImport() async throws {
    let source = try Scene()
    let store = try await source.open()
    try await RandomBank(seed: 21).fill(store)
    for batch in 0..<4 {
      try await store.retain(
        (0..<500).map { .saying("Note \($0) of \(batch), a lantern.", turnID: "bulk-\(batch)-\($0)") })
    }
    let file = source.folder + "/bank.jsonl"
    try await store.exportBank(id: "bank", to: file, includesVectors: true)
    for _ in 0..<max(1, Self.kills / 3) {
      let copy = try Scene()
      var runs = 0
      while runs < 3 {
        let child = try Child(["import", copy.path, file])
        child.firstLine()
        usleep(UInt32.random(in: 0...1_500_000))
        child.kill()
        _ = await child.lines(killingAfter: nil)
        if FileManager.default.fileExists(atPath: copy.path) {
          _ = try await copy.open()
          #expect(try copy.faults() == [])
        }
        runs += 1
      }
      #expect(try await Child(["import", copy.path, file]).lines(killingAfter: nil).last == "done")
      let again = copy.folder + "/again.jsonl"
      try await copy.open().exportBank(id: "bank", to: again, includesVectors: true)
      let lines = try [file, again].map {
        try String(contentsOfFile: $0, encoding: .utf8).split(separator: "\n").dropFirst().dropLast()
      }
      #expect(lines[0].count == lines[1].count)
      #expect(
        zip(lines[0], lines[1]).first { $0 != $1 }.map { [String($0.0.prefix(500)), String($0.1.prefix(500))] } == nil)
      #expect(FileCheck(path: copy.path).run(isFull: true).faults == [])
    }
  }

  @Test("two processes retain, edit, invalidate, recall and delete at once, and nothing is lost or found twice")
  func busy() async throws {
    let (path, seconds) = (scene.path, Self.writersSeconds)
    async let first = Child(["busy", path, "first", "\(seconds)"]).lines(killingAfter: nil)
    async let second = Child(["busy", path, "second", "\(seconds)"]).lines(killingAfter: nil)
    let told = try await first + second
    #expect(told.filter { $0.hasPrefix("unfound") } == [])
    #expect(Set(told).count == told.count && told.count > 20)
    #expect(try scene.faults() == [])
    #expect(FileCheck(path: path).run(isFull: true).faults == [])
    let stored = try scene.inspect { try String.fetchAll($0, sql: "SELECT turn FROM message") }
    #expect(Set(stored) == Set(told) && stored.count == told.count)
    // Every fourth turn was edited, every fourth invalidated, every fourth invalidated and put back.
    func count(_ label: String, _ rest: Int) -> Int {
      told.count { $0.hasPrefix(label + "-") && (Int($0.dropFirst(label.count + 1)) ?? 0) % 4 == rest }
    }
    let counts = (0..<4).map { count("first", $0) + count("second", $0) }
    let journal = try scene.inspect { database in
      try Row.fetchAll(database, sql: "SELECT action, count(*) FROM journal GROUP BY action ORDER BY action")
        .reduce(into: [String: Int]()) { $0[$1[0]] = $1[1] }
    }
    #expect(journal == ["edit": counts[1], "invalidate": counts[2] + counts[3], "restore": counts[3]])
    let banks = try await scene.open().banks()
    #expect(banks.map(\.id) == ["busy"] && banks.map(\.invalidatedCount) == [counts[2]])
  }

  @Test("many open a new file at the same time and all can use it")
  func openedTogether() async throws {
    let scene = scene
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<8 {
        group.addTask {
          try await scene.open().retain(.saying("Note \(number).", turnID: "turn-\(number)"))
        }
      }
      try await group.waitForAll()
    }
    #expect(try await scene.open().listed().count == 8)
  }

  @Test("a file and folder that may not be written can be recalled from", arguments: [false, true])
  func readOnly(hasWAL: Bool) async throws {
    var store: EmbeddedMemory? = try await scene.open()
    try await store?.retain(.saying("A lantern by the door."))
    if !hasWAL {
      try store?.pool.close()
      #expect(!FileManager.default.fileExists(atPath: scene.path + "-wal"))
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: scene.folder) {
      try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: scene.folder + "/" + name)
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: scene.folder)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scene.folder) }
    let lines = try await Child(["read-only", scene.path]).lines(killingAfter: nil)
    #expect(lines == ["read-only: true", "recalled: [\"A lantern by the door.\"]", "retain: read-only"])
    store = nil
  }
}

/// A process that a test started: `Tests/Support/MemoryCrashChild`.
final class Child: Sendable {
  private let process: Process
  private let output: Pipe

  init(_ arguments: [String]) throws {
    let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    process = Process()
    output = Pipe()
    process.executableURL = folder.appendingPathComponent("MemoryCrashChild")
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
  }

  /// Waits for its first line, and reads it.
  func firstLine() {
    var byte: UInt8 = 0
    while read(output.fileHandleForReading.fileDescriptor, &byte, 1) == 1, byte != 0x0A {}
  }

  func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

  /// The lines that it prints until it ends; after `count` lines it is killed (`nil`: it is left to end).
  func lines(killingAfter count: Int?) async -> [String] {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { [process, output] in
        var text = Data()
        var isKilled = false
        while true {
          let more = output.fileHandleForReading.availableData
          if more.isEmpty { break }
          text += more
          if let count, !isKilled, text.count(where: { $0 == 0x0A }) >= count {
            isKilled = true
            Foundation.kill(process.processIdentifier, SIGKILL)
          }
        }
        process.waitUntilExit()
        continuation.resume(returning: String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init))
      }
    }
  }
}

extension DatabaseQueue {
  fileprivate func integrity() throws -> [String] {
    try read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
  }
}
