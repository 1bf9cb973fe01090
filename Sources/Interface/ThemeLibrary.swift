import Foundation
import Rearview
import RearviewThemes

/// The themes that can be picked: those of the user's folder, then the built-in ones.
public struct ThemeLibrary: Sendable {
  /// The user's `themes` folder.
  private let folder: String

  public init(folder: String) { self.folder = folder }

  /// All names, built-in first.
  public func names() -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let own = files.filter { $0.hasSuffix(".toml") }.map { String($0.dropLast(5)) }.sorted()
    let builtIn = BuiltInThemes.all.map(\.name)
    return builtIn + own.filter { !builtIn.contains($0) }
  }

  /// Reads a theme; a file of the user's folder goes before a built-in one of the same name.
  public func theme(_ name: String) throws(ConfigurationError) -> Theme {
    let file = "\(folder)/\(name).toml"
    if !name.contains("/"), FileManager.default.fileExists(atPath: file) {
      let text: String
      do {
        text = try String(contentsOfFile: file, encoding: .utf8)
      } catch {
        throw .unreadable(file: file, cause: error.localizedDescription)
      }
      return try Theme(text: text, name: name, file: file)
    }
    guard let builtIn = BuiltInThemes.all.first(where: { $0.name == name }) else {
      throw .badArgument(
        "theme \(name)",
        cause: "there is no such theme; there are \(names().joined(separator: ", ")); put others into \(folder)")
    }
    return try Theme(text: builtIn.text, name: name, file: "themes/\(name).toml")
  }
}
