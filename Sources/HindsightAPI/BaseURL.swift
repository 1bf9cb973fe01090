import Foundation
import RearviewMemory

/// The address of a server, checked, without a slash at its end.
///
/// - Throws: `MemoryStoreError.unavailable`, whose text holds neither user nor password.
func normalisedBaseURL(_ text: String) throws -> String {
  let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
  guard var parts = URLComponents(string: trimmed, encodingInvalidCharacters: false) else {
    throw unusable(withoutCredentials(trimmed), "it is not a URL")
  }
  let shown = withoutCredentials(trimmed)
  guard let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme) else {
    throw unusable(shown, "its URL has to begin with http:// or https://")
  }
  guard let host = parts.host, !host.isEmpty else { throw unusable(shown, "its URL names no host") }
  guard parts.user == nil, parts.password == nil else {
    throw unusable(shown, "its URL holds a user or a password, which the server does not know; set api_key instead")
  }
  guard parts.query == nil, parts.fragment == nil else {
    throw unusable(shown, "its URL holds a ? or a #; give the address alone")
  }
  parts.scheme = scheme
  while parts.percentEncodedPath.hasSuffix("/") { parts.percentEncodedPath.removeLast() }
  guard let url = parts.string else { throw unusable(shown, "it is not a URL") }
  return url
}

private func unusable(_ location: String, _ cause: String) -> MemoryStoreError {
  .unavailable(location: location, cause: cause)
}

/// What stands between `//` and the last `@` of the authority may be a password, whether it can be read as a URL or not.
private func withoutCredentials(_ text: String) -> String {
  let start = text.firstRange(of: "//")?.upperBound ?? text.startIndex
  guard let at = text[start...].lastIndex(of: "@") else { return text }
  return String(text[..<start] + text[text.index(after: at)...])
}

/// A name as one segment of a path, or one value of a query: all but letters, digits and `-._~:` is percent-encoded.
func percentEncoded(_ text: String) -> String {
  var encoded = ""
  encoded.reserveCapacity(text.utf8.count)
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"), UInt8(ascii: ":"):
      encoded.unicodeScalars.append(Unicode.Scalar(byte))
    default:
      let digits = String(byte, radix: 16, uppercase: true)
      encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
    }
  }
  return encoded
}
