import Foundation

// What models for vectors and background work answer, from what they are asked alone.

extension ScriptedResponse {
  /// An answer of `/v1/embeddings`: hashed letter trigrams of each text, so that texts of like words lie close.
  ///
  /// - Parameter meanings: Words that mean the same as others; they get the same vectors.
  public static func embeddings(
    for request: ScriptedRequest, dimension: Int = 512, meanings: [String: String] = [:]
  ) -> Self {
    let texts = request.json["input"] as? [String] ?? []
    let data = texts.enumerated().map { index, text in
      ["index": index, "object": "embedding", "embedding": vector(text, dimension, meanings)] as [String: Any]
    }
    let body: [String: Any] = ["object": "list", "data": data, "model": request.json["model"] ?? "m"]
    let bytes = (try? JSONSerialization.data(withJSONObject: body)) ?? Data()
    return self.body(bytes: Array(bytes), type: "application/json")
  }

  private static func vector(_ text: String, _ dimension: Int, _ meanings: [String: String]) -> [Double] {
    var vector = [Double](repeating: 0, count: dimension)
    for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
      let letters = Array("<\(meanings[String(word)] ?? String(word))>".utf8)
      for start in 0..<max(1, letters.count - 2) {
        let hash = letters[start..<min(start + 3, letters.count)].reduce(UInt32(2_166_136_261)) {
          ($0 ^ UInt32($1)) &* 16_777_619
        }
        vector[Int(hash >> 8) % dimension] += hash & 1 == 0 ? 1 : -1
      }
    }
    return vector
  }

  /// What a model for background work says: each new message that begins with "Note" is a fact, and each fact an
  /// observation.
  public static func backgroundAnswer(for request: ScriptedRequest) -> Self {
    let messages = request.json["messages"] as? [[String: Any]] ?? []
    let question = messages.last?["content"] as? String ?? ""
    let isObserving = question.contains("New facts:")
    let answer = isObserving ? observations(question) : facts(question)
    let text = (try? JSONSerialization.data(withJSONObject: answer)).map { String(decoding: $0, as: UTF8.self) }
    return openAIAnswer(text ?? "", chunkSize: 4_096, usage: (10, 5))
  }

  private static func facts(_ question: String) -> [String: Any] {
    let new = question.split(separator: "New messages").last ?? ""
    return [
      "facts": new.matches(of: /\[(\d+)\] [^\n]*:\n(Note [^\n]*)/).map { match in
        ["what": "Fact: \(match.2)", "sources": [["message": String(match.1), "quote": String(match.2)]]]
          as [String: Any]
      }
    ]
  }

  private static func observations(_ question: String) -> [String: Any] {
    let new = question.split(separator: "Observations that").first ?? ""
    let creates = new.matches(of: /\[(F\d+)[^\]]*\] Fact: ([^\n]*)/).map { match in
      ["text": "Observed: \(match.2)", "facts": [String(match.1)]] as [String: Any]
    }
    return ["creates": creates, "updates": [String](), "deletes": [String]()]
  }
}
