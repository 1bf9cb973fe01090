import Foundation
import RearviewEmbeddedMemory

extension RearviewClient {
  /// How long a program that stays open waits before it looks whether a backup is due, and between two looks.
  private static let (firstLook, nextLook): (Duration, Duration) = (.seconds(60), .seconds(3_600))

  /// Keeps a backup of each day of the memory file, until the task is cancelled. Does nothing where memory is a server.
  ///
  /// - Parameter onFailure: Told in one sentence why a backup could not be made; the log has it too.
  public func keepBackups(onFailure: @Sendable (String) -> Void) async {
    guard let store = store as? EmbeddedMemory, configuration.backups > 0 else { return }
    var wait = Self.firstLook
    while (try? await Task.sleep(for: wait)) != nil {
      wait = Self.nextLook
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
