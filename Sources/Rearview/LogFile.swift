import Foundation
import Logging
import NIOConcurrencyHelpers

/// The log of failures that a screen shows only for a while, as lines in `rearview.log`; nothing that was said, no keys.
///
/// Mode 0600. At a megabyte it becomes `rearview.log.1` and a new one begins. A log that cannot be written costs
/// nothing but itself.
struct LogFile: LogHandler {
  static let limit = 1_000_000

  var logLevel: Logger.Level = .info
  var metadata: Logger.Metadata = [:]
  private let path: String
  private let lock = NIOLock()

  init(path: String) { self.path = path }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let facts = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let text = ["\(time) \(event.level) \(event.message)"] + facts.map { "\($0.key)=\($0.value)" }
    let line = text.joined(separator: " ").split(whereSeparator: \.isNewline).joined(separator: " ") + "\n"
    lock.withLock { write(line) }
  }

  private func write(_ line: String) {
    var status = stat()
    if stat(path, &status) == 0, status.st_size > Self.limit { rename(path, path + ".1") }
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var bytes = Array(line.utf8)
    _ = bytes.withUnsafeMutableBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
  }
}
