import RearviewText

/// What runs in a `TerminalLoop`. It is made, called and let go on the terminal thread, so it needs no locks; it must
/// not block, because while it does no key is read.
public protocol TerminalProgram: AnyObject {
  associatedtype Event: Sendable

  /// A key, a paste, a new size, focus, the mouse. A frame follows at once.
  func handle(_ input: InputEvent)
  /// Everything that was posted since the last call, in order; at most once a frame.
  func handle(_ events: [Event])
  /// The terminal has told more about itself, for example its background.
  func handle(_ capabilities: TerminalCapabilities)
  /// The process is asked to end. Set `isFinished` now, or soon: a second signal ends the process at once, and so do
  /// two seconds without a return from here.
  func handle(_ signal: TerminationSignal)
  /// The picture of now; `nil` leaves what is shown.
  func render(size: Size) -> Frame?
  /// Asked after every call; the loop ends when it is true.
  var isFinished: Bool { get }
  /// When to draw again although nothing happened: the next step of a spinner. `nil` sleeps until something happens.
  var nextTick: ContinuousClock.Instant? { get }
}

extension TerminalProgram {
  public func handle(_ capabilities: TerminalCapabilities) {}
  public var nextTick: ContinuousClock.Instant? { nil }
}
