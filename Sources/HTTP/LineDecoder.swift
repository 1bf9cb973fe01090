/// Makes lines of bytes, in whatever pieces the bytes come: newline-delimited JSON, as Ollama streams it.
///
/// A line ends with LF or CRLF; a CR alone ends none. Empty lines are dropped, and so is a byte-order mark at the very
/// start. The pieces change nothing in the work: a line of 10 MB costs what 10 MB cost.
public struct LineDecoder: Sendable {
  /// The beginning of a line whose end has not come yet.
  private var partialLine: [UInt8] = []
  private var isFirstLine = true

  public init() {}

  /// Takes the next bytes and returns the lines that they complete, without their ends.
  public mutating func feed(_ bytes: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
        partialLine.append(contentsOf: bytes[start..<end])
        if let line = takeLine() { lines.append(line) }
        start = end + 1
      }
      partialLine.append(contentsOf: bytes[start...])
    }
    return lines
  }

  /// Says that no more bytes come. Returns the line whose end is missing, if there is one: it may be whole or cut.
  public mutating func finish() -> [UInt8]? {
    takeLine()
  }

  private mutating func takeLine() -> [UInt8]? {
    var line = partialLine
    partialLine = []
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    if isFirstLine, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    isFirstLine = false
    return line.isEmpty ? nil : line
  }
}
