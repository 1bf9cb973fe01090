import Foundation
import Glibc

/// A value behind a lock that a thread can also wait at until the value is as it wants it.
public final class Guarded<Value>: @unchecked Sendable {
  // Safe: `value` is touched only between lock and unlock of `mutex`, and both are in one class that is never copied.
  private var value: Value
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  public init(_ value: Value) {
    self.value = value
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Reads or changes the value, and wakes whoever waits for a change.
  public func access<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }
    return try body(&value)
  }

  /// Blocks this thread until the value is as it should be. Returns whether it came to that within `seconds`.
  public func wait(seconds: Double, until isReady: (Value) -> Bool) -> Bool {
    let end = Date().timeIntervalSince1970 + seconds
    var deadline = timespec()
    deadline.tv_sec = Int(end)
    deadline.tv_nsec = Int((end - end.rounded(.down)) * 1_000_000_000)
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !isReady(value) {
      if pthread_cond_timedwait(changed, mutex, &deadline) == ETIMEDOUT { return isReady(value) }
    }
    return true
  }
}

extension Guarded where Value: Sendable {
  /// Suspends this task until the value is as it should be, looking every 2 ms. Returns whether it came to that within
  /// `seconds`.
  func waitAsync(seconds: Double, until isReady: (Value) -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while !access({ isReady($0) }) {
      guard ContinuousClock.now < end, (try? await Task.sleep(for: .milliseconds(2))) != nil else { return false }
    }
    return true
  }
}
