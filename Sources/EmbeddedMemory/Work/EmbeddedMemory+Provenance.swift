import Foundation
import GRDB
import RearviewMemory

/// What a derived memory said before.
public struct MemoryVersion: Hashable, Codable, Sendable {
  /// Counted from 1.
  public var number: Int
  public var text: String
  public var proofCount: Int
  /// When another text took its place.
  public var replacedAt: Date

  enum CodingKeys: String, CodingKey {
    case number, text
    case proofCount = "proof_count"
    case replacedAt = "replaced_at"
  }
}

extension EmbeddedMemory {
  /// The memories that an observation was derived from, invalidated ones included; empty for any other memory.
  public func sources(id: String, bankID: String) async throws -> [Memory] {
    try await read { database in
      guard let stored = try StoredMemory.find(id: id, bankID: bankID, in: database) else { return [] }
      return try Row.fetchAll(
        database,
        sql: """
          SELECT \(MemoryRow.columns)
          FROM memory_source JOIN memory ON memory.id = memory_source.source \(MemoryRow.joins)
          WHERE memory_source.memory = ? ORDER BY memory.id
          """, arguments: [stored.row]
      ).map(MemoryRow.memory)
    }
  }

  /// What an observation said before, the newest first; at most 50 are kept.
  public func versions(id: String, bankID: String) async throws -> [MemoryVersion] {
    try await read { database in
      guard let stored = try StoredMemory.find(id: id, bankID: bankID, in: database) else { return [] }
      return try Row.fetchAll(
        database,
        sql: """
          SELECT version, CAST(text AS BLOB) AS text, proof, at FROM memory_version WHERE memory = ?
          ORDER BY version DESC
          """, arguments: [stored.row]
      ).map {
        MemoryVersion(
          number: $0["version"], text: MemoryRow.text($0["text"]) ?? "", proofCount: $0["proof"],
          replacedAt: date(milliseconds: $0["at"]))
      }
    }
  }
}
