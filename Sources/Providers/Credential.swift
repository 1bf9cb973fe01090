/// The key for an endpoint, or the reason that there is none. It is read when a request needs it and kept nowhere.
public enum Credential: Sendable {
  /// Requests go without a key; many local servers need none.
  case none
  /// The value of an environment variable; `value` is `nil` where it is unset or empty.
  case variable(name: String, value: String?)
  /// Asked for at each request, from a file or a command; `variable` is the one that could hold it instead.
  case deferred(variable: String, @Sendable () async throws -> String?)

  /// There should be a key and there is none.
  struct Missing: Error {
    var variable: String
    /// Why it could not be had, where someone was asked.
    var cause: String?
  }

  /// The key, without blanks around it; `nil` where none is needed. Throws `Missing`.
  func key() async throws -> HeldKey? {
    switch self {
    case .none:
      return nil
    case .variable(let name, let value):
      guard let key = Self.trimmed(value) else { throw Missing(variable: name) }
      return HeldKey(value: key, variable: name)
    case .deferred(let variable, let ask):
      let answer: String?
      do {
        answer = try await ask()
      } catch {
        try Task.checkCancellation()
        throw Missing(variable: variable, cause: "\(error)")
      }
      guard let key = Self.trimmed(answer) else { throw Missing(variable: variable) }
      return HeldKey(value: key, variable: variable)
    }
  }

  /// Whether there is one, as far as that can be told without asking.
  var isThere: Bool {
    switch self {
    case .none, .deferred: true
    case .variable(_, let value): Self.trimmed(value) != nil
    }
  }

  private static func trimmed(_ text: String?) -> String? {
    let text = text?.trimmed ?? ""
    return text.isEmpty ? nil : text
  }
}
