import Foundation
import Rearview
import RearviewText
import Testing

@testable import RearviewInterface

func someModel(
  _ name: String, _ provider: String, origin: ModelDescription.Origin = .table, context: Int? = nil,
  price: (Double, Double)? = nil, reasons: Bool? = nil, seesImages: Bool? = nil, endsOn: String? = nil
) -> ModelDescription {
  var model = ModelDescription(name: name, provider: provider, origin: origin)
  model.contextWindow = context
  model.inputPrice = price?.0
  model.outputPrice = price?.1
  model.reasons = reasons
  model.seesImages = seesImages
  model.endsOn = endsOn
  return model
}

/// Models of every group: noon of the tests is 2 March 2026.
let someModels = ModelIndex(
  models: [
    someModel("local/house-model", "127.0.0.1:8080", origin: .configured),
    someModel("ollama/llama3.2:latest", "Ollama", origin: .found, context: 131_072, price: (0, 0)),
    someModel("openai/gpt-4o", "OpenAI", context: 128_000, price: (2.5, 10), seesImages: true, endsOn: "2026-03-31"),
    someModel("openai/gpt-4o-mini", "OpenAI", context: 128_000, price: (0.15, 0.6), seesImages: true),
    someModel("openai/o1-old", "OpenAI", context: 200_000, price: (15, 60), reasons: true, endsOn: "2026-01-01"),
    someModel("openai/gpt-4.1", "OpenAI", context: 1_047_576, price: (2, 8), seesImages: true),
    someModel("groq/llama-3.3-70b-versatile", "Groq", context: 128_000, price: (0.59, 0.79)),
    someModel(
      "fireworks_ai/accounts/fireworks/models/llama-v3p1-405b-instruct-with-a-tail", "Fireworks AI", context: 131_072,
      price: (3, 3), reasons: true, seesImages: true),
  ],
  providers: [
    ProviderStatus(id: "openai", title: "OpenAI", kind: .hosted, wire: "openai-chat", isSetUp: true),
    ProviderStatus(id: "groq", title: "Groq", kind: .hosted, wire: "openai-chat", lacks: "Set GROQ_API_KEY."),
    ProviderStatus(
      id: "fireworks_ai", title: "Fireworks AI", kind: .hosted, wire: "openai-chat", lacks: "Set FIREWORKS_API_KEY."),
  ])

@Suite("The model menu")
struct ModelMenuTests {
  private func opened(columns: Int = 80, rows: Int = 24) throws -> State {
    var state = try makeState(columns: columns, rows: rows)
    _ = reduce(&state, .marks(ModelMarks(favourites: ["openai/gpt-4.1"], recent: ["groq/llama-3.3-70b-versatile"])))
    #expect(state.leader("m") == [.loadModels])
    _ = reduce(&state, .models(someModels, isComplete: true))
    return state
  }

  @Test("shows groups, facts in columns and what is missing", arguments: FrameTests.sizes)
  func frames(size: Size) throws {
    var state = try opened(columns: size.columns, rows: size.rows)
    try expectFrame("models-\(size.columns)x\(size.rows)", render(&state))
  }

  @Test("filters as one types, best first, what can be asked before what lacks something")
  func filter() throws {
    var state = try opened()
    state.type("llama")
    let names = state.text().split(separator: "\n").compactMap { line in
      line.split(separator: " ").first { $0.contains("/") && $0.contains("lla") }.map(String.init)
    }
    #expect(names.prefix(2) == ["ollama/llama3.2:latest", "groq/llama-3.3-70b-versatile"])
    #expect(names.last?.hasPrefix("fireworks_ai/") == true)
    try expectFrame("models-filtered", render(&state))
    state.type("zzz")
    #expect(state.text().contains("No model of that name"))
    #expect(state.press(.enter) == [])
  }

  @Test("Enter uses the selected model; a name of no list is taken when it has a slash")
  func pick() throws {
    var state = try opened()
    state.type("gpt-4o-mini")
    #expect(state.press(.enter) == [.useModel("openai/gpt-4o-mini")])
    #expect(state.overlays.isEmpty)
    state = try opened()
    state.type("mine/odd-one")
    #expect(state.text().contains("Use mine/odd-one"))
    #expect(state.press(.enter) == [.useModel("mine/odd-one")])
  }

  @Test("begins at the model in use, and stays at the selected one when more models come")
  func selection() throws {
    var state = try makeState()
    state.leader("m")
    _ = reduce(&state, .models(ModelIndex(models: [someModel("openai/gpt-4o-mini", "OpenAI")]), isComplete: false))
    #expect(state.text().contains("▸   openai/gpt-4o-mini"))
    _ = reduce(&state, .models(someModels, isComplete: false))
    #expect(state.text().contains("▸   openai/gpt-4o-mini"))
    state.press(.down)
    guard case .models(let menu) = state.overlays.last else { return }
    let name = menu.selectedName
    _ = reduce(&state, .models(someModels, isComplete: true))
    guard case .models(let after) = state.overlays.last else { return }
    #expect(after.selectedName == name)
    #expect(name != "openai/gpt-4o-mini")
  }

  @Test("moves over headings, to both ends and no further")
  func moving() throws {
    var state = try opened()
    var seen: Set<String> = []
    for key in Array(repeating: KeyPress.Key.pageUp, count: 5) + Array(repeating: .down, count: 20) {
      state.press(key)
      guard case .models(let menu) = state.overlays.last else { return }
      seen.insert(try #require(menu.selectedName))
    }
    #expect(seen.count == 8)
  }

  @Test("a favourite is marked while one types, and goes first when the menu is opened again")
  func favourites() throws {
    var state = try opened()
    state.type("4o-mini")
    #expect(state.press(.character("s"), .control) == [.setFavourite("openai/gpt-4o-mini", true)])
    #expect(state.text().contains("★ openai/gpt-4o-mini"))
    state.press(.escape)
    state.leader("m")
    guard case .models(let menu) = state.overlays.last else { return }
    #expect(menu.marks.favourites == ["openai/gpt-4.1", "openai/gpt-4o-mini"])
    #expect(menu.selectedName == "openai/gpt-4o-mini")
    #expect(state.press(.function(5)) == [.setFavourite("openai/gpt-4o-mini", false)])
  }

  @Test("Tab tells all that is known in words, and nothing that is not; Esc goes back to the list")
  func details() throws {
    var state = try opened()
    state.type("405b")
    state.press(.tab)
    try expectFrame("models-details", render(&state))
    state.press(.escape)
    #expect(state.text().contains("Set FIREWORKS_API_KEY."))
    #expect(!state.text().contains("known from"))
    state.press(.escape)
    #expect(state.overlays.isEmpty)
    state = try opened()
    state.type("house")
    state.press(.tab)
    #expect(!state.text().contains("context"))
    #expect(!state.text().contains("price"))
  }

  @Test("what the table has of a server on this machine counts as missing until that server tells of it")
  func localServers() throws {
    let provider = ProviderStatus(id: "ollama", title: "Ollama", kind: .local, wire: "ollama")
    let index = ModelIndex(
      models: [someModel("ollama/here", "Ollama", origin: .found), someModel("ollama/elsewhere", "Ollama")],
      providers: [provider])
    #expect(index.lacks(index.models[0]) == nil)
    #expect(index.lacks(index.models[1]) == "No server of Ollama on this machine was found to have it.")
  }

  @Test("details that a low screen has no room for can be scrolled, to their end and no further")
  func scrolledDetails() throws {
    var state = try opened(columns: 40, rows: 10)
    state.type("405b")
    state.press(.tab)
    #expect(!state.text().contains("sees images"))
    for _ in 0..<30 { state.press(.down) }
    #expect(state.text().contains("sees images"))
    state.press(.up)
    #expect(!state.text().contains("sees images"))
    state.press(.tab)
    #expect(state.text().contains("▸"))
  }

  @Test("never cuts a name while a fact stands beside it, at any width")
  func names() throws {
    for columns in 40...120 {
      var state = try opened(columns: columns, rows: 30)
      state.type("405b")
      let line = try #require(state.text().split(separator: "\n").first { $0.contains("▸") })
      if line.contains("…") { #expect(!line.contains("$") && !line.contains("131k"), "\(columns): \(line)") }
    }
  }

  @Test("is safe from names that try to drive the terminal")
  func hostile() throws {
    let hostile = "evil/\u{1B}[2J\u{202E}x\u{07}"
    var state = try makeState()
    var model = someModel(hostile, hostile, origin: .found)
    model.detail = hostile
    model.endsOn = hostile
    state.leader("m")
    _ = reduce(&state, .models(ModelIndex(models: [model]), isComplete: true))
    for key in [KeyPress.Key.down, .tab] {
      state.press(key)
      for cell in render(&state).cells {
        #expect(cell.base == 0 || cell.base >= 0x20 && !(0x7F...0x9F).contains(cell.base) && cell.base != 0x202E)
      }
    }
  }
}

@Suite("Facts of models")
struct ModelFactsTests {
  @Test(
    "are short",
    arguments: [
      (128_000, "128k"), (131_072, "131k"), (8_192, "8k"), (1_000_000, "1M"), (1_047_576, "1M"), (2_097_152, "2.1M"),
      (512, "512"), (999_700, "1M"),
    ])
  func context(tokens: Int, expected: String) {
    #expect(ModelFacts(someModel("a/b", "A", context: tokens)).context == expected)
  }

  @Test(
    "give prices with the digits that matter",
    arguments: [
      (0.15, 0.6, "$0.15/0.60"), (2.5, 10, "$2.50/10"), (0.075, 0.0375, "$0.075/0.0375"), (0, 0, "free"),
      (0, 0.1, "$0/0.10"), (150, 600, "$150/600"), (12.5, 1.25, "$12.50/1.25"),
    ])
  func prices(input: Double, output: Double, expected: String) {
    #expect(ModelFacts(someModel("a/b", "A", price: (input, output))).price == expected)
  }

  @Test("stay blank where nothing is known")
  func unknown() {
    let facts = ModelFacts(someModel("a/b", "A", endsOn: "soon"))
    #expect([facts.context, facts.price, facts.marks, facts.ending(noon)] == ["", "", "", ""])
  }

  @Test(
    "say when a model ends, once that is near",
    arguments: [
      ("2026-03-01", "ended"), ("2026-03-02", "ends today"), ("2026-03-03", "ends tomorrow"),
      ("2026-03-31", "ends in 29 days"), ("2027-01-01", ""),
    ])
  func ending(day: String, expected: String) {
    #expect(ModelFacts(someModel("a/b", "A", endsOn: day)).ending(noon) == expected)
  }
}

@Suite("The rank of a name")
struct FuzzyRankTests {
  @Test("puts whole matches before starts of words, those before parts, those before scattered letters")
  func order() {
    let rank = FuzzyRank("GPT-4")
    #expect(rank.rank("gpt-4o") == 0)
    #expect(rank.rank("openai/gpt-4o") == 1)
    #expect(rank.rank("xgpt-4 gpt-4") == 1)
    #expect(rank.rank("mygpt-4") == 2)
    #expect(rank.rank("gp-4") == nil)
    #expect(rank.rank("gp t-x4") == 12)
    #expect(FuzzyRank("g 4").rank("gp4") == 11)
    #expect(FuzzyRank("").rank("anything") == 0)
    #expect(FuzzyRank("ÄÖ").rank("x äö") == 1)
  }
}
