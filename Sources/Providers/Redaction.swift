/// Takes secrets out of a text that a server wrote: some repeat the key in their answer.
struct Redaction: Sendable {
  private let secrets: [String]

  /// Secrets shorter than four characters are left in: they would take apart ordinary words.
  init(secrets: [String]) {
    self.secrets = secrets.filter { $0.count >= 4 }.sorted { $0.count > $1.count }
  }

  /// The text on one line, with `[key]` where a secret stood.
  func cleaned(_ text: String) -> String {
    var bytes = Array(text.utf8)
    for secret in secrets { bytes.replace(secret.utf8, with: "[key]".utf8) }
    return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
