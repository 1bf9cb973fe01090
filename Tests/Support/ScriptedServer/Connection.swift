import Foundation
import Glibc

/// One connection of the scripted server: reads requests and plays answers until either side closes.
/// It lives on the thread that serves it.
final class Connection {
  let socket: Int32
  let number: Int
  let state: Guarded<ScriptedServer.State>
  let handler: ScriptedServer.Handler?
  /// What was received and not yet taken.
  private var input: [UInt8] = []

  init(socket: Int32, number: Int, state: Guarded<ScriptedServer.State>, handler: ScriptedServer.Handler?) {
    self.socket = socket
    self.number = number
    self.state = state
    self.handler = handler
  }

  func serve() {
    while let request = readRequest() {
      let scripted: ScriptedResponse? = state.access { state in
        state.requests.append(request)
        return state.script.isEmpty ? nil : state.script.removeFirst()
      }
      let response = scripted ?? handler?(request) ?? .body(404, "nothing is scripted for \(request.target)")
      switch play(response) {
      case .whole: continue
      case .cut: return
      case .clientLeft:
        state.access { if !$0.isStopped { $0.disconnects += 1 } }
        return
      }
    }
  }

  // MARK: Reading

  private func readRequest() -> ScriptedRequest? {
    guard let headEnd = fill(until: { $0.indexAfter([13, 10, 13, 10]) }) else { return nil }
    let head = String(decoding: take(headEnd), as: UTF8.self).components(separatedBy: "\r\n")
    let first = head[0].split(separator: " ")
    guard first.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in head.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    let length = Int(headers["content-length"] ?? "") ?? 0
    guard fill(until: { $0.count >= length ? length : nil }) != nil else { return nil }
    return ScriptedRequest(
      method: String(first[0]), target: String(first[1]), headers: headers, body: take(length), connection: number)
  }

  /// Reads until `find` has found what it looks for in what has come.
  private func fill(until find: ([UInt8]) -> Int?) -> Int? {
    while true {
      if let found = find(input) { return found }
      var buffer = [UInt8](repeating: 0, count: 16_384)
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      input += buffer[..<count]
      // Someone who speaks TLS is told so as plain servers do.
      if input.first == 0x16 {
        _ = send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        return nil
      }
    }
  }

  private func take(_ count: Int) -> [UInt8] {
    defer { input.removeFirst(count) }
    return Array(input[..<count])
  }

  // MARK: Playing

  private enum Ending {
    case whole, cut, clientLeft
  }

  private func play(_ response: ScriptedResponse) -> Ending {
    if response.hasHead, !send(head(of: response)) { return .clientLeft }
    for step in response.steps {
      switch step {
      case .send(let bytes):
        if !send(framed(bytes, response.framing)) { return .clientLeft }
      case .flood(let bytes, let count):
        if !flood(framed(bytes, response.framing), count: count) { return .clientLeft }
      case .trickle(let bytes, let count, let pauseMilliseconds):
        for _ in 0..<count {
          usleep(pauseMilliseconds * 1_000)
          if isStopped || !send(framed(bytes, response.framing)) { return .clientLeft }
        }
      case .wait(let gate):
        if !gate.wait(unless: { isStopped || clientHasLeft(milliseconds: 0) }) { return .clientLeft }
      case .hang:
        while !isStopped, !clientHasLeft(milliseconds: 20) {}
        return .clientLeft
      case .cut:
        return .cut
      }
    }
    switch response.framing {
    case .chunked: return send(Array("0\r\n\r\n".utf8)) ? .whole : .clientLeft
    case .contentLength: return .whole
    case .untilClosed: return .cut
    }
  }

  private func head(of response: ScriptedResponse) -> [UInt8] {
    var head = "HTTP/1.1 \(response.status) Scripted\r\n"
    for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
    switch response.framing {
    case .chunked: head += "transfer-encoding: chunked\r\n"
    case .contentLength(let length): head += "content-length: \(length)\r\n"
    case .untilClosed: head += "connection: close\r\n"
    }
    return Array((head + "\r\n").utf8)
  }

  private func framed(_ bytes: [UInt8], _ framing: ScriptedResponse.Framing) -> [UInt8] {
    guard case .chunked = framing else { return bytes }
    return Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [13, 10]
  }

  /// Many at a time, so that the client and not this loop is what is measured.
  private func flood(_ bytes: [UInt8], count: Int) -> Bool {
    let batch = 64
    let block = Array(repeatElement(bytes, count: batch).joined())
    for _ in 0..<(count / batch) where !send(block) { return false }
    return send(Array(repeatElement(bytes, count: count % batch).joined()))
  }

  private func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private var isStopped: Bool { state.access { $0.isStopped } }

  private func clientHasLeft(milliseconds: Int32) -> Bool {
    var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard poll(&descriptor, 1, milliseconds) > 0 else { return false }
    var byte: UInt8 = 0
    return recv(socket, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) <= 0
  }
}

extension [UInt8] {
  /// Where the first occurrence of `pattern` ends.
  fileprivate func indexAfter(_ pattern: [UInt8]) -> Int? {
    guard count >= pattern.count else { return nil }
    for start in 0...(count - pattern.count) where self[start..<(start + pattern.count)].elementsEqual(pattern) {
      return start + pattern.count
    }
    return nil
  }
}
