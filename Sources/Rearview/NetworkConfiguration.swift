import Foundation
import RearviewEngine
import RearviewJSON
import RearviewProviders

/// How the network is used: the section `[network]`.
public struct NetworkConfiguration: Hashable, Sendable {
  /// The proxy for all that is not in `noProxy`; `nil` for what the environment says.
  public var proxy: String?
  /// Hosts that are asked directly.
  public var noProxy: [String] = []
  /// A file of certificates (PEM) that are trusted beside those of the system; an absolute path.
  public var caFile: String?
  public var connectTimeoutSeconds = 10.0
  /// From the request to the first byte of the answer.
  public var firstByteTimeoutSeconds = 120.0
  /// Between two pieces of an answer.
  public var idleTimeoutSeconds = 60.0
  /// How often a model is asked again when a try fails before its answer begins.
  public var maxRetries = 2

  public init() {}

  /// The names that `set` takes.
  static let names = [
    "proxy", "no_proxy", "ca_file", "connect_timeout_seconds", "first_byte_timeout_seconds", "idle_timeout_seconds",
    "max_retries",
  ]

  /// Sets one value by its name; an empty text sets it back to its default.
  ///
  /// - Parameter home: What `~` stands for in a path.
  mutating func set(_ name: String, to value: JSONValue, home: String) throws(SettingError) {
    let reader = SettingReader(name: name, value: value)
    let value = value == .text("") ? .null : value
    let standard = NetworkConfiguration()
    switch name {
    case "proxy": proxy = value.isNull ? nil : try reader.proxy()
    case "no_proxy": noProxy = value.isNull ? [] : try reader.list()
    case "ca_file": caFile = value.isNull ? nil : try reader.path(home: home)
    case "connect_timeout_seconds":
      connectTimeoutSeconds = value.isNull ? standard.connectTimeoutSeconds : try reader.number(in: 0.05...3_600)
    case "first_byte_timeout_seconds":
      firstByteTimeoutSeconds = value.isNull ? standard.firstByteTimeoutSeconds : try reader.number(in: 0.05...86_400)
    case "idle_timeout_seconds":
      idleTimeoutSeconds = value.isNull ? standard.idleTimeoutSeconds : try reader.number(in: 0.05...86_400)
    case "max_retries": maxRetries = value.isNull ? standard.maxRetries : try reader.integer(in: 0...20)
    default: throw .unknownName(name, known: Self.names)
    }
  }

  /// A value as it is shown: a proxy without its password.
  func value(of name: String) -> JSONValue {
    switch name {
    case "proxy": proxy.map { .text($0.withoutPassword) } ?? .null
    case "no_proxy": .list(noProxy.map(JSONValue.text))
    case "ca_file": caFile.map(JSONValue.text) ?? .null
    case "connect_timeout_seconds": .number(connectTimeoutSeconds)
    case "first_byte_timeout_seconds": .number(firstByteTimeoutSeconds)
    case "idle_timeout_seconds": .number(idleTimeoutSeconds)
    case "max_retries": .integer(maxRetries)
    default: .null
    }
  }

}

extension String {
  /// An address without the name and password that may stand in it.
  var withoutPassword: String {
    guard let at = lastIndex(of: "@"), let scheme = range(of: "://"), scheme.upperBound < at else { return self }
    return self[..<scheme.upperBound] + "•••" + self[at...]
  }
}

extension ProviderStatus {
  /// Where it is, for people: without a password.
  public var shownURL: String? { baseURL?.withoutPassword }
}

extension SettingReader {
  fileprivate func proxy() throws(SettingError) -> String {
    let text = try nonEmptyText()
    guard let url = URL(string: text), ["http", "https", "socks5", "socks5h"].contains(url.scheme),
      url.host?.isEmpty == false
    else { throw .badValue(name: "proxy", value: .text(text), expected: "a URL such as 'http://proxy.example:3128'") }
    return text
  }

  fileprivate func path(home: String) throws(SettingError) -> String {
    let text = try nonEmptyText()
    let path = text.hasPrefix("~/") ? home + text.dropFirst() : text
    guard path.hasPrefix("/") else {
      throw .badValue(name: "ca_file", value: .text(text), expected: "a path that begins with / or ~/")
    }
    return path
  }
}
