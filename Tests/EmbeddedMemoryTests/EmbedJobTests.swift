import Foundation
import RearviewChat
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Embedding as a job", .timeLimit(.minutes(2)))
struct EmbedJobTests {
  let scene: Scene
  let model = TopicVectors("x/one")

  init() throws { scene = try Scene() }

  private func filled(_ count: Int = 3, after seconds: Double = 0) async throws -> EmbeddedMemory {
    let store = try await scene.open(after: seconds)
    try await store.retain((0..<count).map { .saying("Note number \($0).", turnID: "turn-\($0)", documentID: "d") })
    return store
  }

  private func worker(_ store: EmbeddedMemory, _ model: TopicVectors) -> Worker {
    Worker(store: store, model: nil, embeddingModel: model)
  }

  private func states(_ store: EmbeddedMemory) async throws -> [JobState] { try await store.jobs().map(\.state) }

  @Test("a worker embeds each bank that lacks vectors, once, and needs no chat model for it")
  func embeds() async throws {
    let store = try await filled(100)
    try await store.retain(.saying("Another bank.", turnID: "other", bankID: "other"))
    #expect(try await worker(store, model).runUntilIdle() == .idle)
    let jobs = try await store.jobs()
    #expect(
      jobs.map(\.bankID).sorted() == ["bank", "other"] && jobs.allSatisfy { $0.state == .done && $0.kind == .embed })
    #expect(Set(jobs.map { "\($0.doneSteps) of \($0.totalSteps ?? 0)" }) == ["100 of 100", "1 of 1"])
    #expect(model.asked.count == 101)
    #expect(try await store.embeddingStatus(model: nil).map(\.searchedModel) == ["x/one", "x/one"])
    // It does not make retaining queue what only a chat model can do.
    #expect(try await store.workStatus().isOn == false)
    #expect(try await worker(store, model).runUntilIdle() == .idle)
    #expect(model.asked.count == 101)
    try await store.retain(.saying("A new one.", turnID: "new"))
    #expect(try await worker(store, model).runUntilIdle() == .idle)
    #expect(model.asked.count == 102)
  }

  @Test("a worker that runs finds what is retained later, by whom ever, and ends when it is stopped")
  func runs() async throws {
    let store = try await filled()
    let running = Worker(store: store, model: nil, embeddingModel: model, idleInterval: .milliseconds(20))
    let work = Task { try await running.run() }
    let other = try await scene.open()
    for count in 4...6 {
      while model.asked.count < count - 1 { try await Task.sleep(for: .milliseconds(1)) }
      try await other.retain(.saying("Later \(count).", turnID: "later-\(count)"))
    }
    while model.asked.count < 6 { try await Task.sleep(for: .milliseconds(1)) }
    await running.stop()
    #expect(try await work.value == .stopped)
  }

  @Test("an embedding model that cannot be used leaves the chat model its work, and the other way round")
  func unusable() async throws {
    let store = try await filled()
    let chat = ScriptedModel(#"{"facts": []}"#)
    let keyless = TopicVectors("x/one") { _ in throw ChatModelError.scripted(.noKey(variable: "KEY")) }
    try await store.queueWork(bankID: "bank")
    #expect(try await Worker(store: store, model: chat, embeddingModel: keyless).runUntilIdle() == .idle)
    #expect(await chat.requests.count == 1)
    let failed = try #require(try await store.jobs(states: [.failed]).first)
    #expect(failed.kind == .embed && failed.error?.contains("KEY") == true)
    #expect(try await worker(store, keyless).runUntilIdle() == .idle)
    #expect(try await store.retryJob(id: failed.id))
    guard case .modelUnusable = try await worker(store, keyless).runUntilIdle() else {
      Issue.record("the last model is unusable")
      return
    }
    #expect(try await store.retryJob(id: failed.id))
    let noChat = ScriptedModel { _, _ in throw ChatModelError.scripted(.noKey(variable: "KEY")) }
    try await store.retain(.saying("More.", turnID: "more", documentID: "more"))
    try await store.queueWork(bankID: "bank")
    #expect(try await Worker(store: store, model: noChat, embeddingModel: model).runUntilIdle() == .idle)
    #expect(try await store.embeddingStatus(model: "x/one").map(\.done) == [4])
  }

  @Test("one that failed is begun again after an hour; one that was cancelled only when it is retried")
  func again() async throws {
    let store = try await filled()
    let refusing = TopicVectors("x/one") { _ in throw ChatModelError.scripted(.unreadable) }
    #expect(try await worker(store, refusing).runUntilIdle() == .idle)
    #expect(try await states(store) == [.failed])
    #expect(try await worker(store, model).runUntilIdle() == .idle)
    #expect(model.asked == [])
    let later = try await scene.open(after: 3_601)
    #expect(try await worker(later, model).runUntilIdle() == .idle)
    #expect(try await states(later) == [.done])

    try await later.retain(.saying("A new one.", turnID: "new"))
    try await later.setWorkPaused(true)
    #expect(try await worker(later, model).runUntilIdle() == .paused)
    let waiting = try #require(try await later.jobs(states: [.pending]).first)
    #expect(try await later.cancelJob(id: waiting.id))
    try await later.setWorkPaused(false)
    let muchLater = try await scene.open(after: 90_000)
    #expect(try await worker(muchLater, model).runUntilIdle() == .idle)
    #expect(!model.asked.contains("A new one."))
    #expect(try await muchLater.retryJob(id: waiting.id))
    #expect(try await worker(muchLater, model).runUntilIdle() == .idle)
    #expect(model.asked.contains("A new one."))
  }

  @Test("a job stops between batches when it is cancelled or work is paused, and what it did stays")
  func stops() async throws {
    let store = try await filled(150)
    let other = try await scene.open()
    let pausing = TopicVectors("x/one") { _ in try await other.setWorkPaused(true) }
    #expect(try await worker(store, pausing).runUntilIdle() == .paused)
    #expect(pausing.asked.count == 64)
    var job = try #require(try await store.jobs().first)
    #expect(job.state == .pending && job.attempts == 0)
    try await store.setWorkPaused(false)
    let cancelling = TopicVectors("x/one") { _ in
      let running = try #require(try await other.jobs(states: [.running]).first)
      #expect(try await other.cancelJob(id: running.id))
    }
    #expect(try await worker(store, cancelling).runUntilIdle() == .idle)
    #expect(cancelling.asked.count == 64)
    job = try #require(try await store.jobs().first)
    #expect(job.state == .cancelled)
    #expect(try await store.embeddingStatus(model: "x/one").map(\.done) == [128])
  }

  @Test("the day's tokens do not limit it, and a job that waits for another model makes room")
  func limit() async throws {
    let store = try await filled()
    try await store.setDailyTokenLimit(0)
    try await store.queueWork(bankID: "bank")
    let chat = ScriptedModel(#"{"facts": []}"#)
    #expect(try await Worker(store: store, model: chat, embeddingModel: model).runUntilIdle() == .limitReached)
    #expect(await chat.requests.isEmpty)
    #expect(try await store.embeddingStatus(model: "x/one").map(\.done) == [3])

    try await store.setWorkPaused(true)
    #expect(try await worker(store, TopicVectors("x/two")).runUntilIdle() == .paused)
    #expect(try await store.jobs(states: [.pending]).map(\.key) == ["x/two"])
    try await store.setWorkPaused(false)
    let three = TopicVectors("x/three")
    #expect(try await worker(store, three).runUntilIdle() == .limitReached)
    #expect(try await store.jobs().filter { $0.kind == .embed }.map(\.key).sorted() == ["x/one", "x/three"])
    #expect(three.asked.count == 3)
  }
}
