import CTerminal

/// A signal that asks the program to end.
public enum TerminationSignal: Hashable, Sendable {
  /// The terminal is gone, or its window was closed.
  case hangup
  /// SIGINT from outside. Ctrl-C on the keyboard is a key and not a signal.
  case interrupt
  case terminate

  init?(number: Int32) {
    switch number {
    case SignalNumber.hangup: self = .hangup
    case SignalNumber.interrupt: self = .interrupt
    case SignalNumber.terminate: self = .terminate
    default: return nil
    }
  }

  /// The signal's number on this system.
  public var number: Int32 {
    switch self {
    case .hangup: SignalNumber.hangup
    case .interrupt: SignalNumber.interrupt
    case .terminate: SignalNumber.terminate
    }
  }

  /// Ends the process the way the signal would have, so that a shell or a supervisor sees the right status. To be
  /// called after `run` has returned and everything is saved.
  public func endProcess() -> Never { ct_end_by_signal(number) }
}

/// Why a loop ended.
public enum TerminalOutcome: Hashable, Sendable {
  /// The program said that it is finished.
  case finished
  /// A signal came, or the terminal went away. Save what is to be saved, then `TerminationSignal.endProcess()`.
  case terminated(TerminationSignal)
}
