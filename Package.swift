// swift-tools-version: 6.1
import PackageDescription

// One target a room; a room imports only rooms on lower floors (README.md has the table).
// Module names carry the product's name because they are global to a package graph; folders do not.

let package = Package(
  name: "rearview",
  platforms: [.macOS(.v14)],
  products: [
    .executable(name: "rearview", targets: ["RearviewCommand"]),
    .library(name: "Rearview", targets: ["Rearview"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    // Floor 0: C.
    .target(
      name: "CTerminal", path: "Sources/CTerminal",
      linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    .systemLibrary(
      name: "CMark", path: "Sources/CMark",
      providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),

    .target(
      name: "CProviderTables", path: "Sources/CProviderTables", exclude: ["providers.json", "models.tsv"]),

    .target(name: "CWordRank", path: "Sources/CWordRank", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(name: "CKernels", path: "Sources/CKernels"),

    .target(name: "RearviewJSON", path: "Sources/JSON"),

    // Floor 1: plain values and small mechanisms.
    .target(name: "RearviewMemory", dependencies: ["RearviewJSON"], path: "Sources/Memory"),
    .target(name: "RearviewText", dependencies: ["CMark"], path: "Sources/Text"),
    .target(
      name: "RearviewHTTP",
      dependencies: [
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      path: "Sources/HTTP"),

    // Floor 2.
    .target(name: "RearviewChat", dependencies: ["RearviewJSON", "RearviewMemory"], path: "Sources/Chat"),

    // Floor 3: the rooms that touch the outside. RearviewProviders and what it needs keep to FoundationEssentials: the
    // whole of Foundation takes 7 MB of a program that links nothing else of it.
    .target(
      name: "RearviewProviders",
      dependencies: [
        "CProviderTables", "RearviewJSON", "RearviewChat", "RearviewMemory", "RearviewHTTP",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      ],
      path: "Sources/Providers"),
    .target(
      name: "RearviewHindsightAPI", dependencies: ["RearviewJSON", "RearviewMemory", "RearviewChat", "RearviewHTTP"],
      path: "Sources/HindsightAPI"),
    .target(
      name: "RearviewEmbeddedMemory",
      dependencies: [
        "CKernels", "CWordRank", "RearviewMemory", "RearviewChat", "RearviewJSON",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      ],
      path: "Sources/EmbeddedMemory",
      resources: [
        .embedInCode("Time/Languages/time-en.json"), .embedInCode("Time/Languages/time-de.json"),
        .embedInCode("Time/Languages/time-fr.json"), .embedInCode("Time/Languages/time-es.json"),
      ]),
    .target(name: "RearviewTerminal", dependencies: ["RearviewText", "CTerminal"], path: "Sources/Terminal"),

    // Floor 4 to 7.
    .target(
      name: "RearviewEngine", dependencies: ["RearviewJSON", "RearviewChat", "RearviewMemory"], path: "Sources/Engine"),
    .target(
      name: "Rearview",
      dependencies: [
        "RearviewEngine", "RearviewProviders", "RearviewHindsightAPI", "RearviewEmbeddedMemory", "RearviewChat",
        "RearviewMemory", "RearviewJSON", "RearviewHTTP",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "TOMLKit", package: "TOMLKit"),
      ],
      path: "Sources/Rearview"),
    .target(
      name: "RearviewThemes", path: "themes", sources: ["Themes.swift"],
      resources: [.embedInCode("terminal.toml"), .embedInCode("dark.toml"), .embedInCode("light.toml")]),
    .target(
      name: "RearviewInterface",
      dependencies: [
        "Rearview", "RearviewEngine", "RearviewChat", "RearviewMemory", "RearviewJSON", "RearviewText",
        "RearviewThemes",
      ],
      path: "Sources/Interface"),
    .executableTarget(
      name: "RearviewCommand",
      dependencies: [
        "Rearview", "RearviewInterface", "RearviewTerminal", "RearviewText", "RearviewEngine", "RearviewChat",
        "RearviewMemory", "RearviewEmbeddedMemory", "RearviewJSON",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      ],
      path: "Sources/Command"),

    // Tests mirror the rooms.
    .testTarget(name: "KernelTests", dependencies: ["CKernels"], path: "Tests/KernelTests"),
    .testTarget(name: "ChatTests", dependencies: ["RearviewChat"], path: "Tests/ChatTests"),
    .testTarget(name: "JSONTests", dependencies: ["RearviewJSON"], path: "Tests/JSONTests"),
    .testTarget(name: "TextTests", dependencies: ["RearviewText"], path: "Tests/TextTests"),
    .testTarget(
      name: "HTTPTests",
      dependencies: [
        "RearviewHTTP", "ScriptedServer",
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      path: "Tests/HTTPTests", resources: [.copy("Golden")]),
    .testTarget(
      name: "ProvidersTests",
      dependencies: [
        "RearviewProviders", "RearviewHTTP", "RearviewJSON", "RearviewChat", "RearviewMemory", "ScriptedServer",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ],
      path: "Tests/ProvidersTests", resources: [.copy("Golden")]),
    .testTarget(
      name: "HindsightAPITests",
      dependencies: [
        "RearviewHindsightAPI", "RearviewJSON", "RearviewMemory", "RearviewChat", "RearviewHTTP", "ScriptedServer",
        "MemoryStoreConformance",
      ],
      path: "Tests/HindsightAPITests", resources: [.copy("Golden")]),
    .testTarget(
      name: "EmbeddedMemoryTests",
      dependencies: [
        "RearviewEmbeddedMemory", "RearviewJSON", "RearviewMemory", "RearviewChat", "MemoryStoreConformance",
        "MemoryCrashChild", "OwnThread", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      path: "Tests/EmbeddedMemoryTests"),
    .testTarget(
      name: "TerminalTests",
      dependencies: [
        "RearviewTerminal", "RearviewText", "CTerminal", "OwnThread", "TerminalEmulator", "TerminalProbe",
      ],
      path: "Tests/TerminalTests"),
    .testTarget(
      name: "EngineTests",
      dependencies: [
        "Rearview", "RearviewEngine", "RearviewProviders", "RearviewChat", "RearviewMemory", "RearviewJSON",
        "ScriptedServer",
      ],
      path: "Tests/EngineTests", resources: [.copy("Golden")]),
    .testTarget(
      name: "RearviewTests",
      dependencies: [
        "Rearview", "ScriptedServer", "RearviewEngine", "RearviewChat", "RearviewMemory", "RearviewEmbeddedMemory",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/RearviewTests"),
    .testTarget(
      name: "InterfaceTests",
      dependencies: [
        "RearviewInterface", "Rearview", "RearviewEngine", "RearviewChat", "RearviewMemory", "RearviewText",
      ],
      path: "Tests/InterfaceTests", exclude: ["Frames"]),
    .testTarget(
      name: "FuzzTests", dependencies: ["RearviewProviders", "RearviewHTTP", "RearviewChat", "RearviewJSON"],
      path: "Tests/FuzzTests", resources: [.copy("Corpus")]),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "RearviewCommand", "RearviewJSON", "OwnThread", "ScriptedServer", "TerminalEmulator",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      path: "Tests/EndToEndTests"),
    .executableTarget(
      name: "RearviewBenchmarks",
      dependencies: [
        "CKernels", "ChunkReader", "DialogueCorpus", "HTTPClientOnly", "Rearview", "RearviewChat", "RearviewCommand",
        "RearviewEmbeddedMemory", "RearviewHTTP", "RearviewMemory", "RearviewProviders", "ScriptedServer",
        "TerminalEmulator",
      ],
      path: "Tests/Benchmarks", resources: [.embedInCode("Peers.py")]),

    // Test support: in no product.
    .executableTarget(
      name: "ChunkReader", dependencies: ["RearviewProviders", "RearviewChat", "RearviewHTTP"],
      path: "Tests/Support/ChunkReader"),
    .executableTarget(
      name: "HTTPClientOnly", dependencies: [.product(name: "AsyncHTTPClient", package: "async-http-client")],
      path: "Tests/Support/HTTPClientOnly"),
    .target(name: "DialogueCorpus", path: "Tests/Support/DialogueCorpus"),
    .target(name: "OwnThread", path: "Tests/Support/OwnThread"),
    .target(name: "ScriptedServer", path: "Tests/Support/ScriptedServer"),
    .target(name: "CPty", path: "Tests/Support/CPty", linkerSettings: [.linkedLibrary("util")]),
    .systemLibrary(name: "CVterm", path: "Tests/Support/CVterm", providers: [.apt(["libvterm-dev"])]),
    .target(name: "TerminalEmulator", dependencies: ["CPty", "CVterm"], path: "Tests/Support/TerminalEmulator"),
    .executableTarget(
      name: "TerminalProbe", dependencies: ["RearviewTerminal", "RearviewText"], path: "Tests/Support/TerminalProbe"),
    .target(
      name: "MemoryStoreConformance", dependencies: ["RearviewMemory"], path: "Tests/Support/MemoryStoreConformance"),
    .executableTarget(
      name: "MemoryCrashChild",
      dependencies: ["RearviewEmbeddedMemory", "RearviewMemory", "RearviewChat", "RearviewJSON"],
      path: "Tests/Support/MemoryCrashChild"),
  ],
  swiftLanguageModes: [.v6]
)
