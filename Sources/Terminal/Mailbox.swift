import CTerminal

/// The way into the terminal thread for everything that happens elsewhere: post from any thread or task, at any rate.
///
/// The loop takes the whole mailbox at most once a frame, so posting costs a lock and, only when the box was empty, one
/// write to a descriptor. Nothing is dropped and the order is kept.
public final class Mailbox<Event: Sendable>: Sendable {
  private let events = Lock<[Event]>([])
  private let waker: Waker

  init(waker: Waker) { self.waker = waker }

  /// Hands an event to the program; `TerminalProgram.handle(_:)` gets it in at most one frame.
  public func post(_ event: Event) {
    let wasEmpty = events.withLock { events in
      events.append(event)
      return events.count == 1
    }
    if wasEmpty { waker.poke() }
  }

  var isEmpty: Bool { events.withLock(\.isEmpty) }

  func takeAll() -> [Event] {
    events.withLock { events in
      let taken = events
      events = []
      return taken
    }
  }
}

/// A descriptor that ends the loop's sleep.
final class Waker: Sendable {
  let descriptor: Int32

  init?() {
    descriptor = ct_waker_create()
    if descriptor < 0 { return nil }
  }

  deinit { ct_close(descriptor) }

  func poke() { ct_waker_poke(descriptor) }
  func drain() { ct_waker_drain(descriptor) }
}
