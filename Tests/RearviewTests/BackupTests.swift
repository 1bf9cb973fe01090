import Foundation
import RearviewEmbeddedMemory
import RearviewMemory
import Synchronization
import Testing

@testable import Rearview

@Suite("Backups that a program which stays open keeps", .timeLimit(.minutes(1)))
struct BackupTests {
  private let home: Folder

  init() throws { home = try Folder() }

  private func client(_ settings: String...) async throws -> RearviewClient {
    let paths = home.paths
    let configuration = try Configuration.load(
      paths: paths, environment: ["HOME": home.path], overrides: settings, workingFolder: home.path)
    return try await RearviewClient.open(
      configuration: configuration, paths: paths, environment: ["HOME": home.path])
  }

  private var made: [String] {
    let folder = (home.paths.memoryFile as NSString).deletingLastPathComponent + "/backups"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".sqlite") }
  }

  /// Waits until something is so.
  private func wait(until isSo: () -> Bool) async throws {
    for _ in 0..<1_000 where !isSo() { try await Task.sleep(for: .milliseconds(20)) }
    #expect(isSo())
  }

  @Test("one is made at the first look and no other that day, until the program ends")
  func keeps() async throws {
    let client = try await client()
    let failures = Mutex<[String]>([])
    let task = Task {
      await client.keepBackups(after: .milliseconds(1), every: .milliseconds(1)) { sentence in
        failures.withLock { $0.append(sentence) }
      }
    }
    try await wait { made.count == 1 }
    let first = made
    task.cancel()
    await task.value
    #expect(made == first && failures.withLock(\.self) == [])
  }

  @Test("none is made where the setting says 0")
  func off() async throws {
    let client = try await client("backups=0")
    // It returns by itself.
    await client.keepBackups(after: .milliseconds(1), every: .milliseconds(1)) { _ in }
    #expect(made == [])
  }

  @Test("one that could not be made is told in one sentence, and tried again")
  func failure() async throws {
    let client = try await client()
    let folder = (home.paths.memoryFile as NSString).deletingLastPathComponent + "/backups"
    // A file where the folder should be.
    try Data("x".utf8).write(to: URL(fileURLWithPath: folder))
    let failures = Mutex<[String]>([])
    let task = Task {
      await client.keepBackups(after: .milliseconds(1), every: .milliseconds(1)) { sentence in
        failures.withLock { $0.append(sentence) }
      }
    }
    try await wait { failures.withLock(\.count) > 1 }
    #expect(failures.withLock(\.first)?.hasPrefix("No backup was made: ") == true)
    try FileManager.default.removeItem(atPath: folder)
    try await wait { made.count == 1 }
    task.cancel()
    await task.value
  }
}
