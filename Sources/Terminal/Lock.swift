import CTerminal

/// A value behind a POSIX mutex. `Synchronization.Mutex` makes the thread sanitizer report races that are none.
///
/// `@unchecked Sendable` holds because `value` is reached only inside `withLock`.
final class Lock<Value>: @unchecked Sendable {
  private var value: Value
  private let mutex: OpaquePointer

  init(_ value: Value) {
    self.value = value
    mutex = ct_mutex_create()
  }

  deinit { ct_mutex_destroy(mutex) }

  func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    ct_mutex_lock(mutex)
    defer { ct_mutex_unlock(mutex) }
    return try body(&value)
  }
}
