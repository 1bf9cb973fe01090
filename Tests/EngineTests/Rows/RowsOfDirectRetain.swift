import Rearview
import RearviewJSON
import Testing

/// Rows 140 to 144: keeping a text in a bank.
enum DirectRetainRows {
  static let all: [Int: RowCheck] = [
    140: { try await returnsBeforeItIsStored() },
    141: { try await takesEveryParameterAndWaits() },
    142: { try await inheritsDocumentSessionAndTags() },
    143: { try await keepsErrorsOfTheBackground() },
    144: {
      try await saysWhyItFailed()
      try await refusesWithoutABank()
      try await doesNotCallNothingStored()
    },
  ]

  private static func returnsBeforeItIsStored() async throws {
    let replay = try await expectAsRecorded("direct_retain_async")
    #expect(replay.answers == ["0"])
    #expect(replay.storageErrors == [])
    // The server never answers, and the call returns all the same.
    try await RowSupportB.scene(silent: ["retain"]) { scene in
      let started = ContinuousClock.now
      let result = try await scene.instance.retain("User likes tea")
      #expect(started.duration(to: .now) < .seconds(5))
      #expect(result.itemsCount == 0 && result.isProcessing)
      #expect(await scene.servers.memory.waitForRequests())
      #expect(scene.bodies("retain").map { $0.at("items.0") } == [RowSupportB.item("User likes tea")])
    }
  }

  private static func takesEveryParameterAndWaits() async throws {
    try await RowSupportB.scene { scene in
      let result = try await scene.instance.retain(
        "User likes tea", context: "prefs", documentID: "doc-1", metadata: ["k": "v", "a": "b"], waits: true
      ) { settings in
        settings.bankID = "bank-b"
        settings.tags = ["t", "u"]
      }
      #expect(result.itemsCount == 1 && !result.isProcessing)
      let item = RowSupportB.item(
        "User likes tea",
        ["context": "prefs", "document_id": "doc-1", "metadata": ["k": "v", "a": "b"], "tags": ["t", "u"]])
      #expect(scene.requests("retain").map(\.path) == ["/v1/default/banks/bank-b/memories"])
      let body = try #require(scene.bodies("retain").first)
      #expect(body["operation_id"]?.text?.count == 36)
      let expected: JSONValue = ["items": [item], "async": true, "document_tags": nil]
      #expect(body.setting("operation_id", to: nil) == expected)
    }
    // A server that still reads it is not waited for longer than it may take.
    let working = RowSupportB.reply(
      "retain", ["success": true, "items_count": 1, "async": true, "operation_id": "op-1"])
    let pending = RowSupportB.reply("operation", ["status": "pending"])
    let settings: JSONObject = ["retain_timeout_seconds": 0.2]
    try await RowSupportB.scene(settings, memory: [working] + Array(repeating: pending, count: 50)) { scene in
      let result = try await scene.instance.retain("x", waits: true)
      #expect(result.isProcessing)
    }
  }

  private static func inheritsDocumentSessionAndTags() async throws {
    try await expectAsRecorded("direct_retain_session_only")
    try await RowSupportB.scene(["document_id": "doc-default", "tags": ["t"]]) { scene in
      _ = try await scene.instance.retain("x", waits: true)
      _ = try await scene.instance.retain("y")
      let changes: JSONObject = ["document_id": "doc-default", "tags": ["t"], "update_mode": "append"]
      #expect(await scene.stored() == [RowSupportB.item("x", changes), RowSupportB.item("y", changes)])
    }
    try await RowSupportB.scene(["document_id": "doc-default", "session_id": "session-1"]) { scene in
      _ = try await scene.instance.retain("x", waits: true)
      _ = try await scene.instance.retain("y", documentID: "doc-own", waits: true)
      #expect(await scene.stored().map { $0["document_id"] } == ["session-1", "doc-own"])
    }
  }

  private static func keepsErrorsOfTheBackground() async throws {
    try await RowSupportB.scene(memory: [RowSupportB.failure("retain", 500)]) { scene in
      let result = try await scene.instance.retain("x")
      #expect(result.itemsCount == 0)
      var errors: [HindsightError] = []
      #expect(
        await RowSupportB.eventually {
          errors = await scene.instance.pendingRetainErrors()
          return !errors.isEmpty
        })
      #expect(errors.map(\.operation) == [.retain])
      #expect(errors.map(\.bankID) == ["bank-a"])
      #expect(errors.first?.message.hasPrefix("Failed to retain: retain in bank bank-a failed at") == true)
      #expect(errors.first?.message.hasSuffix("(HTTP 500): boom") == true)
      // Each function tells it once, and the text is not lost for it.
      #expect(await scene.instance.pendingStorageErrors().map(\.message) == errors.map(\.message))
      #expect(await scene.storedTexts() == ["x", "x"])
      #expect(Set(scene.bodies("retain").map { $0["operation_id"] }).count == 1)
      #expect(await scene.instance.pendingRetainErrors().isEmpty)
      #expect(await scene.instance.pendingStorageErrors().isEmpty)
    }
  }

  private static func saysWhyItFailed() async throws {
    let replay = try await expectAsRecorded("direct_retain_sync_error")
    #expect(replay.errors.count == 1)
    #expect(replay.errors.first?.hasPrefix("retain in bank bank-a failed at http://127.0.0.1:") == true)
    #expect(replay.errors.first?.hasSuffix("(HTTP 500): boom") == true)
    #expect(replay.storageErrors == [])
  }

  private static func refusesWithoutABank() async throws {
    let replay = try await expectAsRecorded("direct_retain_unconfigured")
    #expect(replay.errors == ["Hindsight not configured. Call configure() or provide bank_id and hindsight_api_url."])
  }

  /// The package sends an empty text, which a server refuses. Ours says so, and never that something was stored.
  private static func doesNotCallNothingStored() async throws {
    try await RowSupportB.scene { scene in
      for waits in [true, false] {
        let error = try await RowSupportB.error(MemoryStoreError.self) {
          _ = try await scene.instance.retain("", waits: waits)
        }
        #expect(error == .emptyText)
      }
      #expect(await scene.storedTexts() == [])
    }
  }
}
