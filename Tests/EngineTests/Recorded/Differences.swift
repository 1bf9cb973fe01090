import RearviewJSON

/// What we send where it is not what was recorded: why, and what it is instead.
struct Difference: Sendable {
  let reason: String
  /// Makes of the recorded requests those that we send.
  let change: @Sendable (inout Expected) -> Void

  init(_ reason: String, _ change: @escaping @Sendable (inout Expected) -> Void) {
    self.reason = reason
    self.change = change
  }
}

extension Difference {
  /// The recorded runs that ours differ from, beyond what `Mends` says of all. Section 12 of the contract numbers the
  /// package's weaknesses.
  static let all: [String: Difference] = lifecycle.merging(injection) { $1 }.merging(wrappers) { $1 }
    .merging(overrides) { $1 }.merging(storage) { $1 }.merging(streams) { $1 }.merging(callbacks) { $1 }

  private static let lifecycle: [String: Difference] = [
    "convenience_completion_enabled_double": Difference("weakness 1: the quick start runs once") { $0.runOnce() },
    "convenience_completion_enabled_double_stream": Difference("weakness 1: the quick start runs once") {
      $0.runOnce()
    },
    "convenience_completion_enabled_double_sync": Difference(
      "weakness 1: it runs once, and under the settings of the call"
    ) { expected in
      expected.memory = [expected.memory[0], expected.memory[3]]
      expected.order = ["hindsight POST recall", Expected.chat, "hindsight POST retain"]
      expected.say([Expected.system(Expected.block), Expected.user()])
    },
    "async_completion_convenience": Difference("weakness 2: async calls inject too") { $0.recalls() },
    "async_completion_default": Difference("weakness 2: async calls inject too") { $0.recalls() },
    "async_completion_reflect": Difference("weakness 2: async calls inject too") { $0.reflects() },
    "async_stream_sync_storage": Difference("weakness 2: synchronous storage works in async code") {
      $0.retains("USER: What language should I use?\n\nASSISTANT: Hello from the stream.")
    },
    "surface_router": Difference("weakness 12: injection works, and storage never repeats the model's call") {
      expected in
      expected.model = [expected.model[0]]
      expected.order = [Expected.chat]
      expected.recalls()
      expected.retains("USER: What language should I use?\n\nASSISTANT: Hello from the model.")
    },
    "lifecycle_cleanup_midstream": Difference("what a call began with holds to its end: nothing is lost") {
      $0.retains("USER: What language should I use?\n\nASSISTANT: Hello from the stream.")
    },
    "stream_settings_changed_midway": Difference("settings are fixed when the call begins") { expected in
      expected.memory[1].path = "/v1/default/banks/bank-a/memories"
    },
    "context_basic": Difference("storage in the background and the next call may come in either order") {
      $0.isOrderFree = true
    },
    "context_async_store_after_exit_outer_config": Difference("a late write keeps the settings of its call") {
      $0.memory[1].authorization = "Bearer hs-inner-key"
    },
    "context_async_store_after_exit": Difference("a late write keeps the settings of its call") { expected in
      expected.retains(
        "USER: What language should I use?\n\nASSISTANT: Hello from the model.", bank: "bank-ctx", document: "ctx-s")
    },
  ]

  private static let injection: [String: Difference] = [
    "excluded_convenience_enabled": Difference("weakness 16: excluded models are excluded everywhere") {
      $0.hasNoMemory()
    },
    "excluded_convenience_not_enabled": Difference("weakness 16: excluded models are excluded everywhere") {
      $0.hasNoMemory()
    },
    "inject_recall_bad_injection_mode": Difference("a value that is none is refused") { $0.isRefused() },
    "max_memories_negative": Difference("a value that is none is refused") { $0.isRefused() },
    "inject_recall_entities_trace_on": Difference("include_entities and trace hold for completions too") {
      $0.memory[0].body = $0.memory[0].body.setting("include.entities", to: ["max_tokens": 500])
        .setting("trace", to: true)
    },
    "inject_recall_multiline_text": Difference("weakness 18: no memory begins a line of its own") {
      $0.sayInSystem { $0.replacing("\nline two\n# heading", with: "\n   line two\n   # heading") }
    },
    "inject_recall_system_null_content": Difference("weakness 13: null is no text") {
      $0.sayInSystem { $0.replacing("None\n\n", with: "") }
    },
    "inject_recall_prepend_user": Difference("weakness 5: the user's own words are stored") {
      $0.content("USER: What language should I use?\n\nASSISTANT: Hello from the model.")
    },
    "inject_recall_prepend_user_list": Difference("weakness 5: the user's own words are stored") {
      $0.content("USER: What is this?\n\nASSISTANT: Hello from the model.")
    },
    "inject_reflect_prepend_user": Difference("weakness 5: the user's own words are stored") {
      $0.content("USER: What language should I use?\n\nASSISTANT: Hello from the model.")
    },
    "debug_stale_after_skipped_injection": Difference("nothing: the debug information alone differs") { _ in },
  ]

  private static let wrappers: [String: Difference] = [
    "anthropic_list_content": Difference("weakness 24: the user's words are stored, all of them") {
      $0.content("USER: One. Two.\n\nASSISTANT: Hello from the model.")
    },
    "openai_multimodal_first_text_only": Difference("weakness 24: the user's words are stored, all of them") {
      $0.content("USER: One. Two.\n\nASSISTANT: Hello from the model.")
    },
    "anthropic_overrides": Difference("weakness 24: the user's words are stored, not the query") {
      $0.content("USER: What language should I use?\n\nASSISTANT: Hello from the model.")
    },
    "openai_query_override_stored_as_user": Difference("weakness 24: the user's words are stored, not the query") {
      $0.content("USER: What language should I use?\n\nASSISTANT: Hello from the model.")
    },
    "openai_prepend_user_ignored": Difference("injection_mode holds for wrapped clients too") { expected in
      let block = expected.model[0].body.at("messages.0.content")?.text ?? ""
      expected.say([Expected.user(block + "\n\nWhat language should I use?")])
    },
    "openai_tool_response_not_stored": Difference("weakness 24: tool calls are stored") {
      $0.retains("USER: Weather?\n\nASSISTANT_TOOL_CALLS: get_weather({\"city\": \"Paris\"})")
    },
    "openai_inside_event_loop": Difference("weakness 24: works in any task") { expected in
      expected.recalls(entities: true)
      expected.retains("USER: What language should I use?\n\nASSISTANT: Hello from the model.")
    },
    "openai_two_threads": Difference("weakness 24: works on any thread") { expected in
      expected.order += ["hindsight POST retain"]
      expected.order.insert("hindsight POST recall", at: 3)
      expected.memory.append(expected.memory[0].setting("query", to: "from thread two"))
      expected.retains("USER: from thread two\n\nASSISTANT: Hello from the model.", inOrder: false)
      expected.isOrderFree = true
    },
    "openai_store_error_silent": Difference("what was not stored is tried again") { $0.repeatsRetain() },
  ]

  private static let overrides: [String: Difference] = [
    "override_unsupported_anthropic": Difference("weakness 15: every override works and none leaks") { expected in
      expected.memory[0].body = expected.memory[0].body.setting("budget", to: "high")
      expected.dropOverride("hindsight_budget")
    },
    "override_unsupported_inject_memories": Difference("weakness 15: every override works and none leaks") {
      expected in
      expected.memory.removeFirst()
      expected.order.removeFirst()
      expected.say([Expected.user()])
      expected.dropOverride("hindsight_inject_memories")
    },
    "override_unsupported_injection_mode": Difference("weakness 15: every override works and none leaks") {
      expected in
      expected.say([Expected.user(Expected.block + "\n\nWhat language should I use?")])
      expected.dropOverride("hindsight_injection_mode")
    },
    "override_unsupported_recall_tags": Difference("weakness 15: every override works and none leaks") { expected in
      expected.memory[0].body = expected.memory[0].body.setting("tags", to: ["t"])
      expected.dropOverride("hindsight_recall_tags")
    },
    "override_unsupported_session_id": Difference("weakness 15: every override works and none leaks") { expected in
      expected.memory[1].body = expected.memory[1].body.setting("items.0.document_id", to: "conv-9")
        .setting("items.0.update_mode", to: "append")
      expected.dropOverride("hindsight_session_id")
    },
    "override_unsupported_store_conversations": Difference("weakness 15: every override works and none leaks") {
      expected in
      expected.memory.removeLast()
      expected.order.removeLast()
      expected.dropOverride("hindsight_store_conversations")
    },
    "override_unsupported_tags": Difference("weakness 15: every override works and none leaks") { expected in
      expected.memory[1].body = expected.memory[1].body.setting("items.0.tags", to: ["t"])
      expected.dropOverride("hindsight_tags")
    },
    "override_unsupported_use_reflect": Difference("weakness 15: every override works and none leaks") { expected in
      expected.memory.removeFirst()
      expected.order.removeFirst()
      expected.reflects()
      expected.say([Expected.user()])
      expected.dropOverride("hindsight_use_reflect")
    },
    "override_unsupported_verbose": Difference("weakness 15: every override works and none leaks") {
      $0.dropOverride("hindsight_verbose")
    },
  ]

  private static let storage: [String: Difference] = [
    "direct_retain_session_only": Difference("retain inherits the session") { expected in
      expected.memory[0].body = expected.memory[0].body.setting("items.0.document_id", to: "session-1")
        .setting("items.0.update_mode", to: "append")
    },
    "store_async_error_500": Difference("weakness 8: what was not stored is tried again") { $0.repeatsRetain() },
    "store_sync_503": Difference("weakness 8: what was not stored is tried again") { $0.repeatsRetain() },
    "store_sync_success_false": Difference("weakness 27: success false is a failure") { $0.repeatsRetain() },
    "store_sync_retain_timeout": Difference("weakness 11: a slow server is asked again under the same operation") {
      $0.repeatsRetain()
    },
    "store_async_process_exit": Difference("weakness 8: nothing is lost when the program ends") {
      $0.retains("USER: hi\n\nASSISTANT: Hello from the model.", document: "session-1")
    },
    "store_async_two_quick_calls_same_session": Difference("weakness 8: turns of a session keep their order") {
      expected in
      expected.memory.swapAt(0, 1)
      expected.isOrderFree = true
    },
    "store_sync_session_growing_history": Difference("weakness 9: no turn is stored a second time") { expected in
      expected.content("USER: Q2\n\nASSISTANT: Hello from the model.")
      expected.memory.insert(
        Recording.Request(method: "GET", path: "/v1/default/banks/bank-a/documents/session-1", body: .null), at: 0)
      expected.order.insert("hindsight GET document", at: 1)
    },
    "store_sync_prepend_user_list_keeps_block": Difference("weakness 5: the memory block is not stored") {
      $0.content("USER: What is this?\n\nASSISTANT: Hello from the model.")
    },
    "store_sync_prepend_user_reflect_keeps_block": Difference("weakness 5: the memory block is not stored") {
      $0.content("USER: What language should I use?\n\nASSISTANT: Hello from the model.")
    },
    "store_sync_tool_history_null_content": Difference(
      "LiteLLM leaves a null content out; OpenAI's own client sends it, and so do we: what was written goes out"
    ) { expected in
      expected.model[0].body = expected.model[0].body.setting("messages.1.content", to: .null)
    },
    "store_sync_user_text_starting_with_marker": Difference("weakness 6: what a person typed is stored") {
      $0.content("USER: # Relevant Memories\nplease explain this heading\n\nASSISTANT: Hello from the model.")
    },
  ]

  private static let streams: [String: Difference] = [
    "async_stream_abandoned": Difference("an abandoned answer is stored, marked as cut") { $0.retainsCut("Hello ") },
    "async_stream_aclose": Difference("a cut answer is marked") { $0.marksCut() },
    "openai_stream_break": Difference("an abandoned answer is stored, marked as cut") { $0.retainsCut("Hello ") },
    "openai_stream_close": Difference("a cut answer is marked") { $0.marksCut() },
    "stream_abandoned_break": Difference("an abandoned answer is stored, marked as cut") { $0.retainsCut("Hello ") },
    "stream_abandoned_close": Difference("a cut answer is marked") { $0.marksCut() },
    "stream_with_block_exception": Difference("a cut answer is marked") { $0.marksCut() },
    "stream_with_block_partial": Difference("a cut answer is marked") { $0.marksCut() },
    "stream_cut_by_server": Difference("an answer that broke off is stored, marked as cut") {
      $0.retainsCut("Hello from ")
    },
    "stream_sync_store_error": Difference("weakness 8: what was not stored is tried again") { $0.repeatsRetain() },
    "stream_text_and_tool_calls": Difference("tool calls of a stream are stored") {
      $0.content(
        "USER: Weather in Paris?\n\nASSISTANT: Let me check.\n\n"
          + "ASSISTANT_TOOL_CALLS: get_weather({\"city\": \"Paris\"})")
    },
    "stream_tool_calls_only": Difference("tool calls of a stream are stored") {
      $0.retains("USER: Weather in Paris?\n\nASSISTANT_TOOL_CALLS: get_weather({\"city\": \"Paris\"})")
    },
  ]

  private static let callbacks: [String: Difference] = [
    "callback_async": Difference("weakness 3: what is injected is sent") { $0.injects() },
    "callback_dedup": Difference("weakness 3: what is injected is sent") { $0.injects() },
    "callback_default": Difference("weakness 3: what is injected is sent") { $0.injects(after: "You are helpful.") },
    "callback_recall_options": Difference("weakness 3: what is injected is sent") {
      $0.injects(Expected.blockOfOne)
    },
    "callback_session_existing": Difference("weakness 3: what is injected is sent") { $0.injects() },
    "callback_stream": Difference("weakness 3, and tokens that nobody counted are not stored as 0") { expected in
      expected.injects()
      expected.memory[1].body = expected.memory[1].body.setting("items.0.metadata.tokens", to: nil)
    },
    "callback_tool_response": Difference("weakness 3: what is injected is sent") { $0.injects() },
    "callback_store_error": Difference("weaknesses 3 and 8: sent, and tried again") { expected in
      expected.injects()
      expected.repeatsRetain()
    },
    "callback_overrides": Difference("weaknesses 3 and 15: sent, and every override works") { expected in
      for index in expected.memory.indices {
        expected.memory[index].path = expected.memory[index].path.replacing("bank-a", with: "bank-b")
      }
      expected.memory[0].body = expected.memory[0].body.setting("query", to: "Where is Alice?")
        .setting("budget", to: "high")
      expected.injects()
      for name in ["hindsight_bank_id", "hindsight_budget", "hindsight_query"] { expected.dropOverride(name) }
    },
  ]
}
