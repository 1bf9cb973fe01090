import Foundation
import RearviewMemory

/// A file that this program holds locked while it lives, so that others can tell whether it does.
///
/// A lock ends with its process, whatever ended it; a process number would be given to another one some day.
final class OwnerLock: Sendable {
  let id: String
  private let folder: String
  private let descriptor: Int32

  init(folder: String) throws {
    id = UUID().uuidString.lowercased()
    self.folder = folder
    let path = "\(folder)/\(id).lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      switch errno {
      case EACCES, EPERM, EROFS: throw MemoryStoreError.readOnly(location: folder)
      case ENOSPC, EDQUOT: throw MemoryStoreError.diskFull(location: folder)
      default: throw MemoryStoreError.unavailable(location: folder, cause: String(cString: strerror(errno)))
      }
    }
  }

  deinit {
    unlink("\(folder)/\(id).lock")
    close(descriptor)
  }

  /// Whether the program of that name still runs. Takes away the file of one that does not.
  func isAlive(_ other: String) -> Bool {
    if other == id { return true }
    let path = "\(folder)/\(other).lock"
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return errno != ENOENT }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return true }
    unlink(path)
    return false
  }
}
