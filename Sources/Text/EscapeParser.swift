/// Recognises terminal escape sequences in a stream of scalars, so that they can be taken out whole.
///
/// Follows ECMA-48 as terminals read it: CSI, the strings OSC, DCS, APC, PM and SOS (ended by ST or BEL), short
/// escapes, in their 7-bit and 8-bit forms. It differs from a terminal in one point: a string also ends at a line end
/// and after `stringLimit` scalars, and a CSI after `parameterLimit`, so that an introducer that is never closed
/// cannot swallow the text that follows. What then comes through is plain text.
struct EscapeParser: Sendable, Hashable {
  static let stringLimit = 4096
  static let parameterLimit = 256

  enum Verdict {
    /// Not part of a sequence.
    case text
    /// Part of a sequence that is still open.
    case swallowed
    /// Last scalar of a sequence.
    case ended
    /// The sequence broke off before this scalar, which must be judged again.
    case brokenOff
  }

  private enum State: Hashable {
    case ground, escape
    case intermediate(Int)
    case control(Int)
    case string(Int)
    case stringEscape
  }

  private var state = State.ground

  /// Whether a sequence has begun and not ended.
  var isInside: Bool { state != .ground }

  mutating func judge(_ value: UInt32) -> Verdict {
    switch state {
    case .ground: judgeGround(value)
    case .escape: judgeEscape(value)
    case .intermediate(let length): judgeIntermediate(value, length)
    case .control(let length): judgeControl(value, length)
    case .string(let length): judgeString(value, length)
    case .stringEscape: value == 0x5C ? end() : breakOff(into: .escape)
    }
  }

  private mutating func judgeGround(_ value: UInt32) -> Verdict {
    switch value {
    case 0x1B: go(.escape)
    case 0x9B: go(.control(0))
    case 0x90, 0x98, 0x9D, 0x9E, 0x9F: go(.string(0))
    default: .text
    }
  }

  private mutating func judgeEscape(_ value: UInt32) -> Verdict {
    switch value {
    case 0x5B: go(.control(0))
    case 0x50, 0x58, 0x5D, 0x5E, 0x5F: go(.string(0))
    case 0x20...0x2F: go(.intermediate(0))
    case 0x30...0x7E: end()
    default: breakOff()
    }
  }

  private mutating func judgeIntermediate(_ value: UInt32, _ length: Int) -> Verdict {
    switch value {
    case 0x20...0x2F where length < Self.parameterLimit: go(.intermediate(length + 1))
    case 0x30...0x7E: end()
    default: breakOff()
    }
  }

  private mutating func judgeControl(_ value: UInt32, _ length: Int) -> Verdict {
    switch value {
    case 0x20...0x3F where length < Self.parameterLimit: go(.control(length + 1))
    case 0x40...0x7E, 0x18, 0x1A: end()
    default: breakOff()
    }
  }

  private mutating func judgeString(_ value: UInt32, _ length: Int) -> Verdict {
    switch value {
    case 0x07, 0x18, 0x1A, 0x9C: end()
    case 0x1B: go(.stringEscape)
    case 0x0A, 0x0D: breakOff()
    default: length < Self.stringLimit ? go(.string(length + 1)) : breakOff()
    }
  }

  private mutating func go(_ next: State) -> Verdict {
    state = next
    return .swallowed
  }

  private mutating func end() -> Verdict {
    state = .ground
    return .ended
  }

  private mutating func breakOff(into next: State = .ground) -> Verdict {
    state = next
    return .brokenOff
  }
}
