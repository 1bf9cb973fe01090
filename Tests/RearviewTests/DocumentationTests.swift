import Foundation
import Rearview
import ScriptedServer
import Testing

@Suite("The article ChatWithMemory", .serialized)
struct DocumentationTests {
  /// A model, and a home of its own for the shared instance: both must be there before it is first used.
  private static let scene: (server: ScriptedServer, home: Folder)? = {
    guard let home = try? Folder(), let server = try? ScriptedServer(answer) else { return nil }
    for (name, value) in [
      ("HOME", home.path), ("OPENAI_API_KEY", "sk-test"), ("OPENAI_BASE_URL", server.url + "/v1"),
      ("ANTHROPIC_API_KEY", "sk-ant-test"), ("ANTHROPIC_BASE_URL", server.url),
    ] { setenv(name, value, 1) }
    for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "HINDSIGHT_API_KEY"] { unsetenv(name) }
    return (server, home)
  }()

  private static func answer(_ request: ScriptedRequest) -> ScriptedResponse {
    if request.path.hasSuffix("/messages") {
      return .json(200, #"{"type":"message","stop_reason":"end_turn","content":[{"type":"text","text":"In Lisbon."}]}"#)
    }
    if request.json["stream"] as? Bool == true { return .openAIAnswer("In Lisbon.") }
    return .json(
      200, #"{"choices":[{"message":{"role":"assistant","content":"In Lisbon."},"finish_reason":"stop"}]}"#)
  }

  private let server: ScriptedServer
  private let home: Folder

  init() throws {
    let scene = try #require(Self.scene)
    server = scene.server
    home = scene.home
  }

  @Test("shows the code that is compiled here, all of it and no other")
  func sameCode() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let article = tests.appendingPathComponent("../../Sources/Rearview/Rearview.docc/ChatWithMemory.md")
    let compiled = try Self.blocks(
      of: String(contentsOf: tests.appendingPathComponent("Examples.swift"), encoding: .utf8), from: "// begin: ",
      to: "// end")
    let shown = try Self.blocks(of: String(contentsOf: article, encoding: .utf8), from: "```swift", to: "```")
    #expect(Set(compiled) == Set(shown))
    #expect(shown.count == 16)
  }

  /// The lines between two marks, without their common indentation.
  private static func blocks(of text: String, from begin: String, to end: String) -> [String] {
    var blocks: [String] = []
    var lines: [Substring]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let words = line.drop { $0 == " " }
      if lines == nil, words.hasPrefix(begin) {
        lines = []
      } else if words == end, let inside = lines {
        let indent = inside.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        blocks.append(inside.map { $0.dropFirst(min(indent, $0.count)) }.joined(separator: "\n"))
        lines = nil
      } else {
        lines?.append(line)
      }
    }
    return blocks
  }

  @Test("the quick start runs one recall, one block, one store")
  func quickStart() async throws {
    try await configure { $0.bankID = "anna" }
    try await retain("My sister lives in Lisbon.", waits: true)
    let before = server.requests.count
    #expect(try await Examples.quickStart() == "In Lisbon.")
    let requests = server.requests[before...]
    #expect(requests.count == 1)
    let prompt = try #require(requests.first?.bodyText)
    #expect(prompt.components(separatedBy: "# Relevant Memories").count == 2)
    try await configure { $0.bankID = "anna" }
    let stored = try await recall("Lisbon").memories.map(\.memory)
    #expect(stored.filter { $0.text == "In Lisbon." }.map(\.proofCount) == [1])
    #expect(await isEnabled() == false)
  }

  @Test("configuration, switches and banks do what is said of them")
  func configuration() async throws {
    try await Examples.configuring()
    #expect(await Rearview.configuration()?.hindsightAPIURL == nil)
    #expect(await Rearview.configuration()?.budget == .high)
    #expect(try await Examples.lookingAtTheConfiguration() == [true, false])
    try await configure { $0.bankID = "anna" }
    #expect(try await Examples.switching() == [true, false])
    try await Examples.banks()
    await cleanup()
  }

  @Test("questions are answered, whole and in pieces, under the settings of the call")
  func asking() async throws {
    try await configure { $0.bankID = "anna" }
    #expect(try await Examples.streaming() == "In Lisbon.")
    let settings = try await Examples.perCall()
    #expect(settings.bankID == "team")
    #expect(settings.useReflect)
    #expect(server.requests.last?.bodyText.contains("hindsight_") == false)
    #expect(try await Examples.jsonRequest() == "In Lisbon.")
    await cleanup()
  }

  @Test("memory is asked directly, and errors and debug information are told once")
  func direct() async throws {
    try await configure { $0.bankID = "flat" }
    #expect(try await Examples.direct().contains("The lease ends on 30 June."))
    #expect(await Examples.errors() == 0)
    let debug = try #require(try await Examples.debugging())
    #expect(debug.injected)
    #expect(debug.memoryContext.contains("The lease ends on 30 June."))
    #expect(await lastInjectionDebug() == nil)
    await cleanup()
  }

  @Test("scopes, wrapped clients, callbacks, observers and instances run")
  func others() async throws {
    try await configure { $0.bankID = "anna" }
    await Examples.observing()
    #expect(try await Examples.scopes() == ["bob", "anna"])
    #expect(try await Examples.wrapping() == ["In Lisbon.", "In Lisbon."])
    let record = try await Examples.callingByOneself { request in
      #expect(request.messages.last?.text == "Where does Anna live?")
      var answer = Answer()
      answer.text = "In Porto."
      return answer
    }
    #expect(record.answer.text == "In Porto.")
    #expect(record.storage.state == .stored)
    let own = try Folder()
    #expect(
      try await Examples.ownInstance(own.paths, ["OPENAI_API_KEY": "sk", "OPENAI_BASE_URL": server.url + "/v1"])
        == "In Lisbon.")
    await cleanup()
  }
}
