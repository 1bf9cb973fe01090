import NIOSSL

/// How connections are made: proxies and certificates.
///
/// An address of this machine (localhost, 127.0.0.0/8, ::1) is never asked of a proxy, whatever the settings say.
public struct NetworkSettings: Sendable {
  private let httpProxy: Proxy?
  private let httpsProxy: Proxy?
  private let exceptions: ProxyExceptions
  /// Trusted besides those of the system.
  let authorities: [NIOSSLCertificate]

  /// - Parameters:
  ///   - environment: Variables that count where no setting is given, in lower case first as for curl:
  ///     `https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`, each also in upper case, and `SSL_CERT_FILE`.
  ///     `HTTP_PROXY` in upper case does not count where `REQUEST_METHOD` is set: there a stranger can set it, with a
  ///     header `Proxy`. A variable that is empty counts as not set.
  ///   - proxy: For both http and https, `http://USER:PASSWORD@HOST:PORT` or `socks5://HOST:PORT`; `http` and port 80
  ///     (1080 for SOCKS) when not said. `""` for none, also when the environment names one.
  ///   - noProxy: What is asked without a proxy, parted by commas or blanks: a host or domain with all below it
  ///     (`example.org`, `.example.org`), each also with a port (`example.org:8080`), an address, a network
  ///     (`10.0.0.0/8`), or `*` for everything. `""` for nothing.
  ///   - caFile: A file of certificates (PEM) to be trusted besides those of the system. `SSL_CERT_FILE` counts in the
  ///     same way; OpenSSL would trust that file only. `""` for none.
  /// - Throws: When a proxy cannot be used, or the file cannot be read or holds no certificate.
  public init(
    environment: [String: String] = [:], proxy: String? = nil, noProxy: String? = nil, caFile: String? = nil
  ) throws(NetworkSettingsError) {
    func first(of names: [String]) -> Setting? {
      for name in names {
        if let value = environment[name], !value.isEmpty { return Setting(name: name, value: value) }
      }
      return nil
    }
    func setting(_ name: String, _ value: String?, orVariable names: [String]) -> Setting? {
      guard let value else { return first(of: names) }
      return value.isEmpty ? nil : Setting(name: name, value: value)
    }

    let all = ["all_proxy", "ALL_PROXY"]
    let http = environment["REQUEST_METHOD"] == nil ? ["http_proxy", "HTTP_PROXY"] : ["http_proxy"]
    httpProxy = try setting("proxy", proxy, orVariable: http + all).map(Proxy.init)
    httpsProxy = try setting("proxy", proxy, orVariable: ["https_proxy", "HTTPS_PROXY"] + all).map(Proxy.init)
    exceptions = ProxyExceptions(setting("no_proxy", noProxy, orVariable: ["no_proxy", "NO_PROXY"])?.value ?? "")
    authorities = try setting("ca_file", caFile, orVariable: ["SSL_CERT_FILE"]).map(Self.certificates) ?? []
  }

  /// The proxy that a request goes through; `nil` for none.
  func proxy(isSecure: Bool, host: String, port: Int) -> Proxy? {
    guard let proxy = isSecure ? httpsProxy : httpProxy else { return nil }
    return exceptions.contains(host: host, port: port) ? nil : proxy
  }

  private static func certificates(_ file: Setting) throws(NetworkSettingsError) -> [NIOSSLCertificate] {
    let certificates: [NIOSSLCertificate]
    do {
      certificates = try NIOSSLCertificate.fromPEMFile(file.value)
    } catch {
      certificates = []
    }
    guard !certificates.isEmpty else {
      throw NetworkSettingsError(
        setting: file.name, problem: "the file \(file.value) cannot be read or holds no certificate in PEM form")
    }
    return certificates
  }
}

/// A setting or variable and what it says.
struct Setting {
  var name: String
  var value: String
}

/// A setting or variable that cannot be followed. It never repeats the password of a proxy.
public struct NetworkSettingsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Its name, as in `config.toml` or the environment.
  public var setting: String
  /// What is wrong with it and what to do.
  public var problem: String

  public init(setting: String, problem: String) {
    self.setting = setting
    self.problem = problem
  }

  public var description: String { "\(setting): \(problem)" }
}
