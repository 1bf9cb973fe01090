import Foundation
import GRDB
import OwnThread
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Backups of the memory file", .ownThread)
struct BackupTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  private func backups(days: Double = 0) -> MemoryBackups {
    MemoryBackups(path: scene.path) { Scene.time.addingTimeInterval(days * 86_400) }
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scene.folder + "/backups").sorted()
  }

  @Test("a backup is whole, for its owner only, and named by its time; so many are kept")
  func make() async throws {
    let store = try await scene.open()
    for day in 0..<5 {
      try await store.retain(.saying("Note of day \(day)."))
      let made = try backups(days: Double(day)).make(keeping: 3)
      #expect(made.madeAt == Scene.time.addingTimeInterval(Double(day) * 86_400))
    }
    #expect(
      try names() == [
        "memory-2023-11-16T221320Z.sqlite", "memory-2023-11-17T221320Z.sqlite", "memory-2023-11-18T221320Z.sqlite",
      ])
    let copy = scene.folder + "/backups/memory-2023-11-17T221320Z.sqlite"
    #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
    #expect(
      try FileManager.default.attributesOfItem(atPath: scene.folder + "/backups")[.posixPermissions] as? Int == 0o700)
    #expect(try await EmbeddedMemory.open(path: copy).listed().count == 4)
  }

  @Test("one is made when the newest is a day old, by one of those who have the file open")
  func due() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("A note."))
    let made = try await withThrowingTaskGroup(of: MemoryBackup?.self) { group in
      for _ in 0..<6 { group.addTask { try await store.backUpIfDue() } }
      return try await group.reduce(into: []) { if let backup = $1 { $0.append(backup) } }
    }
    #expect(made.count == 1)
    #expect(try await store.backUpIfDue() == nil)
    #expect(try await scene.open(after: 23 * 3_600).backUpIfDue() == nil)
    #expect(try await scene.open(after: 25 * 3_600).backUpIfDue(keeping: 0) == nil)
    #expect(try await scene.open(after: 25 * 3_600).backUpIfDue() != nil)
    #expect(backups().list().count == 2)
  }

  @Test("a backup that does not pass its check is thrown away, and the older ones stay")
  func unverified() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("A note."))
    try backups().make(keeping: 1)
    try scene.change("UPDATE bank SET valid_count = 9")
    #expect(throws: DurabilityError.self) { try backups(days: 2).make(keeping: 1) }
    #expect(try names() == ["memory-2023-11-14T221320Z.sqlite"])
  }

  @Test("a backup takes the file's place, which is kept; not while another program has it open")
  func restore() async throws {
    var store: EmbeddedMemory? = try await scene.open()
    try await store?.retain(.saying("Before the backup."))
    let made = try backups().make()
    try await store?.retain(.saying("After the backup."))
    try store?.pool.close()
    store = nil

    let child = try Child(["hold", scene.path])
    child.firstLine()
    #expect(throws: DurabilityError.isInUse(path: scene.path)) { try backups().restore(made.name) }
    child.kill()
    _ = await child.lines(killingAfter: nil)
    #expect(throws: DurabilityError.self) { try backups().restore("memory-none.sqlite") }
    let kept = try #require(try backups(days: 1).restore(made.name))
    #expect(kept == "memory-before-restore-2023-11-15T221320Z.sqlite")
    #expect(try await scene.open().listed().map(\.text) == ["Before the backup."])
    #expect(try scene.faults() == [])
    // There is a way back.
    try backups(days: 2).restore(kept)
    #expect(try await scene.open().listed().count == 2)
  }
}

@Suite("Checking and repairing the memory file", .ownThread)
struct RepairTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  private func check(full: Bool = true) -> [MemoryFileFault.Kind] {
    FileCheck(path: scene.path, clock: { Scene.time }).run(isFull: full).faults.map(\.kind)
  }

  private func repair() throws -> MemoryRepair { try FileRepair(path: scene.path) { Scene.time }.run() }

  /// A file that no process has open.
  private func fill(seed: UInt64 = 1) async throws {
    let store = try await scene.open()
    try await RandomBank(seed: seed).fill(store)
    try store.pool.close()
  }

  private func texts() throws -> [String] {
    try scene.inspect { try String.fetchAll($0, sql: "SELECT text FROM memory ORDER BY id") }
  }

  @Test("a file in order has no fault, and a repair of it does nothing")
  func inOrder() async throws {
    try await fill()
    #expect(check() == [])
    let before = try Data(contentsOf: URL(fileURLWithPath: scene.path))
    #expect(try repair() == MemoryRepair(faults: []))
    #expect(try Data(contentsOf: URL(fileURLWithPath: scene.path)) == before)
    #expect(!FileManager.default.fileExists(atPath: scene.folder + "/backups"))
  }

  @Test(
    "what follows from the rows is made anew in place, and stays so",
    arguments: [
      ("UPDATE bank SET valid_count = valid_count + 3", MemoryFileFault.Kind.counts),
      ("UPDATE entity SET mentions = 99", .counts),
      ("INSERT INTO memory_fts (memory_fts) VALUES ('delete-all')", .words),
      ("INSERT INTO memory_words (memory_words) VALUES ('delete-all')", .words),
      ("DELETE FROM word", .vocabulary),
      ("UPDATE job SET state = 'running', owner = 'x:y:z', lease_until = 5", .leases),
      ("PRAGMA foreign_keys = OFF; DELETE FROM document WHERE key = 'document-1'", .references),
      ("INSERT INTO vector (space, memory, codes, scale) SELECT id, 7, zeroblob(8), 1 FROM space", .vectors),
    ])
  func inPlace(damage: String, kind: MemoryFileFault.Kind) async throws {
    try await fill()
    let before = try texts()
    try scene.change(damage)
    #expect(check().contains(kind))
    let repaired = try repair()
    #expect(!repaired.isSalvaged && repaired.keptAs == "memory-before-repair-2023-11-14T221320Z.sqlite")
    #expect(check() == [])
    #expect(try texts() == before)
    #expect(try scene.faults() == [])
    #expect(try repair().keptAs == nil)
    #expect(try await scene.open().texts("lantern") != [])
  }

  @Test(
    "names that stand for each other, or have memories of their own, stand for one entity again",
    arguments: [
      "UPDATE entity SET merged_into = id WHERE name = 'Katherine'",
      """
      UPDATE entity SET merged_into = (SELECT id FROM entity WHERE name = 'Kathrine') WHERE name = 'Katherine';
      UPDATE entity SET merged_into = (SELECT id FROM entity WHERE name = 'Katherine') WHERE name = 'Kathrine'
      """,
      """
      UPDATE entity SET merged_into = (SELECT id FROM entity WHERE name = 'Kathrine') WHERE name = 'Katarina';
      UPDATE entity SET merged_into = (SELECT id FROM entity WHERE name = 'Katherine') WHERE name = 'Kathrine'
      """,
      "UPDATE entity SET merged_into = (SELECT id FROM entity WHERE name = 'Kathrine') WHERE name = 'Katherine'",
    ])
  func merges(damage: String) async throws {
    let store = try await scene.open()
    for name in ["Katherine", "Kathrine", "Katarina"] {
      try await store.retain(.saying("Yesterday I saw \(name) in town."))
    }
    try store.pool.close()
    #expect(check() == [])
    try scene.change(damage)
    #expect(check() == [.references])
    #expect(try repair().isSalvaged == false)
    #expect(check() == [])
    let again = try await scene.open()
    for name in ["Katherine", "Kathrine", "Katarina"] {
      let entity = try #require(try await again.entity(name, bankID: "bank"))
      let memories = try await again.entityDetail(id: entity.id, bankID: "bank").memories
      #expect(memories.contains { $0.text.contains(name) })
    }
  }

  @Test(
    "of a curated file, what refers to nothing goes, and what is left can be undone",
    arguments: [
      "PRAGMA foreign_keys = OFF; DELETE FROM change_group WHERE id % 2 = 0",
      "PRAGMA foreign_keys = OFF; UPDATE row_image SET change_group = 900 WHERE id % 3 = 0",
      "PRAGMA foreign_keys = OFF; INSERT INTO entity_apart VALUES (900, 901, 0), ((SELECT min(id) FROM entity), 902, 1)",
      "PRAGMA foreign_keys = OFF; UPDATE entity SET merged_into = 900 WHERE mentions = 0",
      "PRAGMA foreign_keys = OFF; UPDATE gone_message SET bank = 90; INSERT INTO gone_message VALUES (91, 't', 0, 'user')",
    ])
  func curated(damage: String) async throws {
    let store = try await scene.open()
    let banks = CuratedBanks()
    try await banks.fill(store)
    var random = SplitMix(state: 3)
    for _ in 0..<30 { try await banks.change(store, &random) }
    try store.pool.close()
    #expect(check() == [])
    let before = try texts()
    try scene.change(damage)
    #expect(check().contains(.references))
    #expect(try repair().isSalvaged == false)
    #expect(check() == [])
    #expect(try texts() == before)
    let again = try await scene.open()
    for _ in 0..<30 {
      for bank in ["bank", "home"] {
        do { try await again.undo(bankID: bank) } catch is CurationError {}
      }
    }
    #expect(try scene.faults() == [])
  }

  @Test("others than the owner are kept out again")
  func permissions() async throws {
    try await fill()
    chmod(scene.path, 0o644)
    #expect(check(full: false) == [.permissions])
    #expect(try repair().faults.map(\.kind) == [.permissions])
    #expect(check() == [])
  }

  @Test("a file that lost a table of its word index is put together from its rows")
  func lostIndex() async throws {
    try await fill()
    let before = try texts()
    try scene.change(
      """
      PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name LIKE 'memory_fts%'; PRAGMA writable_schema = OFF
      """)
    #expect(check() != [])
    let repaired = try repair()
    #expect(repaired.isSalvaged && repaired.banks.map(\.lost) == [0])
    #expect(try texts() == before)
    #expect(check() == [])
    #expect(try await scene.open().texts("lantern") != [])
  }

  @Test("bytes that were flipped anywhere cost what stands there, and a backup gives it back", arguments: 0..<12)
  func flipped(seed: UInt64) async throws {
    try await fill(seed: seed)
    let before = try texts()
    let hasBackup = seed.isMultiple(of: 2)
    if hasBackup { try MemoryBackups(path: scene.path).make() }
    var bytes = try Data(contentsOf: URL(fileURLWithPath: scene.path))
    var random = SplitMix(state: seed)
    // Whole pages, but for the first, without which a file is none.
    for _ in 0..<3 {
      let page = Int.random(in: 1..<bytes.count / 4_096, using: &random)
      for offset in 0..<64 { bytes[page * 4_096 + offset] ^= UInt8.random(in: 1...255, using: &random) }
    }
    try bytes.write(to: URL(fileURLWithPath: scene.path))
    guard check() != [] else { return }
    let repaired = try repair()
    #expect(check() == [])
    #expect(try scene.faults() == [])
    let after = try texts()
    #expect(Set(after).isSubset(of: before))
    if hasBackup {
      #expect(after == before)
    } else if repaired.isSalvaged {
      #expect(after.count >= before.count / 2)
      #expect(repaired.banks.reduce(0) { $0 + $1.memories + $1.lost } >= before.count)
    }
    let kept = scene.folder + "/backups/" + (try #require(repaired.keptAs))
    #expect(try Data(contentsOf: URL(fileURLWithPath: kept)) == bytes)
    #expect(try repair().faults == [])
  }

  @Test("memories are saved whole where the first page of their table is gone, long ones too, and no deleted one")
  func lostRoot() async throws {
    try await fill()
    let store = try await scene.open()
    try await store.retain(
      (0..<12).map { number in
        var turn = RetainTurn.saying("Ö, a long way around the lighthouse \(number).", documentID: "long \(number)")
        // More than a page holds.
        turn.metadata = ["note": String(repeating: "x", count: 4_000 * number)]
        return turn
      })
    let gone = try #require(try await store.listed("lighthouse").first)
    let plan = try await store.forgetPreview(.memories([gone.id]), bankID: "bank")
    _ = try await store.forget(plan)
    let root = try scene.inspect {
      try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_master WHERE name = 'memory'")
    }
    try store.pool.close()
    let before = try texts()
    var bytes = try Data(contentsOf: URL(fileURLWithPath: scene.path))
    let page = (try #require(root) - 1) * 4_096
    bytes.replaceSubrange(page..<page + 4_096, with: Data(repeating: 0xA5, count: 4_096))
    try bytes.write(to: URL(fileURLWithPath: scene.path))
    let repaired = try repair()
    #expect(repaired.isSalvaged && repaired.backup == nil)
    #expect(try texts() == before)
    #expect(check() == [])
    #expect(try await scene.open().listed("lighthouse").filter { $0.metadata["note"]?.count ?? 0 > 39_000 }.count == 1)
  }

  @Test("of a file that was cut off, what is left is saved; the rest comes from the backup", arguments: [true, false])
  func truncated(hasBackup: Bool) async throws {
    try await fill()
    let before = try texts()
    if hasBackup { try MemoryBackups(path: scene.path).make() }
    let size = try FileManager.default.attributesOfItem(atPath: scene.path)[.size] as? Int ?? 0
    #expect(truncate(scene.path, off_t(size / 4_096 * 2 / 3 * 4_096)) == 0)
    #expect(check() != [])
    let repaired = try repair()
    #expect(repaired.isSalvaged)
    #expect(check() == [])
    let after = try texts()
    #expect(hasBackup ? after == before : Set(after).isSubset(of: before))
    #expect(try await scene.open().banks().count == 1)
  }

  @Test("a file of which nothing is left is replaced by the newest backup, or stays as it is without one")
  func nothingLeft() async throws {
    try await fill()
    let before = try texts()
    try MemoryBackups(path: scene.path).make()
    let noise = Data((0..<40_960).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    try noise.write(to: URL(fileURLWithPath: scene.path))
    let repaired = try repair()
    #expect(repaired.backup != nil)
    #expect(try texts() == before)
    #expect(check() == [])

    try FileManager.default.removeItem(atPath: scene.folder + "/backups")
    try noise.write(to: URL(fileURLWithPath: scene.path))
    #expect(throws: DurabilityError.self) { try repair() }
    #expect(try Data(contentsOf: URL(fileURLWithPath: scene.path)) == noise)
  }

  @Test("a file whose last changes were taken away is still one, without them")
  func deletedWAL() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("In the file."))
    try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    let child = try Child(["retain", scene.path, "lost", "100000"])
    _ = await child.lines(killingAfter: 3)
    try store.pool.close()
    try await fillAndKill()
    unlink(scene.path + "-wal")
    unlink(scene.path + "-shm")
    if check() != [] { _ = try repair() }
    #expect(check() == [])
    #expect(try await scene.open().listed().contains { $0.text == "In the file." })
  }

  private func fillAndKill() async throws {
    _ = try await Child(["retain", scene.path, "more", "100000"]).lines(killingAfter: 5)
  }

  @Test("a file that another program has open is not repaired")
  func inUse() async throws {
    try await fill()
    let child = try Child(["hold", scene.path])
    child.firstLine()
    #expect(throws: DurabilityError.isInUse(path: scene.path)) { try repair() }
    child.kill()
    _ = await child.lines(killingAfter: nil)
  }
}
