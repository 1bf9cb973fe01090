import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension HTTPError {
  /// Where a request went, and how.
  struct Place: Sendable {
    var host: String
    var port: Int
    var route: Route
    var connectTimeout: Duration
  }

  /// An error of the client in our words; `CancellationError` stays what it is.
  static func translated(_ error: any Error, at place: Place) -> any Error {
    switch error {
    case is CancellationError:
      CancellationError()
    case let error as HTTPError:
      error
    case let error as HTTPClientError:
      translated(error, at: place)
    case let error as NIOConnectionError:
      translated(error, at: place)
    case let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode):
      HTTPError.closedEarly
    case let error as IOError:
      unconnected(at: place, code: error.errnoCode)
    case let error as ChannelError:
      translated(error, connectTimeout: place.connectTimeout)
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
      insecure(error, at: place)
    case is any NIOHTTP2Error, HTTPParserError.invalidEOFState:
      HTTPError.closedEarly
    case is HTTPParserError:
      HTTPError.malformed(cause: "\(error)")
    default:
      // Those of SOCKS are among these; they say nothing that a person could use.
      unreached(place) ?? .unreachable(host: place.host, cause: "\(error)")
    }
  }

  /// A proxy wants a user name and a password, or others.
  static func refused(by proxy: Proxy) -> HTTPError {
    let cause =
      if case .http(.some) = proxy.kind {
        "it does not accept the user name and the password in its address (407)"
      } else {
        "it wants a user name and a password, as in http://USER:PASSWORD@HOST:PORT (407)"
      }
    return .unreachable(host: name(of: proxy), cause: cause)
  }

  private static func translated(_ error: HTTPClientError, at place: Place) -> HTTPError {
    switch error {
    case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .httpProxyHandshakeTimeout,
      .socksHandshakeTimeout:
      .connectTimeout(after: place.connectTimeout)
    // Cancelled by us it never gets here: the exchange has ended by then.
    case .alreadyShutdown, .cancelled:
      .shutDown
    case .remoteConnectionClosed, .uncleanShutdown, .requestStreamCancelled:
      .closedEarly
    case .proxyAuthenticationRequired:
      place.route.proxy.map(refused) ?? .invalidRequest(reason: error.shortDescription)
    case .invalidProxyResponse:
      unreached(place) ?? .invalidRequest(reason: error.shortDescription)
    default:
      .invalidRequest(reason: error.shortDescription)
    }
  }

  /// No secure connection, in words where a person can do something about it. NIOSSL tells the reasons of BoringSSL as
  /// text only.
  private static func insecure(_ error: any Error, at place: Place) -> HTTPError {
    if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
      return .tls(cause: "the certificate is for another name than \(place.host)")
    }
    let cause = "\(error)"
    if cause.contains("CERTIFICATE_VERIFY_FAILED") {
      return .tls(
        cause: """
          the certificate of \(place.host) has expired or is of an authority that is not known here; set ca_file to \
          the authority's certificate if it is one of yours
          """)
    }
    if cause.contains("WRONG_VERSION_NUMBER") {
      return .tls(
        cause: "what answers at \(place.host):\(place.port) does not speak TLS; its address may begin with http:")
    }
    if cause.contains("EOF during handshake") { return .tls(cause: "the connection closed during the handshake") }
    return .tls(cause: cause)
  }

  private static func translated(_ error: ChannelError, connectTimeout: Duration) -> HTTPError {
    if case .connectTimeout = error { return .connectTimeout(after: connectTimeout) }
    return .closedEarly
  }

  private static func translated(_ error: NIOConnectionError, at place: Place) -> HTTPError {
    let codes = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
    if error.connectionErrors.isEmpty {
      guard let proxy = place.route.proxy else { return .unknownHost(place.host) }
      return .unreachable(host: name(of: proxy), cause: "its name is unknown")
    }
    guard let code = codes.contains(ECONNREFUSED) ? ECONNREFUSED : codes.first else {
      return .unreachable(host: place.route.proxy.map(name) ?? place.host, cause: "\(error)")
    }
    return unconnected(at: place, code: code)
  }

  /// No connection to the server, or to the proxy where there is one.
  private static func unconnected(at place: Place, code: CInt) -> HTTPError {
    guard let proxy = place.route.proxy else {
      return code == ECONNREFUSED
        ? .refused(host: place.host, port: place.port) : .unreachable(host: place.host, cause: words(for: code))
    }
    return .unreachable(host: name(of: proxy), cause: code == ECONNREFUSED ? "nothing listens there" : words(for: code))
  }

  /// The proxy is there and opens no way to the server; `nil` where there is no proxy.
  private static func unreached(_ place: Place) -> HTTPError? {
    place.route.proxy.map { .unreachable(host: place.host, cause: "\(name(of: $0)) opens no way to it") }
  }

  private static func name(of proxy: Proxy) -> String { "the proxy \(proxy)" }

  private static func words(for code: CInt) -> String {
    String(cString: strerror(code)).lowercased()
  }
}
