import AsyncHTTPClient

/// A proxy as an address names it. Printed, it shows neither user name nor password.
struct Proxy: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
  enum Kind: Hashable, Sendable {
    case http(HTTPClient.Authorization?)
    /// Names are looked up by the proxy (socks5h).
    case socks5
  }

  let kind: Kind
  /// Without brackets.
  let host: String
  let port: Int

  var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
  var description: String { authority }
  var customMirror: Mirror { Mirror(self, children: ["authority": authority]) }
}

extension Proxy {
  /// Reads `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT][/]`; user name and password are percent-decoded.
  init(_ setting: Setting) throws(NetworkSettingsError) {
    let name = setting.name
    let example = "http://HOST:PORT or socks5://HOST:PORT"
    func refused(_ problem: String) -> NetworkSettingsError { NetworkSettingsError(setting: name, problem: problem) }

    let (scheme, rest) = Self.parts(of: setting.value.trimming(" \t"))
    // The last one: people forget to encode that of a password.
    let at = rest.lastIndex(of: "@")
    let userInfo = at.map { rest[..<$0] } ?? ""
    let authority = (at.map { rest[rest.index(after: $0)...] } ?? rest).prefix { !"/?#".contains($0) }

    switch scheme {
    case "http":
      kind = .http(userInfo.isEmpty ? nil : Self.authorization(of: userInfo))
    case "socks5", "socks5h":
      guard userInfo.isEmpty else { throw refused("a socks5 proxy with a user name is not supported") }
      kind = .socks5
    case "https", "socks", "socks4", "socks4a":
      throw refused("a proxy of the kind \(scheme) is not supported, only \(example)")
    default:
      throw refused("the proxy's address is not of the form \(example)")
    }
    let standardPort = scheme == "http" ? 80 : 1080
    guard let place = HostAndPort(authority), Self.isHost(place.host) else {
      throw refused("the proxy's address is not of the form \(example)")
    }
    (host, port) = (place.host, place.port ?? standardPort)
  }

  private static func parts(of address: Substring) -> (scheme: String, rest: Substring) {
    guard let colon = address.firstIndex(of: ":"), address[colon...].hasPrefix("://"),
      address[..<colon].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) })
    else { return ("http", address) }
    return (address[..<colon].lowercased(), address[colon...].dropFirst(3))
  }

  private static func isHost(_ host: String) -> Bool {
    let isName = host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
    return isName && !host.isEmpty || IPAddress(host) != nil
  }

  private static func authorization(of userInfo: Substring) -> HTTPClient.Authorization {
    let parts = userInfo.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    return .basic(
      username: percentDecoded(parts[0]), password: parts.count > 1 ? percentDecoded(parts[1]) : "")
  }

  /// A percent sign that no two digits follow stands for itself.
  private static func percentDecoded(_ text: Substring) -> String {
    var decoded: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "%"), digits.count == 2, !digits.contains(UInt8(ascii: "+")),
        !digits.contains(UInt8(ascii: "-")), let value = UInt8(Substring(digits), radix: 16)
      {
        decoded.append(value)
        rest = rest.dropFirst(2)
      } else {
        decoded.append(byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }
}
