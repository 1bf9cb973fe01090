import Foundation
import GRDB
import RearviewJSON
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Exporting and importing banks")
struct ExchangeTests {
  let scene: Scene
  private let other: Scene
  private var file: String { scene.folder + "/bank.jsonl" }

  init() throws {
    scene = try Scene()
    other = try Scene()
  }

  private func lines(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// The first rows in which two files differ.
  private func difference(_ first: String, _ second: String) throws -> [String] {
    let (first, second) = (try rows(first), try rows(second))
    guard first.count == second.count else { return ["\(first.count) and \(second.count) rows"] }
    return zip(first, second).first { $0 != $1 }.map { [String($0.0.prefix(900)), String($0.1.prefix(900))] } ?? []
  }

  /// All but the first line, which tells when it was made, and the last, whose sum covers the first.
  private func rows(_ path: String) throws -> [String] { Array(try lines(path).dropFirst().dropLast()) }

  @Test("every table and every column of a file is exported, or named as one that is not")
  func coverage() async throws {
    _ = try await scene.open()
    let described = ExchangeTable.all + ExchangeTable.all.flatMap(\.children)
    let columns = try scene.inspect { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT sqlite_master.name, columns.name FROM sqlite_master JOIN pragma_table_info(sqlite_master.name) AS columns
          WHERE sqlite_master.type = 'table' AND sqlite_master.name NOT LIKE 'sqlite_%'
            AND sqlite_master.name NOT GLOB 'memory_fts_*' AND sqlite_master.name NOT GLOB 'memory_words_*'
          ORDER BY sqlite_master.name, columns.name
          """
      ).map { "\($0[0] as String).\($0[1] as String)" }
    }.filter { column in !ExchangeTable.leftOut.contains { column.hasPrefix($0 + ".") } }
    #expect(
      described.flatMap { table in table.columns.map { "\(table.name).\($0.name)" } }.sorted() == columns.sorted())
  }

  @Test("what is exported, imported into an empty file and exported again is the same", arguments: 0..<6)
  func roundTrip(seed: UInt64) async throws {
    let store = try await scene.open()
    try await RandomBank(seed: seed).fill(store)
    try await store.exportBank(id: "bank", to: file, includesVectors: true)
    let copy = try await other.open()
    let imported = try await copy.importBank(from: file)
    #expect(imported.banks == ["bank"] && imported.replaced == 0)
    #expect(try other.faults() == [])
    let again = other.folder + "/again.jsonl"
    try await copy.exportBank(id: "bank", to: again, includesVectors: true)
    #expect(try difference(again, file) == [])
    #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)

    for question in ["lantern", "Anna in Oslo", "harbour bridge", "what was said last week", "日本 note"] {
      let query = RecallQuery(bankID: "bank", text: question)
      let (before, after) = (try await store.recall(query), try await copy.recall(query))
      #expect(after.memories == before.memories)
    }
    #expect(try await copy.profile(bankID: "bank") == store.profile(bankID: "bank"))
    #expect(try await copy.directives(bankID: "bank") == store.directives(bankID: "bank"))
    let models = try await store.mentalModels(bankID: "bank")
    #expect(try await copy.mentalModels(bankID: "bank") == models)
    for model in models {
      #expect(
        try await copy.mentalModelVersions(id: model.id, bankID: "bank")
          == store.mentalModelVersions(id: model.id, bankID: "bank"))
    }
    let counts = "SELECT valid_count, invalidated_count, document_count, last_retained_at FROM bank"
    let (there, here) = (
      try other.inspect { try Row.fetchAll($0, sql: counts) }, try scene.inspect { try Row.fetchAll($0, sql: counts) }
    )
    #expect(there == here)
    let words = "SELECT text FROM word ORDER BY text"
    let missing = Set(try scene.inspect { try String.fetchAll($0, sql: words) })
      .subtracting(try other.inspect { try String.fetchAll($0, sql: words) })
    // Words of texts that were edited since are not among the memories any more.
    #expect(missing.count < 20)
  }

  @Test(
    "importing the same again changes nothing, whatever is done with what is there", arguments: ImportPolicy.allCases)
  func twice(policy: ImportPolicy) async throws {
    let store = try await scene.open()
    try await RandomBank(seed: 7).fill(store)
    try await store.exportBank(id: "bank", to: file, includesVectors: true)
    let copy = try await other.open()
    try await copy.importBank(from: file, policy: policy)
    let again = other.folder + "/again.jsonl"
    try await copy.exportBank(id: nil, to: again, includesVectors: true)
    let before = try rows(again)
    let second = try await copy.importBank(from: file, policy: policy)
    #expect(second.added == 0 && second.replaced == 0)
    try await copy.exportBank(id: nil, to: again, includesVectors: true)
    #expect(try rows(again) == before)
    #expect(try other.faults() == [])
  }

  @Test("an import that was stopped is whole when it is run again")
  func stopped() async throws {
    let store = try await scene.open()
    try await RandomBank(seed: 11).fill(store)
    try await store.exportBank(id: "bank", to: file, includesVectors: true)
    let copy = try await other.open()
    // A part of the file, as an import that was killed after some batches leaves it.
    for share in [0.2, 0.5, 0.8] {
      let all = try lines(file)
      let part = other.folder + "/part.jsonl"
      let kept = Array(all.prefix(Int(Double(all.count) * share)))
      try (kept.joined(separator: "\n") + "\n").write(toFile: part, atomically: true, encoding: .utf8)
      try await copy.pool.write { database in
        var reading = try BankImport(
          path: part, name: nil, policy: .skip, now: milliseconds(Scene.time), database: database)
        while try !reading.writeBatch() {}
      }
      #expect(try other.faults() == [])
    }
    try await copy.importBank(from: file)
    let again = other.folder + "/again.jsonl"
    try await copy.exportBank(id: "bank", to: again, includesVectors: true)
    #expect(try difference(again, file) == [])
    #expect(try other.faults() == [])
  }

  @Test("a file that was cut, changed, or made by a newer program is refused in words and changes nothing")
  func damaged() async throws {
    let store = try await scene.open()
    try await RandomBank(seed: 3).fill(store)
    try await store.exportBank(id: "bank", to: file)
    let all = try lines(file)
    let copy = try await other.open()
    func refused(_ lines: [String], end: String = "\n") async throws -> ExchangeError? {
      let path = other.folder + "/bad.jsonl"
      try (lines.joined(separator: "\n") + end).write(toFile: path, atomically: true, encoding: .utf8)
      do {
        try await copy.importBank(from: path)
        return nil
      } catch let error as ExchangeError {
        return error
      }
    }
    let bad = other.folder + "/bad.jsonl"
    #expect(try await refused(Array(all.dropLast())) == .cut(path: bad, line: all.count - 1))
    let half = Array(all.prefix(9)) + [String(all[9].prefix(20))]
    #expect(try await refused(half, end: "") == .cut(path: bad, line: 10))
    var changed = all
    changed[5] = String(changed[5].dropLast(3))
    guard case .damaged(bad, 6, _) = try await refused(changed) else {
      Issue.record("a line that is no JSON was taken")
      return
    }
    changed = all
    changed[5] = changed[5].replacing("\"created\":", with: "\"created\":1")
    guard case .damaged(bad, nil, _) = try await refused(changed) else {
      Issue.record("another checksum was taken")
      return
    }
    changed = all
    changed[0] = changed[0].replacing("\"schema\":\(MemorySchema.format)", with: "\"schema\":900")
    #expect(
      try await refused(changed) == .newerFormat(path: bad, found: 900, known: MemorySchema.format))
    #expect(
      try await refused(["{\"content\": \"a note\"}"])
        == .notAnExport(path: bad, cause: "its first line does not say so"))
    #expect(try await copy.banks() == [])
    await #expect(throws: ExchangeError.noSuchBank("none")) { try await store.exportBank(id: "none", to: file + "2") }
    #expect(!FileManager.default.fileExists(atPath: file + "2"))
  }

  @Test("a bank that is there already gets what it lacks; what differs stays, or becomes as it was exported")
  func merge() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("The harbour bridge opens at noon.", turnID: "one"))
    try await store.retain(.saying("Anna likes lanterns.", turnID: "two"))
    try await store.exportBank(id: "bank", to: file)
    let bridge = try #require(try await store.listed("harbour").first)
    _ = try await store.edit(id: bridge.id, bankID: "bank", text: "The harbour bridge opens at one.")
    try await store.retain(.saying("Bread is baked on Mondays.", turnID: "three"))
    let lantern = try #require(try await store.listed("lanterns").first)
    try scene.change("DELETE FROM source WHERE memory = (SELECT id FROM memory WHERE text LIKE 'Anna%')")
    try scene.change("DELETE FROM memory WHERE text LIKE 'Anna%'")

    var summary = try await store.importBank(from: file)
    #expect(summary.replaced == 0)
    #expect(try await store.memory(id: bridge.id, bankID: "bank")?.text == "The harbour bridge opens at one.")
    #expect(try await store.memory(id: lantern.id, bankID: "bank")?.text == "Anna likes lanterns.")
    #expect(try await store.listed().count == 3)
    summary = try await store.importBank(from: file, policy: .replace)
    #expect(summary.replaced >= 1)
    #expect(try await store.memory(id: bridge.id, bankID: "bank")?.text == "The harbour bridge opens at noon.")
    #expect(try await store.texts("harbour bridge").first == "The harbour bridge opens at noon.")
    #expect(try await store.listed().count == 3)
    #expect(try scene.faults() == [])
  }

  @Test("a bank is imported under another name where it is not yet, and as copies where it is")
  func otherNames() async throws {
    let store = try await scene.open()
    try await RandomBank(seed: 5).fill(store)
    try await store.exportBank(id: "bank", to: file)
    await #expect(throws: ExchangeError.isElsewhere(bank: "bank")) {
      try await store.importBank(from: file, as: "second")
    }
    await #expect(throws: ExchangeError.isItself(bank: "bank")) {
      try await store.importBank(from: file, policy: .new)
    }
    try await store.importBank(from: file, as: "second", policy: .new)
    try await store.importBank(from: file, as: "third", policy: .new)
    #expect(try await store.importBank(from: file, as: "second", policy: .new).added == 0)
    let banks = try await store.banks()
    #expect(banks.map(\.id) == ["bank", "second", "third"])
    #expect(Set(banks.map(\.memoryCount)).count == 1)
    let own = try await store.recall(RecallQuery(bankID: "bank", text: "lantern")).memories.map(\.memory)
    let copied = try await store.recall(RecallQuery(bankID: "second", text: "lantern")).memories.map(\.memory)
    #expect(copied.map(\.text) == own.map(\.text) && Set(copied.map(\.id)).isDisjoint(with: own.map(\.id)))
    let edited = try scene.inspect {
      try String.fetchAll(
        $0,
        sql: """
          SELECT journal.after ->> 'id' FROM journal JOIN memory ON memory.uid = journal.uid
            JOIN bank ON bank.id = memory.bank WHERE bank.name = 'second'
          """)
    }
    for id in edited { #expect(try await store.memory(id: id, bankID: "second") != nil) }
    #expect(!edited.isEmpty)
    #expect(try scene.faults() == [])

    try await store.exportBank(id: nil, to: file)
    let copy = try await other.open()
    await #expect(throws: ExchangeError.severalBanks(path: file, count: 3)) {
      try await copy.importBank(from: file, as: "one")
    }
    #expect(try await copy.importBank(from: file).banks == ["bank", "second", "third"])
    #expect(try other.faults() == [])
  }

  @Test("what was read for facts is not read again after an import, and the rest waits")
  func progress() async throws {
    let store = try await scene.open()
    try await RandomBank(seed: 9).fill(store)
    try await store.retain(.saying("Not read yet.", documentID: "late"))
    try await store.exportBank(id: "bank", to: file)
    let copy = try await other.open()
    try await copy.setWorkOn(true)
    try await copy.importBank(from: file)
    let waiting = try await copy.jobs(states: [.pending]).filter { $0.kind == .extract }
    #expect(waiting.count == 1)
    #expect(try await copy.queueWork(bankID: "bank") == 1)
  }
}

/// A bank of all that a bank can hold, made up from a seed.
struct RandomBank {
  let seed: UInt64

  private static let names = ["Anna", "Berg", "Oslo", "Lyon", "Mr. Patel", "日本"]
  private static let things = [
    "a lantern", "the harbour bridge", "bread", "C:\\tools \"x\"", "an umbrella\u{0}", "Ärger",
  ]
  private static let verbs = ["likes", "found", "sold", "lost", "wants to see"]

  func fill(_ store: EmbeddedMemory) async throws {
    var random = SplitMix(state: seed)
    func pick(_ list: [String]) -> String { list[Int.random(in: 0..<list.count, using: &random)] }
    func sentence() -> String { "\(pick(Self.names)) \(pick(Self.verbs)) \(pick(Self.things))." }
    for number in 0..<40 {
      let time = Scene.time.addingTimeInterval(Double(Int.random(in: -90...0, using: &random)) * 86_400)
      var turn = RetainTurn.saying(
        sentence() + (number.isMultiple(of: 9) ? " " + String(repeating: sentence() + "\n\n", count: 60) : ""),
        answer: number.isMultiple(of: 3) ? sentence() : nil, turnID: "turn-\(number)",
        documentID: "document-\(number % 7)", at: time)
      if number.isMultiple(of: 4) { turn.tags = ["b", "a"] }
      if number.isMultiple(of: 5) { turn.metadata = ["key": "value \(number)", "z": "\u{1}"] }
      if number.isMultiple(of: 6) { turn.entities = ["Given \(number % 5)"] }
      if number.isMultiple(of: 8) { turn.context = "conversation:\(number)" }
      turn.isUndated = number.isMultiple(of: 11)
      try await store.retain(turn)
    }
    try await store.setBank(id: "bank", name: "Bank \(seed)", mission: "Remember.", timeout: nil)
    try await store.updateProfile(bankID: "bank") {
      $0.retainMission = "People."
      $0.disposition = Disposition(skepticism: 5, empathy: 1)
      $0.settings["extract"] = .boolean(true)
    }
    _ = try await store.addDirective(bankID: "bank", text: "Be brief.", tags: ["a"])
    let model = try await store.addMentalModel(bankID: "bank", name: "Who", question: "Who is there?")
    for body in ["Anna.", "Anna and Berg."] {
      _ = try await store.updateMentalModel(id: model.id, bankID: "bank") { $0.body = body }
    }
    // One fact of each window, and an observation of the first.
    try await store.work(
      ScriptedModel { request, _ in
        if request.text.contains("New facts:") {
          return .saying(
            #"{"creates": [{"text": "Somebody likes something.", "facts": ["F1"]}], "updates": [], "deletes": []}"#)
        }
        let said = request.text.split(separator: "New messages").last ?? ""
        let quote = said.firstMatch(of: /\] [^\n]*:\n([^\n.]+)/).map { String($0.1) } ?? ""
        return .saying(facts([("Fact: \(quote)", quote)]))
      })
    let listed = try await store.memories(MemoryPageRequest(bankID: "bank", limit: 200)).memories
    for _ in 0..<6 {
      guard let memory = listed.randomElement(using: &random) else { break }
      _ = try? await store.edit(id: memory.id, bankID: "bank", text: sentence() + " Corrected.")
    }
    for _ in 0..<5 {
      guard let memory = listed.randomElement(using: &random) else { break }
      _ = try await store.invalidate(id: memory.id, bankID: "bank", reason: "Wrong.")
      if Bool.random(using: &random) { _ = try await store.restore(id: memory.id, bankID: "bank") }
    }
    try await store.embedMissing(bankID: "bank", model: RandomVectors("random/8", dimension: 8))
  }
}
