import CVterm

// The keyboard and the mouse, with the bytes that libvterm gives them in the modes that the program has set.
extension TerminalEmulator {
  /// A key that is no character.
  public enum Key: Hashable, Sendable {
    case enter, tab, backspace, escape
    case up, down, left, right, insert, delete, home, end, pageUp, pageDown
    case function(Int)

    var code: VTermKey {
      switch self {
      case .enter: VTERM_KEY_ENTER
      case .tab: VTERM_KEY_TAB
      case .backspace: VTERM_KEY_BACKSPACE
      case .escape: VTERM_KEY_ESCAPE
      case .up: VTERM_KEY_UP
      case .down: VTERM_KEY_DOWN
      case .left: VTERM_KEY_LEFT
      case .right: VTERM_KEY_RIGHT
      case .insert: VTERM_KEY_INS
      case .delete: VTERM_KEY_DEL
      case .home: VTERM_KEY_HOME
      case .end: VTERM_KEY_END
      case .pageUp: VTERM_KEY_PAGEUP
      case .pageDown: VTERM_KEY_PAGEDOWN
      case .function(let number): VTermKey(rawValue: VTERM_KEY_FUNCTION_0.rawValue + UInt32(number))
      }
    }
  }

  public struct Modifiers: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let shift = Modifiers(rawValue: VTERM_MOD_SHIFT.rawValue)
    public static let alt = Modifiers(rawValue: VTERM_MOD_ALT.rawValue)
    public static let control = Modifiers(rawValue: VTERM_MOD_CTRL.rawValue)
  }

  public func key(_ key: Key, _ modifiers: Modifiers = []) {
    vterm_keyboard_key(vterm, key.code, VTermModifier(rawValue: modifiers.rawValue))
    send(takeVtermOutput())
  }

  /// A character with Alt or Control.
  public func key(_ character: Unicode.Scalar, _ modifiers: Modifiers) {
    vterm_keyboard_unichar(vterm, character.value, VTermModifier(rawValue: modifiers.rawValue))
    send(takeVtermOutput())
  }

  /// Pastes as a terminal does: line ends as CR, between marks when the program asked for them.
  public func paste(_ text: String) {
    let body = Array(String(text.map { $0 == "\n" ? "\r" : $0 }).utf8)
    vterm_keyboard_start_paste(vterm)
    let start = takeVtermOutput()
    vterm_keyboard_end_paste(vterm)
    send(start + body + takeVtermOutput())
  }

  public func click(column: Int, row: Int) {
    vterm_mouse_move(vterm, Int32(row), Int32(column), VTERM_MOD_NONE)
    vterm_mouse_button(vterm, 1, true, VTERM_MOD_NONE)
    vterm_mouse_button(vterm, 1, false, VTERM_MOD_NONE)
    send(takeVtermOutput())
  }

  /// One notch of the wheel.
  public func wheel(up: Bool, column: Int, row: Int) {
    vterm_mouse_move(vterm, Int32(row), Int32(column), VTERM_MOD_NONE)
    vterm_mouse_button(vterm, up ? 4 : 5, true, VTERM_MOD_NONE)
    send(takeVtermOutput())
  }

  public func focus(_ isIn: Bool) {
    if isIn { vterm_state_focus_in(state) } else { vterm_state_focus_out(state) }
    send(takeVtermOutput())
  }
}
