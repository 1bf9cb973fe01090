import Crypto
import Foundation
import RearviewMemory

/// Writes an export to a descriptor, line by line, and keeps the sum of what was written.
struct ExchangeOutput {
  private let descriptor: Int32
  private let path: String
  private var buffer: [UInt8] = []
  private var sum = SHA256()
  private(set) var lines = 0

  private static let bufferSize = 1 << 18

  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
    buffer.reserveCapacity(Self.bufferSize * 2)
  }

  mutating func write(_ line: [UInt8]) throws {
    buffer += line
    buffer.append(0x0A)
    lines += 1
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Of all that was written.
  mutating func checksum() throws -> String {
    try flush()
    return sum.finalize().hexadecimal
  }

  mutating func flush() throws {
    sum.update(data: buffer)
    var start = 0
    while start < buffer.count {
      let written = buffer[start...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written > 0 {
        start += written
      } else if errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, -1)
      } else if errno != EINTR {
        throw Self.fault(at: path)
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// The error for the system call that failed last.
  static func fault(at path: String) -> any Error {
    switch errno {
    case ENOSPC, EDQUOT: MemoryStoreError.diskFull(location: path)
    default: ExchangeError.unusable(path: path, cause: String(cString: strerror(errno)))
    }
  }
}

/// Reads the lines of a file, one after the other, whatever its size; the file is closed with the last reference.
final class ExchangeInput {
  private let descriptor: Int32
  private let path: String
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false
  /// The number of the line that was read last, from 1.
  private(set) var line = 0
  private(set) var bytesRead = 0
  /// Whether the line that was read last ended as a line does.
  private(set) var isWhole = true
  let byteCount: Int

  private static let pieceSize = 1 << 20

  init(path: String) throws {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ExchangeOutput.fault(at: path) }
    var status = stat()
    let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
    guard isFile else { throw ExchangeError.unusable(path: path, cause: "it is no file") }
  }

  deinit { close(descriptor) }

  /// The bytes of the next line; `nil` at the end.
  func next() throws -> [UInt8]? {
    var searched = start
    while true {
      if let end = newline(from: searched) {
        defer {
          bytesRead += end + 1 - start
          start = end + 1
        }
        line += 1
        return Array(buffer[start..<end])
      }
      guard !isAtEnd else {
        guard start < buffer.count else { return nil }
        defer { start = buffer.count }
        bytesRead += buffer.count - start
        line += 1
        isWhole = false
        return Array(buffer[start...])
      }
      let kept = buffer.count - start
      try fill()
      searched = kept
    }
  }

  private func newline(from place: Int) -> Int? {
    buffer.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, place < bytes.count,
        let found = memchr(base + place, 0x0A, bytes.count - place)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }

  /// Lets go what was read, and reads more.
  private func fill() throws {
    buffer.removeFirst(start)
    start = 0
    let kept = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: Self.pieceSize))
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress.map { $0 + kept }, Self.pieceSize) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw ExchangeOutput.fault(at: path) }
      buffer.removeLast(Self.pieceSize - count)
      isAtEnd = count == 0
      return
    }
  }
}

extension SHA256.Digest {
  /// 64 digits.
  var hexadecimal: String {
    map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}
