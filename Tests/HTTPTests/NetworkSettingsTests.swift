import Testing

@testable import RearviewHTTP

@Suite("Network settings")
struct NetworkSettingsTests {
  private func proxy(
    for url: String, environment: [String: String] = [:], proxy: String? = nil, noProxy: String? = nil
  ) throws -> String? {
    let settings = try NetworkSettings(environment: environment, proxy: proxy, noProxy: noProxy)
    let isSecure = url.hasPrefix("https:")
    let place = try #require(HostAndPort(url.drop { $0 != "/" }.dropFirst(2)))
    let found = settings.proxy(isSecure: isSecure, host: place.host, port: place.port ?? (isSecure ? 443 : 80))
    return found?.description
  }

  @Test("without settings there is no proxy")
  func none() throws {
    #expect(try proxy(for: "https://example.org") == nil)
    #expect(try proxy(for: "http://example.org") == nil)
  }

  @Test(
    "variables count in the order of curl",
    arguments: [
      (["https_proxy": "a:1", "http_proxy": "b:2"], "a:1", "b:2"),
      (["HTTPS_PROXY": "a:1", "HTTP_PROXY": "b:2"], "a:1", "b:2"),
      (["https_proxy": "a:1", "HTTPS_PROXY": "b:2"], "a:1", nil),
      (["http_proxy": "a:1", "HTTP_PROXY": "b:2"], nil, "a:1"),
      (["ALL_PROXY": "a:1"], "a:1", "a:1"),
      (["all_proxy": "a:1", "ALL_PROXY": "b:2", "HTTP_PROXY": "c:3"], "a:1", "c:3"),
      (["https_proxy": "", "HTTPS_PROXY": "", "ALL_PROXY": "a:1"], "a:1", "a:1"),
      (["HTTP_PROXY": "a:1", "REQUEST_METHOD": "GET"], nil, nil),
      (["http_proxy": "a:1", "HTTPS_PROXY": "b:2", "REQUEST_METHOD": "GET"], "b:2", "a:1"),
    ] as [([String: String], String?, String?)])
  func variables(environment: [String: String], https: String?, http: String?) throws {
    #expect(try proxy(for: "https://example.org", environment: environment) == https)
    #expect(try proxy(for: "http://example.org", environment: environment) == http)
  }

  @Test("a setting comes before the variables, also when it says none")
  func settingsFirst() throws {
    let environment = ["HTTPS_PROXY": "a:1", "HTTP_PROXY": "a:1", "NO_PROXY": "example.org"]
    #expect(try proxy(for: "https://example.com", environment: environment, proxy: "b:2") == "b:2")
    #expect(try proxy(for: "http://example.com", environment: environment, proxy: "b:2") == "b:2")
    #expect(try proxy(for: "https://example.com", environment: environment, proxy: "") == nil)
    #expect(try proxy(for: "https://example.org", environment: environment, proxy: "b:2") == nil)
    #expect(try proxy(for: "https://example.org", environment: environment, noProxy: "") == "a:1")
    #expect(try proxy(for: "https://example.com", environment: environment, noProxy: "example.com") == nil)
  }

  @Test(
    "a proxy's address is read with and without its parts",
    arguments: [
      ("proxy.example", "proxy.example:80"),
      ("proxy.example:3128", "proxy.example:3128"),
      (" http://proxy.example:3128/ ", "proxy.example:3128"),
      ("HTTP://proxy.example", "proxy.example:80"),
      ("http://user:pass@proxy.example:3128", "proxy.example:3128"),
      ("user@proxy.example:3128/x?y#z", "proxy.example:3128"),
      ("http://[fd00::1]:3128", "[fd00::1]:3128"),
      ("socks5://proxy.example", "proxy.example:1080"),
      ("socks5h://10.0.0.1:9050", "10.0.0.1:9050"),
    ])
  func addresses(address: String, expected: String) throws {
    #expect(try proxy(for: "https://example.org", proxy: address) == expected)
  }

  @Test(
    "user name and password are percent-decoded",
    arguments: [
      ("u:p", "u:p"), ("u", "u:"), ("u:", "u:"), (":p", ":p"), ("u:p%40%3a%C3%A9", "u:p@:é"),
      ("u:p:q@r/s", "u:p:q@r/s"),
      ("u:100%", "u:100%"), ("u:%zz%+1%4", "u:%zz%+1%4"),
    ])
  func authorization(userInfo: String, expected: String) throws {
    let proxy = try Proxy(Setting(name: "proxy", value: "http://\(userInfo)@proxy.example:1"))
    #expect(proxy.description == "proxy.example:1")
    let parts = expected.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    #expect(proxy.kind == .http(.basic(username: parts[0], password: parts[1])))
  }

  @Test(
    "a proxy that cannot be used is refused by the name of its setting, without its password",
    arguments: [
      "https://user:secret@proxy.example:3128", "socks5://user:secret@proxy.example:1080",
      "socks4://user:secret@proxy.example:1080", "socks://user:secret@proxy.example", "ftp://user:secret@proxy.example",
      "http://user:secret@", "http://user:secret@:3128", "http://user:secret@proxy.example:0",
      "http://user:secret@proxy.example:99999", "http://user:secret@proxy.example:http", "http://user:secret@[fd00::1",
      "http://user:secret@pro xy:1", "http://user:secret@a:1:b", "http://user:secret@pro^xy:1",
      "http://user:secret@[a:b]:1", "http://user:secret@a%41:1",
    ])
  func refused(address: String) {
    for (error, name) in [
      (refusal { try NetworkSettings(environment: ["HTTPS_PROXY": address]) }, "HTTPS_PROXY"),
      (refusal { try NetworkSettings(environment: ["all_proxy": address]) }, "all_proxy"),
      (refusal { try NetworkSettings(proxy: address) }, "proxy"),
    ] {
      #expect(error?.setting == name)
      #expect(error?.description.hasPrefix(name + ": ") == true)
      #expect(error?.description.contains("secret") == false)
    }
  }

  private func refusal(_ body: () throws -> NetworkSettings) -> NetworkSettingsError? {
    do {
      _ = try body()
      return nil
    } catch {
      return error as? NetworkSettingsError
    }
  }

  @Test("a kind of proxy that is not supported is named")
  func unsupportedKind() {
    let error = refusal { try NetworkSettings(environment: ["HTTPS_PROXY": "https://proxy.example"]) }
    #expect(
      error?.description
        == "HTTPS_PROXY: a proxy of the kind https is not supported, only http://HOST:PORT or socks5://HOST:PORT")
  }

  @Test("printing settings shows no password")
  func printing() throws {
    let settings = try NetworkSettings(proxy: "http://user:secret@proxy.example:3128")
    var dumped = ""
    dump(settings, to: &dumped)
    for text in ["\(settings)", String(reflecting: settings), dumped] {
      #expect(text.contains("proxy.example:3128"))
      #expect(!text.contains("secret"))
      #expect(!text.contains("dXNlcjpzZWNyZXQ="))
    }
  }

  @Test(
    "addresses of this machine are never asked of a proxy",
    arguments: [
      "localhost", "LOCALHOST", "localhost.", "api.localhost", "localhost:11434", "127.0.0.1", "127.255.3.4:8080",
      "127.1", "[::1]", "[::1]:8080", "[::ffff:127.0.0.1]", "0.0.0.0:11434", "[::]:11434",
    ])
  func thisMachine(host: String) throws {
    #expect(try proxy(for: "http://\(host)", proxy: "p:1") == nil)
    #expect(try proxy(for: "https://\(host)", proxy: "p:1", noProxy: "") == nil)
  }

  @Test(
    "what only looks like this machine is another", arguments: ["localhost.org", "mylocalhost", "128.0.0.1", "[::2]"])
  func notThisMachine(host: String) throws {
    #expect(try proxy(for: "https://\(host)", proxy: "p:1") == "p:1")
  }

  @Test(
    "what is listed is asked without a proxy",
    arguments: [
      ("*", "example.org"),
      ("example.org", "example.org"),
      ("example.org", "api.example.org"),
      ("Example.ORG", "API.example.org."),
      (".example.org", "api.example.org"),
      (".example.org", "example.org"),
      ("*.example.org", "api.example.org"),
      ("example.org.", "example.org"),
      ("a.test,example.org", "example.org"),
      ("a.test example.org\tb.test", "b.test"),
      (" a.test , , b.test ", "b.test"),
      ("example.org:8443", "example.org:8443"),
      (".example.org:443", "api.example.org"),
      ("10.1.2.3", "10.1.2.3"),
      ("10.1.2.3:8080", "10.1.2.3:8080"),
      ("10.0.0.0/8", "10.255.0.1"),
      ("192.168.128.0/17", "192.168.200.1"),
      ("0.0.0.0/0", "8.8.8.8"),
      ("fd00::1", "[fd00:0:0::1]"),
      ("[fd00::1]", "[fd00::1]"),
      ("[fd00::1]:8080", "[fd00::1]:8080"),
      ("fd00::/8", "[fd12:3456::1]"),
      ("10.0.0.0/8", "[::ffff:10.0.0.1]"),
    ])
  func exceptions(list: String, host: String) throws {
    #expect(try proxy(for: "https://\(host)", proxy: "p:1", noProxy: list) == nil)
    #expect(try proxy(for: "https://\(host)", environment: ["NO_PROXY": list], proxy: "p:1") == nil)
    #expect(try proxy(for: "https://\(host)", environment: ["no_proxy": list, "NO_PROXY": "x"], proxy: "p:1") == nil)
  }

  @Test(
    "what is not listed goes through the proxy",
    arguments: [
      ("", "example.org"),
      (",", "example.org"),
      ("example.org", "notexample.org"),
      ("example.org", "example.org.test"),
      ("api.example.org", "example.org"),
      ("example.org:8443", "example.org"),
      ("example.org:x", "example.org"),
      ("10.1.2.3", "10.1.2.30"),
      ("1.2.3", "example1.2.3"),
      ("10.0.0.0/8", "11.0.0.1"),
      ("192.168.128.0/17", "192.168.127.1"),
      ("10.0.0.0/33", "10.0.0.0"),
      ("10.0.0.0/-1", "10.0.0.0"),
      ("10.0.0.0/x", "10.0.0.0"),
      ("example.org/8", "example.org"),
      ("fd00::/8", "[fe00::1]"),
      ("::/0", "10.0.0.1"),
      ("0.0.0.0/0", "example.org"),
      ("10.1.2.3:8080", "10.1.2.3"),
    ])
  func noExceptions(list: String, host: String) throws {
    #expect(try proxy(for: "https://\(host)", proxy: "p:1", noProxy: list) == "p:1")
  }
}
