import Foundation
import Rearview
import RearviewText
import Testing

@testable import RearviewInterface

@Suite("The form of a model's options")
struct ModelFormTests {
  private static let values = [
    ModelParameters.Value(
      name: "temperature", value: 0.2, origin: .file("/home/a/.config/rearview/config.toml", line: 4), below: 0.2),
    ModelParameters.Value(name: "stop", value: ["END"], origin: .file("/home/a/.config/rearview/models.toml", line: 2)),
    ModelParameters.Value(name: "top_p", value: 0.5, origin: .commandLine, isFixed: true),
    ModelParameters.Value(
      name: "system_prompt", value: "Answer briefly.\nIn English.",
      origin: .file("/home/a/.config/rearview/models.toml", line: 3)),
  ]

  private func opened(columns: Int = 80, rows: Int = 24) throws -> State {
    var state = try makeState(columns: columns, rows: rows)
    #expect(state.leader("o") == [.loadOptions(model: "openai/gpt-4o-mini")])
    _ = reduce(&state, .options(model: "openai/gpt-4o-mini", .success(Self.values)))
    return state
  }

  @Test("shows what is set and where, and what can stand in a field", arguments: FrameTests.sizes)
  func frames(size: Size) throws {
    var state = try opened(columns: size.columns, rows: size.rows)
    try expectFrame("options-\(size.columns)x\(size.rows)", render(&state))
  }

  @Test("saves what was changed and nothing else, as values and not as text")
  func save() throws {
    var state = try opened()
    state.press(.backspace)
    state.type("7")
    state.press(.down)
    state.type("500")
    for _ in 0..<3 { state.press(.tab) }
    state.press(.character("u"), .control)
    state.press(.enter)
    state.type("!")
    state.press(.enter)
    state.type("Be kind.")
    state.press(.tab)
    state.type(#"{"a": [1, null]}"#)
    #expect(
      state.press(.character("s"), .control) == [
        .saveOptions(
          model: "openai/gpt-4o-mini",
          [
            "temperature": 0.7, "max_tokens": 500, "stop": .null,
            "system_prompt": "Answer briefly.\nIn English.!\nBe kind.", "extra_body": ["a": [1, .null]],
          ])
      ])
    #expect(state.press(.character("s"), .control) == [])
    _ = reduce(&state, .optionsSaved(model: "openai/gpt-4o-mini", .success(nil)))
    #expect(state.overlays.isEmpty)
    #expect(state.text().contains("✓ Options of openai/gpt-4o-mini saved"))
  }

  @Test(
    "says what is wrong as one types, and saves nothing until it is right",
    arguments: [
      (0, "3", "✗ A number from 0 to 2"), (1, "many", "✗ A whole number"), (2, "1.5", "✗ A number from 0 to 1"),
      (3, "lots", "✗ One of none, minimal"), (6, "{\"a\"", "✗ This is no JSON: line 1"), (6, "[1]", "✗ A JSON object"),
      (6, "{\"model\": 1}", "✗ A JSON object"),
    ])
  func wrong(field: Int, text: String, expected: String) throws {
    var state = try opened()
    for _ in 0..<field { state.press(.tab) }
    state.press(.character("u"), .control)
    state.type(text)
    #expect(state.text().contains(expected))
    state.press(.tab)
    #expect(!state.text().contains(expected))
    #expect(state.press(.character("s"), .control) == [])
    #expect(state.text().contains(expected))
  }

  @Test(
    "takes a text at which an answer ends as it is, or a JSON list of them",
    arguments: [("END", ["END"]), ("[END, now]", ["[END, now]"]), (#"["a", "\n\n"]"#, ["a", "\n\n"])])
  func stop(typed: String, expected: [String]) throws {
    var state = try opened()
    for _ in 0..<4 { state.press(.tab) }
    state.press(.character("u"), .control)
    state.type(typed)
    state.press(.tab)
    let saved = state.press(.character("s"), .control)
    let value = JSONValue.list(expected.map(JSONValue.text))
    #expect(
      typed == "END" ? saved == [] : saved == [.saveOptions(model: "openai/gpt-4o-mini", ["stop": value])], "\(saved)")
  }

  @Test("stays open with the reason when it cannot be saved; what was typed outlives Esc")
  func failure() throws {
    struct Full: Error, CustomStringConvertible { var description: String { "models.toml cannot be written: full." } }
    var state = try opened()
    state.type("5")
    state.press(.character("s"), .control)
    _ = reduce(&state, .optionsSaved(model: "openai/gpt-4o-mini", .failure(Failure(Full()))))
    #expect(state.text().contains("✗ models.toml cannot be written: full."))
    state.press(.escape)
    #expect(state.text().contains("Not saved; Ctrl-X o brings it back"))
    state.leader("o")
    _ = reduce(&state, .options(model: "openai/gpt-4o-mini", .success(Self.values)))
    #expect(state.text().contains("0.25"))
  }

  @Test("opens from the model menu and goes back to it; a place that counts more is named")
  func fromMenu() throws {
    var state = try makeState()
    state.leader("m")
    _ = reduce(&state, .models(someModels, isComplete: true))
    state.type("4.1")
    #expect(state.press(.character("e"), .control) == [.loadOptions(model: "openai/gpt-4.1")])
    _ = reduce(&state, .options(model: "openai/gpt-4.1", .success(Self.values)))
    state.press(.tab)
    state.press(.tab)
    #expect(state.text().contains("command line sets it over what is saved here"))
    state.type("1")
    _ = reduce(&state, .optionsSaved(model: "openai/gpt-4.1", .success("command line")))
    #expect(state.text().contains("saved; command line still overrules it"))
    #expect(state.text().contains("Model ─"))
  }
}
