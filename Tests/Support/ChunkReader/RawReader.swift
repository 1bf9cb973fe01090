import Glibc

/// What nobody can be faster than: a socket that is read, and pairs of line feeds that are counted.
struct RawReader: Reader {
  private let descriptor: Int32

  /// - Parameter address: `http://127.0.0.1:PORT`
  init(_ address: String) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    name.sin_port = (address.split(separator: ":").last.flatMap { UInt16($0) } ?? 0).bigEndian
    let connected = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw WrongAnswer() }
  }

  func read(_ model: String) async throws -> Reading {
    var firstTokenAt: Double?
    let body = #"{"model":"\#(model)","stream":true,"messages":[{"role":"user","content":"Say something."}]}"#
    let request =
      "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: \(body.utf8.count)\r\n\r\n" + body
    guard send(descriptor, request, request.utf8.count, 0) == request.utf8.count else { throw WrongAnswer() }
    var buffer = [UInt8](repeating: 0, count: 256 * 1024)
    var events = 0
    var endsWithLineFeed = false
    // The last bytes so far, which tell the end.
    var tail: [UInt8] = []
    while tail != Self.end {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { throw WrongAnswer() }
      let found = Self.pairs(in: buffer[..<count], endsWithLineFeed: &endsWithLineFeed)
      // The first event has no text.
      if events < 2, events + found >= 2 { firstTokenAt = Clock.now }
      events += found
      tail = (tail + buffer[max(0, count - Self.end.count)..<count]).suffix(Self.end.count)
    }
    // The first, the last and the end mark are no text.
    return Reading(chunks: events - 3, firstTokenAt: firstTokenAt)
  }

  private static let end = Array("\r\n0\r\n\r\n".utf8)

  /// How many pairs of line feeds there are. `endsWithLineFeed` joins what comes in two parts.
  private static func pairs(in bytes: ArraySlice<UInt8>, endsWithLineFeed: inout Bool) -> Int {
    bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return 0 }
      var pairs = endsWithLineFeed && bytes[0] == 10 ? 1 : 0
      var position = 0
      while let found = memchr(base + position, 10, bytes.count - position) {
        position = found - UnsafeMutableRawPointer(mutating: base) + 1
        if position < bytes.count, bytes[position] == 10 { pairs += 1 }
      }
      endsWithLineFeed = bytes[bytes.count - 1] == 10
      return pairs
    }
  }
}
