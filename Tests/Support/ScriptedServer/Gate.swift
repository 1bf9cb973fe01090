/// Something that is waited for until someone opens it: a scripted answer waits for the test, or a test for its task.
public final class Gate: Sendable {
  private let isOpen = Guarded(false)

  public init() {}

  public func open() {
    isOpen.access { $0 = true }
  }

  /// Waits until it is open. Returns whether it is, within the bound.
  public func wait(seconds: Double = 10) async -> Bool {
    await isOpen.waitAsync(seconds: seconds) { $0 }
  }

  /// Blocks the server's thread; gives up when `isStopped` says so.
  func wait(unless isStopped: () -> Bool) -> Bool {
    while !isOpen.wait(seconds: 0.02, until: { $0 }) {
      if isStopped() { return false }
    }
    return true
  }
}
