import Foundation
import MemoryStoreConformance
import RearviewHTTP
import RearviewHindsightAPI
import RearviewMemory
import Testing

/// Where a real server listens, if someone said so.
private let liveURL = ProcessInfo.processInfo.environment["REARVIEW_HINDSIGHT_URL"] ?? ""

@Suite(
  "Against a real server",
  .enabled(if: !liveURL.isEmpty, "REARVIEW_HINDSIGHT_URL names no Hindsight server, so nothing was asked of one."))
struct LiveTests {
  private func store() throws -> HindsightAPI {
    try HindsightAPI(
      url: liveURL, apiKey: ProcessInfo.processInfo.environment["REARVIEW_HINDSIGHT_KEY"],
      transport: HTTPClientTransport(userAgent: "rearview-tests"))
  }

  @Test("it keeps the promises of every store", arguments: MemoryStoreCheck.checks(for: .server))
  func conforms(_ check: MemoryStoreCheck) async throws {
    try await check.run(try store(), "rearview-\(UUID().uuidString.lowercased())")
  }

  @Test("it says which version it is")
  func version() async throws {
    let version = try await store().version()
    #expect(version.apiVersion.split(separator: ".").count == 3)
  }

  @Test("a bank name may hold blanks, colons and other scripts")
  func names() async throws {
    let store = try store()
    let bank = "rearview live: 記憶 \(UUID().uuidString.lowercased())"
    let turn = RetainTurn(
      bankID: bank, turnID: UUID().uuidString, documentID: "a/b c:d?e#f",
      messages: [RetainedMessage(speaker: .user, text: "The ferry leaves at nine.", saidAt: Date())])
    #expect(try await store.retain(turn, timeout: .seconds(60)) == .stored)
    #expect(try await store.documentText(id: "a/b c:d?e#f", bankID: bank) == "USER: The ferry leaves at nine.")
    #expect(try await store.banks().contains { $0.id == bank })
  }

  @Test("a turn that is handed over while it is in work is stored once")
  func handedOverTwice() async throws {
    let store = try store()
    let bank = "rearview-\(UUID().uuidString.lowercased())"
    let turn = RetainTurn(
      bankID: bank, turnID: UUID().uuidString, documentID: "s",
      messages: [RetainedMessage(speaker: .user, text: "The ferry leaves at nine.", saidAt: Date())])
    // Too short to be stored in: the server has acknowledged it by then.
    _ = try? await store.retain(turn, timeout: .milliseconds(60))
    async let first = store.retain(turn, timeout: .seconds(60))
    async let second = store.retain(turn, timeout: .seconds(60))
    #expect(try await [first, second] == [.stored, .stored])
    #expect(try await store.documentText(id: "s", bankID: bank) == "USER: The ferry leaves at nine.")
  }

  @Test("a path that the server does not have is an error, not an empty bank")
  func wrongPath() async throws {
    let store = try HindsightAPI(
      url: liveURL + "/nowhere/", apiKey: nil, transport: HTTPClientTransport(userAgent: "rearview-tests"))
    do {
      let found = try await store.recall(RecallQuery(bankID: "rearview-none", text: "anything"))
      Issue.record("found \(found)")
    } catch MemoryStoreError.refused(_, _, _, let status, _) {
      #expect(status == 404)
    }
  }
}
