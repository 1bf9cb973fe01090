import GRDB
import RearviewChat
import RearviewJSON

/// What a job has to work with: the store, the models, and its lease.
struct JobContext: Sendable {
  let store: EmbeddedMemory
  let job: JobQueue.Claimed
  let model: any ChatModel
  let reflectModel: any ChatModel

  /// Asks the background model, if the switches and the day's tokens allow it, and books what it cost.
  ///
  /// Some models refuse a response format that they do not know; they are asked again without one, and read in the
  /// prompt what is wanted.
  func ask(_ request: ChatRequest) async throws -> Completion {
    do {
      return try await ask(model, request)
    } catch let error as ChatModelError where error.kind == .badRequest && request.parameters["response_format"] != nil
    {
      var plain = request
      plain.parameters["response_format"] = nil
      return try await ask(model, plain)
    }
  }

  /// Asks any model under the same conditions.
  func ask(_ model: any ChatModel, _ request: ChatRequest) async throws -> Completion {
    try await requireAllowed(tokens: request.estimatedInputTokens)
    let completion = try await model.complete(request)
    try await store.write { [job, day = store.today] database in
      try Spending.add(
        day: day, bank: job.bank, kind: job.kind.rawValue, inputTokens: completion.inputTokens,
        outputTokens: completion.outputTokens, in: database)
      try database.execute(
        sql: "UPDATE job SET tokens_in = tokens_in + ?, tokens_out = tokens_out + ? WHERE id = ?",
        arguments: [completion.inputTokens, completion.outputTokens, job.row])
    }
    return completion
  }

  /// - Throws: `JobInterruption` when the job is no longer ours, work is paused, or the day's tokens do not last.
  private func requireAllowed(tokens: Int) async throws {
    try await store.read { [job, day = store.today] database in
      try JobQueue.requireHeld(job, in: database)
      if try WorkSettings.isPaused(in: database) { throw JobInterruption.paused }
      guard let limit = try WorkSettings.dailyTokenLimit(in: database) else { return }
      if try Spending.backgroundTokens(day: day, in: database) + tokens > limit { throw JobInterruption.limitReached }
    }
  }

  /// Writes in one transaction, only while the job is ours.
  func write<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) async throws -> Value {
    try await store.write { [job] database in
      try JobQueue.requireHeld(job, in: database)
      return try body(database)
    }
  }
}

/// Why a job cannot be done, however often it is tried.
struct JobFault: Error, CustomStringConvertible {
  var description: String
}
