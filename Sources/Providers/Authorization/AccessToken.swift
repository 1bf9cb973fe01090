import NIOConcurrencyHelpers
import RearviewHTTP
import RearviewJSON

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A token that holds for a while.
struct AccessToken: Sendable {
  var value: String
  var expires: Date
}

/// Keeps a token until it is nearly over; those who need one at the same time ask for it once.
actor TokenKeeper {
  /// As Google's own library has it.
  private static let margin: TimeInterval = 225

  private var token: AccessToken?
  private var asking: Task<AccessToken, any Error>?

  func token(
    now: @Sendable () -> Date = { Date() }, ask: @escaping @Sendable () async throws -> AccessToken
  ) async throws -> AccessToken {
    if let token, token.expires.timeIntervalSince(now()) > Self.margin { return token }
    let task = asking ?? Task { try await ask() }
    asking = task
    // Who is cancelled goes; the others wait on.
    let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
    Task {
      _ = await task.result
      continuation.finish()
    }
    for await _ in ends {}
    try Task.checkCancellation()
    defer { if asking == task { asking = nil } }
    let new = try await task.value
    token = new
    return new
  }
}

/// Why there is no token, in words for people; holds no secret.
struct NoToken: Error, CustomStringConvertible {
  var description: String
  /// The variable that could hold credentials, where there are none at all.
  var missing: String?
}

extension HTTPTransport {
  /// Asks for a token and reads the answer: `access_token` and `expires_in`, as OAuth 2 has them, or `expires_at`.
  ///
  /// - Parameter isOptional: Whether the one who is asked may be missing.
  func token(_ request: HTTPRequest, from place: String) async throws -> AccessToken {
    var request = request
    request.timeouts = Timeouts(firstByte: .seconds(30), idle: .seconds(30))
    let asked = Date()
    let response = try await send(request)
    let body = try await response.body.prefix(bytes: 256 * 1024)
    let object = JSONObject(answer: body) ?? [:]
    guard response.status == 200, let token = object["access_token"]?.text, !token.isEmpty else {
      let said =
        object["error_description"]?.text ?? object["errorMessage"]?.text ?? object["message"]?.text
        ?? object["error"]?.text
      throw NoToken(description: "\(place) gave no token: \(response.status)" + (said.map { " \($0)" } ?? ""))
    }
    if let seconds = object["expires_in"]?.wholeNumber {
      return AccessToken(value: token, expires: asked.addingTimeInterval(Double(min(max(seconds, 0), 86_400))))
    }
    if let at = object["expires_at"]?.wholeNumber {
      // In milliseconds at some, in seconds at others.
      return AccessToken(
        value: token, expires: Date(timeIntervalSince1970: Double(at) / (at > 100_000_000_000 ? 1000 : 1)))
    }
    return AccessToken(value: token, expires: asked.addingTimeInterval(600))
  }
}

/// The body of an HTML form.
func formBody(_ fields: [(String, String)]) -> [UInt8] {
  let text = fields.map { "\(percentEncoded($0.0))=\(percentEncoded($0.1))" }.joined(separator: "&")
  return Array(text.utf8)
}

/// Everything encoded but letters, digits, `-`, `.`, `_` and `~` (RFC 3986), as signatures and forms need it.
func percentEncoded(_ text: String) -> String {
  var encoded = ""
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      encoded.unicodeScalars.append(Unicode.Scalar(byte))
    default:
      encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
  }
  return encoded
}

/// The key of a provider that takes a token in its place, which is asked for and kept.
struct TokenExchange: Sendable {
  private let keeper = TokenKeeper()
  /// Whether the key is a token already.
  private let isToken: @Sendable (HeldKey) -> Bool
  private let request: @Sendable (HeldKey) -> HTTPRequest
  private let place: String

  /// What is sent in place of a key.
  func held(_ key: HeldKey, transport: any HTTPTransport) async throws -> HeldKey {
    if isToken(key) { return key }
    let request = request(key)
    let token = try await keeper.token { [place] in try await transport.token(request, from: place) }
    return HeldKey(value: token.value, variable: key.variable)
  }

  /// IBM's: https://cloud.ibm.com/apidocs/iam-identity-token-api.
  static func watsonx(url: String = "https://iam.cloud.ibm.com/identity/token") -> TokenExchange {
    TokenExchange(
      isToken: { ["WATSONX_TOKEN", "WATSONX_ZENAPIKEY"].contains($0.variable) },
      request: { key in
        HTTPRequest(
          .post, url,
          headers: ["content-type": "application/x-www-form-urlencoded", "accept": "application/json"],
          body: formBody([("grant_type", "urn:ibm:params:oauth:grant-type:apikey"), ("apikey", key.value)]))
      }, place: "IBM Cloud")
  }

  /// Sber's. Its certificate is signed by an authority that few systems know: `ca_file` names it.
  static func gigachat(
    url: String = "https://ngw.devices.sberbank.ru:9443/api/v2/oauth", scope: String
  ) -> TokenExchange {
    TokenExchange(
      isToken: { $0.variable == "GIGACHAT_ACCESS_TOKEN" },
      request: { key in
        HTTPRequest(
          .post, url,
          headers: [
            "content-type": "application/x-www-form-urlencoded", "accept": "application/json",
            "authorization": "Basic \(key.value)", "rquid": UUID().uuidString.lowercased(),
          ], body: formBody([("scope", scope)]))
      }, place: "GigaChat")
  }
}
