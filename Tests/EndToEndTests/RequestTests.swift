import Foundation
import ScriptedServer
import TerminalEmulator
import Testing

extension EndToEnd {
  /// `rearview ask --messages`: the whole engine for those who cannot write Swift.
  @Suite("Requests of scripts")
  struct RequestTests {
    private static let facts = """
      {"results":[{"id":"1","text":"User prefers Python","type":"world"},{"id":"2","text":"two\\nlines","type":null}]}
      """

    /// A memory server that answers well.
    private func memoryServer() throws -> ScriptedServer {
      try ScriptedServer { request in
        if request.path.hasSuffix("/recall") { return .json(200, Self.facts) }
        if request.path.hasSuffix("/reflect") { return .json(200, #"{"text":"Python it is."}"#) }
        return .json(200, #"{"success":true,"items_count":1,"async":false}"#)
      }
    }

    private func home(_ model: ScriptedServer, memory: ScriptedServer) throws -> Home {
      let home = try Home(["REARVIEW_HINDSIGHT_API_URL": memory.url, "REARVIEW_BANK_ID": "bank-a"])
      home.use(model)
      return home
    }

    private static let whole =
      #"{"choices":[{"message":{"role":"assistant","content":"Python."},"finish_reason":"stop"}]}"#

    @Test("are sent as they stand, with the block, without what is ours; the answer is printed, the exchange stored")
    func request() throws {
      let (model, memory) = (try ScriptedServer { _ in .json(200, Self.whole) }, try memoryServer())
      defer {
        model.stop()
        memory.stop()
      }
      let home = try home(model, memory: memory)
      let request = """
        {"model": "gpt-4o-mini", "temperature": 0.5, "hindsight_budget": "high", "hindsight_tags": ["t"],
         "messages": [{"role": "system", "content": [{"type": "text", "text": "S", "cache_control": {"type": "ephemeral"}}]},
                      {"role": "user", "content": "Which language?", "name": "anna"}]}
        """
      try home.write("request.json", request)
      let outcome = try home.run("ask", "--messages", "request.json", "--debug-json", "debug.json")
      #expect(outcome.output == "Python.\n")
      #expect(outcome.error == "")
      #expect(outcome.status == 0)
      let sent = try #require(model.requests.first)
      #expect(model.requests.count == 1)
      #expect(Set(sent.json.keys) == ["model", "temperature", "messages"])
      #expect(
        sent.bodyText.contains(
          ##"{"type":"text","text":"S","cache_control":{"type":"ephemeral"}},{"type":"text","text":"# Relevant Memories\n"##
        ))
      #expect(sent.bodyText.contains(#"2. [MEMORY] two\n   lines"#))
      #expect(sent.bodyText.contains(#""name":"anna""#))
      #expect(memory.requests.map(\.path).map { $0.split(separator: "/").last } == ["recall", "memories"])
      #expect(memory.requests[0].json["budget"] as? String == "high")
      #expect(memory.requests[1].bodyText.contains(#""content":"USER: Which language?\n\nASSISTANT: Python.""#))
      #expect(memory.requests[1].bodyText.contains(#""tags":["t"]"#))
      let file = home.path + "/debug.json"
      #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
      let record = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file))) as? [String: Any])
      let debug = try #require(record["debug"] as? [String: Any])
      #expect(debug["results_count"] as? Int == 2)
      #expect(debug["bank_id"] as? String == "bank-a")
      #expect((record["storage"] as? [String: Any])?["state"] as? String == "stored")
    }

    @Test("come from standard input too, stream as they say or as the flags say, and tell of tool calls")
    func streaming() throws {
      let model = try ScriptedServer { request in
        request.json["stream"] as? Bool == true
          ? .sse([
            ScriptedResponse.delta(#"{"content":"Let me see."}"#),
            ScriptedResponse.delta(
              #"{"tool_calls":[{"index":0,"id":"c","function":{"name":"look","arguments":"{\"at\":1}"}}]}"#),
            ScriptedResponse.delta("{}", finish: "tool_calls"), "data: [DONE]\n\n",
          ]) : .json(200, Self.whole)
      }
      let memory = try memoryServer()
      defer {
        model.stop()
        memory.stop()
      }
      let home = try home(model, memory: memory)
      let request = #"{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"Hm?"}]}"#
      let streamed = try home.run("ask", "--messages", "-", input: request)
      #expect(streamed.output == "Let me see.\ntool call: look({\"at\":1})\n")
      #expect(model.requests.last?.json.keys.sorted() == ["messages", "model", "stream"])
      #expect(memory.requests.last?.bodyText.contains("ASSISTANT_TOOL_CALLS: look(") == true)
      let whole = try home.run("ask", "--messages", "-", "--no-stream", input: request)
      #expect(whole.output == "Python.\n")
      #expect(model.requests.last?.json["stream"] == nil)
    }

    @Test("may ask Anthropic, and reflect instead of recall")
    func anthropic() throws {
      let model = try ScriptedServer { _ in
        .json(200, #"{"type":"message","stop_reason":"end_turn","content":[{"type":"text","text":"Yes."}]}"#)
      }
      let memory = try memoryServer()
      defer {
        model.stop()
        memory.stop()
      }
      let home = try home(model, memory: memory)
      home.environment["ANTHROPIC_BASE_URL"] = model.url
      home.environment["ANTHROPIC_API_KEY"] = "sk-ant"
      let request = #"{"model":"anthropic/claude-sonnet-4-20250514","messages":[{"role":"user","content":"Well?"}]}"#
      let outcome = try home.run(
        "ask", "--messages", "-", "--set", "use_reflect=true", "--set", "injection_format=delimited", input: request)
      #expect(outcome.output == "Yes.\n")
      #expect(model.requests.first?.path == "/v1/messages")
      #expect(
        model.requests.first?.bodyText.contains(
          ##""text":"<memories>\n# Relevant Context from Memory\nPython it is.\n</memories>""##) == true)
    }

    @Test("may name an address and its key, which are no part of what is sent; what is LiteLLM's own is left out")
    func address() throws {
      let (model, memory) = (try ScriptedServer { _ in .json(200, Self.whole) }, try memoryServer())
      defer {
        model.stop()
        memory.stop()
      }
      let home = try home(memory, memory: memory)
      let request = """
        {"model": "openai/x", "api_base": "\(model.url)/v1", "api_key": "sk-of-this", "num_retries": 3,
         "hindsight_api_url": "\(memory.url)/other", "messages": [{"role": "user", "content": "Hm?"}]}
        """
      home.environment["HINDSIGHT_API_KEY"] = "hs-of-another"
      let outcome = try home.run("ask", "--messages", "-", input: request)
      #expect(outcome.output == "Python.\n")
      #expect(outcome.error.contains("num_retries is for LiteLLM"))
      let sent = try #require(model.requests.first)
      #expect(sent.headers["authorization"] == "Bearer sk-of-this")
      #expect(Set(sent.json.keys) == ["model", "messages"])
      #expect(sent.json["model"] as? String == "x")
      // A key goes to its own address: the request named another one and no key.
      #expect(memory.requests.count == 2)
      #expect(memory.requests.allSatisfy { $0.path.hasPrefix("/other/") && $0.headers["authorization"] == nil })
    }

    @Test("that cannot be made are refused with status 2, and nothing is sent")
    func refused() throws {
      let (model, memory) = (try ScriptedServer { _ in .json(200, Self.whole) }, try memoryServer())
      defer {
        model.stop()
        memory.stop()
      }
      let home = try home(model, memory: memory)
      let user = #"[{"role":"user","content":"x"}]"#
      for (request, said) in [
        ("{\"model\":\"gpt-4o\",\n\"messages\": [}", "line 2, column 14"),
        ("[]", "must hold a JSON object"), ("{\"model\":\"gpt-4o\"}", "\"messages\" must be a list"),
        ("{\"model\":\"gpt-4o\",\"messages\":[{\"content\":\"x\"}]}", "messages[0] must be an object with a \"role\""),
        ("{\"model\":7,\"messages\":\(user)}", "\"model\" must be a text"),
        ("{\"model\":\"gpt-4o\",\"messages\":\(user),\"hindsight_budget\":\"huge\"}", "one of ['high', 'low', 'mid']"),
        ("{\"model\":\"nowhere/x\",\"messages\":\(user)}", "nowhere"),
        ("{\"model\":\"custom_openai/x\",\"api_key\":\"gk\",\"messages\":\(user)}", "has no address"),
        ("{\"model\":\"cohere/x\",\"messages\":\(user)}", "litellm_proxy/x"),
      ] {
        let outcome = try home.run("ask", "--messages", "-", input: request)
        #expect(outcome.status == 2, "\(request)")
        #expect(outcome.error.contains(said), "\(outcome.error)")
      }
      #expect(try home.run("ask", "--messages", "missing.json").error.contains("missing.json cannot be read"))
      #expect(try home.run("ask", "--messages", "-", "and a question", input: "{}").status == 2)
      let noBank = try home.run(
        "ask", "--messages", "-", "--set", "bank_id=", input: "{\"model\":\"gpt-4o\",\"messages\":\(user)}")
      #expect(noBank.status == 2)
      #expect(noBank.error.contains("No bank_id configured"))
      #expect(model.requests.isEmpty)
      #expect(memory.requests.isEmpty)
    }

    @Test("with synchronous storage end with 1 when it fails, the answer printed; the turn is stored later, once")
    func storageFails() throws {
      let model = try ScriptedServer { _ in .json(200, Self.whole) }
      let memory = try ScriptedServer { _ in .json(200, #"{"success":true,"items_count":1,"async":false}"#) }
      defer {
        model.stop()
        memory.stop()
      }
      memory.enqueue(.json(200, Self.facts), .json(500, #"{"detail":"boom"}"#))
      let home = try home(model, memory: memory)
      let request = #"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hm?"}],"hindsight_session_id":"s"}"#
      let outcome = try home.run("ask", "--messages", "-", "--set", "sync_storage=true", input: request)
      #expect(outcome.output == "Python.\n")
      #expect(outcome.error.contains("boom"))
      #expect(outcome.error.contains("bank-a"))
      #expect(outcome.status == 1)
      _ = try home.run("bank", "list")
      let ids = memory.requests.filter { $0.path.hasSuffix("/memories") }.map { $0.json["operation_id"] as? String }
      #expect(ids.count == 2)
      #expect(Set(ids).count == 1)
      _ = try home.run("bank", "list")
      #expect(memory.requests.filter { $0.path.hasSuffix("/memories") }.count == 2)
    }

    @Test("of one session send each message once, however long the history grows")
    func growing() throws {
      let (model, memory) = (try ScriptedServer { _ in .json(200, Self.whole) }, try memoryServer())
      defer {
        model.stop()
        memory.stop()
      }
      let home = try home(model, memory: memory)
      var messages: [[String: String]] = []
      for number in 1...3 {
        messages.append(["role": "user", "content": "Q\(number)"])
        let request: [String: Any] = ["model": "gpt-4o-mini", "messages": messages, "hindsight_session_id": "s"]
        let text = String(decoding: try JSONSerialization.data(withJSONObject: request), as: UTF8.self)
        #expect(try home.run("ask", "--messages", "-", input: text).status == 0)
        messages.append(["role": "assistant", "content": "Python."])
      }
      let stored = memory.requests.filter { $0.path.hasSuffix("/memories") }.compactMap {
        ($0.json["items"] as? [[String: Any]])?.first?["content"] as? String
      }
      #expect(stored == (1...3).map { "USER: Q\($0)\n\nASSISTANT: Python." })
      #expect(memory.requests.allSatisfy { !$0.path.contains("/documents/") })
    }

    @Test(
      "wait for their own server and key; doctor says so, and lets them go with those of today",
      arguments: [false, true])
    func rebind(hasMoved: Bool) throws {
      let model = try ScriptedServer { _ in .json(200, Self.whole) }
      let memory = try ScriptedServer { request in
        if request.headers["authorization"] != "Bearer hs-new" { return .json(401, #"{"detail":"Invalid API key"}"#) }
        if request.path.hasSuffix("/recall") { return .json(200, Self.facts) }
        return .json(200, #"{"success":true,"items_count":1,"async":false}"#)
      }
      let refusing = hasMoved ? try ScriptedServer { _ in .json(401, #"{"detail":"Invalid API key"}"#) } : memory
      defer {
        model.stop()
        memory.stop()
        if hasMoved { refusing.stop() }
      }
      let home = try home(model, memory: refusing)
      home.environment["HINDSIGHT_API_KEY"] = "hs-old"
      let request = #"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hm?"}]}"#
      #expect(try home.run("ask", "--messages", "-", input: request).output == "Python.\n")
      home.environment["REARVIEW_HINDSIGHT_API_URL"] = memory.url
      home.environment["HINDSIGHT_API_KEY"] = "hs-new"
      let told = try home.run("doctor")
      #expect(told.output.contains("1 turn for \(refusing.url) wait"))
      #expect(!told.output.contains("hs-"))
      #expect(
        !memory.requests.contains { $0.path.hasSuffix("/memories") && $0.headers["authorization"] == "Bearer hs-new" })
      let rebound =
        hasMoved ? try home.run("doctor", "--rebind-from", refusing.url) : try home.run("doctor", "--rebind")
      #expect(rebound.output.contains("1 turn was let go to \(memory.url)"))
      _ = try home.run("bank", "list")
      let stored = memory.requests.filter {
        $0.path.hasSuffix("/memories") && $0.headers["authorization"] == "Bearer hs-new"
      }
      #expect(stored.count == 1)
      #expect(!(try home.run("doctor").output.contains("wait")))
    }

    @Test("a password in an address is printed nowhere")
    func password() throws {
      let home = try Home(["REARVIEW_HINDSIGHT_API_URL": "http://user:hunter2@127.0.0.1:9"])
      for arguments in [["config", "show"], ["doctor"], ["recall", "x"], ["config", "show", "--json"]] {
        let outcome = try home.start(arguments).finish()
        #expect(!(outcome.output + outcome.error).contains("hunter2"), "\(arguments)")
      }
    }

    @Test("config show tells each setting and where it came from, and no key")
    func configShow() throws {
      let home = try Home(["HINDSIGHT_API_KEY": "hs-secret", "REARVIEW_BUDGET": "low"])
      try home.write(".config/rearview/config.toml", "[memory]\nsession_id = \"s\"\n")
      let shown = try home.run("config", "show", "--set", "tags=a,b")
      #expect(shown.output.contains("budget                      low  ($REARVIEW_BUDGET)"))
      #expect(shown.output.contains("tags                        a, b  (command line)"))
      #expect(shown.output.contains("config.toml:2)"))
      #expect(shown.output.contains("api_key                     •••  ($HINDSIGHT_API_KEY)"))
      #expect(!shown.output.contains("hs-secret"))
      let one = try home.run("config", "show", "max_memory_tokens", "--json")
      #expect(one.output == #"{"name":"max_memory_tokens","value":4096,"origin":"default"}"# + "\n")
      #expect(try home.run("config", "show", "nonsense").status == 2)
    }

    @Test("a project's file cannot name a memory server, which would get the key and every word")
    func projectFile() throws {
      let home = try Home()
      try home.write(".rearview.toml", "[memory]\nhindsight_api_url = \"http://127.0.0.1:9\"\n")
      let outcome = try home.run("config", "show")
      #expect(outcome.status == 2)
      #expect(outcome.error.contains("a project file cannot set memory.hindsight_api_url"))
    }
  }
}
