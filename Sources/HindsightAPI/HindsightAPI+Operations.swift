import RearviewJSON
import RearviewMemory

// Work that the server does in the background, and how far it is.

/// Where an operation of the server stands.
enum OperationState: Sendable {
  case stored
  case processing
  /// It failed or was cancelled; why.
  case failed(String)
  /// The server has no operation of that id.
  case unknown
}

/// How waiting for an operation ended.
enum OperationOutcome: Sendable {
  case stored
  /// The time was over first.
  case processing
  case failed(String)
}

extension HindsightAPI {
  /// How long to wait before the first look at an operation, and the longest wait between two.
  private static let firstPause = Duration.milliseconds(100)
  private static let longestPause = Duration.seconds(1)

  /// Asks how far an operation is until it has ended or the time is over. The server has the turn by then, so one that
  /// is too busy to tell is asked again.
  func outcome(of operation: String, bankID: String, by deadline: Deadline) async throws -> OperationOutcome {
    var pause = Self.firstPause
    while true {
      let left = deadline.end - timing.now()
      guard left > .zero else { return .processing }
      try await timing.sleep(min(pause, left))
      pause = min(pause * 3 / 2, Self.longestPause)
      do {
        switch try await state(of: operation, bankID: bankID, by: deadline) {
        case .stored: return .stored
        case .processing: continue
        case .failed(let cause): return .failed(cause)
        case .unknown: throw failedOperation(bankID: bankID, "the server does not know the operation that it began")
        }
      } catch MemoryStoreError.timedOut {
        return .processing
      } catch MemoryStoreError.serverFailed(_, _, _, let status, _) where status >= 429 {
        continue
      }
    }
  }

  /// Where an operation stands now.
  func state(of operation: String, bankID: String, by deadline: Deadline) async throws -> OperationState {
    let call = Call.ofBank(bankID, .retain, .get, "/operations/\(percentEncoded(operation))")
    let answer = try await answer(call, by: deadline)
    switch answer["status"]?.text {
    case "completed":
      return .stored
    case "failed", "cancelled":
      return .failed(answer["error_message"]?.text ?? answer["status"]?.text ?? "")
    case "not_found":
      return .unknown
    case .some:
      return .processing
    case nil:
      throw unreadable(call, "it does not say how far the operation is")
    }
  }

  /// Has the server begin a failed operation again.
  func restart(_ operation: String, bankID: String, _ cause: String, by deadline: Deadline) async throws {
    let call = Call.ofBank(bankID, .retain, .post, "/operations/\(percentEncoded(operation))/retry")
    // 409: it cannot be begun again. 404: a server that knows no retries.
    let answer = try await answer(call, by: deadline) { [404, 405, 409].contains($0.status) }
    if answer == nil { throw failedOperation(bankID: bankID, cause) }
  }

  func failedOperation(bankID: String, _ cause: String) -> MemoryStoreError {
    failed(
      Call(.retain, bankID: bankID, .get, ""), status: 200, said: cause.isEmpty ? "it gives no reason" : cause)
  }
}
