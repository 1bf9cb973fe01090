import Foundation
import RearviewMemory

/// A lock that processes hold while they make or migrate a file of a folder.
///
/// It locks the folder itself, so it leaves nothing behind, and never touches the file: closing a descriptor of a
/// database drops all of SQLite's locks on it in this process. The system releases it when its holder dies.
enum FolderLock {
  /// Runs `body` with the lock on `folder` held; blocks the thread for up to `timeout`.
  ///
  /// - Throws: `MemoryStoreError.locked` when the timeout passed.
  static func hold<Value>(
    _ folder: String, timeout: Duration, location: String, _ body: () throws -> Value
  ) throws -> Value {
    let descriptor = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw MemoryStoreError.unavailable(location: location, cause: "its folder cannot be read")
    }
    defer { close(descriptor) }
    let deadline = ContinuousClock.now + timeout
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      // Some network file systems have no such lock; SQLite's own locks still hold there.
      guard errno == EWOULDBLOCK || errno == EINTR else { break }
      guard ContinuousClock.now < deadline else { throw MemoryStoreError.locked(location: location) }
      usleep(5_000)
    }
    return try body()
  }
}
