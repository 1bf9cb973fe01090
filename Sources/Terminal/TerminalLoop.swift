import CTerminal

/// Owns the terminal: starts it, runs a program on a thread of its own, and gives the terminal back as it was, however
/// that ends.
///
/// ```swift
/// let loop = try TerminalLoop<Chat>(options: TerminalOptions())
/// Task { for await event in events { loop.mailbox.post(event) } }
/// let outcome = try await loop.run { terminal in Chat(terminal: terminal) }
/// ```
///
/// While nothing happens the thread sleeps without a limit. A key is drawn as soon as it is handled; what is posted is
/// handled and drawn together, `TerminalOptions.framesPerSecond` times a second at most, so a flood of events cannot
/// hold up the keyboard.
public final class TerminalLoop<Program: TerminalProgram>: Sendable {
  /// Where other threads and tasks put their events.
  public let mailbox: Mailbox<Program.Event>
  private let waker: Waker
  private let options: TerminalOptions
  private let choice: TerminalChoice

  /// Looks whether there is a terminal that can be used, and changes nothing about it.
  ///
  /// - Throws: `TerminalError`, whose description says what to do.
  public init(options: TerminalOptions = TerminalOptions()) throws {
    guard ct_is_terminal(Self.standardInput), ct_is_terminal(Self.standardOutput) else {
      throw TerminalError.notATerminal
    }
    guard let waker = Waker() else { throw TerminalError.cannotStart(reason: "no file descriptor was left") }
    choice = try TerminalChoice.decide(options, in: CursesDatabase())
    self.options = options
    self.waker = waker
    mailbox = Mailbox(waker: waker)
  }

  /// Runs a program until it is finished or a signal ends it. The terminal is restored before this returns or throws,
  /// and what was printed to standard output and error meanwhile is copied to standard error.
  ///
  /// - Throws: `TerminalError`, or what `makeProgram` throws.
  public func run(_ makeProgram: @escaping @Sendable (Terminal) throws -> Program) async throws -> TerminalOutcome {
    try await withCheckedThrowingContinuation { continuation in
      let work = ThreadWork { continuation.resume(with: Result { try self.runHere(makeProgram) }) }
      if !work.start() {
        continuation.resume(throwing: TerminalError.cannotStart(reason: "no thread could be made"))
      }
    }
  }

  private func runHere(_ makeProgram: (Terminal) throws -> Program) throws -> TerminalOutcome {
    let output = ct_private_copy(Self.standardOutput)
    guard output >= 0 else { throw TerminalError.cannotStart(reason: "no file descriptor was left") }
    guard ct_guard_install(Self.standardInput, output, waker.descriptor, options.crashReportPath) else {
      ct_close(output)
      throw TerminalError.alreadyRunning
    }
    defer { ct_guard_remove() }
    let screen: CursesScreen
    do {
      ct_guard_screen_up()
      screen = try CursesScreen(options: options, choice: choice, input: Self.standardInput, output: output)
    } catch {
      ct_screen_close()
      throw error
    }
    defer { screen.close() }
    screen.enter(title: options.title)
    let terminal = Terminal(screen: screen, input: Self.standardInput)
    let program = try makeProgram(terminal)
    ct_guard_set_listening(true)
    defer { ct_guard_set_listening(false) }
    let running = RunningLoop(
      program: program, terminal: terminal, screen: screen, mailbox: mailbox, waker: waker, options: options,
      input: Self.standardInput)
    return running.run()
  }

  private static var standardInput: Int32 { 0 }
  private static var standardOutput: Int32 { 1 }
}

/// A closure on its way to a thread.
private final class ThreadWork: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  func start() -> Bool {
    let context = Unmanaged.passRetained(self)
    let started = ct_thread_start(
      { context in
        guard let context else { return }
        Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().body()
      }, context.toOpaque())
    if !started { context.release() }
    return started
  }
}
