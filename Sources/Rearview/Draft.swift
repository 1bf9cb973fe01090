import Foundation

/// What was typed and not sent when the program ended, for the next start.
public struct Draft: Sendable {
  private let path: String

  public init(paths: Paths) { path = paths.draftFile }

  /// Keeps the text, mode 0600; blanks alone are nothing to keep.
  public func save(_ text: String) {
    guard !text.allSatisfy(\.isWhitespace) else { return }
    _ = FileManager.default.createFile(
      atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
  }

  /// Gives the text back, once.
  public func take() -> String? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    try? FileManager.default.removeItem(atPath: path)
    return String(decoding: data, as: UTF8.self)
  }
}
