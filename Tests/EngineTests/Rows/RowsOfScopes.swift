import Foundation
import Rearview
import RearviewJSON
import ScriptedServer
import Testing

/// Rows 147 to 151: `withMemory`.
enum ScopeRows {
  static let all: [Int: RowCheck] = [
    147: {
      try await expectAsRecorded("context_basic")
      try await holdsWithinAndNotOutside()
      try await nests()
    },
    148: { try await reflectsWithContextAndTags() },
    149: { try await leavesEverythingAsItWas() },
    150: {
      try await inheritsURLAndKey()
      try await takesNoKeyToAnotherURL()
      try await isTheEmbeddedFileWhereNothingIsConfigured()
    },
    151: { try await keepsItsSettingsForWhatIsStoredLate() },
  ]

  private struct Interruption: Error {}

  private static func banks(_ scene: RowSupportB.Scene, _ operation: String) -> [String] {
    scene.requests(operation).map { String($0.path.split(separator: "/")[3]) }
  }

  private static func holdsWithinAndNotOutside() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      let (instance, url) = (scene.instance, scene.stage.url)
      try await instance.withMemory(
        bankID: "bank-ctx",
        { settings in
          settings.hindsightAPIURL = url
          settings.syncStorage = true
        },
        {
          #expect(await instance.isEnabled)
          #expect(await instance.configuration?.bankID == "bank-ctx")
          let record = try await scene.ask().record
          #expect(record.block == Expected.block)
        })
      #expect(await !instance.isEnabled)
      #expect(await instance.configuration == nil)
      #expect(try await scene.ask().record.block == nil)
      #expect(banks(scene, "recall") == ["bank-ctx"])
      #expect(banks(scene, "retain") == ["bank-ctx"])
      #expect(scene.said == [[Expected.block, Expected.question], [Expected.question]])
    }
  }

  private static func nests() async throws {
    try await RowSupportB.scene(["budget": "high", "session_id": "outer"], memory: []) { scene in
      let instance = scene.instance
      await instance.disable()
      try await instance.withMemory(bankID: "bank-1", { $0.tags = ["one"] }) {
        _ = try await scene.ask("first")
        try await instance.withMemory(bankID: "bank-2") {
          _ = try await scene.ask("second")
          // A task that is started here is within.
          _ = try await Task { try await scene.ask("third") }.value
          #expect(await instance.configuration?.tags == [])
        }
        _ = try await scene.ask("fourth")
        #expect(await instance.configuration?.tags == ["one"])
      }
      _ = try await scene.ask("off")
      #expect(banks(scene, "recall") == ["bank-1", "bank-2", "bank-2", "bank-1"])
      // What is not set within is at its default, not as it is outside.
      #expect(scene.bodies("recall").map { $0["budget"] } == ["mid", "mid", "mid", "mid"])
      #expect(await instance.configuration?.budget == .high)
      #expect(await !instance.isEnabled)
      let stored = await scene.stored()
      #expect(Set(stored.map { $0["document_id"] }) == [.null])
      #expect(banks(scene, "retain").sorted() == ["bank-1", "bank-1", "bank-2", "bank-2"])
    }
  }

  private static func reflectsWithContextAndTags() async throws {
    try await RowSupportB.scene(memory: [RowSupportB.reflected]) { scene in
      try await scene.instance.withMemory(
        bankID: "bank-ctx",
        { settings in
          settings.useReflect = true
          settings.reflectContext = "for a test"
          settings.recallTags = ["r"]
          settings.recallTagsMatch = .allStrict
          settings.tags = ["s"]
        },
        { _ = try await scene.ask() })
      let body = RowSupportB.reflectBody(
        Expected.question, ["context": "for a test", "tags": ["r"], "tags_match": "all_strict"])
      #expect(scene.bodies("reflect") == [body])
      #expect(scene.said == [[RowSupportB.reflectedBlock, Expected.question]])
      #expect(await scene.stored().map { $0["tags"] } == [["s"]])
      #expect(banks(scene, "reflect") == ["bank-ctx"] && banks(scene, "retain") == ["bank-ctx"])
    }
  }

  private static func leavesEverythingAsItWas() async throws {
    try await RowSupportB.scene(["budget": "low"]) { scene in
      let instance = scene.instance
      let before = await instance.configuration
      let error = try await RowSupportB.error(HindsightError.self) {
        try await instance.withMemory(bankID: "", { $0.budget = .high }, { _ = try await scene.ask() })
      }
      #expect(error.message == "Hindsight bank_id not set. Call set_defaults(bank_id=...) before enable().")
      #expect(error.operation == .configuration)
      #expect(scene.order == [])
      #expect(await instance.configuration == before)

      await #expect(throws: Interruption.self) {
        try await instance.withMemory(bankID: "bank-ctx", { $0.budget = .high }) {
          _ = try await scene.ask()
          throw Interruption()
        }
      }
      #expect(await instance.configuration == before)
      #expect(await !instance.isEnabled)
      #expect(banks(scene, "recall") == ["bank-ctx"])
      // What was asked before the error is stored.
      #expect(await scene.storedTexts() == [RowSupportB.turn])
    }
  }

  private static func inheritsURLAndKey() async throws {
    try await RowSupportB.scene(["api_key": "hs-outer"], memory: []) { scene in
      try await scene.instance.withMemory(bankID: "bank-1") {
        _ = try await scene.ask()
        try await scene.instance.withMemory(bankID: "bank-2", { $0.apiKey = Secret("hs-inner") }) {
          _ = try await scene.instance.recall("q")
        }
      }
      #expect(banks(scene, "recall") == ["bank-1", "bank-2"])
      #expect(scene.requests("recall").map(\.authorization) == ["Bearer hs-outer", "Bearer hs-inner"])
      _ = await scene.stored()
      #expect(scene.requests("retain").map(\.authorization) == ["Bearer hs-outer"])
    }
  }

  private static func takesNoKeyToAnotherURL() async throws {
    let other = try ScriptedServer { _ in .json(200, #"{"results":[],"success":true,"async":false}"#) }
    defer { other.stop() }
    try await RowSupportB.scene(["api_key": "hs-outer"]) { scene in
      try await scene.instance.withMemory(bankID: "bank-1", { $0.hindsightAPIURL = other.url }) {
        _ = try await scene.ask()
        _ = try await scene.instance.recall("q")
      }
      _ = await scene.stored()
      #expect(other.requests.count == 3)
      #expect(other.requests.allSatisfy { $0.headers["authorization"] == nil })
      #expect(scene.requests("recall") == [])
    }
  }

  private static func isTheEmbeddedFileWhereNothingIsConfigured() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      let answers = try await scene.instance.withMemory(bankID: "bank-1") {
        _ = try await scene.instance.retain("My dog is called Biscuit.", waits: true)
        return try await scene.ask("What is my dog called?").record
      }
      #expect(answers.block?.contains("My dog is called Biscuit.") == true)
      #expect(scene.order == [Expected.chat])
    }
  }

  private static func keepsItsSettingsForWhatIsStoredLate() async throws {
    try await expectAsRecorded("context_async_store_after_exit")
    try await expectAsRecorded("context_async_store_after_exit_outer_config")
    // The first try fails within; the next comes when the configuration has gone, and another one is there.
    let failure = RowSupportB.failure("retain", 500)
    try await RowSupportB.scene(["api_key": "hs-outer"], memory: [failure]) { scene in
      try await scene.instance.withMemory(
        bankID: "bank-ctx",
        { settings in
          settings.apiKey = Secret("hs-inner")
          settings.sessionID = "ctx-s"
        },
        { _ = try await scene.ask() })
      await scene.instance.resetConfiguration()
      try await scene.configure(["bank_id": "bank-later", "api_key": "hs-later", "session_id": "later"])
      let stored = await scene.stored()
      #expect(stored.map { $0["document_id"] } == ["ctx-s", "ctx-s"])
      #expect(banks(scene, "retain") == ["bank-ctx", "bank-ctx"])
      #expect(scene.requests("retain").map(\.authorization) == ["Bearer hs-inner", "Bearer hs-inner"])
    }
  }
}
