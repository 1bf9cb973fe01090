import GRDB
import RearviewMemory

/// How far the memories of a bank are embedded.
public struct EmbeddingStatus: Hashable, Codable, Sendable {
  public var bankID: String
  /// The model that it is about.
  public var model: String
  /// How many numbers its vectors have; `nil` before the first one came.
  public var dimension: Int?
  /// Memories that have a vector of it, of so many valid ones.
  public var done: Int
  public var total: Int
  /// The model whose vectors recall uses now; `nil` while there is none. Another than `model` while that one takes over.
  public var searchedModel: String?

  enum CodingKeys: String, CodingKey {
    case model, dimension, done, total
    case bankID = "bank_id"
    case searchedModel = "searched_model"
  }
}

extension EmbeddedMemory {
  /// How far each bank that has memories is embedded, by the bank's name.
  ///
  /// - Parameter model: The model in question; `nil` for the one whose vectors are searched, which leaves out the banks
  ///   that have none.
  public func embeddingStatus(model: String?) async throws -> [EmbeddingStatus] {
    try await read { database in
      let banks = try Row.fetchAll(
        database, sql: "SELECT id, CAST(name AS BLOB), valid_count FROM bank WHERE valid_count > 0 ORDER BY name")
      return try banks.compactMap { row in
        let searched = try EmbeddingSpace.complete(ofBank: row[0], in: database)
        guard let model = model ?? searched?.model else { return nil }
        let space = try EmbeddingSpace.ofModel(model, bank: row[0], in: database).first
        return EmbeddingStatus(
          bankID: MemoryRow.text(row[1]) ?? "", model: model, dimension: space?.dimension,
          done: space?.vectorCount ?? 0, total: row[2], searchedModel: searched?.model)
      }
    }
  }
}
