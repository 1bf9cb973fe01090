import Crypto
import RearviewHTTP

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Signature Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
struct AWSSignature {
  var credentials: AWSCredentials
  var region: String
  var service: String

  /// What was signed, for tests and for who looks for a fault; holds no secret.
  struct Signed {
    var canonicalRequest: String
    var stringToSign: String
    /// The header fields that the signature adds.
    var fields: HeaderFields
  }

  /// Signs all header fields that are given, the host and the time.
  func sign(_ request: HTTPRequest, at date: Date) -> Signed {
    let stamp = Self.stamp(date)
    let day = String(stamp.prefix(8))
    let url = URLComponents(string: request.url)
    var host = url?.host ?? ""
    if let port = url?.port, port != (url?.scheme == "https" ? 443 : 80) { host += ":\(port)" }
    var fields: [(name: String, value: String)] = request.headers.map { ($0.name.lowercased(), $0.value) }
    fields += [("host", host), ("x-amz-date", stamp)]
    if let token = credentials.sessionToken { fields.append(("x-amz-security-token", token)) }
    fields.sort { $0.name < $1.name }
    let names = fields.map(\.name).joined(separator: ";")
    let payload = Self.hex(SHA256.hash(data: request.body ?? []))
    let canonical = [
      request.method.rawValue, Self.canonicalPath(url), Self.canonicalQuery(url),
      fields.map { "\($0.name):\(Self.folded($0.value))\n" }.joined(), names, payload,
    ].joined(separator: "\n")
    let scope = "\(day)/\(region)/\(service)/aws4_request"
    let toSign = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n\(Self.hex(SHA256.hash(data: Data(canonical.utf8))))"
    let signature = Self.hex(
      HMAC<SHA256>.authenticationCode(for: Data(toSign.utf8), using: SymmetricKey(data: signingKey(day: day))))
    var added: HeaderFields = ["x-amz-date": stamp]
    if let token = credentials.sessionToken { added["x-amz-security-token"] = token }
    added["authorization"] =
      "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
    return Signed(canonicalRequest: canonical, stringToSign: toSign, fields: added)
  }

  /// Good for one day, region and service.
  func signingKey(day: String) -> Data {
    var key = Data("AWS4\(credentials.secretKey)".utf8)
    for text in [day, region, service, "aws4_request"] {
      key = Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: key)))
    }
    return key
  }

  /// The path as it goes over the wire, encoded once more: services other than S3 want that.
  private static func canonicalPath(_ url: URLComponents?) -> String {
    let path = url?.percentEncodedPath ?? ""
    guard !path.isEmpty else { return "/" }
    return path.split(separator: "/", omittingEmptySubsequences: false).map { percentEncoded(String($0)) }
      .joined(separator: "/")
  }

  private static func canonicalQuery(_ url: URLComponents?) -> String {
    (url?.queryItems ?? []).map { (percentEncoded($0.name), percentEncoded($0.value ?? "")) }
      .sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }

  /// Without blanks at its ends, and runs of them as one.
  private static func folded(_ value: String) -> String {
    value.split(separator: " ").joined(separator: " ")
  }

  private static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// `20260102T030405Z`.
  private static func stamp(_ date: Date) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    func two(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
    return
      "\(parts.year ?? 0)\(two(parts.month))\(two(parts.day))T\(two(parts.hour))\(two(parts.minute))\(two(parts.second))Z"
  }
}
