import Foundation
import GRDB
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("The memory file")
struct FileTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  @Test("a file whose maker was killed before its first table is used, another program's list of steps is not")
  func begun() async throws {
    try scene.change("CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
    let store = try await scene.open()
    try await store.retain(.saying("The lamp is green."))
    #expect(try await store.texts("lamp") == ["The lamp is green."])
    let other = try Scene()
    try other.change(
      "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY); INSERT INTO grdb_migrations VALUES ('v1')")
    await #expect(throws: MemoryStoreError.self) { _ = try await other.open() }
  }

  @Test("a new file and its folder are for their owner only")
  func permissions() async throws {
    let path = scene.folder + "/new/data/memory.sqlite"
    let store = try await EmbeddedMemory.open(path: path)
    try await store.retain(.saying("A private thing."))
    func mode(_ path: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
    #expect(try mode(path) == 0o600)
    #expect(try mode(path + "-wal") == 0o600)
    #expect(try mode(scene.folder + "/new/data") == 0o700)
    #expect(try mode(scene.folder + "/new") == 0o700)
    #expect(store.location == path)
  }

  @Test("what was retained is there after the file was closed and opened again")
  func reopens() async throws {
    try await scene.open().retain(.saying("The spare key hangs in the shed."))
    #expect(try await scene.open().texts("spare key") == ["The spare key hangs in the shed."])
  }

  @Test("acknowledged writes are synced, deleted content is overwritten")
  func durability() async throws {
    let pragmas = try await scene.open().pool.writeWithoutTransaction { database in
      try ["journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout"].map {
        try String.fetchOne(database, sql: "PRAGMA \($0)")
      }
    }
    #expect(pragmas == ["wal", "2", "1", "1", "30000"])
  }

  @Test("a file of a newer format is refused and stays as it is")
  func newerFormat() async throws {
    _ = try await scene.open()
    try scene.change("PRAGMA user_version = 7")
    await #expect(throws: MemoryStoreError.newerFormat(location: scene.path, found: 7, known: MemorySchema.format)) {
      try await scene.open()
    }
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 7)
  }

  @Test("a store that is open writes nothing more when a newer program migrated its file")
  func migratedMeanwhile() async throws {
    let store = try await scene.open()
    let newer = MemorySchema.format + 1
    try scene.change("PRAGMA user_version = \(newer)")
    await #expect(
      throws: MemoryStoreError.newerFormat(location: scene.path, found: newer, known: MemorySchema.format)
    ) {
      try await store.retain(.saying("Too late."))
    }
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM message") } == 0)
  }

  @Test("a file of every former format is copied, and opens with all that was in it")
  func formerFormats() async throws {
    for format in 1..<MemorySchema.format {
      let old = try Scene()
      let steps = Array(MemorySchema.steps.prefix(format))
      _ = try MemoryFile(path: old.path, clock: { Scene.time }, steps: steps).open()
      try old.change("INSERT INTO bank (uid, name, last_memory, created, updated) VALUES (x'01', 'old', 0, 1, 1)")
      let store = try await old.open()
      #expect(try await store.banks().map(\.id) == ["old"])
      try await store.setBank(id: "old", name: "Old", mission: "Remember.", timeout: nil)
      try await store.retain(.saying("Said after the migration.", bankID: "old"))
      #expect(FileManager.default.fileExists(atPath: old.folder + "/backups/memory-format-\(format).sqlite"))
      #expect(try old.faults() == [])
    }
  }

  @Test("what a file of a former format holds can be changed, undone, moved, exported and forgotten")
  func formerRows() async throws {
    for format in 1..<MemorySchema.format {
      let old = try Scene()
      let steps = Array(MemorySchema.steps.prefix(format))
      _ = try MemoryFile(path: old.path, clock: { Scene.time }, steps: steps).open()
      try old.fillFormer(count: 20)
      let store = try await old.open()
      let before = try await store.listed()
      let ids = before.prefix(3).map(\.id)
      #expect(before.count == 20)
      try await store.pin(ids, bankID: "bank")
      _ = try await store.edit(id: ids[0], bankID: "bank", text: "Another text.", reason: "better")
      try await store.invalidate(ids, bankID: "bank")
      try await store.move(ids, from: "bank", to: "other")
      try await store.deleteDocument(id: "document", bankID: "bank")
      #expect(try await store.listed().filter { $0.state == .valid }.isEmpty)
      for _ in 0..<5 { try await store.undo(bankID: "bank") }
      #expect(try await store.listed().map(\.text) == before.map(\.text))
      #expect(try await store.texts("note 12").first == "Note 12 is about a lantern.")
      let file = old.folder + "/bank.jsonl"
      try await store.exportBank(id: "bank", to: file)
      let copy = try Scene()
      let imported = try await copy.open()
      try await imported.importBank(from: file)
      #expect(try await imported.listed().map(\.text).sorted() == before.map(\.text).sorted())
      try await store.forget(store.forgetPreview(.memories([ids[1]]), bankID: "bank"))
      #expect(try await store.listed().count == 19)
      #expect(try old.faults() == [])
    }
  }

  @Test("an older file is copied, then migrated")
  func migration() async throws {
    let (now, later) = (MemorySchema.format, MemorySchema.format + 1)
    try await scene.open().retain(.saying("Kept through the migration."))
    let steps =
      MemorySchema.steps + [MemorySchema.Step(name: "later") { try $0.execute(sql: "CREATE TABLE later (id)") }]
    _ = try MemoryFile(path: scene.path, clock: { Scene.time }, steps: steps).open()
    #expect(try scene.inspect { try $0.tableExists("later") })
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "PRAGMA user_version") } == later)

    let copy = scene.folder + "/backups/memory-format-\(now).sqlite"
    let attributes = try FileManager.default.attributesOfItem(atPath: copy)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let old = try await EmbeddedMemory.open(path: copy)
    #expect(try await old.texts("migration") == ["Kept through the migration."])
    await #expect(throws: MemoryStoreError.newerFormat(location: scene.path, found: later, known: now)) {
      try await scene.open()
    }
  }

  @Test("a migration that fails leaves the file as it was")
  func failedMigration() async throws {
    try await scene.open().retain(.saying("Still here."))
    let steps =
      MemorySchema.steps + [
        MemorySchema.Step(name: "broken") { try $0.execute(sql: "DELETE FROM source; SELECT nonsense") }
      ]
    #expect(throws: MemoryStoreError.self) {
      try MemoryFile(path: scene.path, clock: { Scene.time }, steps: steps).open()
    }
    #expect(try await scene.open().texts("here still") == ["Still here."])
    #expect(try scene.faults() == [])
  }

  @Test("another program's database is refused and stays as it is")
  func otherDatabase() async throws {
    try scene.change("CREATE TABLE recipe (name); INSERT INTO recipe VALUES ('soup')")
    let before = try Data(contentsOf: URL(fileURLWithPath: scene.path))
    await #expect(
      throws: MemoryStoreError.notAStore(location: scene.path, cause: "it is another program's database")
    ) { try await scene.open() }
    #expect(try Data(contentsOf: URL(fileURLWithPath: scene.path)) == before)
  }

  @Test("a file that is no database, or half of one, is refused", arguments: ["text", "half", "folder"])
  func damaged(_ kind: String) async throws {
    switch kind {
    case "text":
      try Data(String(repeating: "not a database ", count: 500).utf8).write(to: URL(fileURLWithPath: scene.path))
    case "half":
      try await scene.open().retain(.saying("Lost."))
      try scene.change("PRAGMA wal_checkpoint(TRUNCATE)")
      let size = try FileManager.default.attributesOfItem(atPath: scene.path)[.size] as? Int ?? 0
      #expect(truncate(scene.path, size / 2) == 0)
    default:
      try FileManager.default.createDirectory(atPath: scene.path, withIntermediateDirectories: false)
    }
    let error = await #expect(throws: MemoryStoreError.self) { try await scene.open() }
    guard case .notAStore(scene.path, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("a full disk is said to be full, and nothing of the turn is kept")
  func diskFull() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Before."))
    try await store.pool.writeWithoutTransaction { database in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages + 2)")
    }
    await #expect(throws: MemoryStoreError.diskFull(location: scene.path)) {
      try await store.retain(.saying("After.", answer: String(repeating: "A long answer. ", count: 4_000)))
    }
    #expect(try await store.listed().map(\.text) == ["Before."])
    #expect(try scene.faults() == [])
  }

  @Test("a file that another process holds is said to be locked; reading goes on")
  func locked() async throws {
    let store = try await scene.open(busyTimeout: .milliseconds(20))
    try await store.retain(.saying("Readable."))
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: scene.path, configuration: configuration)
    try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
    await #expect(throws: MemoryStoreError.locked(location: scene.path)) {
      try await store.retain(.saying("Too soon."))
    }
    #expect(try await store.texts("readable") == ["Readable."])
    try other.inDatabase { try $0.execute(sql: "ROLLBACK") }
    try await store.retain(.saying("In time."))
    #expect(try await store.listed().count == 2)
  }

  @Test("who holds the folder's lock keeps others from opening until the timeout")
  func folderLock() async throws {
    let scene = scene
    _ = try await scene.open()
    try FolderLock.hold(scene.folder, timeout: .seconds(1), location: scene.path) {
      _ = #expect(throws: MemoryStoreError.locked(location: scene.path)) {
        try MemoryFile(path: scene.path, busyTimeout: .milliseconds(20), clock: { Scene.time }).open()
      }
    }
    _ = try await scene.open()
  }
}
