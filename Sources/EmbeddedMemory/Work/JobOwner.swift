import Foundation

/// Who holds a job: a process on this machine since it was started, and one worker of it.
struct JobOwner: Hashable, Sendable {
  /// `pid:boot:random`, as the file keeps it.
  let name: String

  init() {
    name = "\(getpid()):\(Self.boot):\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
  }

  /// Whether the process of that name is surely gone. One of another machine, or before a restart that cannot be told
  /// from another machine, is not; its lease runs out.
  static func isDead(_ name: String) -> Bool {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let process = Int32(parts[0]), process > 0, !boot.isEmpty, parts[1] == boot else {
      return false
    }
    return kill(process, 0) != 0 && errno == ESRCH
  }

  /// This start of this machine and the numbering of its processes (a container has its own); empty where neither is
  /// known.
  private static let boot: String = {
    let start = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    let numbering = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    guard let start, let numbering else { return "" }
    return start.trimmingCharacters(in: .whitespacesAndNewlines) + "/" + numbering.filter(\.isNumber)
  }()
}
