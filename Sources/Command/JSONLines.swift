import Foundation
import RearviewJSON

/// The lines of a file of JSON values, or of standard input, one after the other, whatever its size.
struct JSONLines {
  private let handle: FileHandle
  private var buffer = Data()
  private var isAtEnd = false
  /// The number of the line that was read last, from 1.
  private(set) var line = 0
  /// How many bytes were handed out, of how many there are; `nil` where nobody knows.
  private(set) var bytesRead = 0
  let byteCount: Int?

  private static let pieceSize = 1 << 20

  /// - Parameter path: `-` for standard input.
  init(_ path: String) throws {
    if path == "-" {
      handle = .standardInput
      byteCount = nil
      return
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
      let handle = FileHandle(forReadingAtPath: path)
    else {
      let problem = isFolder.boolValue ? "is a folder" : "cannot be read"
      throw CommandEnd(.usage, "\(path) \(problem); name a file with one JSON object a line, or - for standard input.")
    }
    self.handle = handle
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    byteCount = (attributes?[.size] as? Int).flatMap { $0 > 0 ? $0 : nil }
  }

  /// The value of the next line that is not blank; `nil` at the end.
  ///
  /// - Throws: `CommandEnd` that names the line.
  mutating func next() throws -> JSONValue? {
    while let bytes = nextLine() {
      line += 1
      guard bytes.contains(where: { ![0x20, 0x09, 0x0D].contains($0) }) else { continue }
      do {
        return try JSONValue(parsing: [UInt8](bytes))
      } catch {
        throw CommandEnd(.failed, "Line \(line) is no JSON (column \(error.column): \(error.cause)).")
      }
    }
    return nil
  }

  private mutating func nextLine() -> Data? {
    var searched = buffer.startIndex
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0A) {
        let line = buffer[buffer.startIndex..<end]
        bytesRead += line.count + 1
        buffer = buffer[(end + 1)...]
        return line
      }
      guard !isAtEnd else {
        guard !buffer.isEmpty else { return nil }
        defer { buffer = Data() }
        bytesRead += buffer.count
        return buffer
      }
      let piece = handle.readData(ofLength: Self.pieceSize)
      isAtEnd = piece.isEmpty
      // What was read is let go before more comes.
      let searchedCount = buffer.count
      buffer = Data(buffer) + piece
      searched = buffer.startIndex + searchedCount
    }
  }
}

/// How far a long command is, on one line of a terminal's standard error; nothing where no person watches.
struct ProgressLine {
  private let isShown = isatty(STDERR_FILENO) == 1
  private var shownAt: ContinuousClock.Instant?

  mutating func show(_ text: @autoclosure () -> String) {
    guard isShown else { return }
    if let shownAt, shownAt.duration(to: .now) < .milliseconds(100) { return }
    shownAt = .now
    FileHandle.standardError.write(Data("\r\(text())\u{1B}[K".utf8))
  }

  /// Takes the line away.
  mutating func end() {
    guard isShown, shownAt != nil else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    shownAt = nil
  }
}
