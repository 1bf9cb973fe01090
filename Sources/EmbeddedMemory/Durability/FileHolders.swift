import Foundation

/// Whether other processes have a database open.
///
/// A connection that reads or writes a file in WAL mode holds one of SQLite's locks on it until it closes, and asking
/// for a lock tells who has it. Never ask for a file that this process has open: closing the descriptor drops its own
/// locks.
enum FileHolders {
  /// SQLite's range of locks: a byte for who is about to write, one for who writes, and 510 for readers.
  private static let (start, length) = (0x4000_0000, 512)

  static func isHeldElsewhere(_ path: String) -> Bool {
    [path, path + "-shm"].contains { isLocked($0, from: $0 == path ? start : 0, length: $0 == path ? length : 0) }
  }

  private static func isLocked(_ path: String, from start: Int, length: Int) -> Bool {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var lock = Foundation.flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    lock.l_start = off_t(start)
    lock.l_len = off_t(length)
    return fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
  }
}
