import Foundation
import RearviewChat
import RearviewHTTP
import RearviewJSON
import ScriptedServer
import Testing

@testable import RearviewProviders

@Suite("What went wrong")
struct ErrorTests {
  struct Refusal: Sendable, CustomTestStringConvertible {
    var status: Int
    var body: String
    var headers: [String: String] = [:]
    var kind: ChatModelError.Kind
    var testDescription: String { "\(status) \(body) \(headers)" }
  }

  @Test(
    "each refusal is told apart",
    arguments: [
      Refusal(status: 401, body: #"{"error":{"message":"no"}}"#, kind: .unauthorised),
      Refusal(status: 403, body: "<html>no</html>", kind: .unauthorised),
      Refusal(status: 402, body: "{}", kind: .payment),
      Refusal(status: 429, body: #"{"error":{"code":"insufficient_quota","message":"m"}}"#, kind: .payment),
      Refusal(status: 429, body: #"{"error":{"message":"You exceeded your current quota"}}"#, kind: .payment),
      Refusal(status: 404, body: #"{"error":{"message":"The model `m` does not exist"}}"#, kind: .notFound),
      Refusal(status: 400, body: #"{"error":{"message":"bad"}}"#, kind: .badRequest),
      Refusal(status: 422, body: #"{"detail":[{"msg":"bad"}]}"#, kind: .badRequest),
      Refusal(
        status: 400, body: #"{"error":{"code":"context_length_exceeded","message":"m"}}"#, kind: .contextTooLong),
      Refusal(
        status: 400, body: #"{"error":{"message":"This model's maximum context length is 8192 tokens"}}"#,
        kind: .contextTooLong),
      Refusal(status: 400, body: "request (9 tokens) exceeds the available context size", kind: .contextTooLong),
      Refusal(
        status: 400, body: #"{"error":{"message":"Current length is 9000 while limit is 8192"}}"#,
        kind: .contextTooLong),
      Refusal(
        status: 400, body: #"{"error":{"code":"string_above_max_length","message":"prompt is too long"}}"#,
        kind: .badRequest),
      Refusal(status: 400, body: #"[{"error":{"code":400,"message":"API key not valid."}}]"#, kind: .unauthorised),
      Refusal(status: 429, body: "{}", kind: .rateLimited(retryAfter: nil)),
      Refusal(
        status: 429, body: "slow down", headers: ["retry-after": "2"], kind: .rateLimited(retryAfter: .seconds(2))),
      Refusal(status: 500, body: "", kind: .server),
      Refusal(status: 503, body: "overloaded", kind: .server),
      Refusal(status: 529, body: #"{"error":{"type":"overloaded_error"}}"#, kind: .server),
      Refusal(status: 302, body: "", headers: ["location": "http://127.0.0.1:9/"], kind: .badRequest),
    ])
  func refusals(refusal: Refusal) async throws {
    let server = try ScriptedServer()
    server.enqueue(.json(refusal.status, refusal.body, headers: refusal.headers))
    let (_, error) = await gather(scriptedModel(server).stream(question))
    #expect(error?.kind == refusal.kind)
    #expect(error?.status == refusal.status)
    #expect(error?.provider == "Scripted")
    #expect(error?.model == "scripted/m")
  }

  @Test("what the server says is in the error, on one line")
  func detail() async throws {
    let server = try ScriptedServer()
    server.enqueue(
      .json(400, #"{"error":{"message":"first\n\n  second"}}"#), .json(503, "", headers: ["retry-after": "2"]))
    #expect(await gather(scriptedModel(server).stream(question)).1?.detail == "first second")
    let error = try #require(await gather(scriptedModel(server).stream(question)).1)
    #expect(error.wait == .seconds(2))
    #expect(error.description.contains("it asks to wait 2 seconds"))
  }

  @Test("the recorded mock errors are told apart", arguments: [ChatRequest.Form.openAI, .anthropic])
  func mockErrors(form: ChatRequest.Form) async throws {
    let folder = form == .openAI ? "openai-chat" : "anthropic-messages"
    let mocks = try #require(try JSONValue(parsing: golden("\(folder)/errors.mock.json")).list)
    let server = try ScriptedServer()
    let model: any ChatModel = form == .openAI ? scriptedModel(server) : scriptedClaude(server)
    var kinds: [ChatModelError.Kind?] = []
    for mock in mocks {
      let status = try #require(mock["status"]?.integer)
      let wait = mock["headers"]?["retry-after"]?.text
      server.enqueue(.json(status, mock["body"]?.written() ?? "", headers: wait.map { ["retry-after": $0] } ?? [:]))
      let (_, error) = await gather(model.stream(question))
      kinds.append(error?.kind)
      #expect(error?.detail?.contains("mock error \(status)") == true)
    }
    #expect(
      kinds == [.badRequest, .unauthorised, .rateLimited(retryAfter: .seconds(2)), .server, .server, .server])
  }

  @Test("a server that is not there is unreachable")
  func refused() async throws {
    let server = try ScriptedServer()
    server.stop()
    let (_, error) = await gather(scriptedModel(server).stream(question))
    #expect(error?.kind == .unreachable)
    #expect(error?.detail == "nothing listens at 127.0.0.1:\(server.port)")
  }

  @Test("silence before and in an answer is a timeout; what came is kept")
  func timeouts() async throws {
    let silent = try ScriptedServer { _ in .hang }
    let impatient = scriptedModel(silent, timeouts: Timeouts(firstByte: .milliseconds(150)))
    #expect(await gather(impatient.stream(question)).1?.kind == .timedOut(after: .milliseconds(150)))
    let half = [UInt8](ScriptedResponse.delta(#"{"content":"half"}"#).utf8)
    let stuck = try ScriptedServer { _ in .stream([.send(half), .hang]) }
    let model = scriptedModel(stuck, timeouts: Timeouts(idle: .milliseconds(120)))
    let (gathered, error) = await gather(model.stream(question))
    #expect(error?.kind == .timedOut(after: .milliseconds(120)))
    #expect(gathered.text == "half")
  }

  @Test("a stream that breaks off, or just ends, is cut; what came is kept")
  func cutStream() async throws {
    let server = try ScriptedServer()
    let half = [ScriptedResponse.delta(#"{"content":"half"}"#)]
    server.enqueue(
      ScriptedResponse.sse(half + [""]).cutAfter(1), .sse(half), .sse(half + [#"data: {"choices":[{"del"#]), .sse([]))
    for expected in ["half", "half", "half", ""] {
      let (gathered, error) = await gather(scriptedModel(server).stream(question))
      #expect(error?.kind == .cutStream)
      #expect(gathered == Gathered(text: expected))
    }
  }

  @Test("an error in the middle of a stream ends it after its text")
  func failedMidStream() async throws {
    let server = try ScriptedServer()
    let failure = "data: {\"error\":{\"message\":\"upstream went away\",\"code\":\"internal_error\"}}\n\n"
    server.enqueue(.sse([ScriptedResponse.delta(#"{"content":"half"}"#) + failure]))
    let (gathered, error) = await gather(scriptedModel(server).stream(question))
    #expect(error?.kind == .failedMidStream)
    #expect(error?.detail == "upstream went away")
    #expect(gathered == Gathered(text: "half"))
  }

  @Test("an error in a stream that has said nothing is told by what it says")
  func failedBeforeText() async throws {
    let server = try ScriptedServer()
    server.enqueue(
      .sse(["data: {\"error\":{\"message\":\"m\",\"code\":429}}\n\n"]),
      .json(200, #"{"error":{"message":"the prompt is too long"}}"#),
      .sse([ScriptedResponse.delta("{}", finish: "error")]))
    for kind in [ChatModelError.Kind.rateLimited(retryAfter: nil), .contextTooLong, .failedMidStream] {
      #expect(await gather(scriptedModel(server).stream(question)).1?.kind == kind)
    }
  }

  @Test("a page instead of an answer is unreadable")
  func unreadable() async throws {
    let server = try ScriptedServer()
    server.enqueue(.body(200, "<!DOCTYPE html>\n<p>Hello", type: "text/html"), .json(200, #"{"hello":1}"#))
    let (_, error) = await gather(scriptedModel(server).stream(question))
    #expect(error?.kind == .unreadable)
    #expect(error?.detail == "it begins with <!DOCTYPE html> <p>Hello")
    #expect(await gather(scriptedModel(server).stream(question)).1?.kind == .unreadable)
  }

  @Test("a key that is not set is named, and nothing is sent")
  func noKey() async throws {
    let server = try ScriptedServer()
    for key in ["", " \n"] {
      let (_, error) = await gather(scriptedModel(server, key: key).stream(question))
      #expect(error?.kind == .noKey(variable: "SCRIPTED_KEY"))
    }
    #expect(server.requests.isEmpty)
  }

  @Test(
    "a server that repeats the key or a header's value does not get it into the error",
    arguments: [400, 401, 429, 500, 200, 201])
  func keyHygiene(status: Int) async throws {
    let key = "sk-very-secret-0123456789"
    let header = "hush-hush-987"
    let server = try ScriptedServer { request in
      let said = "key \(request.headers["authorization"] ?? "") \(request.headers["x-own"] ?? "")"
      // Padded so that a cut to 500 characters would leave half of a key.
      let text = String(repeating: "x", count: 470) + " " + said
      return status == 201
        ? .body(201, text) : .json(status, #"{"error":{"message":\#(ScriptedResponse.quoted(text))}}"#)
    }
    let (_, error) = await gather(scriptedModel(server, key: key, headers: ["x-own": header]).stream(question))
    let told = try #require(error)
    for text in [told.description, told.detail ?? "", "\(told)", String(reflecting: told)] {
      #expect(!text.contains("sk-very"))
      #expect(!text.contains("hush-"))
    }
  }

  @Test("a key with a line end in it is sent without it")
  func keyIsTrimmed() async throws {
    let server = try ScriptedServer()
    server.enqueue(.openAIAnswer("ok"))
    #expect(await gather(scriptedModel(server, key: "sk-1234\n").stream(question)).0.text == "ok")
    #expect(server.requests.first?.headers["authorization"] == "Bearer sk-1234")
  }

  @Test("waits are told in minutes and seconds")
  func waitsInWords() {
    let waits: [(Duration, String)] = [
      (.milliseconds(150), "0 seconds"), (.milliseconds(800), "1 second"), (.seconds(59), "59 seconds"),
      (.seconds(60), "1 minute"), (.seconds(121), "2 minutes, 1 second"), (.seconds(600), "10 minutes"),
    ]
    for (wait, words) in waits {
      let error = ChatModelError(.timedOut(after: wait), provider: "P", model: "m")
      #expect(error.description == "P sent nothing of m for \(words); send again, or pick another model.")
    }
  }

  @Test("a secret is taken out wherever it stands, whatever follows it")
  func redaction() {
    let redaction = Redaction(secrets: ["sk-1234", "sk-1234-long", "abc"])
    #expect(redaction.cleaned("a sk-1234-long,\nsk-1234\u{301} abc") == "a [key], [key]\u{301} abc")
  }

  @Test("the wait that a server asks for is read in all its forms")
  func retryAfterForms() {
    let now = Date(timeIntervalSince1970: 784_111_777)  // Sun, 06 Nov 1994 08:49:37 GMT
    let forms: [(HeaderFields, Duration?)] = [
      ([:], nil),
      (["retry-after": "2"], .seconds(2)),
      (["retry-after": " 0.25 "], .milliseconds(250)),
      (["retry-after": "-1"], .zero),
      (["retry-after": "Sun, 06 Nov 1994 08:50:07 GMT"], .seconds(30)),
      (["retry-after": "Sun, 06 Nov 1994 08:00:00 GMT"], .zero),
      (["retry-after": "Mon, 07 Nov 1994 08:49:37 GMT"], .seconds(86_400)),
      (["retry-after": "Sun, 06 Now 1994 08:50:07 GMT"], nil),
      (["retry-after": "soon"], nil),
      (["retry-after": "1e300"], .seconds(86_400)),
      (["retry-after": "nan"], nil),
      (["retry-after": "7", "retry-after-ms": "1500"], .milliseconds(1_500)),
    ]
    for (headers, expected) in forms { #expect(retryAfter(headers, now: now) == expected, "\(headers)") }
  }
}
