/// The theme files of this folder, embedded in the program so that it runs from anywhere as one file.
public enum BuiltInThemes {
  /// Name and text of each; the first is the default.
  public static let all: [(name: String, text: String)] = [
    ("terminal", text(PackageResources.terminal_toml)),
    ("dark", text(PackageResources.dark_toml)),
    ("light", text(PackageResources.light_toml)),
  ]

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
