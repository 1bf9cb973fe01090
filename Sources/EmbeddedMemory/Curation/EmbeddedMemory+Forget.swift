import Foundation
import GRDB
import RearviewJSON
import RearviewMemory

extension EmbeddedMemory {
  /// What goes when something is forgotten for good: nothing is changed yet.
  ///
  /// - Throws: `MemoryStoreError.noSuchMemory`, `CurationError.noSuchDocument`, `noSuchEntity`, `nothingGiven`.
  public func forgetPreview(_ target: ForgetTarget, bankID: String) async throws -> ForgetPlan {
    var (plan, texts) = try await read { [now] database in
      let closure = try ForgetClosure(target, bankID: bankID, in: database)
      let forgetting = try Forgetting(closure, now: now, in: database)
      let plan = try ForgetPlan(closure, forgetting, target: target, bankID: bankID, in: database)
      return (plan, try forgetting.allTexts())
    }
    plan.copies = Self.copies(of: texts, beside: location)
    return plan
  }

  /// Forgets what a plan shows, for good: it goes from every table, from the word indexes, the vectors, the journal and
  /// the vocabulary, and its bytes go from the file. There is no way back; ask first.
  ///
  /// The file is written anew, which takes time and free space by its size. A turn that held it does not bring it in
  /// again when it is retained once more.
  ///
  /// - Throws: `CurationError.planIsOld` when other memories would go than were shown; nothing is changed then.
  @discardableResult
  public func forget(_ plan: ForgetPlan) async throws -> ForgetReport {
    try await write { [now] database in
      let closure: ForgetClosure
      do {
        closure = try ForgetClosure(plan.target, bankID: plan.bankID, in: database)
      } catch MemoryStoreError.noSuchMemory {
        throw CurationError.planIsOld
      }
      let forgetting = try Forgetting(closure, now: now, in: database)
      guard Set(forgetting.memories.map { RowName.spelling($0.name) }) == plan.names else {
        throw CurationError.planIsOld
      }
      try forgetting.run()
    }
    return ForgetReport(plan: plan, remainder: try await sweepBytes())
  }

  /// Files of the folder, beside the memory file's own, and of the folder of its backups, in which one of these texts
  /// is found; copies from before an edit hold the text of then.
  private static func copies(of texts: [String], beside location: String) -> [String] {
    // A long text may be spread over pages of a file; its beginning mostly is not. Some tell of a file what all do.
    let needles = Set(texts.prefix(16).map { Array($0.utf8.prefix(48)) }).filter { $0.count >= 4 }
    let folders = [(location as NSString).deletingLastPathComponent, MemoryBackups(path: location).folder]
    let own = ["", "-wal", "-shm"].map { location + $0 }
    let paths = folders.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().map { folder + "/" + $0 }
    }
    return paths.filter { path in
      var isFolder: ObjCBool = false
      guard !own.contains(path), FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
        !isFolder.boolValue, let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
      else { return false }
      return data.withUnsafeBytes { bytes in needles.contains { holds(bytes, $0) } }
    }
  }

  private static func holds(_ bytes: UnsafeRawBufferPointer, _ needle: [UInt8]) -> Bool {
    guard var place = bytes.baseAddress, bytes.count >= needle.count else { return false }
    let end = place + (bytes.count - needle.count + 1)
    while place < end, let found = memchr(place, Int32(needle[0]), end - place) {
      if memcmp(found, needle, needle.count) == 0 { return true }
      place = UnsafeRawPointer(found) + 1
    }
    return false
  }
}

extension ForgetPlan {
  /// Counts what a closure holds.
  fileprivate init(
    _ closure: ForgetClosure, _ forgetting: Forgetting, target: ForgetTarget, bankID: String, in database: Database
  ) throws {
    self.init(bankID: bankID, target: target)
    for (row, name, text) in forgetting.memories {
      self.names.insert(RowName.spelling(name))
      if closure.said.contains(row) { memories.add(text) } else { derived.add(text) }
    }
    for (message, spans) in closure.messages.sorted(by: { $0.key < $1.key }) {
      let text = try Data.fetchOne(
        database, sql: "SELECT CAST(text AS BLOB) FROM message WHERE id = ?", arguments: [message])
      guard let text, spans?.isEmpty != true else { continue }
      let gone = spans?.map { text[$0.clamped(to: 0..<text.count)] }.map { String(decoding: $0, as: UTF8.self) }
      messages.add(gone?.joined(separator: " … ") ?? String(decoding: text, as: UTF8.self))
    }
    func texts(_ sql: String, _ rows: [Int64]) throws -> [String] {
      try Data.fetchAll(database, sql: sql, arguments: [jsonList(rows)]).map { String(decoding: $0, as: UTF8.self) }
    }
    for name in try texts(
      "SELECT CAST(key AS BLOB) FROM document WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
      forgetting.documentsThatGo())
    { documents.add(name) }
    for name in try texts(
      "SELECT CAST(name AS BLOB) FROM entity WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
      forgetting.entitiesThatGo())
    { entities.add(name) }
    rederivedCount = Set(try forgetting.otherSources().map(\.fact)).count
    try count(closure, forgetting, in: database)
  }

  private mutating func count(_ closure: ForgetClosure, _ forgetting: Forgetting, in database: Database) throws {
    let rows = jsonList(closure.all)
    let hexNames = JSONValue.list(forgetting.memories.map { .text($0.name.hexadecimal) }).written()
    func number(_ sql: String, _ arguments: StatementArguments) throws -> Int {
      try Int.fetchOne(database, sql: sql, arguments: arguments) ?? 0
    }
    journalCount =
      try number("SELECT count(*) FROM journal WHERE hex(uid) IN (SELECT value FROM json_each(?))", [hexNames])
      + number(
        """
        SELECT count(*) FROM row_image
        WHERE table_name = 'memory' AND json_extract(key, '$[0]') IN (SELECT value FROM json_each(?))
        """, [hexNames])
    vectorCount = try number(
      "SELECT count(*) FROM vector WHERE memory IN (SELECT value FROM json_each(?))", [rows])
    alikeCount = try number(
      """
      SELECT count(*) FROM memory AS other INDEXED BY memory_text_hash
      WHERE bank = :bank
        AND text_hash IN (SELECT text_hash FROM memory WHERE id IN (SELECT value FROM json_each(:rows)))
        AND id NOT IN (SELECT value FROM json_each(:rows))
      """, ["bank": closure.bank, "rows": rows])
    sourceCount = try number(
      """
      SELECT count(*) FROM (
        SELECT source FROM memory_source WHERE memory IN (SELECT value FROM json_each(:said))
        UNION SELECT own.memory FROM source AS fact JOIN memory ON memory.id = fact.memory AND memory.origin = 'extract'
          JOIN source AS own ON own.message = fact.message AND own.span_start < fact.span_end
            AND own.span_end > fact.span_start
          JOIN memory AS place ON place.id = own.memory AND place.origin IS NULL
        WHERE fact.memory IN (SELECT value FROM json_each(:said)))
      WHERE source NOT IN (SELECT value FROM json_each(:rows))
      """, ["said": jsonList(closure.said), "rows": rows])
    let standing = try Int64.fetchAll(
      database,
      sql: """
        SELECT DISTINCT mental_model FROM mental_model_version, json_each(based_on) AS name
        WHERE upper(replace(name.value, '-', '')) IN (SELECT value FROM json_each(?))
        """, arguments: [hexNames])
    let models = Set(standing + (try forgetting.quotingAnswers().map(\.model)))
    for stored in try MentalModel.all(bank: closure.bank, in: database) where models.contains(stored.row) {
      mentalModels.add(stored.model.name)
    }
  }
}
