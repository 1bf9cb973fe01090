import Foundation
import RearviewEngine
import RearviewJSON
import Testing

@testable import Rearview

@Suite("Saved parameters")
struct SavedParametersTests {
  private let folder: Folder
  private let file: SavedParameters
  private var path: String { folder.path + "/models.toml" }

  init() throws {
    folder = try Folder()
    file = SavedParameters(path: folder.path + "/models.toml")
  }

  private var text: String { get throws { try String(contentsOfFile: path, encoding: .utf8) } }

  @Test("come back as they were saved, in a file that only its owner reads")
  func roundTrip() throws {
    let values: [(name: String, value: JSONValue)] = [
      ("temperature", 0.2), ("stop", ["a\"b", "tab\there\u{7F}"]), ("system_prompt", "Two\nlines \\ 漢字"),
      ("extra_body", ["a": ["b": [1, true, nil]], "c": "d"]), ("max_tokens", ""),
    ]
    let saved = try file.save(of: "openai/gpt-4.1") { _ in values }
    #expect(try file.read() == saved)
    #expect(saved.map(\.name) == values.map(\.name))
    var expected = ModelParameters()
    for value in values { try expected.set(value.name, to: value.value) }
    #expect(ModelParameters(saved) == expected)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
    #expect(mode?.intValue == 0o600)
  }

  @Test("leave all that people wrote about other models as it is, and the comments on this one")
  func handEdits() throws {
    try folder.write(
      "models.toml",
      """
      # Mine.
      ["a/b"]   # odd
      temperature   =   1   # warm

      # The good one.
      ["c/d"]
      # Not too long.
      max_tokens = 5
      ["c/d".extra_body]
      x = 1

      # Local.
      ["e/f"]
      top_p = 1.0
      """)
    _ = try file.save(of: "c/d") { _ in [("max_tokens", 6), ("temperature", 0.5)] }
    #expect(
      try text == """
        # Mine.
        ["a/b"]   # odd
        temperature   =   1   # warm

        # The good one.
        ["c/d"]
        # Not too long.
        max_tokens = 6
        temperature = 0.5

        # Local.
        ["e/f"]
        top_p = 1.0

        """)
    _ = try file.save(of: "g/h") { _ in [("top_p", 0.5)] }
    #expect(try text.hasSuffix("top_p = 1.0\n\n[\"g/h\"]\ntop_p = 0.5\n"))
    _ = try file.save(of: "g/h") { _ in [] }
    #expect(try !text.contains("g/h"))
    #expect(try text.hasSuffix("top_p = 1.0\n"))
  }

  @Test("replace a model that stands in another form, and keep the values of the others")
  func otherForms() throws {
    try folder.write("models.toml", "\"a/b\" = { temperature = 1 }\n\"c/d\".top_p = 0.5\n")
    let saved = try file.save(of: "a/b") { _ in [("temperature", 0.25)] }
    #expect(
      Set(saved.map { "\($0.model) \($0.name) \($0.value)" }) == [
        "a/b temperature number(0.25)", "c/d top_p number(0.5)",
      ])
  }

  @Test("never overwrite a file that cannot be read")
  func broken() throws {
    try folder.write("models.toml", "[\"a/b\"\n")
    #expect(throws: ConfigurationError.self) { try file.save(of: "a/b") { _ in [("temperature", 1)] } }
    #expect(try text == "[\"a/b\"\n")
  }

  @Test("of several writers at once are all kept")
  func together() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<20 { group.addTask { _ = try file.save(of: "a/\(number)") { _ in [("max_tokens", 1)] } } }
      try await group.waitForAll()
    }
    #expect(Set(try file.read().map(\.model)).count == 20)
  }
}
