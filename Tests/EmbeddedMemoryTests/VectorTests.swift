import Foundation
import GRDB
import RearviewChat
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Vectors", .timeLimit(.minutes(2)))
struct VectorTests {
  let scene: Scene
  let model = RandomVectors("x/one")

  init() throws { scene = try Scene() }

  /// Opens the file with `count` memories, "Note 0." and so on, each in its own message.
  private func filled(_ count: Int) async throws -> EmbeddedMemory {
    let store = try await scene.open()
    try await store.retain((0..<count).map { .saying("Note \($0).", turnID: "turn-\($0)") })
    return store
  }

  private func id(of text: String, _ store: EmbeddedMemory) async throws -> String {
    let uid = try await store.read { database in
      try Data.fetchOne(database, sql: "SELECT uid FROM memory WHERE text = ?", arguments: [text])
    }
    return RowName.spelling(try #require(uid))
  }

  private func nearest(
    _ text: String, _ store: EmbeddedMemory, _ index: VectorIndex, limit: Int = 10, model: RandomVectors? = nil
  ) async throws -> [String] {
    try await hits(text, store, index, limit: limit, model: model).map(\.text)
  }

  private struct TextHit: Equatable {
    var text: String
    var cosine: Double
  }

  private func hits(
    _ text: String, _ store: EmbeddedMemory, _ index: VectorIndex, limit: Int = 10, model: RandomVectors? = nil
  ) async throws -> [TextHit] {
    let model = model ?? self.model
    let query = QueryVector(model: model.name, numbers: model.vector(text))
    let found = try await store.nearest(to: query, bankID: "bank", limit: limit, in: index)
    return try await store.read { database in
      try found.map {
        TextHit(text: try #require(try MemoryRow.memory(row: $0.row, in: database)).text, cosine: $0.cosine)
      }
    }
  }

  /// What a search among these texts must find: every cosine, made in the plainest way from the codes.
  private func expected(_ text: String, among texts: [String], limit: Int, model: RandomVectors? = nil) -> [String] {
    let model = model ?? self.model
    let query = Int8Vector(model.vector(text))
    let scored = texts.enumerated().map { row, other in
      let codes = Int8Vector(model.vector(other))
      let product = zip(query.codes, codes.codes).reduce(0) { $0 + Int($1.0) * Int($1.1) }
      return (score: Float(product) * query.scale * codes.scale, row: row, text: other)
    }
    return scored.sorted { ($0.score, $0.row) > ($1.score, $1.row) }.prefix(limit).map(\.text)
  }

  /// What is wrong with the vectors of the file: rows that belong to nothing, pages whose dead are not the rest of the
  /// living, counts, and memories without a vector where there should be one.
  private func faults(whole: Bool = true) throws -> [String] {
    try scene.faults()
      + scene.inspect { database in
        func check(_ name: String, _ sql: String) throws -> [String] {
          try String.fetchAll(database, sql: sql).map { "\(name): \($0)" }
        }
        var faults = try check(
          "counts", "SELECT id FROM space WHERE vector_count <> (SELECT count(*) FROM vector WHERE space = space.id)")
        faults += try check(
          "vector without a valid memory",
          "SELECT memory FROM vector WHERE NOT EXISTS (SELECT 1 FROM memory WHERE id = memory AND state = 0)")
        faults += try check(
          "vector that is neither fresh nor packed",
          """
          SELECT memory FROM vector WHERE (page IS NULL) <> (codes IS NOT NULL) OR page IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM vector_page WHERE vector_page.space = vector.space AND vector_page.page = vector.page)
          """)
        faults += try check(
          "page",
          """
          SELECT page FROM vector_page WHERE length(ids) / 8 <>
            (SELECT count(*) FROM vector WHERE vector.space = vector_page.space AND vector.page = vector_page.page)
            + (SELECT count(*) FROM vector_dead
               WHERE vector_dead.space = vector_page.space AND vector_dead.page = vector_page.page)
          """)
        if whole {
          faults += try check(
            "memory without a vector",
            """
            SELECT memory.id FROM memory, space WHERE memory.bank = space.bank AND memory.state = 0 AND space.state = 1
              AND NOT EXISTS (SELECT 1 FROM vector WHERE vector.space = space.id AND vector.memory = memory.id)
            """)
          faults += try check("queue", "SELECT memory FROM embedding_queue")
        }
        return faults
      }
  }

  private func pageCount() throws -> Int {
    try scene.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM vector_page") ?? 0 }
  }

  // MARK: - Numbers

  @Test("a byte for each number keeps the direction")
  func quantised() {
    var generator = SplitMix(state: 7)
    for dimension in [1, 3, 384, 1_536] {
      for _ in 0..<20 {
        let (left, right) = (generator.vector(dimension), generator.vector(dimension).map { $0 * 1e-20 })
        let (a, b) = (Int8Vector(left), Int8Vector(right))
        let product = zip(a.codes, b.codes).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        let cosine = product * Double(a.scale) * Double(b.scale)
        let dot = zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        let lengths = [left, right].map { $0.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
        #expect(abs(cosine - dot / (lengths[0] * lengths[1])) < 0.02)
        #expect(abs(a.codes.reduce(0) { $0 + Double($1) * Double($1) } * Double(a.scale) * Double(a.scale) - 1) < 1e-5)
      }
    }
    #expect(Int8Vector([0, 0]) == Int8Vector([0, -0]) && Int8Vector([0, 0]).scale == 0)
    #expect(Int8Vector([3e38, -3e38, 1]).codes == [127, -127, 0])
  }

  // MARK: - Search

  @Test("a search over pages and fresh rows finds what comparing with every memory finds, from memory and from disk")
  func search() async throws {
    let store = try await filled(2_500)
    let texts = (0..<2_500).map { "Note \($0)." }
    let progress = try await store.embedMissing(bankID: "bank", model: model)
    #expect(progress == EmbeddingProgress(done: 2_500, total: 2_500))
    #expect(try pageCount() == 2 && faults() == [])
    let (kept, fromDisk) = (VectorIndex(), VectorIndex(cacheLimit: 100_000))
    for (question, limit) in [("Note 1200.", 1), ("something else", 40), ("Note 7.", 600), ("x", 5_000)] {
      let found = try await hits(question, store, kept, limit: limit)
      #expect(found.map(\.text) == expected(question, among: texts, limit: limit))
      #expect(try await hits(question, store, fromDisk, limit: limit) == found)
    }
    let same = try #require(try await hits("Note 1200.", store, kept, limit: 1).first)
    #expect(same.text == "Note 1200." && abs(same.cosine - 1) < 1e-6)
    #expect(kept.cachedByteCount == 2_500 * (model.dimension + 12) && fromDisk.cachedByteCount == 0)
    #expect(try await nearest("x", store, kept, limit: 0) == [])
    // Only among those that are asked for.
    let query = QueryVector(model: model.name, numbers: model.vector("Note 3."))
    let odd = try await store.read { database in
      try kept.search(query, bank: 1, limit: 3, in: database) { $0 % 2 == 1 }.hits
    }
    #expect(odd.count == 3 && odd.allSatisfy { $0.row % 2 == 1 })
  }

  @Test("nothing is found with a query of another model or dimension, or before all is embedded")
  func otherQueries() async throws {
    let store = try await filled(3)
    let index = VectorIndex()
    #expect(try await nearest("Note 1.", store, index) == [])
    #expect(try await store.searchedSpace(bankID: "bank") == nil)
    try await store.embedMissing(bankID: "bank", model: model)
    #expect(try await nearest("Note 1.", store, index, limit: 1) == ["Note 1."])
    #expect(try await nearest("Note 1.", store, index, model: RandomVectors("x/two")) == [])
    #expect(try await nearest("Note 1.", store, index, model: RandomVectors("x/one", dimension: 8)) == [])
    #expect(try await store.searchedSpace(bankID: "bank")?.model == "x/one")
    #expect(try await store.searchedSpace(bankID: "no such bank") == nil)
    #expect(try await store.embedMissing(bankID: "no such bank", model: model).total == 0)
  }

  @Test(
    "edited, invalidated and deleted memories are out of every search at once and take no place in it",
    arguments: [40, 1_100])
  func changed(count: Int) async throws {
    let store = try await filled(count)
    try await store.embedMissing(bankID: "bank", model: model)
    let indexes = [VectorIndex(), VectorIndex(cacheLimit: 0)]
    for index in indexes { #expect(try await nearest("Note 5.", store, index, limit: 1) == ["Note 5."]) }
    var ids: [String] = []
    for number in 5...6 { ids.append(try await id(of: "Note \(number).", store)) }
    _ = try await store.edit(id: ids[0], bankID: "bank", text: "Edited.")
    _ = try await store.invalidate(id: ids[1], bankID: "bank", reason: nil)
    try await store.write { database in
      let row = try Int64.fetchOne(database, sql: "SELECT id FROM memory WHERE text = 'Note 7.'")
      try database.execute(sql: "DELETE FROM source WHERE memory = ?", arguments: [row])
      try database.execute(sql: "DELETE FROM memory WHERE id = ?", arguments: [row])
    }
    #expect(try faults(whole: false) == [])
    var left = (0..<count).filter { !(5...7).contains($0) }.map { "Note \($0)." }
    for index in indexes {
      for number in 5...7 {
        let found = try await nearest("Note \(number).", store, index, limit: 20)
        #expect(found == expected("Note \(number).", among: left, limit: 20))
      }
    }
    // The edited one comes back with its new text, the invalidated one when it is valid again.
    model.forgetAsked()
    try await store.embedMissing(bankID: "bank", model: model)
    _ = try await store.restore(id: ids[1], bankID: "bank")
    #expect(try await nearest("Note 6.", store, indexes[0], limit: 1) != ["Note 6."])
    try await store.embedMissing(bankID: "bank", model: model)
    #expect(model.asked == ["Edited.", "Note 6."])
    left += ["Edited.", "Note 6."]
    for index in indexes {
      for question in ["Edited.", "Note 6.", "Note 5."] {
        let found = try await nearest(question, store, index, limit: 20)
        #expect(Set(found) == Set(expected(question, among: left, limit: 20)))
      }
    }
    #expect(try faults() == [])
  }

  @Test("a page of which a quarter is dead is rewritten")
  func rewritten() async throws {
    let store = try await filled(1_100)
    try await store.embedMissing(bankID: "bank", model: model)
    try await store.write { try $0.execute(sql: "UPDATE memory SET state = 1 WHERE rowid % 4 = 0") }
    #expect(try faults() == [])
    #expect(try pageCount() == 1)
    try await store.embedMissing(bankID: "bank", model: model)
    #expect(try pageCount() == 0 && faults() == [])
    let left = try scene.inspect { try String.fetchAll($0, sql: "SELECT text FROM memory WHERE state = 0 ORDER BY id") }
    #expect(
      try await nearest("Note 9.", store, VectorIndex(), limit: 50) == expected("Note 9.", among: left, limit: 50))
    try await store.retain((0..<400).map { .saying("More \($0).", turnID: "more-\($0)") })
    try await store.embedMissing(bankID: "bank", model: model)
    #expect(try pageCount() == 1 && faults() == [])
  }

  @Test("what is forgotten for good leaves no number behind")
  func forgotten() async throws {
    let store = try await filled(1_030)
    try await store.embedMissing(bankID: "bank", model: model)
    let codes = Int8Vector(model.vector("Note 500.")).codes.map(UInt8.init(bitPattern:))
    func isInFile() throws -> Bool {
      try scene.inspect { database in
        try Data.fetchAll(database, sql: "SELECT codes FROM vector_page").contains { $0.firstRange(of: codes) != nil }
      }
    }
    #expect(try isInFile())
    try await store.write { database in
      let row = try #require(try Int64.fetchOne(database, sql: "SELECT id FROM memory WHERE text = 'Note 500.'"))
      try database.execute(sql: "DELETE FROM source WHERE memory = ?", arguments: [row])
      try database.execute(sql: "DELETE FROM memory WHERE id = ?", arguments: [row])
      try VectorPages.forget([row], bank: 1, in: database)
    }
    #expect(try !isInFile())
    #expect(try faults() == [])
    #expect(try await nearest("Note 501.", store, VectorIndex(), limit: 1) == ["Note 501."])
  }

  @Test("what is kept in memory stays within its limit, and the bank that was searched last stays")
  func cacheLimit() async throws {
    let store = try await scene.open()
    for bank in ["a", "b", "c"] {
      try await store.retain((0..<100).map { .saying("\(bank) \($0)", turnID: "\(bank)-\($0)", bankID: bank) })
      try await store.embedMissing(bankID: bank, model: model)
    }
    let size = 100 * (model.dimension + 12)
    let index = VectorIndex(cacheLimit: 2 * size)
    let query = QueryVector(model: model.name, numbers: model.vector("a 1"))
    for bank in ["a", "b", "c", "a"] {
      let found = try await store.nearest(to: query, bankID: bank, limit: 1, in: index)
      #expect(found.count == 1 && (bank != "a" || found[0].cosine > 0.99))
      #expect(index.cachedByteCount <= 2 * size && index.cachedByteCount >= size)
    }
  }

  @Test("a damaged page is an error, and nothing outside of it is read")
  func damaged() async throws {
    let store = try await filled(1_030)
    try await store.embedMissing(bankID: "bank", model: model)
    try scene.change("UPDATE vector_page SET codes = substr(codes, 1, 1000)")
    for index in [VectorIndex(), VectorIndex(cacheLimit: 0)] {
      await #expect {
        _ = try await nearest("Note 1.", store, index)
      } throws: { error in
        if case MemoryStoreError.notAStore = error { true } else { false }
      }
    }
  }

  // MARK: - Several at once

  @Test("two stores on one file find what the other embeds, edits and invalidates")
  func twoStores() async throws {
    let (one, other) = (try await filled(1_030), try await scene.open())
    let (index, otherIndex) = (VectorIndex(), VectorIndex())
    try await one.embedMissing(bankID: "bank", model: model)
    #expect(try await nearest("Note 8.", one, index, limit: 1) == ["Note 8."])
    #expect(try await nearest("Note 8.", other, otherIndex, limit: 1) == ["Note 8."])
    _ = try await other.invalidate(id: try await id(of: "Note 8.", other), bankID: "bank", reason: nil)
    #expect(try await nearest("Note 8.", one, index, limit: 1) != ["Note 8."])
    try await other.retain(.saying("From the other."))
    try await other.embedMissing(bankID: "bank", model: model)
    #expect(try await nearest("From the other.", one, index, limit: 1) == ["From the other."])
    #expect(try faults() == [])
  }

  @Test("two that embed at once store each memory once")
  func embeddingTogether() async throws {
    let (one, other) = (try await filled(300), try await scene.open())
    let (first, second) = (RandomVectors("x/one"), RandomVectors("x/one"))
    async let mine = one.embedMissing(bankID: "bank", model: first)
    async let theirs = other.embedMissing(bankID: "bank", model: second)
    #expect(try await [mine.done, theirs.done] == [300, 300])
    #expect(try faults() == [])
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM space") } == 1)
  }

  @Test("an edit while a text is being embedded is embedded again")
  func editedMeanwhile() async throws {
    let store = try await filled(3)
    for round in 0..<3 {
      let racing = RandomVectors("x/one") { _ in
        let memory = try #require(try await store.listed().last)
        _ = try await store.edit(id: memory.id, bankID: "bank", text: "Round \(round).")
      }
      try await store.embedMissing(bankID: "bank", model: racing)
      try await store.retain(.saying("New \(round)."))
      #expect(try await nearest("Round \(round).", store, VectorIndex(), limit: 1) == ["Round \(round)."])
    }
    try await store.embedMissing(bankID: "bank", model: model)
    #expect(try faults() == [])
  }

  // MARK: - Progress

  @Test("a run that was cancelled goes on where it was, and asks about nothing twice")
  func resumed() async throws {
    let store = try await filled(200)
    let task = Task { [model] in
      try await store.embedMissing(bankID: "bank", model: model) { progress in
        if progress.done >= 64 { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(model.asked.count == 64)
    let index = VectorIndex()
    #expect(try await nearest("Note 1.", store, index) == [])
    let seen = Seen()
    try await store.embedMissing(bankID: "bank", model: model) { seen.add($0) }
    #expect(Set(model.asked).count == 200 && model.asked.count == 200)
    #expect(
      seen.all == [128, 192, 200].map { EmbeddingProgress(done: $0, total: 200) })
    #expect(try await nearest("Note 1.", store, index, limit: 1) == ["Note 1."])
    try await store.embedMissing(bankID: "bank", model: model)
    #expect(model.asked.count == 200)
  }

  @Test("a failing model stops the run, and what was stored stays")
  func failing() async throws {
    let store = try await filled(100)
    let failing = RandomVectors("x/one") { texts in
      if texts.contains("Note 80.") { throw ChatModelError(.server, provider: "P", model: "x/one") }
    }
    await #expect(throws: ChatModelError.self) { try await store.embedMissing(bankID: "bank", model: failing) }
    model.forgetAsked()
    try await store.embedMissing(bankID: "bank", model: model)
    #expect(model.asked.count == 36)
    #expect(try faults() == [])
  }

  @Test("while a model is switched recall goes on with the one before, which is removed then")
  func switched() async throws {
    let store = try await filled(1_100)
    let index = VectorIndex()
    try await store.embedMissing(bankID: "bank", model: model)
    let found = Seen()
    let next = RandomVectors("y/two", dimension: 24) { [self] _ in
      let space = try #require(try await store.searchedSpace(bankID: "bank"))
      #expect(space.model == "x/one")
      found.add(try await nearest("Note 900.", store, index, limit: 1))
    }
    try await store.embedMissing(bankID: "bank", model: next)
    #expect(found.texts.count == 18 && found.texts.allSatisfy { $0 == ["Note 900."] })
    #expect(try await store.searchedSpace(bankID: "bank")?.model == "y/two")
    #expect(try await nearest("Note 900.", store, index, limit: 1) == [])
    #expect(try await nearest("Note 900.", store, index, limit: 1, model: next) == ["Note 900."])
    #expect(try faults() == [])
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM space") } == 1)
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM vector") } == 1_100)
    #expect(index.cachedByteCount == 1_100 * 36)
  }

  @Test("a model that gives another dimension than before gets a new space, and one that gives two is refused")
  func dimensions() async throws {
    let store = try await filled(100)
    let index = VectorIndex()
    try await store.embedMissing(bankID: "bank", model: model)
    try await store.retain(.saying("One more."))
    let wider = RandomVectors("x/one", dimension: 32)
    try await store.embedMissing(bankID: "bank", model: wider)
    #expect(try await nearest("Note 9.", store, index, limit: 1, model: wider) == ["Note 9."])
    #expect(wider.asked.sorted() == ((0..<100).map { "Note \($0)." } + ["One more."]).sorted())
    // Back again, in the middle of it.
    try await store.retain(.saying("Two more."))
    let failing = RandomVectors("x/one") { texts in
      if texts.count > 1 { throw ChatModelError(.server, provider: "P", model: "x/one") }
    }
    await #expect(throws: ChatModelError.self) { try await store.embedMissing(bankID: "bank", model: failing) }
    #expect(try await nearest("Note 9.", store, index, limit: 1, model: wider) == ["Note 9."])
    try await store.embedMissing(bankID: "bank", model: wider)
    #expect(try await nearest("Two more.", store, index, limit: 1, model: wider) == ["Two more."])
    #expect(try faults() == [])
    // In turn.
    try await store.retain((0..<200).map { .saying("Later \($0).", turnID: "later-\($0)") })
    let wavering = RandomVectors("x/one", dimension: 8, laterDimension: 9)
    await #expect {
      try await store.embedMissing(bankID: "bank", model: wavering)
    } throws: { "\($0)".contains("in turn") }
    #expect(try await nearest("Note 9.", store, index, limit: 1, model: wider) == ["Note 9."])
  }

  @Test("a text that the model refuses is left out, one that is too long is cut, and neither stops the others")
  func refusedTexts() async throws {
    let store = try await filled(10)
    let long = String(repeating: "word ", count: 1_000)
    try await store.retain(.saying("A forbidden text."))
    _ = try await store.edit(id: try await id(of: "Note 3.", store), bankID: "bank", text: long)
    let strict = RandomVectors("x/one") { texts in
      if texts.contains(where: { $0.contains("forbidden") }) {
        throw ChatModelError(.blocked, provider: "P", model: "x/one")
      }
      if texts.contains(where: { $0.count > 600 }) {
        throw ChatModelError(.contextTooLong, provider: "P", model: "x/one")
      }
    }
    let progress = try await store.embedMissing(bankID: "bank", model: strict)
    #expect(progress == EmbeddingProgress(done: 10, total: 11, refused: 1))
    #expect(try await nearest("Note 4.", store, VectorIndex(), limit: 1) == ["Note 4."])
    #expect(try await nearest(String(long.prefix(500)), store, VectorIndex(), limit: 1) == [long])
    // Refused altogether: the model is at fault, and nothing counts as done.
    try await store.retain((0..<3).map { .saying("Third \($0).", turnID: "third-\($0)") })
    let none = RandomVectors("x/one") { _ in throw ChatModelError(.badRequest, provider: "P", model: "x/one") }
    await #expect(throws: ChatModelError.self) { try await store.embedMissing(bankID: "bank", model: none) }
    #expect(try await store.embedMissing(bankID: "bank", model: model).done == 13)
  }

  @Test("a model that gives too few vectors, empty ones or no numbers is refused", arguments: [0, 1, 2, 3])
  func nonsense(kind: Int) async throws {
    let store = try await filled(4)
    await #expect(throws: ChatModelError.self) {
      try await store.embedMissing(bankID: "bank", model: NonsenseVectors(kind: kind))
    }
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM vector") } == 0)
  }

  // MARK: - Questions

  @Test("a question's vector that comes in time is kept, a late one is there the next time")
  func questions() async throws {
    let gate = Latch()
    let slow = RandomVectors("x/slow") { _ in await gate.wait() }
    let vectors = QueryVectors { [model] name in
      switch name {
      case "x/one": model
      case "x/slow": slow
      default: nil
      }
    }
    let known = QueryVectors.Answer.vector(QueryVector(model: "x/one", numbers: model.vector("Where?")))
    for _ in 0..<3 { #expect(await vectors.answer(to: "Where?", by: "x/one", within: .seconds(30)) == known) }
    #expect(model.asked == ["Where?"] && model.uses == [.query])
    let none = QueryVectors.Answer.failed("There is no way to the model x/none any more.")
    #expect(await vectors.answer(to: "Where?", by: "x/none", within: .seconds(30)) == none)
    #expect(await vectors.answer(to: " \n", by: "x/one", within: .seconds(30)) == .blank)

    let start = ContinuousClock.now
    #expect(await vectors.answer(to: "Late?", by: "x/slow", within: .milliseconds(20)) == .late)
    #expect(ContinuousClock.now - start < .seconds(5))
    async let patient = vectors.answer(to: "Late?", by: "x/slow", within: .seconds(30))
    await gate.open()
    let late = QueryVectors.Answer.vector(QueryVector(model: "x/slow", numbers: slow.vector("Late?")))
    #expect(await patient == late)
    #expect(await vectors.answer(to: "Late?", by: "x/slow", within: .zero) == late)
    #expect(slow.asked == ["Late?"])
  }

  @Test("a question whose model fails, or whose task is cancelled, has no vector")
  func questionsWithout() async throws {
    let fault = ChatModelError(.server, provider: "P", model: "x/one")
    let failing = RandomVectors("x/one") { _ in throw fault }
    let failed = QueryVectors { _ in failing }
    #expect(await failed.answer(to: "a", by: "x/one", within: .seconds(30)) == .failed("\(fault)"))
    let never = Latch()
    let hanging = RandomVectors("x/one") { _ in await never.wait() }
    var vectors: QueryVectors? = QueryVectors { _ in hanging }
    let task = Task { [vectors] in await vectors?.answer(to: "a", by: "x/one", within: .seconds(300)) }
    await hanging.waitUntilAsked()
    task.cancel()
    #expect(await task.value == .late)
    // Letting go of it cancels what still runs.
    vectors = nil
    await never.waitUntilCancelled()
  }
}

// MARK: - Models

/// Gives each text a vector by chance, the same each time.
final class RandomVectors: EmbeddingModel {
  let name: String
  let dimension: Int
  private let laterDimension: Int
  private let before: (@Sendable ([String]) async throws -> Void)?
  private let seen = Seen()

  /// - Parameter before: Runs before an answer, and may throw in its place.
  init(
    _ name: String, dimension: Int = 40, laterDimension: Int? = nil,
    before: (@Sendable ([String]) async throws -> Void)? = nil
  ) {
    self.name = name
    self.dimension = dimension
    self.laterDimension = laterDimension ?? dimension
    self.before = before
  }

  /// The texts that were asked about, answered or not.
  var asked: [String] { seen.texts.flatMap(\.self) }
  var uses: [EmbeddingUse] { seen.allUses }

  func forgetAsked() { seen.clear() }

  func waitUntilAsked() async {
    while seen.texts.isEmpty { try? await Task.sleep(for: .milliseconds(1)) }
  }

  func vector(_ text: String, dimension: Int? = nil) -> [Float] {
    var seed: UInt64 = 14_695_981_039_346_656_037
    for byte in "\(name) \(text)".utf8 { seed = (seed ^ UInt64(byte)) &* 1_099_511_628_211 }
    var generator = SplitMix(state: seed)
    return generator.vector(dimension ?? self.dimension)
  }

  func embed(_ texts: [String], for use: EmbeddingUse) async throws -> [[Float]] {
    let isFirst = seen.texts.isEmpty
    seen.add(texts, use)
    try await before?(texts)
    return texts.map { vector($0, dimension: isFirst ? dimension : laterDimension) }
  }
}

/// Answers that no model should give.
private struct NonsenseVectors: EmbeddingModel {
  let name = "x/nonsense"
  let kind: Int

  func embed(_ texts: [String], for use: EmbeddingUse) async throws -> [[Float]] {
    switch kind {
    case 0: [[1, 2]]
    case 1: texts.map { _ in [] }
    case 2: texts.map { _ in [1, .nan] }
    default: texts.indices.map { [Float](repeating: 1, count: $0 + 1) }
    }
  }
}

/// Numbers by chance from a seed (Steele, Lea and Flood, 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func vector(_ dimension: Int) -> [Float] {
    (0..<dimension).map { _ in Float.random(in: -1...1, using: &self) }
  }
}

/// What happened, told from any task.
final class Seen: @unchecked Sendable {
  // Safe: every access to the variables is within the lock.
  private let lock = NSLock()
  private var progress: [EmbeddingProgress] = []
  private var lists: [[String]] = []
  private var uses: [EmbeddingUse] = []

  var all: [EmbeddingProgress] { lock.withLock { progress } }
  var texts: [[String]] { lock.withLock { lists } }
  var allUses: [EmbeddingUse] { lock.withLock { uses } }

  func add(_ new: EmbeddingProgress) { lock.withLock { progress.append(new) } }
  func add(_ new: [String], _ use: EmbeddingUse = .document) {
    lock.withLock {
      lists.append(new)
      uses.append(use)
    }
  }
  func clear() { lock.withLock { (progress, lists, uses) = ([], [], []) } }
}

/// Lets nobody pass until it is opened; who is cancelled passes too.
actor Latch {
  private var isOpen = false
  private var hasBeenCancelled = false

  func open() { isOpen = true }

  func wait() async {
    while !isOpen {
      do {
        try await Task.sleep(for: .milliseconds(1))
      } catch {
        hasBeenCancelled = true
        return
      }
    }
  }

  func waitUntilCancelled() async {
    while !hasBeenCancelled { try? await Task.sleep(for: .milliseconds(1)) }
  }
}
