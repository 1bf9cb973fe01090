import Foundation
import GRDB
import RearviewMemory

@testable import RearviewEmbeddedMemory

/// A folder for one test, gone with its last reference, and what happens in it.
final class Scene: Sendable {
  let folder: String
  var path: String { folder + "/memory.sqlite" }
  static let time = Date(timeIntervalSince1970: 1_700_000_000)

  init() throws {
    folder = NSTemporaryDirectory() + "rearview-memory-" + UUID().uuidString
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func open(busyTimeout: Duration = .seconds(30)) async throws -> EmbeddedMemory {
    try await EmbeddedMemory.open(
      path: path, clock: { Scene.time }, timeZone: .gmt, busyTimeout: busyTimeout)
  }

  /// What another program sees in the file.
  func inspect<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try DatabaseQueue(path: path).read(body)
  }

  func change(_ sql: String) throws {
    try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: sql) }
  }

  /// Fills a file of any former format: a bank with notes, each a message and a memory.
  func fillFormer(count: Int) throws {
    try change(
      """
      INSERT INTO bank (id, uid, name, last_memory, created, updated) VALUES (1, x'01', 'bank', 1 << 40, 1, 1);
      INSERT INTO document (id, uid, bank, key, created, updated) VALUES (1, x'02', 1, 'document', 1, 1);
      WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < \(count))
        INSERT INTO message (id, bank, document, turn, position, speaker, text, said_at, is_cut, created)
        SELECT n, 1, 1, 'turn-' || n, 0, 'user', 'Note ' || n || ' is about a lantern.', n, 0, n FROM number;
      INSERT INTO memory (id, uid, bank, type, message, document, text, dated, text_hash, created, updated)
        SELECT (1 << 40) + id, randomblob(16), 1, 'world', id, 1, text, '', id, id, id FROM message;
      INSERT INTO source (memory, message, span_start, span_end)
        SELECT (1 << 40) + id, id, 0, length(text) FROM message;
      """)
  }

  /// What is wrong with the file: its pages, its word indexes against the memories, and the counts it keeps.
  func faults() throws -> [String] {
    try DatabaseQueue(path: path).writeWithoutTransaction { database in
      var faults = try String.fetchAll(database, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
      faults += try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map { "foreign key: \($0)" }
      for index in ["memory_fts", "memory_words"] {
        do {
          try database.execute(sql: "INSERT INTO \(index) (\(index), rank) VALUES ('integrity-check', 1)")
        } catch {
          faults.append("\(index): \(error)")
        }
      }
      let counts = """
        SELECT name FROM bank WHERE
          valid_count <> (SELECT count(*) FROM memory WHERE memory.bank = bank.id AND state = 0)
          OR invalidated_count <> (SELECT count(*) FROM memory WHERE memory.bank = bank.id AND state = 1)
          OR document_count <> (SELECT count(*) FROM document WHERE document.bank = bank.id)
        """
      return faults + (try String.fetchAll(database, sql: counts).map { "counts of \($0)" })
    }
  }
}

extension RetainTurn {
  /// A turn in which the user, and perhaps the assistant, said something.
  static func saying(
    _ user: String, answer: String? = nil, turnID: String = UUID().uuidString, bankID: String = "bank",
    documentID: String = "session", at time: Date = Scene.time
  ) -> RetainTurn {
    var messages = [RetainedMessage(speaker: .user, text: user, saidAt: time)]
    if let answer { messages.append(RetainedMessage(speaker: .assistant, text: answer, saidAt: time)) }
    return RetainTurn(bankID: bankID, turnID: turnID, documentID: documentID, messages: messages)
  }
}

extension EmbeddedMemory {
  func texts(_ question: String, maxTokens: Int = 4096, types: [MemoryType]? = nil) async throws -> [String] {
    let query = RecallQuery(bankID: "bank", text: question, maxTokens: maxTokens, types: types)
    return try await recall(query).memories.map(\.memory.text)
  }

  func listed(_ filter: String = "") async throws -> [Memory] {
    try await memories(MemoryPageRequest(bankID: "bank", filter: filter)).memories
  }

  var pool: DatabasePool {
    get throws {
      guard case .readWrite(let pool) = access else { throw MemoryStoreError.readOnly(location: location) }
      return pool
    }
  }
}
