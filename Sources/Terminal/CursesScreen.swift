import CTerminal
import RearviewText

/// The screen of a real terminal, through curses: it keeps what is shown and sends only what differs.
///
/// Curses has one screen a process, so there is one of these, made and used by the terminal thread.
final class CursesScreen: Screen {
  private(set) var size = Size(columns: 0, rows: 0)
  private(set) var capabilities: TerminalCapabilities
  private let output: Int32
  private let mayFallBackToAscii: Bool
  private var modes: TerminalModes
  private var palette: Palette
  private var shown: Frame?
  private var row: [ct_cell] = []

  /// Takes the two descriptors; `output` is closed by `close()`.
  init(options: TerminalOptions, choice: TerminalChoice, input: Int32, output: Int32) throws {
    self.output = output
    let isUTF8 = ct_select_utf8_locale()
    guard ct_screen_start(choice.term, input, output, choice.colors != .mono) else {
      throw TerminalError.cannotStart(reason: "curses refused the terminal type “\(choice.term)”")
    }
    let depth = Self.depth(of: choice)
    palette = Palette(depth: depth, mixesPalette: ct_screen_mixes_colors())
    modes = TerminalModes(
      isXtermLike: choice.isXtermLike, usesMouse: options.usesMouse, setsTitle: options.title != nil)
    mayFallBackToAscii = options.glyphs == .automatic
    let drawsUnicode = options.glyphs == .unicode || (options.glyphs == .automatic && isUTF8)
    capabilities = TerminalCapabilities(
      term: choice.term, colors: depth, drawsUnicode: drawsUnicode, isXtermLike: choice.isXtermLike)
    capabilities.isDark = Self.isDark(colorFgBg: options.environment["COLORFGBG"])
    setRestoreBytes()
    readSize()
  }

  /// The entry may promise what curses then cannot do.
  private static func depth(of choice: TerminalChoice) -> ColorDepth {
    let count = Int(ct_screen_colors())
    // Without the palette behind its first eight colours, 24 bits are the only way to all others.
    if count > 256, choice.colors > .ansi8, !ct_screen_mixes_colors() { return .trueColor }
    return choice.colors == .trueColor && count > 256 ? .trueColor : min(choice.colors, ColorDepth(paletteSize: count))
  }

  // MARK: life

  /// The first bytes: what a killed program left on goes off, our modes go on, the questions are asked.
  func enter(title: String?) {
    ct_screen_flush(-1, -1)
    var bytes = modes.repair + modes.on
    if let title, modes.isXtermLike { bytes += ControlStrings.title(title) }
    if modes.isXtermLike { bytes += Probe.questions }
    write(bytes)
  }

  /// Modes off, the normal screen back, the line as it was. `resume` undoes it.
  func leave() {
    write(modes.off)
    ct_screen_leave()
  }

  func resume() {
    readSize()
    ct_screen_resume()
    write(modes.on)
    shown = nil
  }

  func close() {
    leave()
    ct_screen_close()
  }

  /// The next frame is sent whole, whatever the terminal shows now.
  func forget() {
    shown = nil
    ct_screen_forget()
  }

  func setMouse(_ isOn: Bool) {
    guard modes.isXtermLike, isOn != modes.usesMouse else { return }
    modes.usesMouse = isOn
    write(Array((isOn ? TerminalModes.mouseOn : TerminalModes.mouseOff).utf8))
  }

  /// What the guard writes when the program dies: the same as an orderly end, from the terminal's own strings.
  private func setRestoreBytes() {
    var bytes = modes.off + Array("\u{1B}[0m".utf8)
    bytes += Self.capability("op") + Self.capability("sgr0") + Self.capability("cnorm") + Self.capability("rmkx")
    let leaves = Self.capability("rmcup")
    // Without a second screen the shell goes on below what was drawn.
    bytes += leaves.isEmpty ? Array("\u{1B}[r\u{1B}[999;1H\r\n\u{1B}[J".utf8) : leaves
    ct_guard_set_restore_bytes(bytes, bytes.count)
  }

  static func capability(_ name: String) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = ct_capability(name, &bytes, bytes.count)
    return Array(bytes[..<count])
  }

  // MARK: size and answers

  /// True when the window has another size than before.
  @discardableResult func readSize() -> Bool {
    var rows: Int32 = 0
    var columns: Int32 = 0
    if ct_window_size(output, &rows, &columns) { ct_screen_resize(rows, columns) }
    ct_screen_size(&rows, &columns)
    let now = Size(columns: Int(columns), rows: Int(rows))
    guard now != size else { return false }
    size = now
    shown = nil
    return true
  }

  /// Learns from an answer. True when the capabilities are others than before.
  func learn(_ reply: TerminalReply) -> Bool {
    let before = capabilities
    switch reply {
    case .mode(2026, let state): capabilities.synchronizesOutput = state == 1 || state == 2
    case .mode: break
    case .background(let color):
      capabilities.background = color
      capabilities.isDark = color.luminance < 0.5
    case .cursor(let position):
      if position.row == 1, position.column == 2, mayFallBackToAscii {
        capabilities.drawsUnicode = false
        forget()
      }
    case .deviceAttributes: capabilities.hasAnswered = true
    }
    return capabilities != before
  }

  /// COLORFGBG is "foreground;background" in palette colours; 7 and 9 to 15 are light.
  static func isDark(colorFgBg: String?) -> Bool? {
    guard let last = colorFgBg?.split(separator: ";").last, let index = Int(last), (0..<16).contains(index) else {
      return nil
    }
    return index < 7 || index == 8
  }

  // MARK: drawing

  func draw(_ frame: Frame) {
    guard shown != frame else { return }
    let sameGrid = shown?.size == frame.size
    bracketed {
      for row in 0..<size.rows where !(sameGrid && isShown(row, of: frame)) { put(row, of: frame) }
      let cursor = frame.cursor ?? Position(column: -1, row: -1)
      ct_screen_flush(Int32(clamping: cursor.row), Int32(clamping: cursor.column))
    }
    shown = frame
  }

  func bell() { ct_screen_bell() }

  func setTitle(_ title: String) {
    guard modes.setsTitle, modes.isXtermLike else { return }
    write(ControlStrings.title(title))
  }

  func copyToClipboard(_ text: String) -> Bool {
    guard modes.isXtermLike, let bytes = ControlStrings.clipboard(text) else { return false }
    return write(bytes)
  }

  private func isShown(_ row: Int, of frame: Frame) -> Bool {
    guard let shown, row < frame.size.rows else { return true }
    let columns = frame.size.columns
    return shown.cells[row * columns..<(row + 1) * columns] == frame.cells[row * columns..<(row + 1) * columns]
  }

  private func put(_ rowNumber: Int, of frame: Frame) {
    let columns = min(size.columns, rowNumber < frame.size.rows ? frame.size.columns : 0)
    let first = min(rowNumber * frame.size.columns, frame.cells.count)
    let drawsUnicode = capabilities.drawsUnicode
    var line = row
    row = []
    line.removeAll(keepingCapacity: true)
    var style = Style()
    var look = Self.blank
    for cell in frame.cells[first..<first + columns] {
      if cell.style != style {
        style = cell.style
        look = self.look(of: style)
      }
      var drawn = look
      drawn.scalars = (cell.base, cell.mark1, cell.mark2, cell.mark3, cell.mark4)
      drawn.width = cell.width
      if !drawsUnicode { Self.makeAscii(&drawn) }
      line.append(drawn)
    }
    while line.count < size.columns { line.append(Self.blank) }
    ct_screen_put_row(Int32(rowNumber), line, Int32(line.count))
    row = line
  }

  private func look(of style: Style) -> ct_cell {
    var cell = Self.blank
    cell.foreground = palette.value(of: style.foreground)
    cell.background = palette.value(of: style.background)
    var attributes = style.attributes
    if palette.boldens(style.foreground) { attributes.insert(.bold) }
    // Curses has no strikethrough; the text stays readable without it.
    attributes.remove(.strikethrough)
    cell.attributes = attributes.rawValue
    return cell
  }

  private static let blank = ct_cell(
    scalars: (32, 0, 0, 0, 0), foreground: -1, background: -1, width: 1, attributes: 0)

  private static func makeAscii(_ cell: inout ct_cell) {
    let base = cell.scalars.0
    guard base >= 0x80 else { return }
    // Letters stay where they can be drawn, also in the wide scripts; punctuation, arrows, boxes and blocks are what
    // goes wrong.
    if !(0x2000..<0x2C00).contains(base), ct_scalar_width(base) == Int32(cell.width) { return }
    cell.scalars = (AsciiGlyphs.replacement(for: base), 0, 0, 0, 0)
  }

  /// Runs what draws inside one synchronized update.
  private func bracketed(_ draw: () -> Void) {
    guard capabilities.synchronizesOutput else { return draw() }
    write(ControlStrings.beginSynchronizedUpdate)
    draw()
    write(ControlStrings.endSynchronizedUpdate)
  }

  @discardableResult private func write(_ bytes: [UInt8]) -> Bool { ct_write_all(output, bytes, bytes.count) }
}
