import Crypto
import Foundation
import RearviewJSON

/// The lines of an export around its rows: the first says what it is, the last that nothing is missing.
///
/// A file is JSON, one object a line: `{"format": "rearview-export", "version": 1, …}`, then rows, each with the name
/// of its `table`, bank after bank, then `{"end": true, "rows": …, "sha256": …}` with the sum of all bytes before that
/// line.
enum ExchangeFormat {
  static let name = "rearview-export"
  /// Raised when an older program would read a file wrongly.
  static let version = 1

  /// - Throws: `ExchangeError` for another kind of file, a newer one, one that was cut off or changed.
  static func verify(_ path: String) throws -> Contents {
    let input = try ExchangeInput(path: path)
    guard let first = try input.next() else { throw ExchangeError.notAnExport(path: path, cause: "it is empty") }
    let header = try header(first, path: path)
    var sum = SHA256()
    sum.update(data: first)
    sum.update(data: newline)
    var last: [UInt8]?
    while let line = try input.next() {
      try Task.checkCancellation()
      if let last {
        sum.update(data: last)
        sum.update(data: newline)
      }
      last = line
    }
    guard let last, input.isWhole, let end = try? JSONValue(parsing: last), end["end"]?.boolean == true else {
      try requireReadableLines(path)
      throw ExchangeError.cut(path: path, line: input.line)
    }
    guard end["sha256"]?.text == sum.finalize().hexadecimal else {
      try requireReadableLines(path)
      throw ExchangeError.damaged(path: path, line: nil, cause: "its checksum is of another text")
    }
    return Contents(header: header, lines: input.line, bytes: input.byteCount)
  }

  /// What a file that is whole says about itself.
  struct Contents {
    var header: JSONValue
    var lines: Int
    var bytes: Int

    var bankCount: Int { header["banks"]?.list?.count ?? 0 }
  }

  private static let newline: [UInt8] = [0x0A]

  private static func header(_ line: [UInt8], path: String) throws -> JSONValue {
    guard let value = try? JSONValue(parsing: line), value["format"]?.text == name else {
      throw ExchangeError.notAnExport(path: path, cause: "its first line does not say so")
    }
    guard let version = value["version"]?.integer, let schema = value["schema"]?.integer else {
      throw ExchangeError.notAnExport(path: path, cause: "its first line does not say which format it has")
    }
    if version > Self.version { throw ExchangeError.newerFormat(path: path, found: version, known: Self.version) }
    if schema > MemorySchema.format {
      throw ExchangeError.newerFormat(path: path, found: schema, known: MemorySchema.format)
    }
    return value
  }

  /// Names the first line that is no JSON, if there is one before the last.
  private static func requireReadableLines(_ path: String) throws {
    let input = try ExchangeInput(path: path)
    while let line = try input.next() {
      do {
        _ = try JSONValue(parsing: line)
      } catch {
        guard input.isWhole else { return }
        throw ExchangeError.damaged(path: path, line: input.line, cause: "column \(error.column): \(error.cause)")
      }
    }
  }
}
