import CPty
import CVterm

/// A program in a terminal, as a person would run it: a pseudo-terminal, libvterm as the screen, a keyboard.
///
/// The program's output is read while one of the `wait` functions runs, so a test is a row of "do this, wait for that".
/// Use it in suites marked `.serialized`, from one test at a time.
///
/// ```swift
/// let terminal = try TerminalEmulator("/bin/cat")
/// terminal.type("hello\r")
/// try terminal.wait(for: "hello")
/// ```
public final class TerminalEmulator {
  /// What the terminal answers when it is asked about itself.
  public struct Answers: Sendable {
    public enum Delivery: Sendable {
      case atOnce
      /// Kept until `releaseAnswers`.
      case held
      case never
    }
    public var delivery: Delivery
    /// The answer about mode 2026; false says that it is unknown.
    public var knowsSynchronizedOutput = true
    /// The answer about the background, in X11's form.
    public var background: String? = "rgb:1c1c/1c1c/1c1c"
    /// Adds columns to the cursor's, as a terminal with wide box characters would.
    public var extraCursorColumns = 0

    public init(_ delivery: Delivery = .atOnce) { self.delivery = delivery }
  }

  /// How the program ended.
  public enum Ending: Hashable, Sendable {
    case exit(Int)
    case signal(Int)
  }

  /// A wait that was in vain, with what was on the screen.
  public struct Timeout: Error, CustomStringConvertible {
    public var description: String
  }

  public struct CannotStart: Error {}

  /// Everything the program wrote.
  public private(set) var bytes: [UInt8] = []
  /// Private modes (`CSI ? n h`) that are on. Wrapping (7) and the cursor (25) are on at first.
  public private(set) var modes: Set<Int> = [7, 25]
  /// Every private mode that ever was on.
  public private(set) var modesSeen: Set<Int> = []
  public private(set) var title = ""
  /// What the program put on the clipboard, as base64.
  public private(set) var clipboard: String?
  public private(set) var titlesPushed = 0
  public private(set) var titlesPopped = 0
  public private(set) var ending: Ending?
  public var answers: Answers
  private var heldAnswers: [UInt8] = []
  private var scanner = OutputScanner()
  private var child = cpty_child()
  private var isConnected = true
  let vterm: OpaquePointer
  let screen: OpaquePointer
  let state: OpaquePointer

  /// Starts a program. `environment` is all it gets: say TERM and LC_ALL.
  public init(
    _ path: String, _ arguments: [String] = [],
    environment: [String: String] = TerminalEmulator.plainEnvironment, folder: String? = nil, columns: Int = 80,
    rows: Int = 24, answers: Answers = Answers(), startsRaw: Bool = false, typedBefore: String = ""
  ) throws {
    self.answers = answers
    guard let vterm = vterm_new(Int32(rows), Int32(columns)) else { throw CannotStart() }
    self.vterm = vterm
    vterm_set_utf8(vterm, 1)
    screen = vterm_obtain_screen(vterm)
    state = vterm_obtain_state(vterm)
    vterm_screen_enable_altscreen(screen, 1)
    vterm_screen_reset(screen, 1)
    let started = Self.withCStrings([path] + arguments) { arguments in
      Self.withCStrings(environment.map { "\($0)=\($1)" }) { environment in
        cpty_spawn(path, arguments, environment, folder, Int32(rows), Int32(columns), -1, startsRaw, &child)
      }
    }
    guard started else { throw CannotStart() }
    let settings = withUnsafeBytes(of: child.settings) { Array($0.prefix { $0 != 0 }) }
    lineSettingsBefore = String(decoding: settings, as: UTF8.self)
    if !typedBefore.isEmpty { type(typedBefore) }
  }

  deinit {
    if ending == nil {
      cpty_send_signal(child.process, 9)
      while cpty_exit_status(child.process) < 0 { _ = cpty_wait_readable(-1, 1) }
    }
    disconnect()
    vterm_free(vterm)
  }

  /// A terminal of xterm's family in a UTF-8 locale, and nothing else.
  public static let plainEnvironment = [
    "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent",
  ]

  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let copies = strings.map { string in
      let bytes = string.utf8CString
      let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
      _ = copy.initialize(from: bytes)
      return copy
    }
    defer { copies.forEach { $0.deallocate() } }
    return (copies.map(\.baseAddress) + [nil]).withUnsafeBufferPointer { pointers in
      guard let base = pointers.baseAddress else { preconditionFailure("an array with one element has an address") }
      return body(base)
    }
  }

  // MARK: the program

  public var process: Int32 { child.process }

  public func signal(_ number: Int32) { cpty_send_signal(child.process, number) }

  /// The processor time used so far, in steps of 10 ms.
  public var millisecondsOfCPU: Int { cpty_milliseconds_of_cpu(child.process) }

  /// Takes the terminal away, as a closed window or a lost connection does.
  public func disconnect() {
    guard isConnected else { return }
    isConnected = false
    cpty_close(child.master)
    cpty_close(child.slave)
  }

  /// The settings of the line before the program started.
  public private(set) var lineSettingsBefore = ""

  /// The settings of the line now.
  public var lineSettings: String {
    var text = [CChar](repeating: 0, count: 512)
    cpty_line_settings(child.slave, &text, text.count)
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Echo, lines and signals are on, as a shell wants them.
  public var isCooked: Bool { cpty_is_cooked(child.slave) }

  public func resize(columns: Int, rows: Int) {
    vterm_set_size(vterm, Int32(rows), Int32(columns))
    cpty_resize(child.master, Int32(rows), Int32(columns))
  }

  // MARK: waiting

  /// Reads until the condition holds.
  public func wait(
    seconds: Double = 30, _ what: String = "a condition", until condition: (TerminalEmulator) -> Bool
  ) throws {
    let end = ContinuousClock.now + .seconds(seconds)
    // Inside a synchronised update a terminal shows nothing new: a frame that is half read is not on the screen.
    while (modes.contains(2026) && ending == nil) || !condition(self) {
      guard ContinuousClock.now < end else {
        throw Timeout(description: "waited \(seconds) s for \(what); the screen shows:\n\(screenText)")
      }
      pump(milliseconds: 10)
    }
  }

  /// Reads until the screen shows a text.
  public func wait(for text: String, seconds: Double = 30) throws {
    try wait(seconds: seconds, "“\(text)”") { $0.screenText.contains(text) }
  }

  /// Reads until the program has ended and nothing of what it wrote is left.
  @discardableResult public func waitForEnd(seconds: Double = 30) throws -> Ending {
    try wait(seconds: seconds, "the end of the program") { $0.ending != nil }
    while pump(milliseconds: 0) {}
    guard let ending else { throw Timeout(description: "no ending") }
    return ending
  }

  /// Reads for a while, whatever comes.
  public func watch(seconds: Double) {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end { pump(milliseconds: 5) }
  }

  @discardableResult private func pump(milliseconds: Int32) -> Bool {
    guard isConnected else {
      if ending == nil { noteEnding() }
      _ = cpty_wait_readable(-1, milliseconds)
      return false
    }
    let isReadable = cpty_wait_readable(child.master, milliseconds)
    // Asked first: what is read after the end was written before it.
    if ending == nil { noteEnding() }
    guard isReadable else { return false }
    var buffer = [UInt8](repeating: 0, count: 16_384)
    let count = cpty_read(child.master, &buffer, buffer.count)
    guard count > 0 else { return false }
    take(buffer[..<count])
    return true
  }

  private func noteEnding() {
    let status = Int(cpty_exit_status(child.process))
    if status >= 0 { ending = status >= 256 ? .signal(status - 256) : .exit(status) }
  }

  // MARK: output

  private func take(_ new: ArraySlice<UInt8>) {
    bytes.append(contentsOf: new)
    var start = new.startIndex
    for at in new.indices {
      let sightings = scanner.take(new[at])
      guard !sightings.isEmpty else { continue }
      show(new[start...at])
      start = at + 1
      sightings.forEach(note)
    }
    show(new[start...])
  }

  private func show(_ part: ArraySlice<UInt8>) {
    part.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      _ = vterm_input_write(vterm, base.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    // libvterm's own answers; ours go out in `note`.
    _ = takeVtermOutput()
  }

  func takeVtermOutput() -> [UInt8] {
    var result: [UInt8] = []
    var buffer = [CChar](repeating: 0, count: 256)
    while true {
      let count = vterm_output_read(vterm, &buffer, buffer.count)
      if count == 0 { return result }
      result += buffer[..<count].map(UInt8.init(bitPattern:))
    }
  }

  private func note(_ sighting: OutputScanner.Sighting) {
    switch sighting {
    case .mode(let mode, let isOn):
      if isOn { modes.insert(mode) } else { modes.remove(mode) }
      if isOn { modesSeen.insert(mode) }
    case .title(let text): title = text
    case .clipboard(let base64): clipboard = base64
    case .titlePushed: titlesPushed += 1
    case .titlePopped: titlesPopped += 1
    case .modeQuestion(let mode):
      let state = mode == 2026 && answers.knowsSynchronizedOutput ? (modes.contains(2026) ? 1 : 2) : 0
      answer("\u{1B}[?\(mode);\(state)$y")
    case .backgroundQuestion:
      if let background = answers.background { answer("\u{1B}]11;\(background)\u{1B}\\") }
    case .cursorQuestion:
      answer("\u{1B}[\(cursor.row + 1);\(cursor.column + 1 + answers.extraCursorColumns)R")
    case .deviceQuestion: answer("\u{1B}[?62;22c")
    }
  }

  private func answer(_ text: String) {
    switch answers.delivery {
    case .atOnce: send(Array(text.utf8))
    case .held: heldAnswers += Array(text.utf8)
    case .never: break
    }
  }

  /// Sends what was held, in pieces of that many bytes.
  public func releaseAnswers(pieceLength: Int = .max) {
    var rest = heldAnswers[...]
    heldAnswers = []
    while !rest.isEmpty {
      send(Array(rest.prefix(pieceLength)))
      rest = rest.dropFirst(pieceLength)
    }
  }

  public var hasHeldAnswers: Bool { !heldAnswers.isEmpty }

  // MARK: input

  public func send(_ bytes: [UInt8]) {
    guard isConnected, !bytes.isEmpty else { return }
    _ = cpty_write(child.master, bytes, bytes.count)
  }

  /// Types characters; `\r` is Enter, `\u{1B}` Esc.
  public func type(_ text: String) { send(Array(text.utf8)) }
}
