import Foundation
import RearviewEmbeddedMemory

extension RearviewClient {
  /// Keeps a backup of each day of the memory file, until the task is cancelled. Does nothing where memory is a server.
  ///
  /// - Parameter onFailure: Told in one sentence why a backup could not be made; the log has it too.
  public func keepBackups(onFailure: @Sendable (String) -> Void) async {
    await keepBackups(after: .seconds(60), every: .seconds(3_600), onFailure: onFailure)
  }

  /// - Parameters:
  ///   - first: How long a program that stays open waits before it looks whether a backup is due.
  ///   - interval: How long between two looks.
  func keepBackups(after first: Duration, every interval: Duration, onFailure: @Sendable (String) -> Void) async {
    guard let store = store as? EmbeddedMemory, configuration.backups > 0 else { return }
    var wait = first
    while (try? await Task.sleep(for: wait)) != nil {
      wait = interval
      do {
        if let made = try await store.backUpIfDue(keeping: configuration.backups) {
          log.info("backed up", metadata: ["name": "\(made.name)", "bytes": "\(made.byteCount)"])
        }
      } catch {
        log.error("the memory file was not backed up: \(error)")
        onFailure("No backup was made: \(error)")
      }
    }
  }
}
