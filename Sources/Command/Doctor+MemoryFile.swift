import Foundation
import RearviewEmbeddedMemory

extension Doctor {
  /// What a check of the memory file finds, where there is one.
  func memoryFile(_ path: String, into report: inout Report) {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let found = FileCheck(path: path).run(isFull: full ? true : nil)
    for fault in found.faults {
      report.bad(fault.sentence + (fault.remedy.map { " rearview doctor --repair would \($0)." } ?? ""))
    }
    if found.faults.isEmpty {
      report.good("the memory file is in order\(found.isFull ? "" : " (looked at in part; --full looks at all of it)")")
    }
    let copies = MemoryBackups(path: path)
    report.fact(
      "newest backup",
      found.backedUpAt.map { $0.formatted(.iso8601) } ?? "none yet; rearview backup makes one")
    report.fact("backups", copies.folder)
  }

  /// Puts the memory file in order, and says what was done.
  static func repair(_ path: String) async throws {
    let done = try await failing { try FileRepair(path: path).run() }
    if done.faults.isEmpty { return Console.line("\(path) is in order; nothing was changed.") }
    for fault in done.faults { Console.line("Found: \(Console.shown(fault.sentence))") }
    if let kept = done.keptAs { Console.line("The file as it was is kept as \(kept) (rearview backup list).") }
    if done.isSalvaged {
      let source = done.backup.map { ", with what could not be read from backup \($0)" } ?? ""
      Console.line("The file was damaged; its rows were taken out into a new one\(source).")
      for bank in done.banks {
        let lost = bank.lost == 0 ? "none lost" : "\(bank.lost) lost"
        let before = bank.fromBackup == 0 ? "" : ", \(bank.fromBackup) of them from the backup"
        Console.line("  \(Console.shown(bank.name)): \(bank.memories) memories saved\(before), \(lost)")
      }
    }
    let left = FileCheck(path: path).run(isFull: true).faults
    guard left.isEmpty else {
      throw CommandEnd(.failed, "Something is left: \(left.map(\.sentence).joined(separator: " "))")
    }
    Console.line("\(path) is in order now.")
  }
}
