import Foundation
import Rearview
import ScriptedServer
import Testing

@Suite("Turns at once")
struct ManyTurnsTests {
  @Test("64 on one engine: no question, block, answer or stored turn is another's")
  func sixtyFour() async throws {
    let memory = try ScriptedServer { request in
      guard request.path.hasSuffix("/recall") else { return .json(200, #"{"success":true,"async":false}"#) }
      let query = request.json["query"] as? String ?? ""
      return .json(200, #"{"results":[{"id":"m","text":"Fact on \#(query)","type":"world"}]}"#)
    }
    let model = try ScriptedServer { request in
      let messages = request.json["messages"] as? [[String: Any]] ?? []
      let question = messages.last?["content"] as? String ?? ""
      return .json(
        200,
        #"{"choices":[{"message":{"role":"assistant","content":"Answer to \#(question)"},"finish_reason":"stop"}]}"#)
    }
    let folder = NSTemporaryDirectory() + "rearview-many-" + UUID().uuidString
    defer {
      memory.stop()
      model.stop()
      try? FileManager.default.removeItem(atPath: folder)
    }
    let instance = RearviewInstance(
      paths: Paths(environment: ["HOME": folder]),
      environment: ["OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.url + "/v1"])
    let url = memory.url
    try await instance.configure {
      $0.hindsightAPIURL = url
      $0.bankID = "bank-a"
      $0.recallTimeoutSeconds = 60
      $0.retainTimeoutSeconds = 60
    }
    let completions = try await withThrowingTaskGroup(of: (Int, Completion).self) { group in
      for number in 0..<64 {
        group.addTask {
          let request = CompletionRequest(
            model: "gpt-4o-mini", messages: [Message(.user, "case <\(number)>")],
            parameters: ["hindsight_session_id": .text("session-\(number)")])
          return (number, try await instance.completion(request))
        }
      }
      return try await group.reduce(into: [(Int, Completion)]()) { $0.append($1) }
    }
    #expect(completions.count == 64)
    for (number, completion) in completions {
      #expect(completion.text == "Answer to case <\(number)>")
      #expect(completion.record.question == "case <\(number)>")
      #expect(completion.record.block?.hasSuffix("\n1. [WORLD] Fact on case <\(number)>") == true)
      #expect(completion.record.answer.text == completion.text)
    }
    #expect(Set(completions.map(\.1.record.id)).count == 64)
    await instance.cleanup(within: .seconds(60))
    let items = memory.requests.filter { $0.path.hasSuffix("/memories") }
      .compactMap { ($0.json["items"] as? [[String: Any]])?.first }
    let stored = items.map { "\($0["document_id"] ?? "") \($0["content"] ?? "")" }
    #expect(
      stored.sorted()
        == (0..<64).map { "session-\($0) USER: case <\($0)>\n\nASSISTANT: Answer to case <\($0)>" }.sorted())
  }
}
