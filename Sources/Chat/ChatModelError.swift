#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Why a model gave no answer, or only part of one. `description` is one sentence for people that says what to do.
public struct ChatModelError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One case a situation.
  public enum Kind: Hashable, Sendable {
    /// No key is set; `variable` is the environment variable that would hold it.
    case noKey(variable: String)
    /// The provider refused the key (401, 403).
    case unauthorised
    /// 402, or a quota that is used up.
    case payment
    /// The model or the address does not exist there (404).
    case notFound
    /// The provider did not accept the request (400, 422 and the like).
    case badRequest
    /// The conversation is longer than the model takes.
    case contextTooLong
    /// The provider's content policy did not let it answer.
    case blocked
    /// 429; `retryAfter` is what the provider asked to wait.
    case rateLimited(retryAfter: Duration?)
    /// 5xx and overload.
    case server
    /// Nothing listens there, the name is unknown, or the connection broke before the answer began.
    case unreachable
    /// No byte came for `after`.
    case timedOut(after: Duration)
    /// The stream ended or broke before the answer was complete.
    case cutStream
    /// The provider said so in the middle of the stream.
    case failedMidStream
    /// The answer was not in the protocol's form.
    case unreadable
  }

  public var kind: Kind
  /// The provider's name for people (`OpenAI`, `Ollama`, `api.example.com`).
  public var provider: String
  /// The model's full name.
  public var model: String
  /// HTTP status, if there was one.
  public var status: Int?
  /// The server's own words, or the cause underneath; cut to 500 characters.
  public var detail: String?
  /// How long a provider that failed asks to wait, where it says so.
  public var wait: Duration?
  /// Whether another try may go better; `nil` where only the kind tells.
  public var mayRetry: Bool?

  public init(_ kind: Kind, provider: String, model: String, status: Int? = nil, detail: String? = nil) {
    self.kind = kind
    self.provider = provider
    self.model = model
    self.status = status
    self.detail = detail.map { String($0.prefix(500)) }
  }

  /// What went wrong, without what to do: for when something is done already.
  public var cause: String {
    switch kind {
    case .rateLimited: "\(provider) limits the rate of requests to \(model)\(code)\(said)."
    case .server: "\(provider) failed to run \(model)\(code)\(said)."
    case .unreachable: "\(provider) cannot be reached for \(model)\(said)."
    case .cutStream: "The answer of \(model) from \(provider) was cut off\(said)."
    default: description
    }
  }

  private var said: String { detail.map { " (\($0))" } ?? "" }
  private var code: String { status.map { " \($0)" } ?? "" }

  public var description: String {
    switch kind {
    case .noKey(let variable):
      return
        "No key for \(provider)\(said): set \(variable) in the environment, or api_key_env or api_key_command in config.toml."
    case .unauthorised:
      return "\(provider) refused the key for \(model)\(code)\(said); check the key that is set for it."
    case .payment:
      return "\(provider) asks for payment for \(model)\(code)\(said); check the account's credit or quota."
    case .notFound:
      return "\(provider) does not know \(model)\(code)\(said); pick another model with Ctrl-X m."
    case .badRequest:
      return "\(provider) did not accept the request for \(model)\(code)\(said)."
    case .contextTooLong:
      return "The conversation is too long for \(model)\(said); start a new session with Ctrl-X n."
    case .blocked:
      return "\(provider) did not let \(model) answer because of its content policy\(said); ask in another way."
    case .rateLimited(let retryAfter):
      let wait = retryAfter.map {
        "; it asks to wait \($0.inWords)"
      }
      return
        "\(provider) limits the rate of requests to \(model)\(code)\(said)\(wait ?? "; wait a moment"), then send again."
    case .server:
      let asked = wait.map { "; it asks to wait \($0.inWords)" }
      return "\(provider) failed to run \(model)\(code)\(said)\(asked ?? ""); send again in a moment."
    case .unreachable:
      return "\(provider) cannot be reached for \(model)\(said); check the network, or that the server is running."
    case .timedOut(let after):
      return
        "\(provider) sent nothing of \(model) for \(after.inWords); send again, or pick another model."
    case .cutStream:
      return "The answer of \(model) from \(provider) was cut off\(said); send again to get a whole one."
    case .failedMidStream:
      return "\(provider) failed in the middle of the answer of \(model)\(code)\(said); send again to get a whole one."
    case .unreadable:
      return "\(provider) answered for \(model) in a form that cannot be read\(said); check its base URL."
    }
  }
}

extension Duration {
  /// In whole minutes and seconds: `1 minute, 30 seconds`.
  fileprivate var inWords: String {
    let seconds = Int((self / .seconds(1)).rounded(.toNearestOrEven))
    func words(_ count: Int, _ unit: String) -> String { "\(count) \(unit)\(count == 1 ? "" : "s")" }
    if seconds < 60 { return words(seconds, "second") }
    let minutes = words(seconds / 60, "minute")
    return seconds % 60 == 0 ? minutes : minutes + ", " + words(seconds % 60, "second")
  }
}
