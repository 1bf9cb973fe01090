import Foundation
import Rearview
import RearviewEngine
import Testing

/// A folder that goes away with the test.
final class Folder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "rearview-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String, mode: Int = 0o600) throws {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
  }

  var paths: Paths { Paths(environment: ["HOME": path]) }
}

@Suite("Configuration")
struct ConfigurationTests {
  private let folder: Folder
  private let project: Folder

  init() throws {
    folder = try Folder()
    project = try Folder()
  }

  private func load(
    _ toml: String? = nil, environment: [String: String] = [:], overrides: [String] = [], mode: Int = 0o600
  ) throws -> Configuration {
    if let toml { try folder.write(".config/rearview/config.toml", toml, mode: mode) }
    return try Configuration.load(
      paths: folder.paths, environment: environment, overrides: overrides, workingFolder: project.path)
  }

  private func failure(
    _ toml: String, environment: [String: String] = [:], overrides: [String] = [], mode: Int = 0o600
  ) throws -> String {
    do {
      _ = try load(toml, environment: environment, overrides: overrides, mode: mode)
      Issue.record("it was taken")
      return ""
    } catch let error as ConfigurationError {
      return "\(error)".replacing(folder.path, with: "~").replacing(project.path, with: ".")
    }
  }

  @Test("without any file has the defaults")
  func defaults() throws {
    let configuration = try load()
    var expected = MemorySettings()
    expected.bankID = "default"
    #expect(configuration.memory == expected)
    #expect(configuration.theme == "terminal")
    #expect(configuration.model == nil)
  }

  @Test("takes the command line over the environment over the project over the user's file")
  func precedence() throws {
    try project.write(".rearview.toml", "[memory]\nbank_id = \"project\"\nbudget = \"low\"\n")
    let toml = "model = \"openai/a\"\n[memory]\nbank_id = \"user\"\nbudget = \"high\"\nmax_memories = 3\n"
    let configuration = try load(
      toml, environment: ["REARVIEW_BUDGET": "mid", "REARVIEW_MODEL": "openai/b"],
      overrides: ["model=openai/c"])
    #expect(configuration.memory.bankID == "project")
    #expect(configuration.memory.budget == .mid)
    #expect(configuration.memory.maxMemories == 3)
    #expect(configuration.model == "openai/c")
    #expect(configuration.origins["budget"] == .environment("REARVIEW_BUDGET"))
    #expect(configuration.origins["max_memories"] == .file(folder.paths.configurationFile, line: 5))
    #expect(configuration.origins["model"] == .commandLine)
  }

  @Test("reads providers")
  func providers() throws {
    let configuration = try load(
      """
      [providers.local]
      base_url = "http://127.0.0.1:8080/v1"
      api_key_env = "LOCAL_KEY"
      models = ["a", "b"]
      headers.X-Team = "blue"
      protocol = "anthropic-messages"
      variables.CLOUDFLARE_ACCOUNT_ID = "acc"
      """)
    let local = try #require(configuration.providers["local"])
    #expect(local.baseURL == "http://127.0.0.1:8080/v1")
    #expect(local.models == ["a", "b"])
    #expect(local.headers == ["X-Team": "blue"])
    #expect(local.wire == .anthropicMessages)
    #expect(local.variables == ["CLOUDFLARE_ACCOUNT_ID": "acc"])
  }

  @Test("names file and line of a syntax error")
  func syntax() throws {
    let text = try failure("model = \"a/b\"\n[memory\nbank_id = 3\n")
    #expect(text.hasPrefix("~/.config/rearview/config.toml, line 2: this is not TOML"))
  }

  @Test(
    "names file, line and key of a value that does not fit",
    arguments: [
      ("[memory]\n\nbudget = \"huge\"", "line 3: budget must be one of ['high', 'low', 'mid'], got 'huge'."),
      ("[memory]\nmax_memory_tokens = \"many\"", "line 2: max_memory_tokens must be a whole number"),
      ("theme = 3", "line 1: theme must be a text that is not empty, got 3."),
      (
        "[memory]\nbugdet = \"low\"",
        "line 2: there is no setting bugdet; the settings are model, theme, fallback_models, backups, hindsight_api_url"
      ),
      ("[providers.x]\nbase_url = \"ftp://x\"", "line 2: providers.x.base_url must be a URL"),
      (
        "[providers.x]\nprotocol = \"soap\"",
        "line 2: providers.x.protocol must be one of ['anthropic-messages', 'azure-openai', 'bedrock-converse', 'gemini'"
      ),
      (
        "[models.\"openai/gpt-4.1\"]\n# warm\ntemperature = 3",
        "line 3: models.\"openai/gpt-4.1\".temperature must be a number from 0.0 to 2.0, got 3."
      ),
      ("[models.\"a/b\"]\nreasoning_effort = \"lots\"", "must be one of ['high', 'low', 'max', 'medium', 'minimal'"),
      ("[models.\"a/b\"]\ntemprature = 1", "line 2: there is no setting models.\"a/b\".temprature"),
      (
        "[models.\"a/b\".extra_body]\nmodel = \"other\"",
        "line 1: models.\"a/b\".extra_body must be an object without model, messages and stream"
      ),
      ("[models]\n\"a/b\" = { top_p = 7 }", "line 2: models.\"a/b\".top_p must be a number from 0.0 to 1.0"),
      ("[network]\nproxy = \"here\"", "line 2: proxy must be a URL such as 'http://proxy.example:3128'"),
      ("[network]\nmax_retries = -1", "line 2: max_retries must be a whole number from 0 to 20"),
      ("# Windows\r\n[network]\r\nmax_retries = -1\r\n", "line 3: max_retries must be"),
      ("[network]\nbudget = \"low\"", "line 2: there is no setting network.budget"),
      ("[providers.x]\nkey = \"x\"", "line 2: there is no setting providers.x.key"),
    ])
  func badValues(toml: String, expected: String) throws {
    #expect(try failure(toml).contains(expected))
  }

  @Test("does not take providers from a project's file, which could send a key elsewhere")
  func projectProviders() throws {
    try project.write(".rearview.toml", "[providers.openai]\nbase_url = \"http://evil.example/v1\"\n")
    #expect(try failure("").hasPrefix("./.rearview.toml, line 2: a project file cannot set providers"))
  }

  @Test(
    "lets a project's file name no proxy, no other model's host and no members of a body",
    arguments: [
      "[network]\nproxy = \"http://evil.example\"", "ca_file = \"/tmp/ca.pem\"", "x = 1\nproxy = \"http://e\"",
      "fallback_models = [\"evil/model\"]", "[models.\"a/b\"]\nfallback_models = [\"evil/model\"]",
      "[models.\"a/b\".extra_body]\ntools = [{ type = \"mcp\", server_url = \"http://evil.example\" }]",
      "[providers.x]\napi_key_command = \"touch /tmp/pwned\"", "[memory]\nembedding_model = \"openai/x\"",
      "background_model = \"openai/x\"", "[memory]\nreflect_model = \"openai/x\"",
      "[memory]\nbackground_daily_tokens = 0",
    ])
  func projectNetwork(toml: String) throws {
    try project.write(".rearview.toml", toml)
    let text = try failure("")
    #expect(text.contains("a project file cannot set") || text.contains("there is no setting x"))
  }

  @Test("lets a project's file choose how a model answers")
  func projectParameters() throws {
    try project.write(".rearview.toml", "[models.\"a/b\"]\nsystem_prompt = \"Be brief.\"\ntemperature = 0\n")
    let configuration = try load("[models.\"a/b\"]\ntemperature = 1\ntop_p = 0.5\n")
    var expected = ModelParameters()
    expected.systemPrompt = "Be brief."
    expected.temperature = 0
    expected.topP = 0.5
    #expect(configuration.parameters(of: "a/b") == expected)
    #expect(
      configuration.origin(of: "models.\"a/b\".temperature") == .file(project.path + "/.rearview.toml", line: 3))
  }

  @Test("reads parameters of models, their extra body as an object, and sends them as a request has them")
  func parameters() throws {
    let configuration = try load(
      """
      fallback_models = ["openai/b", "anthropic/c"]
      [models."openai/gpt-4.1"]
      temperature = 0.2
      max_tokens = 500
      stop = "END"
      system_prompt = \"\"\"
      temperature = 7
      Answer briefly.\"\"\"
      reasoning_effort = "xhigh"
      [models."openai/gpt-4.1".extra_body]
      service_tier = "flex"
      metadata = { team = "blue", ids = [1, 2] }
      """, overrides: ["models.openai/gpt-4.1.top_p=0.5", "models.\"openai/gpt-4.1\".max_tokens=600"])
    let parameters = configuration.parameters(of: "openai/gpt-4.1")
    #expect(configuration.fallbackModels == ["openai/b", "anthropic/c"])
    #expect(
      parameters.body == [
        "temperature": 0.2, "max_tokens": 600, "top_p": 0.5, "reasoning_effort": "xhigh", "stop": ["END"],
        "service_tier": "flex", "metadata": ["team": "blue", "ids": [1, 2]],
      ])
    #expect(parameters.systemPrompt == "temperature = 7\nAnswer briefly.")
    #expect(
      configuration.origin(of: "models.\"openai/gpt-4.1\".reasoning_effort")
        == .file(folder.paths.configurationFile, line: 9))
    #expect(configuration.origin(of: "models.\"openai/gpt-4.1\".top_p") == .commandLine)
    #expect(configuration.shownNames.contains("models.\"openai/gpt-4.1\".extra_body"))
    #expect(configuration.parameters(of: "openai/other") == ModelParameters())
  }

  @Test("reads the network, of files and environment, and shows no password of a proxy")
  func network() throws {
    let configuration = try load(
      "[network]\nproxy = \"http://me:secret@proxy.example:3128\"\nca_file = \"~/ca.pem\"\nmax_retries = 0\n",
      environment: ["HOME": "/home/a", "REARVIEW_NO_PROXY": "a.example, b.example"],
      overrides: ["network.idle_timeout_seconds=5"])
    var expected = NetworkConfiguration()
    expected.proxy = "http://me:secret@proxy.example:3128"
    expected.noProxy = ["a.example", "b.example"]
    expected.caFile = "/home/a/ca.pem"
    expected.maxRetries = 0
    expected.idleTimeoutSeconds = 5
    #expect(configuration.network == expected)
    #expect(configuration.written("proxy") == "http://•••@proxy.example:3128")
    #expect(configuration.written("connect_timeout_seconds") == "10")
    #expect(configuration.origin(of: "no_proxy") == .environment("REARVIEW_NO_PROXY"))
    #expect(try failure("[network]\nproxy = \"http://me:secret@p\"\n", mode: 0o644).contains("chmod 600"))
    #expect(try !failure("[network]\nproxy = \"ftp://me:secret@p\"\n").contains("secret"))
  }

  @Test("reads the models that work on memory, and what they may use")
  func work() throws {
    let configuration = try load(
      "[memory]\nembedding_model = \"ollama/nomic-embed-text\"\nvector_memory_mb = 64\nbank_id = \"b\"\n",
      environment: ["REARVIEW_BACKGROUND_MODEL": "openai/small", "REARVIEW_BACKGROUND_WORK": "off"],
      overrides: ["background_daily_tokens=0", "memory.reflect_model=openai/large", "embedding_timeout_seconds=0.5"])
    var expected = WorkConfiguration()
    expected.embeddingModel = "ollama/nomic-embed-text"
    expected.vectorMemoryMB = 64
    expected.backgroundModel = "openai/small"
    expected.backgroundWork = false
    expected.backgroundDailyTokens = 0
    expected.reflectModel = "openai/large"
    expected.embeddingTimeoutSeconds = 0.5
    #expect(configuration.work == expected)
    #expect(configuration.memory.bankID == "b")
    #expect(configuration.written("embedding_model") == "ollama/nomic-embed-text")
    #expect(configuration.written("background_daily_tokens") == "0")
    #expect(configuration.origin(of: "embedding_model") == .file(folder.paths.configurationFile, line: 2))
    #expect(try load("", overrides: ["embedding_model="]).work == WorkConfiguration())
    #expect(try load("").written("background_model") == "not set")
    #expect(try failure("[memory]\nvector_memory_mb = -1\n").contains("vector_memory_mb must be"))
    #expect(try failure("[memory]\nembedding_model = 3\n").contains("embedding_model must be"))
  }

  @Test("gives what was saved for a model precedence over the user's file and not over the project's")
  func savedParameters() throws {
    try folder.write(
      ".config/rearview/models.toml", "[\"a/b\"]\ntemperature = 0.5\ntop_p = 0.5\nmax_tokens = \"\"\n")
    try project.write(".rearview.toml", "[models.\"a/b\"]\ntop_p = 0.9\n")
    let parameters = try load("[models.\"a/b\"]\ntemperature = 1\ntop_p = 1\nmax_tokens = 9\n")
      .parameters(of: "a/b")
    var expected = ModelParameters()
    expected.temperature = 0.5
    expected.topP = 0.9
    #expect(parameters == expected)
    try folder.write(".config/rearview/models.toml", "[\"a/b\"]\n\ntemperature = 9\n")
    #expect(try failure("").hasPrefix("~/.config/rearview/models.toml, line 3: models.\"a/b\".temperature must be"))
    try folder.write(".config/rearview/models.toml", "temperature = 1\n")
    #expect(try failure("").contains("line 1: temperature belongs to no model"))
  }

  @Test("refuses a file with a key in it that others can read, and says how to mend it")
  func keyMode() async throws {
    let toml = "[providers.x]\nbase_url = \"http://x/v1\"\napi_key = \"sk-1\"\n"
    let text = try failure(toml, mode: 0o644)
    #expect(text.contains("chmod 600"))
    #expect(!text.contains("sk-1"))
    #expect(try await load(toml).providers["x"]?.apiKey?() == "sk-1")
  }

  @Test("lets a project's file be read by all beside a file with a key, and never writes a key into an error")
  func keysElsewhere() throws {
    try project.write(".rearview.toml", "theme = \"dark\"\n", mode: 0o644)
    #expect(try load("[providers.x]\nbase_url = \"http://x/v1\"\napi_key = \"sk-1\"\n").theme == "dark")
    #expect(try !failure("[providers.x]\napi_key = [\"sk-secret\"]\n").contains("sk-secret"))
    #expect(try !failure("", overrides: ["providers.x.key=sk-secret"]).contains("sk-secret"))
  }

  @Test("names the variable or the argument that is wrong")
  func otherPlaces() throws {
    #expect(
      try failure("", environment: ["REARVIEW_BUDGET": "x"]).hasPrefix(
        "The environment variable REARVIEW_BUDGET: budget"))
    #expect(try failure("", overrides: ["budget"]) == "--set budget: write it as NAME=VALUE.")
    #expect(try failure("", overrides: ["x=1"]).hasPrefix("--set x: there is no setting x"))
  }
}

@Suite("Paths")
struct PathsTests {
  @Test("follow XDG, and ignore a path that is not absolute")
  func xdg() {
    let paths = Paths(environment: ["HOME": "/h", "XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "relative"])
    #expect(paths.memoryFile == "/d/rearview/memory.sqlite")
    #expect(paths.configurationFile == "/h/.config/rearview/config.toml")
    #expect(paths.state == "/h/.local/state/rearview")
  }
}
