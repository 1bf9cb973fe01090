import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension HTTPError {
  /// An error of the client in our words; `CancellationError` stays what it is.
  static func translated(_ error: any Error, host: String, port: Int, connectTimeout: Duration) -> any Error {
    switch error {
    case is CancellationError:
      CancellationError()
    case let error as HTTPError:
      error
    case let error as HTTPClientError:
      translated(error, connectTimeout: connectTimeout)
    case let error as NIOConnectionError:
      translated(error, host: host, port: port)
    case let error as IOError where error.errnoCode == ECONNREFUSED:
      HTTPError.refused(host: host, port: port)
    case let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode):
      HTTPError.closedEarly
    case let error as IOError:
      HTTPError.unreachable(host: host, cause: words(for: error.errnoCode))
    case let error as ChannelError:
      translated(error, connectTimeout: connectTimeout)
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
      HTTPError.tls(cause: "\(error)")
    case HTTPParserError.invalidEOFState:
      HTTPError.closedEarly
    case is HTTPParserError:
      HTTPError.malformed(cause: "\(error)")
    default:
      HTTPError.unreachable(host: host, cause: "\(error)")
    }
  }

  private static func translated(_ error: HTTPClientError, connectTimeout: Duration) -> HTTPError {
    switch error {
    case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .httpProxyHandshakeTimeout:
      .connectTimeout(after: connectTimeout)
    // Cancelled by us it never gets here: the exchange has ended by then.
    case .alreadyShutdown, .cancelled:
      .shutDown
    case .remoteConnectionClosed, .uncleanShutdown, .requestStreamCancelled:
      .closedEarly
    default:
      .invalidRequest(reason: error.shortDescription)
    }
  }

  private static func translated(_ error: ChannelError, connectTimeout: Duration) -> HTTPError {
    if case .connectTimeout = error { return .connectTimeout(after: connectTimeout) }
    return .closedEarly
  }

  private static func translated(_ error: NIOConnectionError, host: String, port: Int) -> HTTPError {
    let codes = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
    if codes.contains(ECONNREFUSED) { return .refused(host: host, port: port) }
    if error.connectionErrors.isEmpty { return .unknownHost(host) }
    return .unreachable(host: host, cause: codes.first.map(words(for:)) ?? "\(error)")
  }

  private static func words(for code: CInt) -> String {
    String(cString: strerror(code)).lowercased()
  }
}
