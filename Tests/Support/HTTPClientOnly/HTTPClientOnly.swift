import AsyncHTTPClient
import Glibc

/// The empty program that memory is compared with: it links the HTTP client and does nothing, or, with an address as
/// its argument, gets that once. It lives until its standard input ends, so that it can be looked at.
@main
struct HTTPClientOnly {
  static func main() async throws {
    if CommandLine.arguments.count > 1 {
      _ = try await HTTPClient.shared.get(url: CommandLine.arguments[1]).get()
    }
    print("{}")
    fflush(nil)
    _ = readLine()
  }
}
