/// Why a terminal cannot be used for a full screen. Each `description` is one sentence that says what to do.
public enum TerminalError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Standard input or output is a pipe or a file.
  case notATerminal
  /// `TERM` is unset, `dumb`, or names an entry without cursor addressing.
  case cannotDraw(term: String)
  /// Neither `TERM` nor xterm-256color is in the terminal database.
  case unknownTerminal(term: String)
  /// Curses or the system refused, with what could not be had.
  case cannotStart(reason: String)
  /// A second loop was started while one had the terminal.
  case alreadyRunning

  public var description: String {
    switch self {
    case .notATerminal:
      "Standard input and output must be a terminal for the full screen; "
        + "use the one-shot commands in pipes and scripts."
    case .cannotDraw(let term):
      "The terminal type \(term.isEmpty ? "is not set (TERM)" : "“\(term)”") cannot show a full screen; "
        + "set TERM to what your terminal is, for example xterm-256color."
    case .unknownTerminal(let term):
      "The terminal type “\(term)” is not in this machine's terminal database; "
        + "install the ncurses-term package or set TERM to xterm-256color."
    case .cannotStart(let reason):
      "The full screen could not be started because \(reason); close other programs and try again."
    case .alreadyRunning:
      "The terminal is already in use by this program; only one full screen can run at a time."
    }
  }
}
