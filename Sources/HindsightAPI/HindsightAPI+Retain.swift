import Foundation
import RearviewJSON
import RearviewMemory

// What is promised: a turn is stored once, whatever fails and however often it is handed over, because its id names the
// operation on the server. The words of a document that cannot be read are never written over. What is not: that a
// model finds something to remember in a turn.

extension HindsightAPI {
  /// Hands a turn to the server and waits until it can be recalled.
  ///
  /// The server acknowledges a turn at once and reads it in the background; this asks how far it is until the time is
  /// over and then returns `.processing`. Handing the same turn over again asks on. An operation that failed there is
  /// begun anew once a call.
  ///
  /// Turns that replace one document are handed over one after the other, each when the one before is stored: the text
  /// that is read knows nothing of a turn that is still in work. Appended ones keep their order either way.
  ///
  /// - Parameter timeout: For all of it; 30 s by default.
  public func retain(_ turn: RetainTurn, timeout: Duration?) async throws -> Retained {
    guard let content = Self.text(of: turn) else { return .stored }
    let deadline = deadline(timeout)
    let id = operationID(turnID: turn.turnID)
    guard let running = try await submit(turn, content, operationID: id, by: deadline) else { return .stored }
    switch try await outcome(of: running, bankID: turn.bankID, by: deadline) {
    case .stored: return .stored
    case .processing: return .processing
    case .failed(let cause): return try await again(turn, content, failed: running, cause, by: deadline)
    }
  }

  /// The text of a turn as the server gets it, what each said under the name of its role; `nil` when there is nothing.
  public static func text(of turn: RetainTurn) -> String? {
    let text = RetainedMessage.text(of: turn.messages)
    return text.isEmpty ? nil : text
  }

  /// The text of a document as the server keeps it; where turns were appended, it puts one line end between them.
  public func documentText(id: String, bankID: String) async throws -> String? {
    try await document(id, bankID: bankID, .document, by: deadline(nil))?["original_text"]?.text
  }

  /// The document as the server tells of it; `nil` when there is none.
  private func document(
    _ id: String, bankID: String, _ operation: Call.Operation, by deadline: Deadline
  ) async throws -> JSONObject? {
    let call = Call.ofBank(bankID, operation, .get, "/documents/\(percentEncoded(id))")
    let answer = try await answer(call, by: deadline) { $0.status == 404 }
    guard let answer else { return nil }
    guard let document = answer.object else { throw unreadable(call, "it holds no document") }
    return document
  }

  /// Hands the turn over and returns the id of the operation that works on it; `nil` when it is stored already.
  private func submit(
    _ turn: RetainTurn, _ content: String, operationID: String, by deadline: Deadline
  ) async throws -> String? {
    var content = content
    if turn.update == .replace, let document = turn.documentID {
      if let stored = try await self.document(document, bankID: turn.bankID, .retain, by: deadline) {
        // A server that keeps no texts has words of it all the same: to write it anew would lose them.
        guard let before = stored["original_text"]?.text else {
          throw unreadable(
            .ofBank(turn.bankID, .retain, .get),
            "it keeps no text of document \(document); set session_update to append")
        }
        if !before.isEmpty { content = "\(before)\n\n\(content)" }
      }
    }
    let body = body(of: turn, content, operationID: operationID)
    let call = Call.ofBank(turn.bankID, .retain, .post, "/memories", body: body)
    let answer = try await answer(call, by: deadline)
    guard let success = answer["success"]?.boolean else { throw unreadable(call, "it does not say what was done") }
    guard success else { throw failed(call, status: 200, said: "it says that it stored nothing") }
    guard answer["async"]?.boolean != false else { return nil }
    return answer["operation_id"]?.text
  }

  /// Begins the work on a turn anew after it failed on the server, once.
  ///
  /// An append reads the document when it runs, so the operation itself is begun again. A replacing one carries the
  /// document as it was, and turns may have come since: it is submitted anew, under the next id that belongs to the turn.
  private func again(
    _ turn: RetainTurn, _ content: String, failed operation: String, _ cause: String, by deadline: Deadline
  ) async throws -> Retained {
    var operation = operation
    if turn.update == .replace, turn.documentID != nil {
      operation = try await freshOperation(of: turn, by: deadline)
      guard let id = try await submit(turn, content, operationID: operation, by: deadline) else { return .stored }
      operation = id
    } else {
      try await restart(operation, bankID: turn.bankID, cause, by: deadline)
    }
    switch try await outcome(of: operation, bankID: turn.bankID, by: deadline) {
    case .stored: return .stored
    case .processing: return .processing
    case .failed(let cause): throw failedOperation(bankID: turn.bankID, cause)
    }
  }

  /// The first id of a turn under which nothing failed so far.
  private func freshOperation(of turn: RetainTurn, by deadline: Deadline) async throws -> String {
    var attempt = 2
    while case .failed = try await state(
      of: operationID(turnID: turn.turnID, attempt: attempt), bankID: turn.bankID, by: deadline)
    {
      attempt += 1
    }
    return operationID(turnID: turn.turnID, attempt: attempt)
  }

  // MARK: The body

  /// A turn that is sent later than this after it was said says when that was.
  private static let freshness: TimeInterval = 300

  private func body(of turn: RetainTurn, _ content: String, operationID: String) -> JSONValue {
    var metadata = turn.metadata
    if turn.messages.contains(where: \.isCut) { metadata["cut"] = "true" }
    let item: JSONValue = [
      "content": .text(content),
      "context": turn.context.map(JSONValue.text) ?? .null,
      "metadata": metadata.isEmpty ? nil : .object(metadata.object),
      "document_id": turn.documentID.map(JSONValue.text) ?? .null,
      "resolve_entities": true,
      "timestamp": timestamp(of: turn).map(JSONValue.text) ?? .null,
      "entities": turn.entities.isEmpty ? nil : .list(turn.entities.map { ["text": .text($0)] }),
      "tags": turn.tags.isEmpty ? nil : .list(turn.tags.map(JSONValue.text)),
      "observation_scopes": nil,
      "strategy": nil,
      "update_mode": turn.documentID != nil && turn.update == .append ? "append" : nil,
    ]
    return ["items": [item], "async": true, "operation_id": .text(operationID), "document_tags": nil]
  }

  private func timestamp(of turn: RetainTurn) -> String? {
    if turn.isUndated { return "unset" }
    guard let said = turn.messages.first?.saidAt, timing.date().timeIntervalSince(said) > Self.freshness else {
      return nil
    }
    return said.formatted(.iso8601)
  }
}

func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

/// The id of the operation that stores a turn: the turn's own where that is a UUID. Others, and later attempts, get one
/// that follows from the turn's id.
func operationID(turnID: String, attempt: Int = 1) -> String {
  if attempt == 1, let id = UUID(uuidString: turnID) { return id.uuidString.lowercased() }
  return derivedID("rearview turn \(turnID.lowercased()) \(attempt)")
}
