import Dispatch
import Glibc
import RearviewTerminal
import RearviewText

/// A log of events under a status row.
final class ProbeProgram: TerminalProgram {
  typealias Event = Int

  enum OnSignal: String {
    case end, ignore, hang
  }

  private(set) var isFinished = false
  var nextTick: ContinuousClock.Instant?
  private let terminal: Terminal
  private let mailbox: Mailbox<Int>
  private let takesOrders: Bool
  private let onSignal: OnSignal
  private var log: [String] = []
  private var posted = 0
  private var isInOrder = true
  private var batches = 0
  private var ticks = 0
  private var picture: Picture?

  private enum Picture {
    case wideAtEdge, colors, boxes, noCursor, small, large
  }

  init(terminal: Terminal, mailbox: Mailbox<Int>, takesOrders: Bool, onSignal: OnSignal) {
    self.terminal = terminal
    self.mailbox = mailbox
    self.takesOrders = takesOrders
    self.onSignal = onSignal
  }

  // MARK: events

  func handle(_ input: InputEvent) {
    switch input {
    case .key(KeyPress(.character("q"), .control)): isFinished = true
    case .key(let press):
      if takesOrders, press.modifiers.isEmpty, case .character(let letter) = press.key, obey(letter) { return }
      log.append("key \(Self.name(press))")
    case .paste(let text):
      let newlines = text.count { $0 == "\n" }
      log.append("paste \(text.utf8.count) bytes \(newlines) lines [\(text.prefix(20).replacing("\n", with: "/"))]")
    case .resize(let size): log.append("size \(size.columns)x\(size.rows)")
    case .focus(let isIn): log.append("focus \(isIn ? "in" : "out")")
    case .scroll(let rows, let at): log.append("scroll \(rows) at \(at.column),\(at.row)")
    case .click(let at): log.append("click \(at.column),\(at.row)")
    }
  }

  func handle(_ events: [Int]) {
    batches += 1
    for event in events {
      if event != posted { isInOrder = false }
      posted += 1
    }
  }

  func handle(_ capabilities: TerminalCapabilities) {
    if capabilities.hasAnswered {
      log.append("answered sync=\(capabilities.synchronizesOutput) dark=\(capabilities.isDark.map(String.init) ?? "?")")
    }
  }

  func handle(_ signal: TerminationSignal) {
    switch onSignal {
    case .end: isFinished = true
    case .ignore: log.append("signal \(signal)")
    case .hang: while true { pause() }
    }
  }

  /// Orders by letter; false when the letter is none.
  private func obey(_ letter: Character) -> Bool {
    switch letter {
    case "Q": isFinished = true
    case "T":
      let empty: [Int] = []
      log.append("\(empty[log.count + 5])")
    case "S": UnsafeMutablePointer<Int>(bitPattern: 8)?.pointee = 1
    case "A": abort()
    case "X": exit(3)
    case "O": log.append("\(overflow(1))")
    case "B": DispatchQueue.global().async { fatalError("broken elsewhere") }
    case "P": printNoise()
    case "F": flood()
    case "Z": terminal.suspend()
    case "E": edit()
    case "C": log.append("copied \(terminal.copyToClipboard("clip ✓"))")
    case "N": terminal.setTitle("new\u{1B}]0;evil\u{7} title")
    case "M": terminal.setMouse(false)
    case "L": terminal.redraw()
    case "K": nextTick = .now + .milliseconds(50)
    case "1": picture = .wideAtEdge
    case "2": picture = .colors
    case "3": picture = .boxes
    case "4": picture = .noCursor
    case "5": measure()
    case "6": picture = .small
    case "7": picture = .large
    default: return false
    }
    return true
  }

  private func overflow(_ depth: Int) -> Int { depth < 0 ? log.count : overflow(depth + 1) + 1 }

  private func printNoise() {
    print("noise on stdout")
    perror("noise on stderr")
  }

  private func flood() {
    let mailbox = mailbox
    Task.detached {
      // 10,000 events a second for three seconds.
      let start = ContinuousClock.now
      for event in 0..<30_000 {
        mailbox.post(event)
        if event % 100 == 99 { try? await Task.sleep(until: start + .microseconds(event * 100), clock: .continuous) }
      }
    }
  }

  private func edit() {
    let answer = terminal.withTerminalReleased {
      print("type a line:")
      return readLine() ?? "nothing"
    }
    log.append("edited [\(answer)]")
  }

  /// How long whole repaints take.
  private func measure() {
    let size = terminal.size
    var frames = (0..<2).map { number in
      var frame = Frame(size: size)
      for row in 0..<size.rows {
        for column in 0..<size.columns {
          let color = Color.indexed(UInt8((row + column / 20 + number * 7) % 200 + 16))
          let letter = UInt32(33 + (row * 7 + column + number * 13) % 90)
          frame[column, row] = Cell(base: letter, width: 1, style: Style(foreground: color))
        }
      }
      return frame
    }
    let clock = ContinuousClock()
    let rounds = 10
    let spent = clock.measure { for round in 0..<rounds { terminal.draw(frames[round % 2]) } }
    frames.removeAll()
    log.append("repaint \(spent / rounds)")
  }

  // MARK: frames

  func render(size: Size) -> Frame? {
    let size =
      switch picture {
      case .small: Size(columns: 30, rows: 5)
      case .large: Size(columns: size.columns + 20, rows: size.rows + 20)
      case .wideAtEdge, .colors, .boxes, .noCursor, nil: size
      }
    var frame = Frame(size: size)
    if let tick = nextTick, tick <= .now {
      ticks += 1
      nextTick = .now + .milliseconds(50)
    }
    let capabilities = terminal.capabilities
    let head = "ready \(size.columns)x\(size.rows) \(capabilities.term) \(capabilities.colors)"
    put(head, column: 0, row: 0, into: &frame)
    put("events \(posted) batches \(batches) order \(isInOrder) ticks \(ticks)", column: 0, row: 1, into: &frame)
    if let picture {
      draw(picture, into: &frame)
    } else {
      for (row, line) in log.suffix(max(0, size.rows - 2)).enumerated() {
        put(line, column: 0, row: row + 2, into: &frame)
      }
    }
    if case .noCursor? = picture { return frame }
    frame.cursor = Position(column: min(3, size.columns - 1), row: size.rows - 1)
    return frame
  }

  private func draw(_ picture: Picture, into frame: inout Frame) {
    switch picture {
    case .wideAtEdge:
      frame[frame.size.columns - 2, 2] = Cell(base: 0x4E2D, width: 2, style: Style())
      frame[frame.size.columns - 1, 2] = Cell(base: 0, width: 0, style: Style())
      // A mistake that a renderer must not make, and the screen must survive.
      frame[frame.size.columns - 1, 3] = Cell(base: 0x4E2D, width: 2, style: Style())
      put("below", column: 0, row: 4, into: &frame)
      var marked = Cell(base: 0x65, width: 1, style: Style())
      marked.mark1 = 0x301
      frame[0, 5] = marked
      frame[1, 5] = Cell(base: 0x1B, width: 1, style: Style())
      frame[2, 5] = Cell(base: 0x202E, width: 1, style: Style())
      frame[3, 5] = Cell(base: 0x1FAE9, width: 2, style: Style())
      frame[4, 5] = Cell(base: 0, width: 0, style: Style())
      put("after", column: 5, row: 5, into: &frame)
    case .colors:
      put(
        "rgb", column: 0, row: 2, style: Style(foreground: .rgb(255, 100, 0), background: .rgb(0, 0, 5)), into: &frame)
      put("red", column: 0, row: 3, style: Style(foreground: .indexed(1)), into: &frame)
      put("cube", column: 0, row: 4, style: Style(foreground: .indexed(208)), into: &frame)
      put("plain", column: 0, row: 5, into: &frame)
      put("bold", column: 0, row: 6, style: Style(attributes: [.bold, .underline, .strikethrough]), into: &frame)
      put("italic", column: 0, row: 7, style: Style(attributes: [.italic, .reverse]), into: &frame)
      put("bright", column: 0, row: 8, style: Style(foreground: .indexed(12)), into: &frame)
    case .boxes:
      put("│─━┃▌…┌┘", column: 0, row: 2, into: &frame)
      put("é中", column: 0, row: 3, into: &frame)
    case .noCursor, .small, .large: break
    }
  }

  private func put(_ text: String, column: Int, row: Int, style: Style = Style(), into frame: inout Frame) {
    var column = column
    for scalar in text.unicodeScalars {
      let width: UInt8 = scalar.value >= 0x2E80 ? 2 : 1
      frame[column, row] = Cell(base: scalar.value, width: width, style: style)
      if width == 2 { frame[column + 1, row] = Cell(base: 0, width: 0, style: style) }
      column += Int(width)
    }
  }

  private static func name(_ press: KeyPress) -> String {
    var parts: [String] = []
    if press.modifiers.contains(.control) { parts.append("ctrl") }
    if press.modifiers.contains(.alt) { parts.append("alt") }
    if press.modifiers.contains(.shift) { parts.append("shift") }
    switch press.key {
    case .character(let character): parts.append("'\(character)'")
    case .function(let number): parts.append("f\(number)")
    default: parts.append("\(press.key)")
    }
    return parts.joined(separator: "-")
  }
}
