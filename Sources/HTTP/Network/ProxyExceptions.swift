/// What is asked without a proxy, as `NO_PROXY` lists it for curl.
///
/// A name stands for itself and all names below it, with or without a dot before it. What cannot be read counts for
/// nothing. Addresses of this machine are always in it.
struct ProxyExceptions: Sendable {
  private enum Entry: Sendable {
    case everything
    case name(String, port: Int?)
    case network(IPAddress, bitCount: Int, port: Int?)

    func contains(_ address: IPAddress, port: Int) -> Bool {
      switch self {
      case .everything: true
      case .name: false
      case .network(let network, let bitCount, let only):
        address.isSame(as: network, bitCount: bitCount) && (only == nil || only == port)
      }
    }

    func contains(name: String, port: Int) -> Bool {
      switch self {
      case .everything: true
      case .network: false
      case .name(let domain, let only): ProxyExceptions.isBelow(name, domain) && (only == nil || only == port)
      }
    }
  }

  private let entries: [Entry]

  init(_ list: String) {
    entries = list.split { $0 == "," || $0.isWhitespace }.compactMap(Self.entry)
  }

  /// - Parameter host: With or without the brackets of an IPv6 address.
  func contains(host: String, port: Int) -> Bool {
    let host = Self.plain(host.trimming("[]"))
    if let address = IPAddress(host) {
      return address.isLoopback || entries.contains { $0.contains(address, port: port) }
    }
    return Self.isBelow(host, "localhost") || entries.contains { $0.contains(name: host, port: port) }
  }

  private static func entry(_ text: Substring) -> Entry? {
    if text == "*" { return .everything }
    if let slash = text.firstIndex(of: "/") {
      guard let address = IPAddress(String(text[..<slash].trimming("[]"))),
        let bitCount = Int(text[text.index(after: slash)...]), (0...address.bytes.count * 8).contains(bitCount)
      else { return nil }
      return .network(address, bitCount: bitCount, port: nil)
    }
    guard let place = HostAndPort(text) else { return nil }
    if let address = IPAddress(place.host) {
      return .network(address, bitCount: address.bytes.count * 8, port: place.port)
    }
    let name = plain(place.host.hasPrefix("*.") ? place.host.dropFirst(2) : place.host.trimming("."))
    return name.isEmpty ? nil : .name(name, port: place.port)
  }

  private static func plain(_ name: Substring) -> String {
    (name.last == "." ? name.dropLast() : name).lowercased()
  }

  private static func isBelow(_ name: String, _ domain: String) -> Bool {
    name == domain || name.hasSuffix("." + domain)
  }
}
