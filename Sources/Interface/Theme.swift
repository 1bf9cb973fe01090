import Rearview
import RearviewEngine
import RearviewText

/// What a theme file says: a style for each role.
///
/// A file is TOML: `name`, and a table `[styles]` with a line for each role, `role = "bold cyan on 236"`: any of
/// bold, dim, italic, underline, reverse, strikethrough; a colour; `on` and a background. A colour is `default`, a
/// name of the terminal's palette (`red`, `bright-red`), a number of it (0 to 255) or `#rrggbb`. Roles that a file
/// does not name are drawn as text.
public struct Theme: Hashable, Sendable {
  public var name: String
  private var styles: [StyleRole: Style]
  /// Whether it names colours that only true colour shows as they are meant.
  public var usesTrueColor: Bool

  /// - Throws: `ConfigurationError` with file and line.
  public init(text: String, name: String, file: String) throws(ConfigurationError) {
    let document = try TOMLDocument(text: text, file: file)
    self.name = name
    styles = [:]
    for entry in document.entries {
      guard case .text(let written) = entry.value else {
        throw .badSetting(file: file, line: entry.line, cause: "\(entry.name) must be a text")
      }
      switch (entry.path.first, entry.path.count) {
      case ("name", 1), ("description", 1): continue
      case ("styles", 2...):
        let roleName = entry.path.dropFirst().joined(separator: ".")
        guard let role = StyleRole(rawValue: roleName) else {
          throw .badSetting(
            file: file, line: entry.line,
            cause: "there is no role \(roleName); the roles are "
              + StyleRole.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guard let style = Self.style(written) else {
          throw .badSetting(
            file: file, line: entry.line,
            cause: "\(roleName) cannot be read: write it as \"bold cyan\", \"#c0c0c0 on 236\" or \"default\"")
        }
        styles[role] = style
      case (_, _):
        throw .badSetting(file: file, line: entry.line, cause: "there is no setting \(entry.name) in a theme")
      }
    }
    usesTrueColor = styles.values.contains { $0.foreground.isTrueColor || $0.background.isTrueColor }
  }

  /// The plain style of a role.
  public subscript(_ role: StyleRole) -> Style {
    var style = styles[role] ?? styles[.text] ?? Style()
    if case .standard = style.background, let base = styles[.text]?.background { style.background = base }
    return style
  }

  public func style(of span: StyledSpan) -> Style {
    var style = self[span.role]
    style.attributes.formUnion(span.attributes)
    return style
  }

  static func style(_ written: String) -> Style? {
    var style = Style()
    var isBackground = false
    for word in written.lowercased().split(separator: " ") {
      if word == "on" {
        isBackground = true
      } else if let attribute = attributes[String(word)] {
        style.attributes.insert(attribute)
      } else if let color = color(String(word)) {
        if isBackground { style.background = color } else { style.foreground = color }
      } else {
        return nil
      }
    }
    return style
  }

  private static let attributes: [String: Style.Attributes] = [
    "bold": .bold, "dim": .dim, "italic": .italic, "underline": .underline, "reverse": .reverse,
    "strikethrough": .strikethrough,
  ]

  private static let palette = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]

  private static func color(_ word: String) -> Color? {
    if word == "default" { return .standard }
    if let number = UInt8(word) { return .indexed(number) }
    if let index = palette.firstIndex(of: word) { return .indexed(UInt8(index)) }
    if word.hasPrefix("bright-"), let index = palette.firstIndex(of: String(word.dropFirst(7))) {
      return .indexed(UInt8(index + 8))
    }
    guard word.hasPrefix("#"), word.utf8.count == 7, let value = UInt32(word.dropFirst(), radix: 16) else { return nil }
    return .rgb(UInt8(value >> 16), UInt8(value >> 8 & 255), UInt8(value & 255))
  }
}

extension Color {
  fileprivate var isTrueColor: Bool {
    switch self {
    case .rgb: true
    case .standard, .indexed: false
    }
  }
}
