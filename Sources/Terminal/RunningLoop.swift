import CTerminal
import RearviewText

/// One run of a `TerminalLoop`, on the terminal thread: sleep, read, handle, draw.
final class RunningLoop<Program: TerminalProgram> {
  private typealias Instant = ContinuousClock.Instant

  private let program: Program
  private let terminal: Terminal
  private let screen: CursesScreen
  private let mailbox: Mailbox<Program.Event>
  private let waker: Waker
  private let clock = ContinuousClock()
  private let frameInterval: Duration
  private var input: Int32
  private var decoder: KeyDecoder
  private var buffer = [UInt8](repeating: 0, count: 4096)
  private var probingEnds: Instant?
  /// Until then nothing is drawn unless a key was pressed: answers and a picture at once are too much for some
  /// emulators, and one that answers does so within a millisecond.
  private var firstFrame: Instant?
  /// Before this moment nothing that was posted is taken or drawn.
  private var nextFrame: Instant
  private var isDirty = true
  /// A key or a new size is to be seen at once.
  private var isUrgent = true
  private var signal: TerminationSignal?
  /// After the terminal has gone: how long the program may take to end by itself.
  private var gone: Instant?

  init(
    program: Program, terminal: Terminal, screen: CursesScreen, mailbox: Mailbox<Program.Event>, waker: Waker,
    options: TerminalOptions, input: Int32
  ) {
    self.program = program
    self.terminal = terminal
    self.screen = screen
    self.mailbox = mailbox
    self.waker = waker
    self.input = input
    frameInterval = .seconds(1) / max(1, options.framesPerSecond)
    var limits = KeyDecoder.Limits()
    limits.escape = options.escapeDelay
    decoder = KeyDecoder(table: KeyTable(capability: CursesScreen.capability), limits: limits)
    nextFrame = clock.now
    if screen.capabilities.isXtermLike {
      decoder.isProbing = true
      probingEnds = clock.now + Probe.patience
      firstFrame = clock.now + Probe.courtesy
    }
  }

  func run() -> TerminalOutcome {
    while !program.isFinished {
      drawIfDue()
      let woken = Int(ct_wait(input, waker.descriptor, nanosecondsToSleep()))
      if woken & CT_WOKEN != 0 { waker.drain() }
      takeSignals()
      if program.isFinished { break }
      if woken & (CT_INPUT_READY | CT_INPUT_GONE) != 0 { readInput() }
      expire()
      takeEvents()
      // A program may have suspended itself or lent the terminal; the window may have another size since.
      if terminal.needsRedraw { readSize() }
      if let gone, clock.now >= gone { break }
    }
    drawIfDue()
    collectLateAnswers()
    return signal.map(TerminalOutcome.terminated) ?? .finished
  }

  // MARK: sleeping

  private func nanosecondsToSleep() -> Int64 {
    var wake: [Instant] = [decoder.deadline, probingEnds, gone].compactMap { $0 }
    if let firstFrame, isDirty { return max(0, (firstFrame - clock.now).nanoseconds) }
    if isDirty || !mailbox.isEmpty { wake.append(nextFrame) }
    if let tick = program.nextTick { wake.append(max(tick, nextFrame)) }
    guard let first = wake.min() else { return -1 }
    return max(0, (first - clock.now).nanoseconds)
  }

  // MARK: what came

  private func takeSignals() {
    var number: Int32 = 0
    let signals = Int(ct_guard_take_signals(&number))
    guard signals != 0 else { return }
    if signals & CT_SIGNAL_END != 0, let ending = TerminationSignal(number: number) {
      end(ending)
      ct_guard_answered()
    }
    if signals & CT_SIGNAL_STOP != 0 {
      terminal.suspend()
    } else if signals & CT_SIGNAL_CONTINUE != 0 {
      terminal.recover()
    }
    if signals & CT_SIGNAL_RESIZE != 0 || terminal.needsRedraw { readSize() }
  }

  private func end(_ ending: TerminationSignal) {
    signal = signal ?? ending
    program.handle(ending)
    isDirty = true
  }

  /// The size of now, however many changes led to it.
  private func readSize() {
    if screen.readSize() { deliver(.resize(screen.size)) }
    isDirty = true
    isUrgent = true
  }

  private func readInput() {
    let count = ct_read_some(input, &buffer, buffer.count)
    if count == 0 {
      // The terminal is gone. Let the program end, and end for it if it does not.
      input = -1
      gone = clock.now + .seconds(2)
      if signal == nil { end(.hangup) }
    } else if count > 0 {
      take(decoder.feed(buffer[..<count], at: clock.now))
    }
  }

  private func expire() {
    let now = clock.now
    take(decoder.expire(at: now))
    if let probingEnds, now >= probingEnds { endProbing() }
  }

  private func endProbing() {
    probingEnds = nil
    firstFrame = nil
    decoder.isProbing = false
  }

  private func take(_ tokens: [KeyDecoder.Token]) {
    for token in tokens {
      if program.isFinished { return }
      switch token {
      case .input(let event): deliver(event)
      case .reply(let reply): learn(reply)
      }
    }
  }

  private func deliver(_ event: InputEvent) {
    switch event {
    case .key, .paste: firstFrame = nil
    case .resize, .focus, .scroll, .click: break
    }
    program.handle(event)
    isDirty = true
    isUrgent = true
  }

  private func learn(_ reply: TerminalReply) {
    if reply == .deviceAttributes { endProbing() }
    guard screen.learn(reply) else { return }
    program.handle(screen.capabilities)
    isDirty = true
  }

  private func takeEvents() {
    guard clock.now >= nextFrame else { return }
    let events = mailbox.takeAll()
    guard !events.isEmpty, !program.isFinished else { return }
    program.handle(events)
    isDirty = true
  }

  // MARK: drawing

  private func drawIfDue() {
    let now = clock.now
    if let first = firstFrame, first <= now { firstFrame = nil }
    guard firstFrame == nil else { return }
    if let tick = program.nextTick, tick <= now { isDirty = true }
    guard isDirty || terminal.needsRedraw, isUrgent || now >= nextFrame, input >= 0 else { return }
    if let frame = program.render(size: screen.size) { screen.draw(frame) }
    terminal.drewAll()
    isDirty = false
    isUrgent = false
    // A key drawn between two frames does not put the next one off: else steady typing would.
    if now >= nextFrame { nextFrame = now + frameInterval }
  }

  // MARK: the end

  /// Answers that are still on their way would be typed into the shell.
  private func collectLateAnswers() {
    guard input >= 0, decoder.isProbing, signal == nil else { return }
    let end = clock.now + .milliseconds(150)
    while decoder.isProbing, clock.now < end {
      let woken = Int(ct_wait(input, waker.descriptor, (end - clock.now).nanoseconds))
      guard woken & CT_INPUT_READY != 0 else {
        waker.drain()
        continue
      }
      let count = ct_read_some(input, &buffer, buffer.count)
      guard count > 0 else { return }
      for case .reply(.deviceAttributes) in decoder.feed(buffer[..<count], at: clock.now) { endProbing() }
    }
  }
}

extension Duration {
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue + attoseconds / 1_000_000_000
  }
}
