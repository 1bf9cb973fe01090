import RearviewJSON

/// One provider, as a row of the table (`providers.json`) or a section of the configuration says it.
///
/// In a template, `{NAME}` stands for a variable of that name, `{A|B=default}` for the first of two that is set, else
/// for a default.
struct ProviderRow: Sendable {
  /// What stands before the slash of a model's name.
  var id: String
  /// Its name for people.
  var title: String
  /// Why this program does not speak with it; the rest is empty then.
  var refusal: String?
  var wire = WireProtocol.openAIChat
  var kind = ProviderStatus.Kind.hosted
  /// A template for the address; empty where there is none that holds for everyone.
  var base = ""
  /// An address as an example, where `base` is empty.
  var example: String?
  /// Variables that may hold the key, the first that is set counts.
  var keys: [String] = []
  /// Variables that may hold the address, the first that is set counts.
  var bases: [String] = []
  var authorization = Authorization.Form.bearer
  /// Whether it may be asked without a key.
  var isKeyless = false
  /// What follows the base for an answer, where it is not the protocol's own.
  var path: String?
  /// The same for a stream.
  var streamPath: String?
  /// A template for the list of models, with `{base}`; empty where there is none.
  var models = "{base}/models"
  /// Headers that go with each request; a template with `{key}`, left out while a variable in it is unset.
  var headers: [(name: String, value: String)] = []
  /// Members of the body beside those that are asked for.
  var body: JSONObject = [:]
  /// The name of the member that holds the model.
  var modelMember = "model"
  /// Where Claude is spoken to in Anthropic's protocol: a template for that base.
  var claudeBase: String?
  var traits: Set<Trait> = []

  /// In what a provider's requests differ from OpenAI's as they were at first.
  enum Trait: String, Sendable {
    /// OpenAI's later parameters for its reasoning models.
    case openAI = "openai"
    /// The limit of the answer is `max_tokens` only.
    case maxTokens = "max_tokens"
    /// Contents are strings unless they hold more than text.
    case flat
    /// Neither temperature nor limit is taken.
    case unsampled
    /// Reasoning is switched by `thinking`, not by `reasoning_effort`.
    case thinking
  }

  /// Whether it is one of the table that is at another place for everyone (Azure).
  var hasNoPlace: Bool { base.isEmpty && kind != .configured }

  init(id: String, title: String) {
    self.id = id
    self.title = title
  }

  /// - Returns: `nil` for an object that is no row.
  init?(_ json: JSONValue) {
    guard let object = json.object, let id = object["id"]?.text, let title = object["title"]?.text else { return nil }
    self.init(id: id, title: title)
    if let reason = object["refuses"]?.text {
      refusal = reason
      return
    }
    guard let wire = object["wire"]?.text.flatMap(WireProtocol.init), let base = object["base"]?.text else {
      return nil
    }
    self.wire = wire
    self.base = base
    kind = object["kind"]?.text.flatMap(ProviderStatus.Kind.init) ?? .hosted
    example = object["example"]?.text
    keys = object["keys"]?.texts ?? []
    bases = object["bases"]?.texts ?? []
    authorization = object["auth"]?.text.map(Authorization.Form.init(name:)) ?? .bearer
    isKeyless = object["keyless"]?.boolean ?? false
    path = object["path"]?.text
    streamPath = object["streamPath"]?.text
    models = object["models"]?.text ?? models
    headers = (object["headers"]?.object ?? [:]).map { ($0.key, $0.value.text ?? "") }
    body = object["body"]?.object ?? [:]
    modelMember = object["modelMember"]?.text ?? modelMember
    claudeBase = object["claude"]?.text
    traits = Set((object["traits"]?.texts ?? []).compactMap(Trait.init))
  }
}

extension JSONValue {
  fileprivate var texts: [String] { (list ?? []).compactMap(\.text) }
}
