import RearviewHTTP
import RearviewJSON

/// One question to the server.
struct Call: Sendable {
  /// What it is for, as errors name it.
  enum Operation: String {
    // These have a timeout of their own in the settings.
    case recall, reflect, retain, bank
    case banks, memories, memory, edit, invalidate, restore, document, version
  }

  var operation: Operation
  /// Empty for a question about no bank.
  var bankID: String
  var method: HTTPRequest.Method
  /// Below the base URL, with its query.
  var path: String
  var body: JSONValue?

  init(
    _ operation: Operation, bankID: String, _ method: HTTPRequest.Method, _ path: String, body: JSONValue? = nil
  ) {
    self.operation = operation
    self.bankID = bankID
    self.method = method
    self.path = path
    self.body = body
  }

  /// A question about a bank; `rest` begins with a slash.
  static func ofBank(
    _ bankID: String, _ operation: Operation, _ method: HTTPRequest.Method, _ rest: String = "",
    body: JSONValue? = nil
  ) -> Call {
    Call(operation, bankID: bankID, method, "/v1/default/banks/\(percentEncoded(bankID))\(rest)", body: body)
  }
}

/// How long a call may take, all its requests together.
struct Deadline: Sendable {
  let limit: Duration
  let end: ContinuousClock.Instant

  init(_ limit: Duration, from now: ContinuousClock.Instant) {
    self.limit = limit
    end = now + limit
  }
}

/// How long a call may take where nobody says: what the Python client waits.
let defaultTimeout = Duration.seconds(30)
