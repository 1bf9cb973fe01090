import TerminalEmulator

/// The built probe in an emulator.
func probe(
  _ arguments: String..., environment: [String: String] = [:], columns: Int = 80, rows: Int = 24,
  answers: TerminalEmulator.Answers = .init(), startsRaw: Bool = false, typedBefore: String = ""
) throws -> TerminalEmulator {
  let all = TerminalEmulator.plainEnvironment.merging(environment) { $1 }
  return try TerminalEmulator(
    probePath, arguments, environment: all, columns: columns, rows: rows, answers: answers, startsRaw: startsRaw,
    typedBefore: typedBefore)
}

let probePath = TerminalEmulator.builtProgram("TerminalProbe")

extension TerminalEmulator {
  /// Everything written, with Esc made visible.
  var transcript: String { String(decoding: bytes, as: UTF8.self).replacing("\u{1B}", with: "␛") }

  /// Nothing is on that the program may have switched on, and the normal screen is back.
  var isRestored: Bool { modes == [7, 25] && isCooked }
}
