import Foundation

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
  }

  /// The key, without blanks around it; `nil` where none is needed. Throws `Missing`.
  func key() async throws -> String? {
    switch self {
    case .none:
      return nil
    case .variable(let name, let value):
      guard let key = Self.trimmed(value) else { throw Missing(variable: name) }
      return key
    case .deferred(let variable, let ask):
      guard let key = Self.trimmed(try? await ask()) else {
        try Task.checkCancellation()
        throw Missing(variable: variable)
      }
      return key
    }
  }

  private static func trimmed(_ text: String?) -> String? {
    let text = text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    return text.isEmpty ? nil : text
  }
}
