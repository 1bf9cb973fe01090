#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Where an Ollama server is, from what its users write (`OLLAMA_HOST`).
struct OllamaAddress: Hashable, Sendable {
  /// `http://host:port`, without a slash at its end.
  var root: String
  /// Whether it is on this machine.
  var isLoopback: Bool

  static let local = OllamaAddress(root: "http://127.0.0.1:11434", isLoopback: true)

  private init(root: String, isLoopback: Bool) {
    self.root = root
    self.isLoopback = isLoopback
  }

  /// Reads `host`, `host:port`, `:port` and URLs. Without a scheme the port is 11434, with one the scheme's own, as
  /// Ollama has it; an address that means "all interfaces" to the server means this machine to us.
  init?(_ text: String) {
    let hasScheme = text.contains("://")
    guard var components = URLComponents(string: hasScheme ? text : "http://" + text),
      components.scheme == "http" || components.scheme == "https"
    else { return nil }
    var host = components.host ?? ""
    if ["", "0.0.0.0", "[::]", "::"].contains(host) { host = "127.0.0.1" }
    components.host = host
    if components.port == nil, !hasScheme { components.port = 11434 }
    components.query = nil
    components.fragment = nil
    while components.path.hasSuffix("/") { components.path.removeLast() }
    if components.path.hasSuffix("/v1") { components.path.removeLast(3) }
    guard let root = components.string else { return nil }
    self.init(root: root, isLoopback: Self.isLoopback(host))
  }

  static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.")
  }
}
