import RearviewHTTP

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How a request shows that it may be answered.
struct Authorization: Sendable {
  /// The forms that there are, by their names in the table.
  enum Form: Hashable, Sendable {
    /// `Authorization: Bearer`.
    case bearer
    /// `Authorization: Token`.
    case token
    /// A header of that name.
    case header(String)
    /// `x-api-key`, or a bearer token where the credential is one.
    case anthropic
    /// `api-key`; a bearer token for Entra's tokens and on the newer face.
    case azure
    /// `api-key` on Azure's own hosts, else a bearer token.
    case azureAI
    /// A signature, or a bearer token.
    case aws
    /// An access token of Google's.
    case google
    /// IBM's: a token that is exchanged for the key.
    case watsonx
    /// Sber's: a token that is exchanged for the key.
    case gigachat
    /// A bearer token and its kind.
    case snowflake

    init(name: String) {
      self =
        switch name {
        case "bearer": .bearer
        case "token": .token
        case "anthropic": .anthropic
        case "azure": .azure
        case "azure-ai": .azureAI
        case "aws": .aws
        case "google": .google
        case "watsonx": .watsonx
        case "gigachat": .gigachat
        case "snowflake": .snowflake
        default: .header(name)
        }
    }
  }

  /// Where a key that is none itself comes from.
  enum Source: Sendable {
    /// The key is sent as it is.
    case key
    case google(GoogleCredentials)
    case exchange(TokenExchange)
    case aws(AWSCredentials)
  }

  var form: Form
  var source: Source

  init(_ form: Form, source: Source = .key) {
    self.form = form
    self.source = source
  }
}

/// A key in hand, and what it was found under.
struct HeldKey: Sendable {
  var value: String
  /// The environment variable that it came from, or that would hold it.
  var variable: String
}

extension Authorization {
  /// Header fields for a key, and what of them is secret.
  ///
  /// - Parameters:
  ///   - key: `nil` where none is needed.
  ///   - url: Where the request goes.
  func fields(key: HeldKey?, url: String) -> HeaderFields {
    guard let key else { return [:] }
    let value = key.value
    switch form {
    case .bearer, .google, .aws: return ["authorization": "Bearer \(value)"]
    case .token: return ["authorization": "Token \(value)"]
    case .header(let name): return [name: value]
    case .anthropic:
      if value.hasPrefix("sk-ant-oat") {
        return ["authorization": "Bearer \(value)", "anthropic-beta": "oauth-2025-04-20"]
      }
      return key.variable == "ANTHROPIC_AUTH_TOKEN" ? ["authorization": "Bearer \(value)"] : ["x-api-key": value]
    case .azure:
      let isNewFace = URLComponents(string: url)?.path.hasPrefix("/openai/v1/") ?? false
      return isNewFace || key.variable == "AZURE_AD_TOKEN" ? ["authorization": "Bearer \(value)"] : ["api-key": value]
    case .azureAI:
      let host = URLComponents(string: url)?.host ?? ""
      let isAzure = [".services.ai.azure.com", ".openai.azure.com"].contains(where: host.hasSuffix)
      if url.hasSuffix("/v1/messages") { return ["x-api-key": value, "api-key": value] }
      return isAzure ? ["api-key": value] : ["authorization": "Bearer \(value)"]
    case .watsonx:
      return ["authorization": (key.variable == "WATSONX_ZENAPIKEY" ? "ZenApiKey " : "Bearer ") + value]
    case .gigachat: return ["authorization": "Bearer \(value)"]
    case .snowflake:
      let isAccessToken = value.hasPrefix("pat/")
      return [
        "authorization": "Bearer \(isAccessToken ? String(value.dropFirst(4)) : value)",
        "x-snowflake-authorization-token-type": isAccessToken ? "PROGRAMMATIC_ACCESS_TOKEN" : "KEYPAIR_JWT",
      ]
    }
  }
}
