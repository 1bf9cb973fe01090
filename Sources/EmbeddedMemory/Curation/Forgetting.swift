import Foundation
import GRDB
import RearviewJSON
import RearviewMemory

/// Takes all of a closure out of every table, inside a transaction.
///
/// What must go is found before anything goes. Each message that loses words leaves a mark, so that its turn does not
/// bring them in again; the mark holds the turn's id and no words.
struct Forgetting {
  private let closure: ForgetClosure
  private let now: Int64
  private let database: Database
  private let rows: [Int64]
  private let names: [Data]
  private let texts: [String]
  private let hashes: [Int64]

  init(_ closure: ForgetClosure, now: Int64, in database: Database) throws {
    self.closure = closure
    self.now = now
    self.database = database
    rows = closure.all.sorted()
    let found = try Row.fetchAll(
      database,
      sql: """
        SELECT uid, CAST(text AS BLOB), text_hash FROM memory WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id
        """, arguments: [jsonList(rows)])
    names = found.map { $0[0] }
    texts = found.map { MemoryRow.text($0[1]) ?? "" }
    hashes = found.map { $0[2] }
  }

  /// The names of all that goes, and their texts, in one order.
  var memories: [(row: Int64, name: Data, text: String)] {
    zip(rows, zip(names, texts)).map { ($0, $1.0, $1.1) }
  }

  func run() throws {
    try database.execute(sql: "PRAGMA defer_foreign_keys = ON")
    let mentioned = try entities()
    let documents = try documents()
    try readAgain()
    for bank in Set(rows.map { $0 >> MemorySchema.memoriesPerBankBits }).union([closure.bank]) {
      try JobQueue.interrupt(bank: bank, now: now, in: database)
    }
    let said = try allTexts()
    try forgetAnswers()
    let history = try history()
    let linked = try forgetImages()
    let provenance = Provenance(database, now: now)
    for row in rows {
      let isThere = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM memory WHERE id = ?)", arguments: [row])
      guard isThere == true else { continue }
      try provenance.sourceWasRemoved(row, forGood: true)
      try database.execute(sql: "DELETE FROM source WHERE memory = ?", arguments: [row])
      try database.execute(sql: "DELETE FROM memory WHERE id = ?", arguments: [row])
    }
    for memory in closure.staying.sorted() { try stay(memory) }
    for (message, spans) in closure.messages.sorted(by: { $0.key < $1.key }) { try forget(message, spans) }
    try forgetEmpty(documents)
    try forgetUnmentioned(Set(mentioned + linked), texts: said)
    try forgetEmptyGroups(apartFrom: history.all)
    try ChangeLog.forget(history.told, in: database)
    for (bank, rows) in Dictionary(grouping: rows, by: { $0 >> MemorySchema.memoriesPerBankBits }) {
      try VectorPages.forget(rows, bank: bank, in: database)
    }
    try WordSweep.run(in: database)
  }

  // MARK: - What it touches

  private func entities() throws -> [Int64] {
    let mentioned = try Int64.fetchAll(
      database,
      sql: "SELECT DISTINCT entity FROM memory_entity WHERE memory IN (SELECT value FROM json_each(?))",
      arguments: [jsonList(rows)])
    return mentioned + (closure.entity.map { [$0] } ?? [])
  }

  /// Entities that nothing else mentions.
  func entitiesThatGo() throws -> [Int64] {
    try Int64.fetchAll(
      database,
      sql: """
        SELECT id FROM entity WHERE id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (
          SELECT 1 FROM memory_entity WHERE memory_entity.entity = entity.id
            AND memory NOT IN (SELECT value FROM json_each(?)))
        """, arguments: [jsonList(try entities()), jsonList(rows)])
  }

  private func documents() throws -> [Int64] {
    let own = try Int64.fetchAll(
      database,
      sql: """
        SELECT document FROM message WHERE id IN (SELECT value FROM json_each(:messages))
        UNION SELECT document FROM memory
          WHERE id IN (SELECT value FROM json_each(:rows)) AND document IS NOT NULL
        """, arguments: ["messages": jsonList(closure.messages.keys), "rows": jsonList(rows)])
    return Array(Set(own + (closure.document.map { [$0] } ?? [])))
  }

  /// Documents that hold nothing but messages that go whole.
  func documentsThatGo() throws -> [Int64] {
    let whole = try closure.messages.filter { try rest(of: $0.key, $0.value) == nil }.map(\.key)
    return try Int64.fetchAll(
      database,
      sql: """
        SELECT id FROM document WHERE id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (
          SELECT 1 FROM message WHERE message.document = document.id
            AND message.id NOT IN (SELECT value FROM json_each(?)))
        """, arguments: [jsonList(try documents()), jsonList(whole)])
  }

  /// Facts that go but rest on other words too, with where those stand.
  func otherSources() throws -> [(fact: Int64, document: Int64, message: Int64)] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT source.memory, message.document, message.id FROM source JOIN message ON message.id = source.message
        WHERE source.memory IN (SELECT value FROM json_each(?)) AND message.id NOT IN (SELECT value FROM json_each(?))
        """, arguments: [jsonList(closure.derived), jsonList(closure.messages.keys)]
    ).map { ($0[0], $0[1], $0[2]) }
  }

  /// Lets what else facts rest on be read again, for what it says by itself.
  private func readAgain() throws {
    for (_, document, message) in try otherSources() {
      try database.execute(
        sql: """
          UPDATE document SET extracted_message = ?, extracted_bytes = 0 WHERE id = ? AND extracted_message >= ?
          """, arguments: [message - 1, document, message])
      if let bank = try Int64.fetchOne(database, sql: "SELECT bank FROM document WHERE id = ?", arguments: [document]) {
        try Work.enqueueAfterRetain(bank: bank, document: document, now: now, in: database)
      }
    }
  }

  // MARK: - Words

  /// What is left of a message; `nil` for nothing but blanks.
  func rest(of message: Int64, _ spans: [Range<Int>]?) throws -> (text: String, cuts: [Range<Int>])? {
    guard let spans else { return nil }
    let text = try Data.fetchOne(
      database, sql: "SELECT CAST(text AS BLOB) FROM message WHERE id = ?", arguments: [message])
    guard let text else { return nil }
    var cuts: [Range<Int>] = []
    for span in spans.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      let span = span.clamped(to: 0..<text.count)
      if let last = cuts.last, span.lowerBound <= last.upperBound {
        cuts[cuts.count - 1] = last.lowerBound..<max(last.upperBound, span.upperBound)
      } else {
        cuts.append(span)
      }
    }
    var left = Data()
    var place = 0
    for cut in cuts {
      left += text[place..<cut.lowerBound]
      place = cut.upperBound
    }
    left += text[place...]
    let rest = String(decoding: left, as: UTF8.self)
    return rest.allSatisfy(\.isWhitespace) ? nil : (rest, cuts)
  }

  private func forget(_ message: Int64, _ spans: [Range<Int>]?) throws {
    try database.execute(
      sql: """
        INSERT OR IGNORE INTO gone_message (bank, turn, position, speaker)
        SELECT bank, turn, position, speaker FROM message WHERE id = ?
        """, arguments: [message])
    guard let rest = try rest(of: message, spans) else {
      try database.execute(sql: "DELETE FROM source WHERE message = ?", arguments: [message])
      try database.execute(
        sql:
          """
          UPDATE memory SET message = NULL
          WHERE id IN (SELECT id FROM memory INDEXED BY memory_message WHERE message = ?)
          """,
        arguments: [message])
      try database.execute(sql: "DELETE FROM message WHERE id = ?", arguments: [message])
      return
    }
    // What stood behind moves forward.
    for cut in rest.cuts.reversed() {
      let places = try Row.fetchAll(
        database,
        sql: "SELECT memory, span_start FROM source WHERE message = ? AND span_start >= ? ORDER BY span_start",
        arguments: [message, cut.upperBound])
      for place in places {
        try database.execute(
          sql: """
            UPDATE source SET span_start = span_start - :cut, span_end = span_end - :cut
            WHERE memory = :memory AND message = :message AND span_start = :start
            """,
          arguments: [
            "cut": cut.count, "memory": place[0] as Int64, "message": message, "start": place[1] as Int,
          ])
      }
    }
    try database.execute(
      sql: "UPDATE message SET text = CAST(? AS TEXT) WHERE id = ?", arguments: [rest.text.blob, message])
    // How far it was read is counted in its bytes: it is read anew, and nothing that is known comes twice.
    try database.execute(
      sql: """
        UPDATE document SET extracted_bytes = 0
        WHERE id = (SELECT document FROM message WHERE id = :message) AND extracted_message < :message
        """, arguments: ["message": message])
  }

  /// Lets a memory stand on what was said elsewhere alone.
  private func stay(_ memory: Int64) throws {
    try database.execute(
      sql: "DELETE FROM source WHERE memory = ? AND message IN (SELECT value FROM json_each(?))",
      arguments: [memory, jsonList(closure.messages.keys)])
    try database.execute(
      sql: """
        UPDATE memory SET proof = max(1, proof - :count),
          (message, document) = (SELECT message.id, message.document FROM source
            JOIN message ON message.id = source.message WHERE source.memory = :memory ORDER BY message.id LIMIT 1)
        WHERE id = :memory
        """, arguments: ["count": database.changesCount, "memory": memory])
  }

  // MARK: - What is empty then

  private func forgetEmpty(_ documents: [Int64]) throws {
    let gone = try documents.filter { document in
      try database.execute(
        sql: """
          DELETE FROM document WHERE id = :document
            AND NOT EXISTS (SELECT 1 FROM message WHERE message.document = :document)
            AND NOT EXISTS (SELECT 1 FROM memory INDEXED BY memory_document WHERE memory.document = :document)
          """, arguments: ["document": document])
      return database.changesCount > 0
    }
    for document in gone {
      try database.execute(
        sql: "DELETE FROM job WHERE kind = 'extract' AND key = ?", arguments: ["document:\(document)"])
    }
    try forgetImages(of: ["document"], where: "id", isIn: gone)
  }

  private func forgetUnmentioned(_ entities: Set<Int64>, texts: [String]) throws {
    // Those that an undo took away; others may have their numbers.
    try database.execute(
      sql: """
        DELETE FROM row_image WHERE table_name = 'entity'
          AND json_extract(coalesce(before, after), '$.id') IN (SELECT value FROM json_each(?))
          AND NOT EXISTS (SELECT 1 FROM entity WHERE hex(uid) = json_extract(coalesce(before, after), '$.uid')
            AND id = json_extract(coalesce(before, after), '$.id'))
        """, arguments: [jsonList(entities)])
    var gone: [Int64] = []
    for entity in entities.sorted() {
      let names = try Int64.fetchAll(
        database, sql: "SELECT id FROM entity WHERE merged_into = ?", arguments: [entity])
      try database.execute(
        sql: """
          DELETE FROM entity WHERE id = :entity
            AND NOT EXISTS (SELECT 1 FROM memory_entity WHERE memory_entity.entity = :entity)
          """, arguments: ["entity": entity])
      let isThere = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM entity WHERE id = ?)", arguments: [entity])
      if isThere == true {
        for name in names + [entity] { gone += try forgetNames(of: name, in: texts) }
      } else {
        gone += names + [entity]
      }
    }
    try forgetImages(of: ["entity"], where: "id", isIn: gone)
    try forgetImages(of: ["alias", "memory_entity", "entity_apart"], where: "entity", isIn: gone)
    try forgetImages(of: ["entity_apart"], where: "other", isIn: gone)
  }

  /// Other names of an entity that stays: those that stood in what goes, and in nothing that is left.
  /// - Returns: The rows of `entity` that went.
  private func forgetNames(of entity: Int64, in texts: [String]) throws -> [Int64] {
    var gone: [Int64] = []
    let names = try Row.fetchAll(
      database,
      sql: """
        SELECT norm, 'alias' FROM alias WHERE entity = :entity
        UNION ALL SELECT norm, 'entity' FROM entity WHERE id = :entity AND merged_into IS NOT NULL
        """, arguments: ["entity": entity])
    for row in names {
      let norm = row[0] as String
      let words = WordScanner.words(norm).map { ftsString([$0.text]) }
      guard !words.isEmpty, texts.contains(where: { EntityName.norm($0).contains(norm) }) else { continue }
      let isHeld = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM memory_words WHERE memory_words MATCH ?)",
        arguments: [words.joined(separator: " AND ")])
      guard isHeld == false else { continue }
      if row[1] == "entity" {
        try database.execute(sql: "DELETE FROM entity WHERE id = ?", arguments: [entity])
        gone.append(entity)
      } else {
        try database.execute(sql: "DELETE FROM alias WHERE entity = ? AND norm = ?", arguments: [entity, norm])
        try database.execute(
          sql: """
            DELETE FROM row_image WHERE table_name = 'alias' AND json_extract(coalesce(before, after), '$.entity') = ?
              AND json_extract(coalesce(before, after), '$.norm') = ?
            """, arguments: [entity, norm])
      }
    }
    return gone
  }

  // MARK: - Images

  /// What the journal and undo hold of what goes, also under numbers that a memory had before it was moved.
  /// - Returns: The entities that it was about by then.
  private func forgetImages() throws -> [Int64] {
    var numbers = Set(rows)
    for name in names {
      let key = JSONValue.list([.text(name.hexadecimal)]).written()
      numbers.formUnion(
        try Int64.fetchAll(
          database.cachedStatement(
            sql: """
              SELECT json_extract(before, '$.id') FROM row_image
                WHERE table_name = 'memory' AND key = :key AND before NOTNULL
              UNION SELECT json_extract(after, '$.id') FROM row_image
                WHERE table_name = 'memory' AND key = :key AND after NOTNULL
              """), arguments: ["key": key]))
      try forgetMemory(name, key: key)
    }
    for name in try undone() {
      try forgetMemory(Data(hexadecimal: name), key: JSONValue.list([.text(name)]).written())
    }
    let entities = try linked("memory_entity", "entity", to: numbers)
    // Copies that a move made and an undo took away again; another message may have the number of one.
    try database.execute(
      sql: """
        DELETE FROM row_image WHERE table_name = 'message'
          AND json_extract(coalesce(before, after), '$.id') IN (SELECT value FROM json_each(?))
          AND NOT EXISTS (SELECT 1 FROM message WHERE id = json_extract(coalesce(before, after), '$.id')
            AND turn = json_extract(coalesce(before, after), '$.turn'))
        """, arguments: [jsonList(try linked("source", "message", to: numbers))])
    try forgetImages(
      of: ["source", "memory_entity", "memory_version", "memory_source", "echo"], where: "memory", isIn: numbers)
    try forgetImages(of: ["memory_source"], where: "source", isIn: numbers)
    try forgetImages(of: ["echo"], where: "after", isIn: numbers)
    try forgetImages(of: ["message"], where: "id", isIn: closure.messages.keys)
    try forgetImages(of: ["source"], where: "message", isIn: closure.messages.keys)
    // An undo must not take away the marks that keep the turns out.
    try database.execute(
      sql: """
        DELETE FROM row_image WHERE table_name = 'gone_message'
          AND (json_extract(coalesce(before, after), '$.turn'), json_extract(coalesce(before, after), '$.speaker')) IN (
            SELECT turn, speaker FROM message WHERE id IN (SELECT value FROM json_each(?)))
        """, arguments: [jsonList(closure.messages.keys)])
    return entities
  }

  private func forgetMemory(_ name: Data, key: String) throws {
    try database.execute(
      sql: """
        UPDATE change_group SET reason = NULL WHERE id IN (
          SELECT change_group FROM journal WHERE uid = :name
          UNION SELECT change_group FROM row_image WHERE table_name = 'memory' AND key = :key)
        """, arguments: ["key": key, "name": name])
    try database.execute(sql: "DELETE FROM journal WHERE uid = ?", arguments: [name])
    try database.execute(sql: "DELETE FROM row_image WHERE table_name = 'memory' AND key = ?", arguments: [key])
  }

  /// The names of memories of the same texts that a move made, and an undo took away again.
  private func undone() throws -> [String] {
    let made = try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT json_extract(after, '$.uid') FROM row_image
        WHERE table_name = 'memory' AND before IS NULL
          AND json_extract(after, '$.text_hash') IN (SELECT value FROM json_each(?))
        """, arguments: [jsonList(hashes)])
    let hashes = Set(hashes)
    // One by one, by their names: no index finds a hash in all banks.
    return try made.filter { name in
      let hash = try Int64.fetchOne(
        database.cachedStatement(sql: "SELECT text_hash FROM memory WHERE uid = ?"),
        arguments: [Data(hexadecimal: name)])
      return hash.map { !hashes.contains($0) } ?? true
    }
  }

  /// What images of a table say of memories in a column.
  private func linked(_ table: String, _ column: String, to memories: Set<Int64>) throws -> [Int64] {
    try Int64.fetchAll(
      database,
      sql: """
        SELECT DISTINCT json_extract(coalesce(before, after), '$.\(column)') FROM row_image
        WHERE table_name = '\(table)'
          AND json_extract(coalesce(before, after), '$.memory') IN (SELECT value FROM json_each(?))
        """, arguments: [jsonList(memories)])
  }

  private func forgetImages(of tables: [String], where column: String, isIn rows: some Sequence<Int64>) throws {
    try database.execute(
      sql: """
        DELETE FROM row_image WHERE table_name IN (\(tables.map { "'\($0)'" }.joined(separator: ", ")))
          AND json_extract(coalesce(before, after), '$.\(column)') IN (SELECT value FROM json_each(?))
        """, arguments: [jsonList(rows)])
  }

  /// Changes that came with an import, which never had anything to be undone, and which of them the journal has for
  /// what goes.
  private func history() throws -> (all: Set<Int64>, told: Set<Int64>) {
    let all = Set(
      try Int64.fetchAll(
        database, sql: "SELECT id FROM change_group WHERE \(ChangeLog.isOwn) AND NOT \(ChangeLog.hasImages)"))
    let told = try names.flatMap {
      try Int64.fetchAll(
        database.cachedStatement(
          sql: "SELECT change_group FROM journal INDEXED BY journal_uid WHERE uid = ? AND change_group NOTNULL"),
        arguments: [$0])
    }
    return (all, all.intersection(told))
  }

  /// Changes of which nothing is left to be undone; a document alone is nothing.
  private func forgetEmptyGroups(apartFrom history: Set<Int64>) throws {
    let empty = try Int64.fetchAll(
      database,
      sql: """
        SELECT id FROM change_group WHERE \(ChangeLog.isOwn)
          AND id NOT IN (SELECT value FROM json_each(?))
          AND NOT EXISTS (
            SELECT 1 FROM row_image WHERE row_image.change_group = change_group.id AND table_name <> 'document')
        """, arguments: [jsonList(history.sorted())])
    try ChangeLog.delete(empty, in: database)
  }

  // MARK: - Answers

  /// The answers of mental models that quote what goes; those that stand on it are known to `Provenance`.
  private func forgetAnswers() throws {
    for (model, version) in try quotingAnswers() {
      if let version {
        try database.execute(
          sql: "DELETE FROM mental_model_version WHERE mental_model = ? AND version = ?", arguments: [model, version])
      } else {
        try database.execute(sql: "UPDATE mental_model SET body = '', is_stale = 1 WHERE id = ?", arguments: [model])
      }
    }
  }

  /// Mental models with the versions that quote what goes; the version is `nil` for the answer that is shown.
  func quotingAnswers() throws -> [(model: Int64, version: Int?)] {
    // Of a few letters nothing can be said.
    let quotes = Set(try allTexts().map { NormalizedText($0).text }.filter { $0.utf8.count >= 8 })
    guard !quotes.isEmpty else { return [] }
    let answers = try Row.fetchAll(
      database,
      sql: """
        SELECT id, NULL, CAST(body AS BLOB) FROM mental_model WHERE bank = :bank
        UNION ALL SELECT mental_model, version, CAST(mental_model_version.body AS BLOB) FROM mental_model_version
          JOIN mental_model ON mental_model.id = mental_model WHERE bank = :bank
        """, arguments: ["bank": closure.bank])
    return answers.compactMap { row in
      let body = NormalizedText(MemoryRow.text(row[2]) ?? "").text
      return quotes.contains { body.contains($0) } ? (row[0], row[1]) : nil
    }
  }

  /// All that the memories ever said, and what was said in the messages that they come from.
  func allTexts() throws -> [String] {
    var all = texts
    for name in names {
      let key = JSONValue.list([.text(name.hexadecimal)]).written()
      for row in try Row.fetchAll(
        database,
        sql: """
          SELECT CAST(before AS BLOB), CAST(after AS BLOB) FROM row_image WHERE table_name = 'memory' AND key = :key
          UNION ALL SELECT CAST(before AS BLOB), CAST(after AS BLOB) FROM journal WHERE uid = :name
          """, arguments: ["key": key, "name": name])
      {
        for image in [row[0] as Data?, row[1]] {
          if let text = try MemoryRow.text(image).flatMap({ try JSONValue(parsing: $0)["text"]?.text }) {
            all.append(text)
          }
        }
      }
    }
    all += try Data.fetchAll(
      database,
      sql: "SELECT CAST(text AS BLOB) FROM memory_version WHERE memory IN (SELECT value FROM json_each(?))",
      arguments: [jsonList(rows)]
    ).map { String(decoding: $0, as: UTF8.self) }
    for (message, spans) in closure.messages {
      let text = try Data.fetchOne(
        database, sql: "SELECT CAST(text AS BLOB) FROM message WHERE id = ?", arguments: [message])
      guard let text else { continue }
      for span in spans ?? [0..<text.count] {
        all.append(String(decoding: text[span.clamped(to: 0..<text.count)], as: UTF8.self))
      }
    }
    return all
  }
}
