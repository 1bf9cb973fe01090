import Foundation
import RearviewHTTP
import Testing

@Suite("Certificates")
struct CertificateTests {
  private func transport(proxy: String? = nil) throws -> HTTPClientTransport {
    HTTPClientTransport(userAgent: "t", network: try NetworkSettings(proxy: proxy, caFile: TLSServer.authority))
  }

  private func failure(_ request: HTTPRequest, over transport: HTTPClientTransport) async -> HTTPError? {
    do {
      _ = try await transport.send(request).body.collect(limit: 1_000_000)
      return nil
    } catch {
      return error as? HTTPError
    }
  }

  @Test("a file of certificates is trusted, given by the setting or the variable")
  func authority() async throws {
    let server = try await TLSServer(offering: [.http2])
    for network in [
      try NetworkSettings(caFile: TLSServer.authority),
      try NetworkSettings(environment: ["SSL_CERT_FILE": TLSServer.authority]),
      try NetworkSettings(environment: ["SSL_CERT_FILE": "/nowhere"], caFile: TLSServer.authority),
    ] {
      let transport = HTTPClientTransport(userAgent: "t", network: network)
      for host in ["127.0.0.1", "localhost"] {
        #expect(await failure(HTTPRequest(.get, "https://\(host):\(server.port)/whole"), over: transport) == nil)
      }
    }
  }

  @Test("all certificates of a file are trusted, and what stands between them does no harm")
  func manyCertificates() async throws {
    let server = try await TLSServer(offering: [.http2])
    let other = try String(contentsOfFile: TLSServer.path(of: "named", "pem"), encoding: .utf8)
    let authority = try String(contentsOfFile: TLSServer.authority, encoding: .utf8)
    let file = try TemporaryFile("# of others\n\(other)\n\(other)\n# ours\n\(authority)")
    let transport = HTTPClientTransport(userAgent: "t", network: try NetworkSettings(caFile: file.path))
    #expect(await failure(HTTPRequest(.get, server.url + "/whole"), over: transport) == nil)
  }

  @Test("a certificate of an unknown authority is refused, with what to do")
  func unknownAuthority() async throws {
    let server = try await TLSServer(offering: [.http2])
    for network in [nil, try NetworkSettings(environment: ["SSL_CERT_FILE": TLSServer.authority], caFile: "")] {
      let transport = HTTPClientTransport(userAgent: "t", network: network)
      let found = await failure(HTTPRequest(.get, server.url + "/whole"), over: transport)
      #expect(
        found?.description == """
          no secure connection: the certificate of 127.0.0.1 has expired or is of an authority that is not known here; \
          set ca_file to the authority's certificate if it is one of yours
          """)
      guard case .tls = found else {
        Issue.record("\(String(describing: found))")
        continue
      }
    }
    #expect(server.requests.isEmpty)
  }

  @Test("a certificate for another name is refused, also through a proxy", arguments: ["http", "socks5"])
  func otherName(scheme: String) async throws {
    let server = try await TLSServer(offering: [.http2], certificate: "named")
    #expect(
      await failure(HTTPRequest(.get, server.url + "/whole"), over: try transport())
        == .tls(cause: "the certificate is for another name than 127.0.0.1"))
    let tunnel = try await TunnelServer(to: server.port)
    let transport = try transport(proxy: "\(scheme)://127.0.0.1:\(tunnel.port)")
    #expect(
      await failure(HTTPRequest(.get, "https://other.test/whole"), over: transport)
        == .tls(cause: "the certificate is for another name than other.test"))
    #expect(await failure(HTTPRequest(.get, "https://api.example.test/whole"), over: transport) == nil)
    #expect(server.requests.count == 1)
  }

  @Test("a file that is missing, unreadable or without certificates is refused by the name of its setting")
  func badFile() throws {
    let folder = FileManager.default.temporaryDirectory.path
    let files = [
      try TemporaryFile(""), try TemporaryFile("no certificate"),
      try TemporaryFile("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ]
    for path in files.map(\.path) + ["/nowhere/ca.pem", folder] {
      let problem = "the file \(path) cannot be read or holds no certificate in PEM form"
      #expect(throws: NetworkSettingsError(setting: "ca_file", problem: problem)) {
        try NetworkSettings(caFile: path)
      }
      #expect(throws: NetworkSettingsError(setting: "SSL_CERT_FILE", problem: problem)) {
        try NetworkSettings(environment: ["SSL_CERT_FILE": path])
      }
    }
  }
}

/// A file that goes when it is let go of.
private final class TemporaryFile {
  let path: String

  init(_ text: String) throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("rearview-\(UUID().uuidString).pem").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }
}
