import RearviewChat
import RearviewHTTP

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Turns what went wrong with one provider into the error that a person sees.
struct ProviderFailure: Sendable {
  var provider: String
  var model: String
  var redaction: Redaction

  func error(_ kind: ChatModelError.Kind, status: Int? = nil, detail: String? = nil) -> ChatModelError {
    let cleaned = detail.map(redaction.cleaned).flatMap { $0.isEmpty ? nil : $0 }
    return ChatModelError(kind, provider: provider, model: model, status: status, detail: cleaned)
  }

  /// A response whose status says that it failed.
  func error(status: Int, headers: HeaderFields, body: [UInt8], now: Date) -> ChatModelError {
    var said = ProviderErrorObject(body: body)
    // Amazon names the kind there: `ValidationException`, with more behind a colon.
    if let type = headers["x-amzn-errortype"] { said.codes.append(String(type.prefix { $0 != ":" })) }
    if (300..<400).contains(status) {
      return error(
        .badRequest, status: status,
        detail: "it redirects elsewhere, which is not followed so that no key goes astray; correct the base URL")
    }
    let wait = retryAfter(headers, now: now) ?? said.retryDelay
    let kind = kind(of: said, status: status, retryAfter: wait)
    var failure = error(kind, status: status, detail: said.message)
    failure.wait = wait
    switch headers["x-should-retry"] {
    case "true": failure.mayRetry = true
    case "false": failure.mayRetry = false
    default: break
    }
    return failure
  }

  /// An error object in the middle of a stream, or instead of one.
  func error(midStream said: ProviderErrorObject, hasAnswered: Bool) -> ChatModelError {
    let kind = hasAnswered ? .failedMidStream : kind(of: said, status: said.impliedStatus, retryAfter: said.retryDelay)
    return error(kind, status: said.status, detail: said.message ?? said.codes.first)
  }

  /// A failure on the way there or back. `hasAnswered` says whether some of the answer had come.
  func error(_ failure: HTTPError, hasAnswered: Bool) -> ChatModelError {
    switch failure {
    case .connectTimeout(let after), .firstByteTimeout(let after), .idleTimeout(let after):
      error(.timedOut(after: after))
    case .closedEarly where hasAnswered:
      error(.cutStream)
    case .malformed, .tooLarge:
      error(.unreadable, detail: failure.description)
    case .closedEarly, .refused, .unreachable:
      error(.unreachable, detail: failure.description)
    case .unknownHost, .tls, .shutDown:
      lasting(error(.unreachable, detail: failure.description))
    case .invalidRequest:
      error(.badRequest, detail: failure.description)
    }
  }

  /// An error that another try would only repeat.
  private func lasting(_ error: ChatModelError) -> ChatModelError {
    var error = error
    error.mayRetry = false
    return error
  }

  private func kind(of said: ProviderErrorObject, status: Int?, retryAfter: Duration?) -> ChatModelError.Kind {
    let text = (said.message ?? "").lowercased()
    switch status {
    case 401, 403: return .unauthorised
    case 402: return .payment
    case 404: return .notFound
    case 429: return tellsOfQuota(said, text) ? .payment : .rateLimited(retryAfter: retryAfter)
    case .some(500...): return tellsOfLength(said, text) ? .contextTooLong : .server
    case nil where text.isEmpty && said.codes.isEmpty: return .failedMidStream
    case .some, nil: break
    }
    if tellsOfLength(said, text) { return .contextTooLong }
    if tellsOfPolicy(said, text) { return .blocked }
    if tellsOfQuota(said, text) { return .payment }
    if text.contains("rate limit") || said.codes.contains("rate_limit_exceeded") {
      return .rateLimited(retryAfter: retryAfter)
    }
    if ["api key not valid", "invalid api key", "incorrect api key"].contains(where: text.contains) {
      return .unauthorised
    }
    return status == nil ? .failedMidStream : .badRequest
  }

  private func tellsOfQuota(_ said: ProviderErrorObject, _ text: String) -> Bool {
    let codes = ["insufficient_quota", "billing_hard_limit_reached", "insufficient_credits"]
    // Gemini says so of what comes back within the minute.
    let isOfRate = said.codes.contains("RESOURCE_EXHAUSTED")
    return said.codes.contains(where: codes.contains) || !isOfRate && text.contains("exceeded your current quota")
      || text.contains("insufficient balance") || text.contains("insufficient credits")
      || text.contains("credit balance is too low")
  }

  private func tellsOfPolicy(_ said: ProviderErrorObject, _ text: String) -> Bool {
    let codes = ["content_policy_violation", "content_filter"]
    return said.codes.contains(where: codes.contains) || text.contains("content_policy_violation")
      || text.contains("responsibleaipolicyviolation") || text.contains("safety system")
  }

  /// No provider has a status for it; they tell by a code, or by one of these phrases.
  private func tellsOfLength(_ said: ProviderErrorObject, _ text: String) -> Bool {
    if said.codes.contains("context_length_exceeded") { return true }
    if said.codes.contains("string_above_max_length") { return false }
    let phrases = [
      "maximum context length", "model's maximum context limit", "exceed context limit", "prompt is too long",
      "input tokens exceed", "exceeds the available context size", "exceeds the maximum number of tokens allowed",
      "input is too long", "context length exceeded",
    ]
    return phrases.contains(where: text.contains)
      || (text.contains("current length is") && text.contains("while limit is"))
  }
}
