import Foundation

extension ScriptedResponse {
  /// A chat completion as OpenAI streams it: one chunk for each `chunkSize` characters, the finish, the usage where
  /// given, and the end mark. Step 0 is the role, steps 1 and on are the text.
  public static func openAIAnswer(
    _ text: String, chunkSize: Int = 8, reasoning: String = "", finish: String = "stop",
    usage: (input: Int, output: Int)? = nil
  ) -> Self {
    var events = [delta(#"{"role":"assistant","content":""}"#)]
    events += pieces(of: reasoning, size: chunkSize).map { delta(#"{"reasoning_content":\#(quoted($0))}"#) }
    events += pieces(of: text, size: chunkSize).map { delta(#"{"content":\#(quoted($0))}"#) }
    events.append(delta("{}", finish: finish))
    if let usage {
      events.append(
        #"data: {"id":"c","object":"chat.completion.chunk","choices":[],"#
          + #""usage":{"prompt_tokens":\#(usage.input),"completion_tokens":\#(usage.output)}}"# + "\n\n")
    }
    events.append("data: [DONE]\n\n")
    return sse(events)
  }

  /// `count` chunks of the same text as fast as the client takes them, then the finish and the end mark.
  public static func openAIFireHose(count: Int, text: String = "word ") -> Self {
    stream([
      .flood(Array(delta(#"{"content":\#(quoted(text))}"#).utf8), count: count),
      .send(Array(delta("{}", finish: "stop").utf8)),
      .send(Array("data: [DONE]\n\n".utf8)),
    ])
  }

  /// One event of a streamed completion, its delta given as JSON.
  public static func delta(_ json: String, finish: String? = nil) -> String {
    let reason = finish.map(quoted) ?? "null"
    return #"data: {"id":"c","object":"chat.completion.chunk","created":1700000000,"model":"m","#
      + #""choices":[{"index":0,"delta":\#(json),"finish_reason":\#(reason)}]}"# + "\n\n"
  }

  /// A text as a JSON string.
  public static func quoted(_ text: String) -> String {
    let data = try? JSONEncoder().encode(text)
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  private static func pieces(of text: String, size: Int) -> [String] {
    var rest = text[...]
    var pieces: [String] = []
    while !rest.isEmpty {
      pieces.append(String(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return pieces
  }
}
