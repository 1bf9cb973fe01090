import Crypto
import CryptoExtras
import Foundation
import RearviewChat
import RearviewHTTP
import RearviewJSON
import Testing

@testable import RearviewProviders

@Suite("Signatures and tokens")
struct CredentialTests {
  @Test("a path of a home folder is found, blanks at the ends of a key are not part of it")
  func pathsAndBlanks() {
    let home = FileManager.default.homeDirectoryForCurrentUser.path
    #expect(homeExpanded("~") == home)
    #expect(homeExpanded("~/a b/~c") == home + "/a b/~c")
    #expect(homeExpanded("/a/~") == "/a/~")
    #expect(" \t\u{A0}sk 1\r\n".trimmed == "sk 1")
    #expect("sk-1\u{301}".trimmed == "sk-1\u{301}")
    #expect([" \n".trimmed, "".trimmed] == ["", ""])
  }

  // MARK: Amazon

  struct Vector: Sendable, CustomTestStringConvertible {
    var json: JSONObject
    var testDescription: String { json["name"]?.text ?? "" }

    static func all() throws -> [Vector] {
      let file = try JSONValue(parsing: golden("bedrock-converse/sigv4.json"))
      return (file["vectors"]?.list ?? []).compactMap(\.object).map(Vector.init)
    }
  }

  private static let date = Date(timeIntervalSince1970: 1_767_323_045)

  @Test("a request is signed as botocore signs it", arguments: try Vector.all())
  func signature(vector: Vector) throws {
    let json = vector.json
    func text(_ name: String) -> String { json[name]?.text ?? "" }
    var headers: HeaderFields = [:]
    for (name, value) in json["headers_in"]?.object ?? [:] { headers[name] = value.text }
    let request = HTTPRequest(
      try #require(HTTPRequest.Method(rawValue: text("method"))), text("url"), headers: headers,
      body: json["body"]?.text.map { Array($0.utf8) })
    let signer = AWSSignature(
      credentials: AWSCredentials(
        accessKey: text("access_key"), secretKey: text("secret_key"), sessionToken: json["session_token"]?.text),
      region: text("region"), service: text("service"))
    let signed = signer.sign(request, at: Self.date)
    #expect(signed.canonicalRequest == text("canonical_request"))
    #expect(signed.stringToSign == text("string_to_sign"))
    #expect(signed.fields["authorization"] == text("authorization"))
    #expect(signed.fields["x-amz-date"] == text("amz_date"))
    #expect(signed.fields["x-amz-security-token"] == json["x_amz_security_token"]?.text)
  }

  @Test("the signing key of a day is botocore's")
  func signingKey() throws {
    let file = try JSONValue(parsing: golden("bedrock-converse/sigv4.json"))
    let secret = try #require(try Vector.all().first?.json["secret_key"]?.text)
    let signer = AWSSignature(
      credentials: AWSCredentials(accessKey: "a", secretKey: secret), region: "us-west-2", service: "bedrock")
    let hex = signer.signingKey(day: "20260102").map { String(format: "%02x", $0) }.joined()
    #expect(hex == file["signing_key_hex_20260102_us-west-2_bedrock"]?.text)
  }

  @Test("keys come from the environment, else from the profile that it names")
  func awsProfiles() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      """
      # a comment
      [default]
      aws_access_key_id = AKIDEFAULT
      aws_secret_access_key=secret/default

      [work]
      aws_access_key_id = AKIWORK
      aws_secret_access_key = secret/work
      aws_session_token = tok=en
      """, to: ".aws/credentials")
    try folder.write("[default]\nregion = eu-west-1\n[profile work]\nregion = ap-south-1\n", to: ".aws/config")
    func variables(_ more: [String: String]) -> (String) -> String? { { more[$0] ?? (["HOME": folder.path][$0]) } }
    #expect(AWSCredentials(variable: variables([:]))?.accessKey == "AKIDEFAULT")
    let work = AWSCredentials(variable: variables(["AWS_PROFILE": "work"]))
    #expect(work == AWSCredentials(accessKey: "AKIWORK", secretKey: "secret/work", sessionToken: "tok=en"))
    let named = AWSCredentials(
      variable: variables(["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_PROFILE": "work"]))
    #expect(named == AWSCredentials(accessKey: "A", secretKey: "S"))
    #expect(AWSCredentials(variable: variables(["AWS_PROFILE": "none"])) == nil)
    #expect(AWSCredentials.region(variable: variables([:])) == "eu-west-1")
    #expect(AWSCredentials.region(variable: variables(["AWS_PROFILE": "work"])) == "ap-south-1")
  }

  @Test("a bearer token beats keys, and does not go over plain http but to this machine")
  func bedrockToken() async throws {
    let environment = [
      "AWS_BEARER_TOKEN_BEDROCK": "tok", "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "HOME": "/nonexistent",
    ]
    let transport = KeepingTransport()
    let model = try ModelCatalog(transport: transport, environment: environment).resolve("bedrock/meta.llama3")
    _ = await gather(model.stream(question))
    #expect(await transport.requests.first?.headers["authorization"] == "Bearer tok")
    func resolve(_ endpoint: String) throws {
      let environment = environment.merging(["AWS_BEDROCK_RUNTIME_ENDPOINT": endpoint]) { $1 }
      _ = try ModelCatalog(transport: transport, environment: environment).resolve("bedrock/meta.llama3")
    }
    #expect(throws: Never.self) { try resolve("http://127.0.0.1:18081") }
    #expect(throws: ModelNameError.self) { try resolve("http://box:18081") }
  }

  // MARK: Google

  @Test("a service account's claim is the one that Google's own library signs")
  func assertion() throws {
    let file = try JSONValue(parsing: golden("vertex/oauth_jwt_bearer.json"))
    let account = try #require(file["service_account"])
    let token = try GoogleCredentials.assertion(
      email: try #require(account["client_email"]?.text), privateKey: try #require(account["private_key"]?.text),
      keyID: account["private_key_id"]?.text, tokenURL: try #require(account["token_uri"]?.text), now: Self.date)
    let parts = token.split(separator: ".").map(String.init)
    #expect(parts.count == 3)
    #expect(try JSONValue(parsing: Self.decoded(parts[0])) == file["jwt_header"])
    #expect(try JSONValue(parsing: Self.decoded(parts[1])) == file["jwt_payload"])
    let key = try _RSA.Signing.PublicKey(pemRepresentation: try #require(file["public_key_pem"]?.text))
    let signature = _RSA.Signing.RSASignature(rawRepresentation: Data(try Self.decoded(parts[2])))
    let signed = Data("\(parts[0]).\(parts[1])".utf8)
    #expect(key.isValidSignature(signature, for: signed, padding: .insecurePKCS1v1_5))
    // The recorded one is checked by the same key: the check can fail.
    let recorded = try #require(file["jwt"]?.text).split(separator: ".").map(String.init)
    let other = _RSA.Signing.RSASignature(rawRepresentation: Data(try Self.decoded(recorded[2])))
    #expect(!key.isValidSignature(other, for: signed, padding: .insecurePKCS1v1_5))
    #expect(
      key.isValidSignature(other, for: Data("\(recorded[0]).\(recorded[1])".utf8), padding: .insecurePKCS1v1_5))
  }

  private static func decoded(_ text: String) throws -> [UInt8] {
    var text = text.replacing("-", with: "+").replacing("_", with: "/")
    while text.count % 4 != 0 { text += "=" }
    return [UInt8](try #require(Data(base64Encoded: text)))
  }

  @Test("credentials are looked for where Google's own libraries look")
  func places() throws {
    let folder = try TemporaryFolder()
    let adc = try JSONValue(parsing: golden("vertex/adc.json"))
    let user = try #require(adc["authorized_user"]).written()
    let service = try #require(try JSONValue(parsing: golden("vertex/oauth_jwt_bearer.json"))["service_account"])
    try folder.write(user, to: ".config/gcloud/application_default_credentials.json")
    try folder.write(service.written(), to: "sa.json")
    try folder.write(#"{"type":"external_account"}"#, to: "other.json")
    try folder.write("hello", to: "broken.json")
    func credentials(_ more: [String: String]) throws -> GoogleCredentials {
      try GoogleCredentials { more[$0] ?? ["HOME": folder.path][$0] }
    }
    let named = try credentials(["GOOGLE_APPLICATION_CREDENTIALS": folder.path + "/sa.json"])
    guard case .service(let email, _, _, _) = named.account else {
      Issue.record("\(named)")
      return
    }
    #expect(email == service["client_email"]?.text)
    #expect(named.project == "test-project" && named.quotaProject == nil)
    let gcloud = try credentials([:])
    guard case .user(let clientID, _, _, _) = gcloud.account else {
      Issue.record("\(gcloud)")
      return
    }
    #expect(clientID == "test-client-id.apps.googleusercontent.com")
    #expect(gcloud.quotaProject == "test-project")
    let text = try credentials(["VERTEXAI_CREDENTIALS": service.written()])
    guard case .service = text.account else {
      Issue.record("\(text)")
      return
    }
    let machine = try credentials(["HOME": "/nonexistent", "GCE_METADATA_HOST": "127.0.0.1:1"])
    #expect(machine.account == .machine(host: "127.0.0.1:1"))
    for (file, said) in [("other", "external_account"), ("broken", "no JSON file"), ("missing", "cannot be read")] {
      let error = #expect(throws: NoToken.self) {
        try credentials(["GOOGLE_APPLICATION_CREDENTIALS": folder.path + "/\(file).json"])
      }
      #expect(error?.description.contains(said) == true)
    }
  }

  @Test("a user's token is asked for as Google's own library asks, once, and again when it is nearly over")
  func userToken() async throws {
    let folder = try TemporaryFolder()
    let adc = try JSONValue(parsing: golden("vertex/adc.json"))
    try folder.write(try #require(adc["authorized_user"]).written(), to: "au.json")
    let recorded = try #require(adc["authorized_user_token_request"])
    let transport = TokenTransport()
    let catalog = ModelCatalog(
      transport: transport,
      environment: [
        "GOOGLE_APPLICATION_CREDENTIALS": folder.path + "/au.json", "VERTEXAI_PROJECT": "p", "HOME": folder.path,
      ])
    for _ in 0..<2 {
      _ = await gather(try catalog.resolve("vertex_ai/meta/llama-maas").stream(question))
    }
    let asked = try #require(await transport.tokenRequests.first)
    #expect(await transport.tokenRequests.count == 1)
    #expect(asked.url == recorded["url"]?.text && asked.method == .post)
    #expect(asked.headers["content-type"] == recorded["content_type"]?.text)
    let form = Set(String(decoding: asked.body ?? [], as: UTF8.self).split(separator: "&").map(String.init))
    #expect(form == Set((recorded["form"]?.object ?? [:]).map { "\($0.key)=\(percentEncoded($0.value.text ?? ""))" }))
    let sent = try #require(await transport.requests.last)
    #expect(sent.headers["authorization"] == "Bearer ya29.test")
    #expect(sent.headers["x-goog-user-project"] == "test-project")
    // One that holds for less than google-auth's margin is asked for each time.
    await transport.setLifetime(200)
    let other = ModelCatalog(
      transport: transport,
      environment: [
        "GOOGLE_APPLICATION_CREDENTIALS": folder.path + "/au.json", "VERTEXAI_PROJECT": "p", "HOME": folder.path,
      ])
    for _ in 0..<2 { _ = await gather(try other.resolve("vertex_ai/meta/llama-maas").stream(question)) }
    #expect(await transport.tokenRequests.count == 3)
  }

  /// A machine of Google's.
  private actor Machine: HTTPTransport {
    private(set) var requests: [HTTPRequest] = []

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
      requests.append(request)
      let text =
        request.url.contains("/token?")
        ? #"{"access_token":"ya29.m","expires_in":3599}"#
        : request.url.hasSuffix("/project-id") ? "machine-project\n" : #"{"choices":[{"message":{"content":"ok"}}]}"#
      return HTTPResponse(status: 200, body: HTTPBody(chunks: [Array(text.utf8)]))
    }
  }

  @Test("on a machine of Google's the metadata server gives token and project")
  func metadataServer() async throws {
    let recorded = try #require(try JSONValue(parsing: golden("vertex/adc.json"))["metadata_server"])
    let machine = Machine()
    let catalog = ModelCatalog(transport: machine, environment: ["HOME": "/nonexistent"])
    let (gathered, error) = await gather(try catalog.resolve("vertex_ai/meta/llama-maas").stream(question))
    #expect(gathered.text == "ok", "\(String(describing: error))")
    let requests = await machine.requests
    #expect(requests.count == 3)
    #expect(requests[0].url == recorded["token"]?["url"]?.text && requests[1].url == recorded["project"]?["url"]?.text)
    #expect(requests[0].headers["metadata-flavor"] == "Google" && requests[1].headers["metadata-flavor"] == "Google")
    #expect(requests[2].url.contains("/projects/machine-project/"))
    #expect(requests[2].headers["authorization"] == "Bearer ya29.m")
  }

  @Test("a token that is refused says why, and shows no secret")
  func refusedToken() async throws {
    struct Refusing: HTTPTransport {
      func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let text = #"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#
        return HTTPResponse(status: 400, body: HTTPBody(chunks: [Array(text.utf8)]))
      }
    }
    let folder = try TemporaryFolder()
    let account = try #require(try JSONValue(parsing: golden("vertex/oauth_jwt_bearer.json"))["service_account"])
    try folder.write(account.written(), to: "sa.json")
    let catalog = ModelCatalog(
      transport: Refusing(), environment: ["GOOGLE_APPLICATION_CREDENTIALS": folder.path + "/sa.json"])
    let (_, error) = await gather(try catalog.resolve("vertex_ai/gemini-2.5-flash").stream(question))
    #expect(error?.kind == .unauthorised)
    #expect(error?.description.contains("Google gave no token: 400 Invalid JWT Signature.") == true)
    #expect(error?.description.contains("PRIVATE") == false)
  }

  @Test("a key that is none by itself is exchanged once for the token of its provider")
  func exchanged() async throws {
    for (model, environment, url, body) in [
      (
        "watsonx/ibm/granite",
        ["WATSONX_URL": "https://w", "WATSONX_PROJECT_ID": "p", "WATSONX_APIKEY": "k/1"],
        "https://iam.cloud.ibm.com/identity/token",
        "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=k%2F1"
      )
    ] {
      let transport = TokenTransport()
      let catalog = ModelCatalog(transport: transport, environment: environment)
      for _ in 0..<2 { _ = await gather(try catalog.resolve(model).stream(question)) }
      #expect(await transport.tokenRequests.count == 1)
      let asked = try #require(await transport.tokenRequests.first)
      #expect(asked.url == url && String(decoding: asked.body ?? [], as: UTF8.self) == body)
      #expect(await transport.requests.last?.headers["authorization"] == "Bearer ya29.test")
    }
  }
}

/// A folder that goes when nobody needs it.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("rearview-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to file: String) throws {
    let url = URL(fileURLWithPath: path).appendingPathComponent(file)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }
}
