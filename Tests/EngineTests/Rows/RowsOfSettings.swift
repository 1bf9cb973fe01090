import Foundation
import Rearview
import RearviewJSON
import ScriptedServer
import Testing

extension Rows {
  /// Configuration.
  static let settings: [Int: RowCheck] = [
    1: each(recorded("config_defaults", "config_reconfigure_resets"), configureReplaces, configureTakesAll),
    2: each(recorded("config_defaults"), embeddedByDefault),
    3: keyOnEveryRequest,
    4: keyOfEnvironment,
    5: recorded("inject_recall_url_trailing_slash"),
    6: recorded("inject_recall_bank_special_chars", "bank_set_mission_no_name"),
    7: userAgent,
    8: defaultsMerge,
    9: defaultsClear,
    10: each(recorded("config_validation"), budgetIsChecked),
    11: tagsMatchIsChecked,
    12: each(
      recorded("config_validation", "inject_recall_bad_injection_mode", "max_memories_negative"), otherValuesAreChecked),
    13: each(recorded("store_sync_document_id"), documentIDIsDeprecated),
    14: recorded("store_sync_session_beats_document"),
    15: each(recorded("config_defaults", "lifecycle_reset_config_while_enabled"), configurationCanBeRead),
    16: documentIDByFunction,
  ]

  /// What the package says its settings are after a `configure`, with our differences.
  private static func recordedDefaults(_ recording: String) throws -> JSONObject {
    let result = try #require(try Recording(recording).calls.last?.result?.object)
    var values = result["default_settings"]?.object ?? [:]
    for name in ["hindsight_api_url", "api_key", "excluded_models", "sync_storage"] { values[name] = result[name] }
    // Lists are empty where the package has none; entities are asked for by recall alone where nothing is said.
    for name in ["tags", "recall_tags"] where values[name] == .null { values[name] = [] }
    values["include_entities"] = .null
    return values
  }

  private static func configureReplaces() async throws {
    let recording = try Recording("config_reconfigure_resets")
    let stage = try Stage()
    let first = try #require(recording.settings.first)
    try await stage.instance.configure(named: stage.settings(first.arguments))
    #expect(await stage.instance.isConfigured)
    try await stage.instance.configure(named: stage.settings(["hindsight_api_url": "http://HINDSIGHT"]))
    let settings = try #require(await stage.instance.configuration)
    for (name, value) in stage.settings(try recordedDefaults(recording.name)) {
      #expect(settings.value(of: name) == value, "\(name)")
    }
    #expect(await !stage.instance.isConfigured)
    #expect(settings.sessionID == nil && !settings.syncStorage)
  }

  private static func configureTakesAll() async throws {
    let caller = try await Caller()
    let values: JSONObject = [
      "hindsight_api_url": .text(caller.memory.url), "api_key": "hs-key", "bank_id": "bank-b", "bank_name": "Support",
      "mission": "Route tickets.", "session_id": "s-1", "document_id": "d-1", "excluded_models": ["gpt-3*"],
      "inject_memories": false, "injection_mode": "prepend_user", "injection_format": "delimited", "query": "Who?",
      "budget": "high", "max_memory_tokens": 100, "max_memories": 3, "fact_types": ["world", "observation"],
      "recall_tags": ["user:alice"], "recall_tags_match": "all_strict", "include_entities": true, "trace": true,
      "use_reflect": true, "reflect_context": "A chat.", "reflect_response_schema": ["type": "object"],
      "reflect_include_facts": true, "store_conversations": false, "sync_storage": true, "session_update": "replace",
      "deduplicate": true, "tags": ["app:test"], "memory_failure": "fail", "recall_timeout_seconds": 1.5,
      "reflect_timeout_seconds": 2.5, "retain_timeout_seconds": 3.5, "bank_timeout_seconds": 4.5, "verbose": true,
    ]
    #expect(Set(values.keys) == Set(MemorySettings.names))
    try await caller.instance.configure(named: values)
    let settings = try #require(await caller.instance.configuration)
    for (name, value) in values where name != "api_key" { #expect(settings.value(of: name) == value, "\(name)") }
    #expect(settings.apiKey == Secret("hs-key"))
    #expect(
      await refusal { try await caller.instance.configure(named: ["bugdet": "low"]) }?
        .hasPrefix("there is no setting bugdet") == true)
    #expect(await caller.instance.configuration == settings)
  }

  /// Ours: where the package turns to the cloud, we keep memory in a file.
  private static func embeddedByDefault() async throws {
    let caller = try await Caller(["hindsight_api_url": nil, "sync_storage": true])
    #expect(await caller.instance.configuration?.hindsightAPIURL == nil)
    try await caller.ask("My dog is called Biscuit.")
    let answer = try await caller.ask("What is my dog called?")
    #expect(answer.storageError == nil)
    #expect(answer.record.block?.contains("[WORLD] My dog is called Biscuit.") == true)
    #expect(caller.system == answer.record.block)
    #expect(caller.memory.requests.isEmpty)
    let recalled = try await caller.instance.recall("dog").memories.map(\.memory.text)
    #expect(recalled.contains("My dog is called Biscuit."))
    // A store without a model says that it only quotes.
    let reflection = try await caller.instance.reflect("What is my dog called?")
    #expect(reflection.isExtract)
    #expect(reflection.text.contains("Biscuit"))
  }

  /// Every kind of request that there is.
  private static func everyRequest(_ caller: Caller) async throws {
    try await caller.ask()
    try await caller.ask("and a reflection", ["hindsight_use_reflect": true, "hindsight_session_update": "replace"])
    _ = try await caller.instance.recall("direct")
    try await caller.instance.retain("direct", waits: true)
    try await caller.instance.setBankMission("m")
    await caller.instance.flush()
    let operations = Set(caller.memory.requests.map(Servers.operation))
    #expect(operations == ["recall", "reflect", "retain", "document", "bank"])
  }

  private static func keyOnEveryRequest() async throws {
    let caller = try await Caller(["api_key": "hs-test-key", "session_id": "session-1", "sync_storage": true])
    try await everyRequest(caller)
    for request in caller.memory.requests {
      #expect(request.headers["authorization"] == "Bearer hs-test-key", "\(request.method) \(request.path)")
    }
    #expect(caller.stage.servers.model.requests.allSatisfy { $0.headers["authorization"] == "Bearer sk-test" })
    #expect("\(try #require(await caller.instance.configuration))".contains("hs-test-key") == false)
  }

  private static func keyOfEnvironment() async throws {
    let environment = ["HINDSIGHT_API_KEY": "hs-env-key"]
    let implicit = try await Caller(["sync_storage": true], environment: environment)
    try await implicit.ask()
    #expect(implicit.memory.requests.map { $0.headers["authorization"] } == ["Bearer hs-env-key", "Bearer hs-env-key"])
    let explicit = try await Caller(["sync_storage": true, "api_key": "hs-own-key"], environment: environment)
    try await explicit.ask()
    #expect(explicit.memory.requests.map { $0.headers["authorization"] } == ["Bearer hs-own-key", "Bearer hs-own-key"])
    let keyless = try await Caller(["sync_storage": true])
    try await keyless.ask()
    #expect(keyless.memory.requests.map { $0.headers["authorization"] } == [nil, nil])
  }

  private static func userAgent() async throws {
    let caller = try await Caller(["session_id": "session-1", "sync_storage": true])
    try await everyRequest(caller)
    for request in caller.memory.requests + caller.stage.servers.model.requests {
      #expect(request.headers["user-agent"] == "rearview/\(RearviewClient.version)", "\(request.path)")
    }
  }

  private static func defaultsMerge() async throws {
    let caller = try await Caller(["budget": "high", "tags": ["a"], "session_id": "s-1", "trace": true])
    try await caller.instance.setDefaults(named: ["session_id": "s-2", "max_memories": 4])
    var settings = try #require(await caller.instance.defaults)
    #expect(settings.budget == .high && settings.tags == ["a"] && settings.trace && settings.bankID == "bank-a")
    #expect(settings.sessionID == "s-2" && settings.maxMemories == 4)
    // What is empty overwrites too.
    try await caller.instance.setDefaults(
      named: ["tags": [], "trace": false, "max_memory_tokens": 0, "store_conversations": false])
    settings = try #require(await caller.instance.defaults)
    #expect(settings.tags == [] && !settings.trace && !settings.storeConversations)
    #expect(settings.maxMemoryTokens == 4096)
    // Called first, it configures; not with the cloud.
    let fresh = try Stage(environment: ["HINDSIGHT_API_KEY": "hs-env-key"])
    try await fresh.instance.setDefaults { $0.bankID = "bank-a" }
    #expect(await fresh.instance.isConfigured)
    #expect(await fresh.instance.configuration?.apiKey == Secret("hs-env-key"))
    #expect(await fresh.instance.configuration?.hindsightAPIURL == nil)
  }

  private static func defaultsClear() async throws {
    let caller = try await Caller([
      "session_id": "s-1", "budget": "high", "fact_types": ["world"], "query": "Who?", "max_memories": 1,
    ])
    try await caller.instance.setDefaults { settings in
      settings.sessionID = nil
      settings.maxMemories = nil
    }
    try await caller.instance.setDefaults(named: ["budget": nil, "fact_types": nil, "query": ""])
    let settings = try #require(await caller.instance.defaults)
    #expect(settings.sessionID == nil && settings.maxMemories == nil && settings.factTypes == nil)
    #expect(settings.budget == .mid && settings.query == nil && settings.bankID == "bank-a")
    try await caller.ask()
    let body = try #require(caller.bodies("recall").first)
    #expect(body["query"] == .text(Expected.question) && body["budget"] == "mid" && body["types"] == .null)
    #expect(caller.system == Expected.block)
    #expect(await caller.stored().first?["document_id"] == .null)
  }

  private static func budgetIsChecked() async throws {
    try await expectRecordedRefusals(of: "budget") { $0 }
  }

  private static func tagsMatchIsChecked() async throws {
    // The server knows `exact`, and so do we.
    try await expectRecordedRefusals(of: "recall_tags_match") {
      $0.replacing("'any_strict']", with: "'any_strict', 'exact']")
    }
    let caller = try await Caller(["recall_tags": ["a"], "recall_tags_match": "exact"])
    try await caller.ask()
    let body = try #require(caller.bodies("recall").first)
    #expect(body["tags"] == ["a"] && body["tags_match"] == "exact")
  }

  /// The package's own words for each value of a setting that it refused, and nothing changed by the try.
  private static func expectRecordedRefusals(of name: String, _ change: (String) -> String) async throws {
    let caller = try await Caller(["budget": "low", "recall_tags_match": "all"])
    let before = await caller.instance.configuration
    var count = 0
    for call in try Recording("config_validation").calls {
      guard let value = call.arguments[name], value != "exact", let said = call.error?["message"]?.text else {
        continue
      }
      count += 1
      let message = change(said)
      let isConfigure = call.function.hasPrefix("configure")
      #expect(
        await refusal {
          if isConfigure {
            try await caller.instance.configure(named: [name: value])
          } else {
            try await caller.instance.setDefaults(named: ["session_id": "s", name: value])
          }
        } == message)
      #expect(await refusal { try await caller.ask("hi", ["hindsight_" + name: value]) } == message)
    }
    #expect(count > 0)
    #expect(await caller.instance.configuration == before)
    #expect(caller.sent.isEmpty && caller.memory.requests.isEmpty)
  }

  private static func otherValuesAreChecked() async throws {
    let caller = try await Caller()
    let before = await caller.instance.configuration
    let wrong: [(String, JSONValue, String)] = [
      (
        "injection_mode", "nonsense", "injection_mode must be one of ['prepend_user', 'system_message'], got 'nonsense'"
      ),
      ("fact_types", ["bogus"], "fact_types must be a list of ['experience', 'observation', 'world'], got ['bogus']"),
      ("max_memories", -1, "max_memories must be a whole number from 0 to 10000, got -1"),
    ]
    for (name, value, message) in wrong {
      #expect(await refusal { try await caller.instance.configure(named: [name: value]) } == message)
      #expect(await refusal { try await caller.instance.setDefaults(named: [name: value]) } == message)
      #expect(await refusal { try await caller.ask("hi", ["hindsight_" + name: value]) } == message)
    }
    #expect(
      await refusal { try await caller.instance.configure { $0.maxMemories = -1 } }
        == "max_memories must be a whole number from 0 to 10000, got -1")
    #expect(await caller.instance.configuration == before)
    #expect(caller.sent.isEmpty)
  }

  private static func documentIDIsDeprecated() async throws {
    let recording = try Recording("store_sync_document_id")
    let warnings = (recording.json["warnings"]?.list ?? []).compactMap {
      $0.text?.replacing("DeprecationWarning: ", with: "")
    }
    #expect(warnings.count == 1)
    #expect(try await expectAsRecorded(recording.name).records.map(\.warnings) == [warnings])
    let caller = try await Caller(["session_id": "s-1"])
    #expect(try await caller.ask().record.warnings == [])
  }

  private static func configurationCanBeRead() async throws {
    let stage = try Stage()
    #expect(await stage.instance.configuration == nil)
    #expect(await stage.instance.defaults == nil)
    #expect(await !stage.instance.isConfigured)
    try await stage.instance.configure { $0.budget = .high }
    #expect(await !stage.instance.isConfigured)
    #expect(await stage.instance.configuration?.budget == .high)
    try await stage.instance.setDefaults { $0.bankID = "bank-a" }
    #expect(await stage.instance.isConfigured)
    #expect(await stage.instance.defaults == stage.instance.configuration)
    await stage.instance.resetConfiguration()
    #expect(await stage.instance.configuration == nil)
    #expect(await !stage.instance.isConfigured)
  }

  private static func documentIDByFunction() async throws {
    let caller = try await Caller(["sync_storage": true])
    try await caller.instance.setDocumentID("conversation-1")
    try await caller.ask("one")
    try await caller.instance.setDocumentID(nil)
    try await caller.ask("two")
    #expect(await caller.stored().map { $0["document_id"] } == ["conversation-1", .null])
    #expect(await caller.stored().map { $0["update_mode"] } == ["append", .null])
    #expect(await caller.instance.configuration?.bankID == "bank-a")
  }
}
