import CTerminal
import RearviewText

/// What a program may ask of the terminal while it runs. Only for the terminal thread: it is handed to the program when
/// it is made and cannot be sent anywhere else.
public final class Terminal: Screen {
  private let screen: CursesScreen
  private let input: Int32
  /// The loop throws away its picture of what is shown when this is set.
  private(set) var needsRedraw = false

  init(screen: CursesScreen, input: Int32) {
    self.screen = screen
    self.input = input
  }

  public var size: Size { screen.size }
  public var capabilities: TerminalCapabilities { screen.capabilities }
  public func draw(_ frame: Frame) { screen.draw(frame) }
  public func bell() { screen.bell() }
  /// Does nothing when `TerminalOptions.title` was `nil`.
  public func setTitle(_ title: String) { screen.setTitle(title) }
  @discardableResult public func copyToClipboard(_ text: String) -> Bool { screen.copyToClipboard(text) }

  /// Sends the whole screen again with the next frame (Ctrl-L).
  public func redraw() {
    screen.forget()
    needsRedraw = true
  }

  /// Gives the wheel and clicks to the program, or the whole mouse back to the terminal.
  public func setMouse(_ isOn: Bool) { screen.setMouse(isOn) }

  /// Stops the program and its process group, as Ctrl-Z does elsewhere, and returns when it is continued.
  public func suspend() {
    leave()
    ct_guard_stop_group()
    resume()
    ct_discard_input(input)
  }

  /// Lends the terminal to another program, such as `$EDITOR`, for as long as `body` runs: normal screen, line settings
  /// and standard streams as the shell had them. Ctrl-C and Ctrl-\ are the other program's meanwhile.
  public func withTerminalReleased<Result>(_ body: () throws -> Result) rethrows -> Result {
    leave()
    ct_guard_set_lent(true)
    ct_guard_set_listening(false)
    defer {
      ct_guard_set_listening(true)
      ct_guard_set_lent(false)
      resume()
      ct_discard_input(input)
    }
    return try body()
  }

  /// Everything on again after a stop that could not be seen coming (SIGSTOP).
  func recover() {
    screen.leave()
    ct_guard_screen_down()
    resume()
  }

  func drewAll() { needsRedraw = false }

  private func leave() {
    screen.leave()
    ct_guard_screen_down()
  }

  private func resume() {
    ct_guard_screen_up()
    screen.resume()
    needsRedraw = true
  }
}

/// The terminal database of this machine.
struct CursesDatabase: TerminalDatabase {
  func entry(_ term: String) -> TerminalEntry? {
    let entry = ct_lookup_entry(term)
    guard entry.exists else { return nil }
    return TerminalEntry(
      colors: Int(entry.colors), canDraw: entry.can_draw, isDirect: entry.direct_color,
      hasXtermTitles: entry.xterm_titles)
  }
}
