import Foundation
import GRDB
import RearviewMemory

/// Two entities that may be one.
public struct EntitySuggestion: Hashable, Codable, Sendable {
  /// The one that is mentioned more.
  public var entity: Entity
  public var other: Entity
  /// How far, .75 to 1 (`EntityName.similarity`).
  public var similarity: Double
}

extension EmbeddedMemory {
  /// Pairs of a bank's entities that may be one, the most alike first. They are never merged by themselves; what was
  /// dismissed (`keepApart`) or split does not come again.
  ///
  /// Compared are names that share a rare word or stand side by side in the alphabet, read from either end: a few for
  /// each entity, however many there are.
  public func mergeSuggestions(bankID: String, limit: Int = 20) async throws -> [EntitySuggestion] {
    try await read { database in
      guard let bank = try BankRow.find(bankID, in: database)?.id else { return [] }
      var search = try SuggestionSearch(bank: bank, in: database)
      return try search.best(limit).compactMap { pair in
        let rows = try EntityRow.all("id IN (?, ?) ORDER BY mentions DESC, id", [pair.one, pair.other], in: database)
        return rows.count == 2
          ? EntitySuggestion(entity: rows[0].entity, other: rows[1].entity, similarity: pair.similarity) : nil
      }
    }
  }

  /// Dismisses a suggestion: the two are not one, and are not suggested again.
  @discardableResult
  public func keepApart(_ id: String, _ otherID: String, bankID: String) async throws -> Change? {
    try await write { [now] database in
      let (one, other) = (
        try EntityRow.find(id, bankID: bankID, in: database), try EntityRow.find(otherID, bankID: bankID, in: database)
      )
      guard one.row != other.row else { throw CurationError.nothingGiven("other entity") }
      let writer = ChangeWriter(action: "part", subject: "entity", bank: one.bank, now: now, database: database)
      return try writer.run(count: 2) {
        try database.execute(
          sql: "INSERT OR IGNORE INTO entity_apart (entity, other, is_split) VALUES (?, ?, 0)",
          arguments: [min(one.row, other.row), max(one.row, other.row)])
      }.change
    }
  }
}

/// Looks for pairs, in one snapshot of the file.
private struct SuggestionSearch {
  struct Pair: Hashable {
    var one: Int64
    var other: Int64
    var similarity: Double
  }

  private struct Name: Sendable {
    var row: Int64
    var norm: String
    var firstSeen: Int64
    var lastSeen: Int64
    /// How often each byte comes, in 32 classes.
    var letters: [UInt8]

    init(_ row: GRDB.Row) {
      (self.row, norm, firstSeen, lastSeen) = (row[0], row[1], row[2], row[3])
      letters = [UInt8](repeating: 0, count: 32)
      for byte in norm.utf8 { letters[Int(byte & 31)] &+= 1 }
    }
  }

  /// A word that more names hold tells nothing.
  private static let commonWord = 20
  /// So many that follow in the alphabet are compared.
  private static let nearness = 4
  /// Of what is mentioned with an entity, so many of its last memories are looked at.
  private static let memoryLimit = 200
  /// Names of people and things are misspelt and shortened; two paths or versions that are alike are two.
  private static let kinds = [EntityKind.person, .animal, .name, .title].map(\.rawValue)

  private let database: Database
  private let names: [Name]
  private var apart: Set<[Int64]> = []
  private var companions: [Int64: Set<Int64>] = [:]

  init(bank: Int64, in database: Database) throws {
    self.database = database
    let kinds = Self.kinds.map { "'\($0)'" }.joined(separator: ", ")
    names = try Row.fetchAll(
      database,
      sql: """
        SELECT id, norm, first_seen, last_seen FROM entity
        WHERE bank = ? AND merged_into IS NULL AND mentions > 0 AND kind IN (\(kinds)) ORDER BY norm
        """, arguments: [bank]
    ).map(Name.init)
    for row in try Row.fetchAll(
      database,
      sql:
        """
        SELECT entity_apart.entity, other FROM entity_apart JOIN entity ON entity.id = entity_apart.entity
        WHERE bank = ?
        """,
      arguments: [bank])
    {
      apart.insert([min(row[0], row[1]), max(row[0], row[1])])
    }
  }

  mutating func best(_ limit: Int) throws -> [Pair] {
    var seen: Set<Int> = []
    var pairs: [Pair] = []
    for (one, other) in candidates() where seen.insert(min(one, other) << 32 | max(one, other)).inserted {
      let (first, second) = (names[one], names[other])
      let days = daysApart(first, second)
      guard 0.5 * ratioLimit(first, second) + 0.3 + 0.2 * max(0, 1 - days / 7) >= EntityName.mergeSuggestion,
        !apart.contains([min(first.row, second.row), max(first.row, second.row)])
      else { continue }
      // As alike as they could be, if all that is mentioned with the one were mentioned with the other.
      let most = EntityName.similarity(first.norm, second.norm, sharedCoMentions: 1, daysApart: days)
      guard most >= EntityName.mergeSuggestion else { continue }
      let similarity = most - 0.3 * (1 - (try sharedCompanions(first.row, second.row)))
      guard similarity >= EntityName.mergeSuggestion else { continue }
      pairs.append(Pair(one: first.row, other: second.row, similarity: similarity))
    }
    return Array(
      pairs.sorted { ($0.similarity, $1.one, $1.other) > ($1.similarity, $0.one, $0.other) }.prefix(max(limit, 0)))
  }

  /// What the ratio of the letters of two names can be at most, whatever their order: cheaper than the ratio.
  private func ratioLimit(_ one: Name, _ other: Name) -> Double {
    let common = zip(one.letters, other.letters).reduce(0) { $0 + Int(min($1.0, $1.1)) }
    let (first, second) = (one.norm.utf8.count, other.norm.utf8.count)
    // Of longer names only the beginning is compared; other letters than these are several bytes.
    return max(first, second) > 64 || first + second == 0 ? 1 : 2 * Double(common) / Double(first + second)
  }

  /// Places of names that may be alike.
  private func candidates() -> [(Int, Int)] {
    var found: [(Int, Int)] = []
    func addNear(_ places: [Int]) {
      for (index, place) in places.enumerated() {
        for next in places[(index + 1)...].prefix(Self.nearness) { found.append((place, next)) }
      }
    }
    addNear(Array(names.indices))
    let backward = names.map { String($0.norm.reversed()) }
    addNear(names.indices.sorted { backward[$0] < backward[$1] })
    var words: [Substring: [Int]] = [:]
    for (place, name) in names.enumerated() {
      for word in Set(name.norm.split(separator: " ")) where word.utf8.count > 2 {
        words[word, default: []].append(place)
      }
    }
    for places in words.values where (2...Self.commonWord).contains(places.count) {
      for (index, place) in places.enumerated() {
        for next in places[(index + 1)...] { found.append((place, next)) }
      }
    }
    return found
  }

  private func daysApart(_ one: Name, _ other: Name) -> Double {
    let gap = max(one.firstSeen, other.firstSeen) - min(one.lastSeen, other.lastSeen)
    return Double(max(0, gap)) / 86_400_000
  }

  /// Of what is mentioned with the one that has less, the share that is mentioned with the other too.
  private mutating func sharedCompanions(_ one: Int64, _ other: Int64) throws -> Double {
    let (first, second) = (try companions(of: one), try companions(of: other))
    let least = min(first.count, second.count)
    return least == 0 ? 0 : Double(first.intersection(second).count) / Double(least)
  }

  private mutating func companions(of entity: Int64) throws -> Set<Int64> {
    if let known = companions[entity] { return known }
    let found = Set(
      try Int64.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT other.entity FROM (
                SELECT memory FROM memory_entity WHERE entity = :entity ORDER BY memory DESC LIMIT :limit) AS own
              JOIN memory_entity AS other ON other.memory = own.memory WHERE other.entity <> :entity
            """), arguments: ["entity": entity, "limit": Self.memoryLimit]))
    companions[entity] = found
    return found
  }
}
