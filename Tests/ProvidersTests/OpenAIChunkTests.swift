import Foundation
import RearviewChat
import Testing

@testable import RearviewProviders

@Suite("One chunk")
struct OpenAIChunkTests {
  private func chunk(_ json: String) -> OpenAIChunk? {
    OpenAIChunk(event: Array(json.utf8))
  }

  @Test(
    "the fast way decodes what the thorough one decodes",
    arguments: [
      #"{"choices":[{"delta":{"content":"a"}}]}"#,
      #"{"choices":[{"delta":{"content":"\"\\\/\b\f\n\r\t\u0041\u00e9\u65e5"}}]}"#,
      #"{"choices":[{"delta":{"content":"\ud83c\udf0d and \uD83D\uDC15"}}]}"#,
      #"{"choices":[{"delta":{"content":"日本語 🌍"}}]}"#,
      "{\n \"choices\" : [ { \"finish_reason\" : null , \"delta\" : { \"content\" : \"x\" } , \"index\" : 0 } ] ,\t\"id\":\"c\"\r\n}",
      #"{"x":{"choices":[{"delta":{"content":"no"}}]},"choices":[{"delta":{"content":"yes"}}]}"#,
      #"{"x":"}]{[\"","y":[1.5e-3,true,false,null,{"z":"\\"}],"choices":[{"delta":{"content":"yes"}}]}"#,
      #"{"choices":[{"delta":{"content":null,"reasoning_content":"r"}}]}"#,
      #"{"choices":[{"delta":{"reasoning":"a","reasoning_content":"b"}}]}"#,
      #"{"choices":[{"delta":{"reasoning":"a","reasoning_content":""}}]}"#,
      #"{"choices":[{"delta":{"reasoning":"a","reasoning_content":null}}]}"#,
      #"{"choices":[{"delta":{"role":"assistant","content":"a","tool_calls":[],"function_call":null}}]}"#,
      #"{"choices":[{"delta":{"content":"a","tool_calls":null}}]}"#,
      #"{"choices":[{"delta":{},"finish_reason":"length"}]}"#,
      #"{"choices":[],"usage":null}"#,
      #"{"object":"chat.completion.chunk","choices":[]}"#,
      #"{}"#,
    ])
  func pathsAgree(json: String) throws {
    let fast = try #require(OpenAIChunk.scanned(Array(json.utf8)), "the fast way gave up")
    #expect(fast == OpenAIChunk.parsed(Array(json.utf8)))
  }

  @Test(
    "the fast way gives up where it cannot be sure",
    arguments: [
      #"{"choices":[{"delta":{"content":[{"type":"text","text":"a"}]}}]}"#,
      #"{"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]}"#,
      #"{"choices":[{"delta":{"content":"a","content":"b"}}]}"#,
      #"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":1}}"#,
      #"{"choices":[{"delta":{"content":"a"}}],"error":{"message":"m"}}"#,
      #"{"choices":[{"message":{"content":"a"}}]}"#,
      #"{"choices":[{"delta":{"con\u0074ent":"a"}}]}"#,
      #"{"choices":[{"delta":{"content":"a"}}]"#,
      #"{"choices":[{"delta":{"content":"a"}}]} x"#,
      #"{"choices":[{"delta":{"content":"a}}]}"#,
      #"{"choices":[{"delta":{"content":5}}]}"#,
      #"{"choices":[],"id":cmpl}"#, #"{"choices":[],"id":1.}"#, #"{"choices":[],"id":[1,]}"#,
      #"{"choices":[],"id":{"a"}}"#, #"{"choices":[],"id":[}]}"#, #"{"choices":[],"created":1e999}"#,
      #"{"choices":[{"delta":{"content":"a","tool_calls":[{"function":{"arguments":"{\"content\":\"no\"}"}}]}}]}"#,
      #"{"choices":[{"delta":{"function_call":{"name":"f","arguments":""}}}]}"#,
      #"[{"choices":[]}]"#,
      "", "null", "{", "x",
    ])
  func givesUp(json: String) {
    #expect(OpenAIChunk.scanned(Array(json.utf8)) == nil)
  }

  @Test("half a surrogate pair becomes the replacement character instead of costing the chunk")
  func loneSurrogate() {
    #expect(chunk(#"{"choices":[{"delta":{"content":"a\ud83cb\udf0d"}}]}"#)?.text == "a\u{FFFD}b\u{FFFD}")
  }

  @Test("no prefix of a chunk is taken for one")
  func prefixes() {
    let whole = Array(
      #"{"id":"c\"","choices":[{"index":0,"delta":{"content":"a\u00e9\n"},"finish_reason":null}]}"#.utf8)
    for count in 0..<whole.count { #expect(OpenAIChunk(event: Array(whole[..<count])) == nil) }
    #expect(OpenAIChunk(event: whole)?.text == "aé\n")
  }

  @Test("content in parts is read, thinking apart from text")
  func contentParts() {
    let found = chunk(
      #"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},"#
        + #"{"type":"text","text":"yes"}," no"]}}]}"#)
    #expect(found?.text == "yes no")
    #expect(found?.reasoning == "hm")
  }

  @Test("reasoning that stands only in details is read, a refusal is text")
  func rareText() {
    #expect(chunk(#"{"choices":[{"delta":{"reasoning_details":[{"text":"a"},{"summary":"b"}]}}]}"#)?.reasoning == "ab")
    #expect(chunk(#"{"choices":[{"delta":{"content":null,"refusal":"I cannot."}}]}"#)?.text == "I cannot.")
  }

  @Test("usage is found where providers put it")
  func usage() {
    let expected = Usage(inputTokens: 3, outputTokens: 5)
    let counts = #"{"prompt_tokens":3,"completion_tokens":5}"#
    #expect(chunk(#"{"choices":[],"usage":\#(counts)}"#)?.usage == expected)
    #expect(chunk(#"{"choices":[],"x_groq":{"usage":\#(counts)}}"#)?.usage == expected)
    #expect(chunk(#"{"choices":[],"usage":{}}"#)?.usage == nil)
  }

  @Test("an error is found in the forms that are about")
  func errors() {
    #expect(
      chunk(#"{"error":{"message":"m","type":"t","code":"c"}}"#)?.error == .init(message: "m", codes: ["c", "t"]))
    #expect(chunk(#"{"error":"m"}"#)?.error == .init(message: "m"))
    #expect(chunk(#"{"object":"error","message":"m","code":429}"#)?.error == .init(message: "m", status: 429))
    #expect(
      chunk(#"[{"error":{"message":"m","code":400,"status":"INVALID"}}]"#)?.error
        == .init(message: "m", codes: ["INVALID"], status: 400))
    #expect(ProviderErrorObject(body: Array("plain".utf8)) == .init(message: "plain"))
    #expect(ProviderErrorObject(body: Array("<html>…</html>".utf8)) == .init())
    #expect(ProviderErrorObject(body: Array(#"{"detail":[{"msg":"m"}]}"#.utf8)) == .init(message: "m"))
  }

  @Test("what is no chunk is none")
  func noChunk() {
    #expect(chunk("not json") == nil)
    #expect(chunk("[1]") == nil)
  }
}
