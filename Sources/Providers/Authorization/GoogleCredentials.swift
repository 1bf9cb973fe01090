import Crypto
import CryptoExtras
import RearviewHTTP
import RearviewJSON

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Google's Application Default Credentials: a service account, a user who logged in with gcloud, or the machine itself
/// (https://cloud.google.com/docs/authentication/application-default-credentials).
struct GoogleCredentials: Sendable {
  /// What a file of credentials says.
  enum Account: Hashable, Sendable {
    case service(email: String, privateKey: String, keyID: String?, tokenURL: String)
    case user(clientID: String, clientSecret: String, refreshToken: String, tokenURL: String)
    /// Nothing is set: the machine may have an account of its own.
    case machine(host: String)
  }

  private static let scope = "https://www.googleapis.com/auth/cloud-platform"

  let account: Account
  /// The project that the file names.
  let project: String?
  /// The project that pays, where the file names one.
  let quotaProject: String?
  private let keeper = TokenKeeper()

  /// Looks where Google's own libraries look.
  ///
  /// - Parameter variable: An environment variable; empty counts as unset.
  /// - Throws: `NoToken` with what is wrong with a file that is there.
  init(variable: (String) -> String?) throws {
    if let text = variable("VERTEXAI_CREDENTIALS") {
      if text.hasPrefix("{") {
        try self.init(json: Array(text.utf8), from: "VERTEXAI_CREDENTIALS")
      } else {
        try self.init(file: text, from: "VERTEXAI_CREDENTIALS")
      }
      return
    }
    if let file = variable("GOOGLE_APPLICATION_CREDENTIALS") {
      try self.init(file: file, from: "GOOGLE_APPLICATION_CREDENTIALS")
      return
    }
    let folder = variable("CLOUDSDK_CONFIG") ?? (variable("HOME") ?? homeExpanded("~")) + "/.config/gcloud"
    let file = folder + "/application_default_credentials.json"
    if FileManager.default.fileExists(atPath: file) {
      try self.init(file: file, from: "gcloud auth application-default login")
      return
    }
    self.init(machine: variable("GCE_METADATA_HOST") ?? "metadata.google.internal")
  }

  private init(machine host: String) {
    account = .machine(host: host)
    project = nil
    quotaProject = nil
  }

  private init(file: String, from source: String) throws {
    let path = homeExpanded(file)
    guard let data = FileManager.default.contents(atPath: path) else {
      throw NoToken(description: "the file of \(source) cannot be read: \(file)")
    }
    try self.init(json: [UInt8](data), from: source)
  }

  /// Reads a file of credentials.
  /// - Parameter source: Where it was named, for errors.
  init(json: [UInt8], from source: String) throws {
    guard let object = JSONObject(answer: json), let type = object["type"]?.text else {
      throw NoToken(description: "the file of \(source) is no JSON file of Google credentials")
    }
    let tokenURL = object["token_uri"]?.text ?? "https://oauth2.googleapis.com/token"
    func member(_ name: String) throws -> String {
      guard let text = object[name]?.text, !text.isEmpty else {
        throw NoToken(description: "the file of \(source) has no \(name)")
      }
      return text
    }
    switch type {
    case "service_account":
      account = .service(
        email: try member("client_email"), privateKey: try member("private_key"),
        keyID: object["private_key_id"]?.text, tokenURL: tokenURL)
    case "authorized_user":
      account = .user(
        clientID: try member("client_id"), clientSecret: try member("client_secret"),
        refreshToken: try member("refresh_token"), tokenURL: tokenURL)
    default:
      throw NoToken(
        description: "credentials of type \(type) are not supported (\(source)); use a service account's key or "
          + "gcloud auth application-default login")
    }
    project = object["project_id"]?.text ?? object["quota_project_id"]?.text
    quotaProject = object["quota_project_id"]?.text
  }

  /// A token, asked for or still good.
  func token(transport: any HTTPTransport) async throws -> AccessToken {
    try await keeper.token { [account] in
      switch account {
      case .service(let email, let privateKey, let keyID, let tokenURL):
        let assertion = try Self.assertion(
          email: email, privateKey: privateKey, keyID: keyID, tokenURL: tokenURL, now: Date())
        return try await transport.token(
          Self.form(
            tokenURL, [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion)]),
          from: "Google")
      case .user(let clientID, let clientSecret, let refreshToken, let tokenURL):
        return try await transport.token(
          Self.form(
            tokenURL,
            [
              ("grant_type", "refresh_token"), ("client_id", clientID), ("client_secret", clientSecret),
              ("refresh_token", refreshToken),
            ]), from: "Google")
      case .machine(let host):
        do {
          return try await transport.token(
            HTTPRequest(
              .get,
              "http://\(host)/computeMetadata/v1/instance/service-accounts/default/token?scopes="
                + percentEncoded(Self.scope), headers: ["Metadata-Flavor": "Google"]), from: "the metadata server")
        } catch is HTTPError {
          throw NoToken(
            description: "this is no machine of Google's, and gcloud auth application-default login was not run",
            missing: "GOOGLE_APPLICATION_CREDENTIALS")
        }
      }
    }
  }

  /// The project of a machine of Google's.
  func machineProject(transport: any HTTPTransport) async -> String? {
    guard case .machine(let host) = account else { return nil }
    let timeouts = Timeouts(firstByte: .seconds(3), idle: .seconds(3))
    let request = HTTPRequest(
      .get, "http://\(host)/computeMetadata/v1/project/project-id", headers: ["Metadata-Flavor": "Google"],
      timeouts: timeouts)
    guard let response = try? await transport.send(request), response.status == 200,
      let body = try? await response.body.collect(limit: 1024)
    else { return nil }
    let text = String(decoding: body, as: UTF8.self).trimmed
    return text.isEmpty ? nil : text
  }

  private static func form(_ url: String, _ fields: [(String, String)]) -> HTTPRequest {
    HTTPRequest(
      .post, url, headers: ["content-type": "application/x-www-form-urlencoded", "accept": "application/json"],
      body: formBody(fields))
  }

  /// A signed claim that is exchanged for a token (RFC 7523), good for an hour.
  static func assertion(
    email: String, privateKey: String, keyID: String?, tokenURL: String, now: Date
  ) throws -> String {
    var header: JSONObject = ["typ": "JWT", "alg": "RS256"]
    if let keyID { header["kid"] = .text(keyID) }
    let issued = Int(now.timeIntervalSince1970)
    let claims: JSONObject = [
      "iss": .text(email), "scope": .text(scope), "aud": .text(tokenURL), "iat": .integer(issued),
      "exp": .integer(issued + 3600),
    ]
    let signed =
      base64URL(JSONValue.object(header).bytes()) + "." + base64URL(JSONValue.object(claims).bytes())
    let key: _RSA.Signing.PrivateKey
    do {
      key = try _RSA.Signing.PrivateKey(pemRepresentation: privateKey)
    } catch {
      throw NoToken(description: "the private_key of the Google credentials is no RSA key in PEM form")
    }
    let signature = try key.signature(for: Data(signed.utf8), padding: .insecurePKCS1v1_5)
    return signed + "." + base64URL([UInt8](signature.rawRepresentation))
  }

  private static func base64URL(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-")
      .replacing("/", with: "_").replacing("=", with: "")
  }
}
