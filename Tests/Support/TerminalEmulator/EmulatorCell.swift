import CVterm

/// A colour as the emulator shows it.
public enum EmulatorColor: Hashable, Sendable {
  case standard
  case indexed(Int)
  case rgb(UInt8, UInt8, UInt8)

  init(_ color: VTermColor) {
    if color.type & UInt8(VTERM_COLOR_DEFAULT_MASK.rawValue) != 0 {
      self = .standard
    } else if color.type & UInt8(VTERM_COLOR_TYPE_MASK.rawValue) == UInt8(VTERM_COLOR_INDEXED.rawValue) {
      self = .indexed(Int(color.indexed.idx))
    } else {
      self = .rgb(color.rgb.red, color.rgb.green, color.rgb.blue)
    }
  }
}

/// One cell of the emulator's screen.
public struct EmulatorCell: Hashable, Sendable {
  public var text: String
  public var width: Int
  public var isBold: Bool
  public var isItalic: Bool
  public var isUnderlined: Bool
  public var isReversed: Bool
  public var foreground: EmulatorColor
  public var background: EmulatorColor

  init(_ cell: VTermScreenCell) {
    var text = ""
    withUnsafeBytes(of: cell.chars) { bytes in
      for value in bytes.bindMemory(to: UInt32.self) {
        // -1 is the second half of a wide character.
        guard value != 0, value != .max, let scalar = Unicode.Scalar(value) else { break }
        text.unicodeScalars.append(scalar)
      }
    }
    self.text = text
    width = Int(cell.width)
    isBold = cell.attrs.bold != 0
    isItalic = cell.attrs.italic != 0
    isUnderlined = cell.attrs.underline != 0
    isReversed = cell.attrs.reverse != 0
    foreground = EmulatorColor(cell.fg)
    background = EmulatorColor(cell.bg)
  }
}
