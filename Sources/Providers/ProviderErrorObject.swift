import RearviewJSON

/// What a provider says about a failure, in a body or in the middle of a stream.
struct ProviderErrorObject: Hashable, Sendable {
  var message: String?
  /// `code` and `type`, as far as they are there (`insufficient_quota`, `overloaded_error`).
  var codes: [String] = []
  /// A code that is an HTTP status (OpenRouter, Gemini's OpenAI face).
  var status: Int?
  /// How long Google asks to wait.
  var retryDelay: Duration?

  /// The status, or the one that Anthropic gives an error of this type where it is not in a stream
  /// (https://docs.anthropic.com/en/api/errors).
  var impliedStatus: Int? {
    status ?? codes.lazy.compactMap { Self.statuses[$0] }.first
  }

  private static let statuses = [
    "authentication_error": 401, "billing_error": 402, "permission_error": 403, "not_found_error": 404,
    "rate_limit_error": 429, "api_error": 500, "timeout_error": 504, "overloaded_error": 529,
    // OpenAI's, in a stream.
    "server_error": 500, "rate_limit_exceeded": 429,
    // Amazon's (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html).
    "throttlingException": 429, "internalServerException": 500, "serviceUnavailableException": 503,
    "modelStreamErrorException": 424, "modelTimeoutException": 408, "validationException": 400,
    "accessDeniedException": 403, "resourceNotFoundException": 404,
  ]
}

extension ProviderErrorObject {
  /// The error that a JSON object tells of, in any of the forms that are about; `nil` when it tells of none.
  init?(_ object: JSONObject) {
    if let text = object["error"]?.text {
      self.init(message: object["message"]?.text ?? text)
      return
    }
    if let error = object["error"]?.object {
      self.init(fields: error)
      return
    }
    guard object["object"] == "error" else { return nil }
    self.init(fields: object)
  }

  /// The error in the body of a response that is one by its status, JSON or not.
  init(body: [UInt8]) {
    let text = String(decoding: body, as: UTF8.self).trimmed
    guard let object = JSONObject(answer: body) else {
      // A page is for browsers; the status says as much.
      self.init(message: text.isEmpty || text.hasPrefix("<") ? nil : text)
      return
    }
    if let error = Self(object) {
      self = error
      return
    }
    self.init(fields: object)
    if message == nil { message = text }
  }

  init(fields: JSONObject) {
    let said = fields["message"]?.text ?? fields["detail"]?.text ?? fields["detail"]?.list?.first?["msg"]?.text
    // OpenRouter says "Provider returned error" and what that was beside it.
    if let said, let raw = fields["metadata"]?["raw"]?.text, raw != said {
      message = "\(said): \(raw)"
    } else {
      message = said
    }
    // `{"@type": "…RetryInfo", "retryDelay": "26s"}`
    if let text = fields["details"]?.list?.lazy.compactMap({ $0["retryDelay"]?.text }).first, text.hasSuffix("s"),
      let seconds = Double(text.dropLast()), (0...86_400).contains(seconds)
    {
      retryDelay = .seconds(seconds)
    }
    for key in ["code", "type", "status"] {
      if let text = fields[key]?.text { codes.append(text) }
      let number = fields[key]?.wholeNumber ?? fields[key]?.text.flatMap { Int($0) }
      if status == nil, let number, (400...599).contains(number) { status = number }
    }
  }
}

extension JSONObject {
  /// The object that an answer is, or the first one in it: Gemini's OpenAI face wraps an error in a list.
  init?(answer bytes: [UInt8]) {
    guard let json = try? JSONValue(parsing: bytes), let object = json.object ?? json.list?.first?.object else {
      return nil
    }
    self = object
  }
}

extension JSONValue {
  /// A count, however it is written; what no count can be is brought into range.
  var wholeNumber: Int? {
    integer ?? number.map { Int(min(max($0, -1e15), 1e15)) }
  }
}
