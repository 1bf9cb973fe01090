import RearviewJSON

/// What a provider's list says of a model.
struct ListedModel: Hashable, Codable, Sendable {
  /// Its name at the provider.
  var id: String
  /// What else is said, for people.
  var detail: String?
  var contextWindow: Int?
  var maxOutput: Int?
  /// US dollars for a million tokens.
  var inputPrice: Double?
  var outputPrice: Double?
}

extension ListedModel {
  /// The models of a list: OpenAI's form, Gemini's, Ollama's, or one of those that others took for it.
  static func all(in body: [UInt8], wire: WireProtocol) -> [ListedModel] {
    let json = try? JSONValue(parsing: body)
    let entries = json?["data"]?.list ?? json?["models"]?.list ?? json?.list ?? []
    var seen: Set<String> = []
    let models = entries.compactMap { ListedModel($0, wire: wire) }.filter { seen.insert($0.id).inserted }
    return wire == .ollama ? models : models.sorted { $0.id < $1.id }
  }

  /// - Returns: `nil` for an entry that is no model, or one that does not chat.
  private init?(_ json: JSONValue, wire: WireProtocol) {
    if let name = json.text, !name.isEmpty {
      self.init(id: name)
      return
    }
    guard var id = json["id"]?.text ?? json["name"]?.text ?? json["model"]?.text else { return nil }
    if wire == .gemini {
      if let methods = json["supportedGenerationMethods"]?.list, !methods.contains("generateContent") { return nil }
      if id.hasPrefix("models/") { id.removeFirst("models/".count) }
    }
    guard !id.isEmpty else { return nil }
    // Servers that list all kinds say which kind one is.
    if let kind = json["type"]?.text, ["embedding", "image", "audio", "rerank", "moderation"].contains(kind) {
      return nil
    }
    self.init(id: id)
    contextWindow =
      (json["context_length"] ?? json["context_window"] ?? json["max_model_len"] ?? json["inputTokenLimit"]
      ?? json["max_context_length"])?.wholeNumber.flatMap { $0 > 0 ? $0 : nil }
    maxOutput = json["outputTokenLimit"]?.wholeNumber
    inputPrice = Self.price(json["pricing"]?["prompt"])
    outputPrice = Self.price(json["pricing"]?["completion"])
    let details = json["details"]
    let parts = [details?["parameter_size"]?.text, details?["quantization_level"]?.text].compactMap(\.self)
    let known = parts.filter { !$0.isEmpty }
    if !known.isEmpty { detail = known.joined(separator: ", ") }
  }

  /// OpenRouter's prices are dollars a token, as texts.
  private static func price(_ json: JSONValue?) -> Double? {
    guard let text = json?.text, let price = Double(text), (0...1_000).contains(price) else { return nil }
    return (price * 1_000_000 * 10_000).rounded() / 10_000
  }
}
