import Foundation
import RearviewText

/// Standard output and error of the one-shot commands.
enum Console {
  /// Whether a person reads standard output.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Writes at once: a streamed answer must not wait in a buffer.
  static func write(_ text: String) {
    writeAll(Array(text.utf8), to: STDOUT_FILENO)
  }

  static func line(_ text: String) { write(text + "\n") }

  /// Rows of which the columns stand below each other, the last one as wide as it is.
  static func columns(_ rows: [[String]]) {
    let rows = rows.map { $0.map { (text: shown($0), width: DisplayText($0).width) } }
    let widths = (0..<(rows.map(\.count).max() ?? 0)).map { column in
      rows.map { column < $0.count ? $0[column].width : 0 }.max() ?? 0
    }
    for row in rows {
      line(
        row.enumerated().map { column, cell in
          column == row.count - 1 ? cell.text : cell.text + String(repeating: " ", count: widths[column] - cell.width)
        }.joined(separator: "  "))
    }
  }

  /// All of standard input.
  ///
  /// - Throws: `CommandEnd` when it is no UTF-8: what is not read right must not be kept.
  static func standardInput() throws -> String {
    guard let text = String(validating: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) else {
      throw CommandEnd(.failed, "Standard input is no UTF-8 text; convert it first, with iconv for one.")
    }
    return text
  }

  /// For text that we did not write: made harmless when a terminal shows it, exact when another program reads it.
  static func shown(_ text: String) -> String { isTerminal ? DisplayText(text).string : text }

  static func error(_ sentence: String) {
    let text = isatty(STDERR_FILENO) == 1 ? DisplayText(sentence).string : sentence
    writeAll(Array(("rearview: " + text + "\n").utf8), to: STDERR_FILENO)
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
    var start = 0
    while start < bytes.count {
      let written = bytes[start...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written > 0 {
        start += written
      } else if errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, -1)
      } else if errno != EINTR {
        // The reader is gone (`| head`): the turn still comes to its end and is kept.
        return
      }
    }
  }
}
