import RearviewChat
import RearviewJSON
import RearviewMemory

/// Extracts every new message as a fact, and makes an observation of every fact; says when it is asked.
struct QuotingModel: ChatModel {
  let name = "quoting/model"

  func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
    let question = request.messages.last?.text ?? ""
    say("asked")
    return AsyncThrowingStream { continuation in
      continuation.yield(.text((question.contains("New facts:") ? observations(question) : facts(question)).written()))
      continuation.yield(.finished(.stop))
      continuation.finish()
    }
  }

  private func facts(_ question: String) -> JSONValue {
    let new = question.split(separator: "New messages").last ?? ""
    let facts = new.matches(of: /\[(\d+)\] [^\n]*:\n(Note [^\n]*)/).map { match -> JSONValue in
      [
        "what": .text("Fact: \(match.2)"),
        "sources": [["message": .text(String(match.1)), "quote": .text(String(match.2))]],
      ]
    }
    return ["facts": .list(facts)]
  }

  private func observations(_ question: String) -> JSONValue {
    let new = question.split(separator: "Observations that").first ?? ""
    let creates = new.matches(of: /\[(F\d+)[^\]]*\] Fact: ([^\n]*)/).map { match -> JSONValue in
      ["text": .text("Observed: \(match.2)"), "facts": [.text(String(match.1))]]
    }
    return ["creates": .list(creates), "updates": [], "deletes": []]
  }
}
