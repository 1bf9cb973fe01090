import Glibc

/// Reads answers of the benchmark's server and reports how long it took, as one line of JSON.
///
///     ChunkReader openai http://127.0.0.1:8080 bundled-200000
///
/// A process that reads and nothing else, so that processor time and memory are those of reading. It lives until its
/// standard input ends, so that it can be looked at.
@main
struct ChunkReader {
  static func main() async throws {
    let ready = Clock.now
    let (kind, address, model) = (CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3])
    let reader: any Reader = kind == "raw" ? try RawReader(address) : try ModelReader(kind, address)

    let firstCall = try await firstToken(reader)
    var later: [Double] = []
    for _ in 0..<50 { later.append(try await firstToken(reader)) }
    let (start, processor) = (Clock.now, Clock.processor)
    let chunks = try await reader.read(model).chunks
    let (seconds, cost) = (Clock.now - start, Clock.processor - processor)
    print(
      #"{"ready":\#(ready),"firstCall":\#(firstCall),"firstToken":\#(later.sorted()[25]),"chunks":\#(chunks),"#
        + #""seconds":\#(seconds),"processor":\#(cost)}"#)
    fflush(nil)
    _ = readLine()
  }

  /// Milliseconds from the call to the first token of a short answer.
  private static func firstToken(_ reader: any Reader) async throws -> Double {
    let start = Clock.now
    let reading = try await reader.read("single-3")
    guard reading.chunks == 3, let first = reading.firstTokenAt else { throw WrongAnswer() }
    return (first - start) * 1_000
  }
}

protocol Reader: Sendable {
  /// Reads a whole answer.
  func read(_ model: String) async throws -> Reading
}

struct Reading {
  var chunks = 0
  var firstTokenAt: Double?
}

struct WrongAnswer: Error {}

enum Clock {
  /// Seconds, by the clock that all processes share.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Seconds of the processor that this process has had.
  static var processor: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
