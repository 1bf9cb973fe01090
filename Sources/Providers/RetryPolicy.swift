import RearviewChat

/// How often a model is asked again when a try fails before anything of the answer has come.
public struct RetryPolicy: Hashable, Sendable {
  /// Tries after the first one; 0 for none.
  public var maxRetries: Int
  /// The longest wait that a provider may ask for and is given; a longer one is an error at once.
  public var longestWait: Duration

  /// Two more tries by default, and two minutes, as the vendors' own clients have it.
  public init(maxRetries: Int = 2, longestWait: Duration = .seconds(120)) {
    self.maxRetries = maxRetries
    self.longestWait = longestWait
  }

  /// No second try.
  public static let never = RetryPolicy(maxRetries: 0)
}

/// How long to wait before the next try: what the provider asks for, else half a second, doubled each time up to eight,
/// less a random part of up to a quarter so that many who failed together do not come back together.
struct Backoff: Sendable {
  var policy: RetryPolicy

  /// - Parameter attempt: Which try failed, from 1.
  /// - Returns: `nil` when there is no use in another.
  func wait(after error: ChatModelError, attempt: Int) -> Duration? {
    guard attempt <= policy.maxRetries, error.isWorthAnotherTry else { return nil }
    if let asked = error.retryAfter {
      // Zero would be a storm.
      return asked > policy.longestWait ? nil : max(asked, .milliseconds(50))
    }
    let base = Duration.milliseconds(500) * min(16, 1 << (attempt - 1))
    return base * Double.random(in: 0.75...1)
  }
}

extension ChatModelError {
  /// What passes by itself: limits of rate, overload, 408, 409 and 5xx, a refused connection, one that broke before the
  /// answer began.
  fileprivate var isWorthAnotherTry: Bool {
    if let mayRetry { return mayRetry }
    switch kind {
    case .rateLimited, .server, .unreachable, .cutStream: return true
    case .badRequest: return status == 408 || status == 409
    case .noKey, .unauthorised, .payment, .notFound, .contextTooLong, .blocked, .timedOut, .failedMidStream,
      .unreadable:
      return false
    }
  }

  /// How long the provider asks to wait.
  fileprivate var retryAfter: Duration? {
    if case .rateLimited(let asked) = kind { return asked }
    return wait
  }
}
