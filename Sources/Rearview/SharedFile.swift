import Foundation

/// A small file of ours that several programs change: each change reads it, and writes it whole or not at all, while a
/// lock beside it keeps the others out. Mode 0600.
struct SharedFile: Sendable {
  let path: String

  /// What stands in it; `nil` where it is not there.
  func read() throws -> String? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try String(contentsOfFile: path, encoding: .utf8)
  }

  /// - Parameter change: Gets what stands in the file, gives what is to stand in it; what it throws leaves the file as
  ///   it was. It must not take long: others wait.
  func change(_ change: (String?) throws -> String) throws {
    try Paths.makeFolder((path as NSString).deletingLastPathComponent)
    let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw Self.fault(path) }
    defer { close(lock) }
    while flock(lock, LOCK_EX) != 0 {
      guard errno == EINTR else { throw Self.fault(path) }
    }
    let before = try read()
    let after = try change(before)
    guard after != before else { return }
    try write(after)
  }

  /// A file that is a link stays one.
  private func write(_ text: String) throws {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let new = target + ".new-\(getpid())"
    unlink(new)
    let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.fault(path) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try handle.write(contentsOf: Data(text.utf8))
      try handle.synchronize()
      guard rename(new, target) == 0 else { throw Self.fault(path) }
    } catch {
      unlink(new)
      throw error
    }
  }

  private static func fault(_ path: String) -> ConfigurationError {
    .unwritable(file: path, cause: String(cString: strerror(errno)))
  }
}
