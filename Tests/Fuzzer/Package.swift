// swift-tools-version: 6.1
import PackageDescription

// The fuzzer of the decoders (README.md, "Test it"): a package of its own, of the files that decode and of nothing else.
// All of them measure which branches an input takes, and no other package has to be fetched or built.
// `Sources` and `Promises` are links to the product's sources and to the folder of the tests that read the same corpus.

let settings: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])]

let package = Package(
  name: "fuzzer",
  platforms: [.macOS(.v14)],
  targets: [
    .target(name: "RearviewJSON", path: "Sources/JSON", swiftSettings: settings),
    .target(name: "RearviewMemory", dependencies: ["RearviewJSON"], path: "Sources/Memory"),
    .target(
      name: "RearviewChat", dependencies: ["RearviewJSON", "RearviewMemory"], path: "Sources/Chat",
      swiftSettings: settings),
    .target(
      name: "RearviewHTTP", path: "Sources/HTTP",
      sources: [
        "CRC32.swift", "EventStreamDecoder.swift", "EventStreamFault.swift", "EventStreamMessage.swift",
        "HTTPError.swift", "HeaderFields.swift", "LineDecoder.swift", "SSEDecoder.swift", "ServerSentEvent.swift",
      ], swiftSettings: settings),
    .target(
      name: "RearviewProviders", dependencies: ["RearviewJSON", "RearviewChat", "RearviewHTTP"],
      path: "Sources/Providers",
      sources: [
        "Answer/AnswerDialect.swift", "Answer/AnswerFraming.swift", "Answer/AnswerReader.swift",
        "Answer/ThinkingBlocks.swift", "Answer/ToolCallAssembly.swift", "Anthropic/AnthropicDialect.swift",
        "Bedrock/BedrockDialect.swift",
        "Catalog/ListedModel.swift", "Gemini/GeminiDialect.swift", "Ollama/OllamaDialect.swift",
        "OpenAI/OpenAIChunk.swift", "OpenAI/OpenAIChunk+Parsed.swift", "OpenAI/OpenAIChunk+Scanned.swift",
        "OpenAI/OpenAIDialect.swift", "ProviderErrorObject.swift", "ProviderFailure.swift", "Redaction.swift",
        "Responses/ResponsesDialect.swift", "RetryAfter.swift", "TrimmedText.swift", "WireProtocol.swift",
      ], swiftSettings: settings),
    .target(
      name: "DecoderPromises", dependencies: ["RearviewProviders", "RearviewHTTP", "RearviewChat", "RearviewJSON"],
      path: "Promises", exclude: ["CorpusTests.swift", "Corpus"], swiftSettings: settings),
    .systemLibrary(name: "CLibFuzzer", path: "CLibFuzzer"),
    // Gold does not link what the address sanitiser adds.
    .executableTarget(
      name: "RearviewFuzz", dependencies: ["DecoderPromises", "CLibFuzzer"], path: "RearviewFuzz",
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ],
  swiftLanguageModes: [.v6]
)
