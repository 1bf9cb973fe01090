import Foundation
import RearviewChat
import RearviewEngine
import RearviewMemory
import Testing

@Suite("The memory block")
struct InjectionTests {
  private func plain(_ text: String, _ type: MemoryType = .world) -> Memory { memory(text, type: type).memory }

  @Test("is written to the byte as recorded")
  func literal() {
    let block = memoryBlock(of: [plain("first fact text"), plain("second fact text", .experience)])
    #expect(
      block == """
        # Relevant Memories
        The following information from memory may be relevant:

        1. [WORLD] first fact text
        2. [EXPERIENCE] second fact text
        """)
  }

  @Test("leaves out a memory without text, which keeps its number")
  func blank() {
    #expect(memoryBlock(of: [plain(""), plain("here")])?.hasSuffix("\n\n2. [WORLD] here") == true)
    #expect(memoryBlock(of: [plain("")]) == nil)
    #expect(memoryBlock(of: []) == nil)
  }

  @Test("goes to the end of the first system message, wherever it stands")
  func firstSystemMessage() {
    let sent = inject(
      "BLOCK", into: [Message(.user, "hi"), Message(.system, "be kind"), Message(.system, "be brief")],
      mode: .systemMessage)
    #expect(sent == [Message(.user, "hi"), Message(.system, "be kind\n\nBLOCK"), Message(.system, "be brief")])
  }

  @Test("makes a system message at the front when there is none")
  func newSystemMessage() {
    #expect(
      inject("BLOCK", into: [Message(.user, "hi")], mode: .systemMessage)
        == [Message(.system, "BLOCK"), Message(.user, "hi")])
  }

  @Test("goes before the last user message in prepend_user mode")
  func prependUser() {
    let before = [Message(.user, "one"), Message(.assistant, "two"), Message(.user, "three")]
    #expect(
      inject("BLOCK", into: before, mode: .prependUser)
        == [Message(.user, "one"), Message(.assistant, "two"), Message(.user, "BLOCK\n\nthree")])
  }

  /// Recorded runs of the Python package: what its recall returned and the request that it then sent.
  @Test(
    "equals what the Python package sent",
    arguments: [
      ("inject_recall_existing_system", MemorySettings.InjectionMode.systemMessage),
      ("inject_recall_system_not_first", .systemMessage), ("inject_recall_multiline_text", .systemMessage),
      ("inject_recall_prepend_user", .prependUser),
    ])
  func recorded(name: String, mode: MemorySettings.InjectionMode) throws {
    let golden = try Golden(name)
    let block = try #require(memoryBlock(of: golden.recalled))
    #expect(inject(block, into: golden.messages, mode: mode) == golden.sent)
  }
}

/// What a recorded run holds that matters here.
private struct Golden {
  var recalled: [Memory]
  var messages: [Message]
  var sent: [Message]

  private struct File: Decodable {
    struct Call: Decodable { var kwargs: Body }
    struct Body: Decodable { var messages: [Message] }
    struct Request: Decodable { var body: Body }
    struct Response: Decodable { var operation: String; var json: Results }
    struct Results: Decodable { var results: [Fact]? }
    struct Fact: Decodable { var text: String; var type: MemoryType }
    var call: Call
    var llm_request: Request
    var hindsight_canned_responses: [Response]
  }

  init(_ name: String) throws {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    let facts = file.hindsight_canned_responses.first { $0.operation == "recall" }?.json.results ?? []
    recalled = facts.map { memory($0.text, type: $0.type).memory }
    messages = file.call.kwargs.messages
    sent = file.llm_request.body.messages
  }
}

@Suite("Settings by name")
struct SettingTests {
  @Test("take text for every type, as the command line gives it")
  func text() throws {
    var settings = MemorySettings()
    try settings.set("budget", to: .text("high"))
    try settings.set("max_memory_tokens", to: .text("100"))
    try settings.set("inject_memories", to: .text("false"))
    try settings.set("fact_types", to: .text("world, observation"))
    try settings.set("recall_timeout_seconds", to: .text("2.5"))
    #expect(settings.budget == .high)
    #expect(settings.maxMemoryTokens == 100)
    #expect(settings.injectMemories == false)
    #expect(settings.factTypes == [.world, .observation])
    #expect(settings.recallTimeoutSeconds == 2.5)
  }

  @Test("say what was expected, in the words of the Python package")
  func messages() {
    var settings = MemorySettings()
    #expect(
      throws: SettingError.badValue(name: "budget", value: .text("huge"), expected: "one of ['high', 'low', 'mid']")
    ) {
      try settings.set("budget", to: .text("huge"))
    }
    #expect(throws: SettingError.self) { try settings.set("max_memory_tokens", to: .integer(0)) }
    #expect(throws: SettingError.self) { try settings.set("bank_id", to: .text(" ")) }
    #expect(throws: SettingError.unknownName("bugdet", known: MemorySettings.names)) {
      try settings.set("bugdet", to: .text("low"))
    }
    #expect(settings == MemorySettings())
  }

  @Test("can all be set and written")
  func complete() {
    for name in MemorySettings.names { #expect(MemorySettings().written(name) != nil) }
  }
}
