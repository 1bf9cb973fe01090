import Foundation
import RearviewChat
import RearviewJSON
import RearviewMemory

/// One reflection while it runs: the conversation with the model, and what was found.
struct ReflectRun: Sendable {
  let loop: ReflectLoop
  let search: ReflectSearch
  let prompt: ReflectPrompt
  /// The searches that still come first.
  var plan: [ReflectTool] = []
  private(set) var trace = ReflectTrace()

  private var messages: [Message] = []
  private var evidence = ReflectEvidence()
  private var form = Form.chosenTools
  private var refusals = 0
  /// Answers that were neither a call nor an answer.
  private var unusable = 0
  private var searches = 0
  private let start = ContinuousClock.now

  /// How the model is told which tool to use, from the most to the least that it can do.
  private enum Form {
    case chosenTools, tools, json
  }

  private enum Step {
    case goOn
    case answer(ReflectAnswer)
    /// No more rounds: the answer is asked for.
    case answerNow(String)
  }

  init(loop: ReflectLoop, search: ReflectSearch, prompt: ReflectPrompt) {
    self.loop = loop
    self.search = search
    self.prompt = prompt
    messages = [Message(.system, prompt.system), Message(.user, prompt.question)]
  }

  // MARK: - Rounds

  mutating func answer() async throws -> ReflectAnswer {
    var round = 0
    while round < loop.limits.rounds {
      if trace.tokens + estimatedTokens(messages) > loop.limits.tokens { return try await answerNow("tokens") }
      if ContinuousClock.now - start > loop.limits.time * ReflectLimits.timeForSearching {
        return try await answerNow("time")
      }
      round += 1
      trace.rounds = round
      loop.onProgress(.asking(round: round, tokens: trace.tokens))
      switch try await step() {
      case .goOn: continue
      case .answer(let answer):
        loop.onProgress(.answering(memories: evidence.memories.count))
        return answer
      case .answerNow(let reason): return try await answerNow(reason)
      }
    }
    return try await answerNow("rounds")
  }

  private mutating func step() async throws -> Step {
    let wanted = plan.first
    let completion = try await completion(wanted)
    if !completion.toolCalls.isEmpty { return try await handle(completion) }
    if let json = LaxJSON(completion.text)?.value, let name = json.member("tool", "name", "action")?.laxText {
      return try await handle(json, named: name, completion)
    }
    // Words instead of a call, once it knows something, are the answer.
    if !evidence.isEmpty, form != .json || plan.isEmpty, !completion.text.allSatisfy(\.isWhitespace) {
      trace.ended = "text"
      return .answer(answer(in: completion.text))
    }
    unusable += 1
    guard unusable < 3 else {
      try await searchInstead()
      return .answerNow("no tools")
    }
    form = .json
    messages += [
      Message(.assistant, completion.text),
      Message(.user, ReflectPrompt.protocolReminder(first: wanted ?? .done)),
    ]
    return .goOn
  }

  /// Asks with tools; with less of them where the provider refuses them.
  private mutating func completion(_ wanted: ReflectTool?) async throws -> Completion {
    while true {
      var parameters: JSONObject = [:]
      if form != .json { parameters["tools"] = .list(ReflectTool.allCases.map(\.json)) }
      if form == .chosenTools {
        parameters["tool_choice"] =
          wanted.map { ["type": "function", "function": ["name": .text($0.rawValue)]] } ?? "required"
      }
      do {
        return try await ask(ChatRequest(messages: messages, parameters: parameters))
      } catch let error as ChatModelError where error.kind == .badRequest && form != .json {
        form = form == .chosenTools ? .tools : .json
        if form == .json {
          messages.append(Message(.user, ReflectPrompt.protocolReminder(first: wanted ?? .done)))
        }
      }
    }
  }

  // MARK: - Calls

  private mutating func handle(_ completion: Completion) async throws -> Step {
    var completion = completion
    for index in completion.toolCalls.indices where completion.toolCalls[index].id == nil {
      completion.toolCalls[index].id = "call_\(trace.rounds)_\(index)"
    }
    messages.append(completion.message)
    for call in completion.toolCalls {
      let arguments = LaxJSON(call.arguments)?.value ?? [:]
      switch try await run(call.name, arguments) {
      case .result(let text):
        messages.append(
          Message(json: [
            "role": "tool", "tool_call_id": .text(call.id ?? ""), "name": .text(call.name), "content": .text(text),
          ]))
      case .answer(let answer): return .answer(answer)
      }
    }
    return .goOn
  }

  private mutating func handle(_ json: JSONValue, named name: String, _ completion: Completion) async throws -> Step {
    messages.append(Message(.assistant, completion.text))
    switch try await run(name, json.member("arguments", "args", "parameters", "input") ?? json) {
    case .result(let text):
      let next = plan.first.map { " Next, use \($0.rawValue)." } ?? " Go on, or answer with done."
      messages.append(Message(.user, "Result of \(name):\n\(text)\n\(next)"))
      return .goOn
    case .answer(let answer): return .answer(answer)
    }
  }

  private enum Outcome {
    case result(String)
    case answer(ReflectAnswer)
  }

  private mutating func run(_ name: String, _ arguments: JSONValue) async throws -> Outcome {
    try Task.checkCancellation()
    guard let tool = ReflectTool(rawValue: name.split(separator: ".").last.map(String.init) ?? name) else {
      trace.add(tool: name, arguments: arguments, found: 0, since: ContinuousClock.now)
      let known = ReflectTool.allCases.map(\.rawValue).joined(separator: ", ")
      return .result("{\"error\": \"There is no such tool; there are \(known).\"}")
    }
    guard tool != .done else { return done(arguments) }
    let begin = ContinuousClock.now
    let words = arguments["query"]?.laxText ?? ""
    loop.onProgress(.searching(tool: tool.rawValue, query: words))
    let found = try await search.run(tool, arguments, evidence: &evidence)
    searches += 1
    plan.removeAll { $0 == tool }
    // A prepared answer that still holds frees the model from the order.
    if tool == .searchMentalModels, evidence.mentalModels.contains(where: { !$0.model.isStale }) { plan = [] }
    loop.onProgress(.found(tool: tool.rawValue, count: found.count))
    trace.add(tool: tool.rawValue, arguments: arguments, found: found.count, since: begin)
    return .result(found.text)
  }

  /// Refused while nothing was gathered; after searches that found nothing, a second time it is believed.
  private mutating func done(_ arguments: JSONValue) -> Outcome {
    trace.add(tool: ReflectTool.done.rawValue, arguments: [:], found: 0, since: ContinuousClock.now)
    let text = arguments.member("answer", "text", "content")?.laxText ?? ""
    let mayAnswer = !evidence.isEmpty || (searches > 0 && refusals > 0)
    guard mayAnswer, !text.isEmpty else {
      refusals += 1
      loop.onProgress(.sentBack)
      trace.refusals = refusals
      return .result(
        text.isEmpty && mayAnswer
          ? "{\"error\": \"The answer is empty.\"}"
          : "{\"error\": \"Nothing was found yet: search first, with recall, in other words. Then answer.\"}")
    }
    trace.ended = "done"
    let cited = ["memory_ids", "observation_ids", "mental_model_ids"].flatMap { arguments[$0]?.laxTexts ?? [] }
    return .answer(ReflectAnswer(text: text, cited: cited, evidence: evidence))
  }

  /// For a model that can ask for nothing: the searches that it was to make, for the question itself.
  private mutating func searchInstead() async throws {
    for tool in [ReflectTool.searchMentalModels, .searchObservations, .recall]
    where evidence.isEmpty || plan.contains(tool) {
      _ = try await run(tool.rawValue, ["query": .text(loop.query.text)])
    }
  }

  // MARK: - The answer

  private mutating func answerNow(_ reason: String) async throws -> ReflectAnswer {
    trace.ended = reason
    if searches == 0 { try await searchInstead() }
    loop.onProgress(.answering(memories: evidence.memories.count))
    let completion = try await ask(ChatRequest(messages: prompt.answerNow(evidence)))
    return answer(in: completion.text)
  }

  /// The answer in what a model wrote: in the form that was asked for, or as it stands.
  private func answer(in text: String) -> ReflectAnswer {
    if let json = LaxJSON(text)?.value, let answer = json.member("answer", "text")?.laxText {
      let cited = ["memory_ids", "observation_ids", "mental_model_ids"].flatMap { json[$0]?.laxTexts ?? [] }
      return ReflectAnswer(text: answer, cited: cited, evidence: evidence)
    }
    return ReflectAnswer(
      text: text.trimmingCharacters(in: .whitespacesAndNewlines), cited: [], evidence: evidence)
  }

  /// `nil` when the model does not manage the schema in two tries.
  mutating func structured(_ answer: String, schema: JSONObject) async throws -> JSONValue? {
    var request = prompt.structured(answer, schema: schema)
    for _ in 0..<2 {
      let completion: Completion
      do {
        completion = try await ask(request)
      } catch let error as ChatModelError where error.kind == .badRequest && !request.parameters.isEmpty {
        request.parameters = [:]
        continue
      }
      if let json = LaxJSON(completion.text), !json.isCut {
        let missing = Self.missing(in: json.value, schema: schema)
        if missing.isEmpty { return json.value }
        request.messages += [
          completion.message,
          Message(.user, "These members are missing: \(missing.joined(separator: ", ")). Write the whole object."),
        ]
      } else {
        request.messages += [
          completion.message, Message(.user, "That was no JSON. Answer with the JSON object alone."),
        ]
      }
    }
    trace.fault = "The model did not put its answer into the form of the schema."
    return nil
  }

  private static func missing(in value: JSONValue, schema: JSONObject) -> [String] {
    let required = (schema["required"]?.list ?? []).compactMap(\.text)
    guard let object = value.object else { return schema["type"] == "array" ? [] : required }
    return required.filter { object[$0] == nil }
  }

  /// Asks within what is left of the time.
  private mutating func ask(_ request: ChatRequest) async throws -> Completion {
    let left = loop.limits.time - (ContinuousClock.now - start)
    let loop = loop
    let completion = try await withThrowingTaskGroup(of: Completion.self) { group in
      group.addTask { try await loop.ask(loop.model, request) }
      group.addTask {
        try await Task.sleep(for: left)
        throw ReflectFault.tookTooLong(loop.limits.time)
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
    trace.inputTokens += completion.inputTokens
    trace.outputTokens += completion.outputTokens
    return completion
  }
}
