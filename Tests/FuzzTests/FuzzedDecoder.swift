import RearviewHTTP

@testable import RearviewProviders

// What every decoder promises of any bytes whatever. The fuzzer looks for bytes that break a promise, the tests read
// those that it has found worth keeping (`Corpus`); both come here.

/// A decoder that reads what a server sends.
enum FuzzedDecoder: String, CaseIterable, Sendable {
  case sse, lines, eventstream
  case openai, responses, anthropic, gemini, bedrock, ollama
  case bodies, json, chunks

  /// Decodes an input in every way that must give the same.
  func check(_ bytes: [UInt8]) throws(BrokenPromise) {
    guard let input = FuzzInput(bytes) else { return }
    switch self {
    case .sse: try input.checkServerSentEvents()
    case .lines: try input.checkLines()
    case .eventstream: try input.checkEventStream()
    case .openai: try input.checkAnswer(OpenAIDialect())
    case .responses: try input.checkAnswer(ResponsesDialect())
    case .anthropic: try input.checkAnswer(AnthropicDialect())
    case .gemini: try input.checkAnswer(GeminiDialect())
    case .bedrock: try input.framed.checkAnswer(BedrockDialect())
    case .ollama: try input.checkAnswer(OllamaDialect())
    case .bodies: try input.checkBodies()
    case .json: try input.checkJSON()
    case .chunks: try input.checkChunk()
    }
  }
}

/// What a decoder did that it must not do.
struct BrokenPromise: Error, CustomStringConvertible {
  var description: String

  /// Throws `message` where a promise is not kept.
  static func unless(_ isKept: Bool, _ message: @autoclosure () -> String) throws(BrokenPromise) {
    if !isKept { throw BrokenPromise(description: message()) }
  }
}

/// An input of the fuzzer. Its first byte tells how the others come: six bits for the size of the pieces, two for a
/// variant whose meaning is the decoder's.
struct FuzzInput {
  var pieceSize: Int
  var variant: Int
  var bytes: [UInt8]

  init?(_ input: [UInt8]) {
    guard let first = input.first else { return nil }
    pieceSize = Int(first & 0x3F) + 1
    variant = Int(first >> 6)
    bytes = Array(input.dropFirst())
  }

  /// The bytes as a network might cut them.
  var pieces: [[UInt8]] {
    stride(from: 0, to: bytes.count, by: pieceSize).map { Array(bytes[$0..<min($0 + pieceSize, bytes.count)]) }
  }
}
