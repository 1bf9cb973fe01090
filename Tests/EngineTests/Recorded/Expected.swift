import RearviewJSON

/// What is to go over the wire: the recorded requests with our mends, and the changes that a difference makes.
struct Expected: Sendable {
  var memory: [Recording.Request]
  var model: [Recording.Request]
  var order: [String]
  /// Whether what happens at once may come in any order.
  var isOrderFree = false

  init(_ recording: Recording) {
    memory = recording.mendedMemoryRequests
    model = recording.mendedModelRequests
    order = recording.mendedOrder
  }

  static let chat = "llm POST /v1/chat/completions"
  static let question = "What language should I use?"
  static let block =
    blockOfOne + """

      2. [EXPERIENCE] Assistant helped debug a FastAPI route
      3. [OBSERVATION] User tends to choose typed languages
      """
  static let blockOfOne = """
    # Relevant Memories
    The following information from memory may be relevant:

    1. [WORLD] User prefers Python for backend work
    """

  static func system(_ text: String) -> JSONValue { ["role": "system", "content": .text(text)] }
  static func user(_ text: String = question) -> JSONValue { ["role": "user", "content": .text(text)] }

  // MARK: The model

  /// What is said to the model, in its first request.
  mutating func say(_ messages: [JSONValue]) {
    model[0].body = model[0].body.setting("messages", to: .list(messages))
  }

  mutating func sayInSystem(_ change: (String) -> String) {
    let text = model[0].body.at("messages.0.content")?.text ?? ""
    model[0].body = model[0].body.setting("messages.0.content", to: .text(change(text)))
  }

  /// The block goes to the model, in each request.
  mutating func injects(_ block: String = block, after system: String? = nil) {
    for index in model.indices {
      var messages = model[index].body["messages"]?.list ?? []
      if let system {
        messages[0] = Self.system(system + "\n\n" + block)
      } else {
        messages.insert(Self.system(block), at: 0)
      }
      model[index].body = model[index].body.setting("messages", to: .list(messages))
    }
  }

  mutating func dropOverride(_ name: String) {
    for index in model.indices { model[index].body = model[index].body.setting(name, to: nil) }
  }

  // MARK: Memory

  /// The call goes to the model as it is and nothing else happens.
  mutating func hasNoMemory() {
    memory = []
    order = order.filter { $0.hasPrefix("llm") }
    say([Self.user()])
  }

  /// Nothing is sent at all.
  mutating func isRefused() {
    memory = []
    model = []
    order = []
  }

  /// One recall, one block, one store.
  mutating func runOnce() {
    memory = [memory[0], memory[2]]
    order = ["hindsight POST recall", Self.chat, "hindsight POST retain"]
    sayInSystem { text in
      guard let end = text.range(of: Self.block) else { return text }
      return String(text[..<end.upperBound])
    }
  }

  mutating func recalls(entities: Bool = false) {
    let body: JSONValue = [
      "query": .text(Self.question), "budget": "mid", "max_tokens": 4096, "trace": false,
      "include": ["entities": entities ? ["max_tokens": 500] : nil, "chunks": nil, "source_facts": nil],
      "tags_match": "any", "types": nil, "prefer_observations": nil, "query_timestamp": nil, "tags": nil,
      "tag_groups": nil, "min_scores": nil, "temporal_window": nil,
    ]
    insertFirst("memories/recall", body, "recall")
  }

  mutating func reflects() {
    let body: JSONValue = [
      "query": .text(Self.question), "budget": "mid", "tags_match": "any",
      "reflect_search_observations_max_tokens": nil, "reflect_search_observations_include_entities": nil,
      "context": nil, "response_schema": nil, "tags": nil, "tag_groups": nil, "fact_types": nil,
      "exclude_mental_model_ids": nil,
    ]
    insertFirst("reflect", body, "reflect")
  }

  private mutating func insertFirst(_ path: String, _ body: JSONValue, _ operation: String) {
    memory.insert(
      Recording.Request(method: "POST", path: "/v1/default/banks/bank-a/\(path)", body: body), at: 0)
    order.insert("hindsight POST \(operation)", at: 0)
  }

  /// One more turn is stored.
  mutating func retains(
    _ content: String, bank: String = "bank-a", document: String? = nil, isCut: Bool = false, inOrder: Bool = true
  ) {
    let name = model.first?.body["model"]?.text ?? "gpt-4o-mini"
    var metadata: JSONObject = ["source": "rearview", "model": .text(name)]
    if isCut { metadata["cut"] = "true" }
    let item: JSONValue = [
      "content": .text(content), "context": .text("conversation:rearview:" + name), "metadata": .object(metadata),
      "document_id": document.map(JSONValue.text) ?? .null, "resolve_entities": true, "timestamp": nil,
      "entities": nil, "tags": nil, "observation_scopes": nil, "strategy": nil,
      "update_mode": document == nil ? nil : "append",
    ]
    memory.append(
      Recording.Request(
        method: "POST", path: "/v1/default/banks/\(bank)/memories",
        body: ["items": [item], "async": true, "document_tags": nil]))
    if inOrder { order.append("hindsight POST retain") }
  }

  mutating func retainsCut(_ text: String) {
    retains("USER: \(Self.question)\n\nASSISTANT: \(text)[cut off]", isCut: true)
  }

  /// What was stored as if it were whole is marked.
  mutating func marksCut() {
    let last = memory.count - 1
    content((memory[last].body.at("items.0.content")?.text ?? "") + "[cut off]")
    memory[last].body = memory[last].body.setting("items.0.metadata.cut", to: "true")
  }

  /// What the last request stores.
  mutating func content(_ text: String) {
    let last = memory.count - 1
    memory[last].body = memory[last].body.setting("items.0.content", to: .text(text))
  }

  /// The last request is made a second time.
  mutating func repeatsRetain() {
    if let last = memory.last { memory.append(last) }
    order.append("hindsight POST retain")
  }
}

extension Recording.Request {
  func setting(_ path: String, to value: JSONValue?) -> Self {
    var request = self
    request.body = body.setting(path, to: value)
    return request
  }
}
