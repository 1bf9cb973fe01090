// swift-tools-version: 6.1
import PackageDescription

// One target a room; a room imports only rooms on lower floors (README.md has the table).
// Module names carry the product's name because they are global to a package graph; folders do not.

let package = Package(
  name: "rearview",
  platforms: [.macOS(.v14)],
  targets: [
    .target(
      name: "CTerminal", path: "Sources/CTerminal",
      linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    .systemLibrary(
      name: "CMark", path: "Sources/CMark",
      providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),
    .target(name: "RearviewMemory", path: "Sources/Memory"),
    .target(name: "RearviewText", dependencies: ["CMark"], path: "Sources/Text"),
    .target(name: "RearviewChat", dependencies: ["RearviewMemory"], path: "Sources/Chat"),
    .target(name: "RearviewTerminal", dependencies: ["RearviewText", "CTerminal"], path: "Sources/Terminal"),
    .testTarget(name: "ChatTests", dependencies: ["RearviewChat"], path: "Tests/ChatTests"),
    .testTarget(name: "TextTests", dependencies: ["RearviewText"], path: "Tests/TextTests"),
    .testTarget(
      name: "TerminalTests",
      dependencies: ["RearviewTerminal", "RearviewText", "CTerminal", "TerminalEmulator", "TerminalProbe"],
      path: "Tests/TerminalTests"),
    .target(name: "CPty", path: "Tests/Support/CPty", linkerSettings: [.linkedLibrary("util")]),
    .systemLibrary(name: "CVterm", path: "Tests/Support/CVterm", providers: [.apt(["libvterm-dev"])]),
    .target(name: "TerminalEmulator", dependencies: ["CPty", "CVterm"], path: "Tests/Support/TerminalEmulator"),
    .executableTarget(
      name: "TerminalProbe", dependencies: ["RearviewTerminal", "RearviewText"], path: "Tests/Support/TerminalProbe"),
  ],
  swiftLanguageModes: [.v6]
)
