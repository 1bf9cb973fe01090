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
