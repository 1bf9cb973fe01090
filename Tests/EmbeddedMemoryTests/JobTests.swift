import Foundation
import GRDB
import RearviewChat
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Background jobs")
struct JobTests {
  let scene: Scene
  private let none = #"{"facts": []}"#

  init() throws { scene = try Scene() }

  /// A store with so many documents, each with a message, that wait to be read.
  private func waiting(_ documents: Int = 1) async throws -> EmbeddedMemory {
    let store = try await scene.open()
    for number in 0..<documents {
      try await store.retain(.saying("Note number \(number).", documentID: "document-\(number)"))
    }
    try await store.updateProfile(bankID: "bank") { $0.observes = false }
    try await store.queueWork(bankID: "bank")
    return store
  }

  private func states(_ store: EmbeddedMemory) async throws -> [JobState] {
    try await store.jobs().map(\.state)
  }

  @Test("retaining queues nothing before there is a model, and then one job a document")
  func queue() async throws {
    let store = try await scene.open()
    func retained(_ number: Int) async throws {
      try await store.retain(.saying("Note \(number).", answer: "Yes.", turnID: "turn-\(number)"))
      try await store.write { [now = store.now] database in
        let row = try #require(try Row.fetchOne(database, sql: "SELECT bank, id FROM document"))
        try Work.enqueueAfterRetain(bank: row[0], document: row[1], now: now, in: database)
      }
    }
    try await retained(1)
    #expect(try await store.jobs() == [])
    let model = ScriptedModel(none)
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .idle)
    for number in 2...3 { try await retained(number) }
    var job = try #require(try await store.jobs().first)
    #expect(job.notBefore == Scene.time.addingTimeInterval(300) && job.key == "document:1")
    // It waits for more of the conversation, or for its end.
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .idle)
    #expect(await model.requests.isEmpty)
    try await retained(4)
    job = try #require(try await store.jobs().first)
    #expect(try await store.jobs().count == 1 && job.notBefore == Scene.time)
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .idle)
    #expect(await model.requests.count == 1)
    try await store.updateProfile(bankID: "bank") { $0.extracts = false }
    try await retained(5)
    #expect(try await states(store) == [.done])
  }

  @Test("several workers on one file do each job once")
  func once() async throws {
    let store = try await waiting(12)
    let other = try await scene.open()
    let model = ScriptedModel { [none] _, _ in
      await Task.yield()
      return .saying(none)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for file in [store, other, store, other] {
        group.addTask { _ = try await Worker(store: file, model: model).runUntilIdle() }
      }
      try await group.waitForAll()
    }
    #expect(try await store.jobs().filter { $0.state == .done }.count == 12)
    #expect(await model.requests.count == 12)
    #expect(try await store.workStatus().tokensToday == 12 * 110)
    #expect(try scene.faults() == [])
  }

  @Test("a job of a process that died goes on at once, that of a far one when its lease is over")
  func deadOwners() async throws {
    let store = try await waiting(2)
    let gone = Process()
    gone.executableURL = URL(fileURLWithPath: "/bin/true")
    try gone.run()
    gone.waitUntilExit()
    let alive = JobOwner().name
    let dead = "\(gone.processIdentifier):" + alive.split(separator: ":")[1] + ":1"
    #expect(JobOwner.isDead(dead) && !JobOwner.isDead(alive) && !JobOwner.isDead("1:elsewhere:1"))
    let until = milliseconds(Scene.time) + 30_000
    try scene.change(
      """
      UPDATE job SET state = 'running', attempts = 1, lease_until = \(until), owner = '1:elsewhere:1' WHERE id = 1;
      UPDATE job SET state = 'running', attempts = 1, lease_until = \(until), owner = '\(dead)' WHERE id = 2;
      """)
    let model = ScriptedModel(none)
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .idle)
    #expect(try await Set(states(store)) == [.running, .done])
    let later = try await scene.open(after: 31)
    #expect(try await Worker(store: later, model: model).runUntilIdle() == .idle)
    #expect(try await states(store) == [.done, .done])
    #expect(await model.requests.count == 2)
  }

  @Test("a job that kills its worker again and again is given up")
  func poison() async throws {
    let store = try await waiting()
    try scene.change("UPDATE job SET state = 'running', attempts = 4, lease_until = 1, owner = '1:elsewhere:1'")
    let model = ScriptedModel(none)
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .idle)
    let job = try #require(try await store.jobs().first)
    #expect(job.state == .failed && job.error == "Its worker died 4 times; retry it to go on.")
    #expect(await model.requests.isEmpty)
    #expect(try await store.retryJob(id: job.id))
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .idle)
    #expect(try await states(store) == [.done])
  }

  @Test("a passing fault is tried three times more, each time later; another not at all")
  func retries() async throws {
    _ = try await waiting()
    let model = ScriptedModel { _, _ in throw ChatModelError.scripted(.server) }
    var seconds = 0.0
    var waits: [Double] = []
    for _ in 0..<3 {
      let store = try await scene.open(after: seconds)
      #expect(try await Worker(store: store, model: model).runUntilIdle() == .idle)
      let job = try #require(try await store.jobs().first)
      #expect(job.state == .pending && job.error == "Scripted failed to run scripted/model.")
      waits.append(job.notBefore.timeIntervalSince(Scene.time) - seconds)
      seconds = job.notBefore.timeIntervalSince(Scene.time)
    }
    #expect(waits == [60, 120, 240])
    let store = try await scene.open(after: seconds)
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .idle)
    #expect(try await store.jobs().first?.state == .failed)
    #expect(await model.requests.count == 4)
    #expect(try await store.workStatus().lastError?.hasSuffix("It was tried 4 times.") == true)
  }

  @Test("a fault that stays fails its job; one of the model as a whole stops the worker, and leaves the others")
  func lastingFaults() async throws {
    let store = try await waiting(3)
    let refused = ScriptedModel { _, _ in throw ChatModelError.scripted(.blocked) }
    #expect(try await Worker(store: store, model: refused).runUntilIdle() == .idle)
    #expect(try await states(store) == [.failed, .failed, .failed])
    #expect(await refused.requests.count == 3)
    for job in try await store.jobs() { try await store.retryJob(id: job.id) }
    let keyless = ScriptedModel { _, _ in throw ChatModelError.scripted(.noKey(variable: "KEY")) }
    let stop = try await Worker(store: store, model: keyless).runUntilIdle()
    guard case .modelUnusable(let cause) = stop else {
      Issue.record("\(stop)")
      return
    }
    #expect(cause.contains("set KEY in the environment"))
    #expect(await keyless.requests.count == 1)
    #expect(try await states(store).filter { $0 == .pending }.count == 2)
  }

  @Test("a job that is cancelled while the model answers writes nothing")
  func cancel() async throws {
    let store = try await waiting()
    let other = try await scene.open()
    let model = ScriptedModel { _, _ in
      let job = try #require(try await other.jobs(states: [.running]).first)
      #expect(try await other.cancelJob(id: job.id))
      return .saying(facts([("A note.", "Note number 0")]))
    }
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .idle)
    #expect(try await states(store) == [.cancelled])
    #expect(try await store.derived(.extract) == [])
    #expect(try await store.cancelJob(id: try #require(try await store.jobs().first).id) == false)
  }

  @Test("a paused file is not worked on, and a running job stops before its next call")
  func pause() async throws {
    let store = try await waiting()
    for number in 1...9 {
      try await store.retain(.saying("More \(number).", turnID: "t\(number)", documentID: "document-0"))
    }
    let model = ScriptedModel { [none] _, call in
      if call == 1 { try await store.setWorkPaused(true) }
      return .saying(none)
    }
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .paused)
    #expect(await model.requests.count == 1)
    let job = try #require(try await store.jobs().first)
    #expect(job.state == .pending && job.doneSteps == 8 && job.totalSteps == 10)
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .paused)
    try await store.setWorkPaused(false)
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .idle)
    #expect(await model.requests.count == 2)
    #expect(try await store.jobs().first?.doneSteps == 10)
  }

  @Test("the day's tokens end the work visibly; another day or a higher limit lets it go on")
  func limit() async throws {
    let store = try await waiting(3)
    try await store.setDailyTokenLimit(2_000)
    let model = ScriptedModel { [none] _, _ in
      [.text(none), .usage(Usage(inputTokens: 1_500, outputTokens: 10)), .finished(.stop)]
    }
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .limitReached)
    #expect(await model.requests.count == 1)
    let job = try #require(try await store.jobs(states: [.limitReached]).first)
    #expect(job.error == "The daily limit of 2000 tokens is reached; raise it, or wait until tomorrow.")
    #expect(try await store.workStatus().tokensToday == 1_510)
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .limitReached)
    #expect(await model.requests.count == 1)
    let tomorrow = try await scene.open(after: 86_400)
    #expect(try await Worker(store: tomorrow, model: model).runUntilIdle() == .limitReached)
    #expect(await model.requests.count == 2)
    try await tomorrow.setDailyTokenLimit(nil)
    #expect(try await Worker(store: tomorrow, model: model).runUntilIdle() == .idle)
    #expect(try await states(store) == [.done, .done, .done])
  }

  @Test("a worker that is stopped, or whose task is cancelled, puts its job back", arguments: [true, false])
  func stop(byCall: Bool) async throws {
    let store = try await waiting()
    let (calls, called) = AsyncStream<Void>.makeStream()
    let hanging = ScriptedModel { _, _ in
      called.yield()
      try await Task.sleep(for: .seconds(3_600))
      return []
    }
    let worker = Worker(store: store, model: hanging)
    let work = Task { try await worker.runUntilIdle() }
    for await _ in calls { break }
    if byCall {
      await worker.stop()
      #expect(try await work.value == .stopped)
    } else {
      work.cancel()
      await #expect(throws: CancellationError.self) { try await work.value }
    }
    let job = try #require(try await store.jobs().first)
    #expect(job.state == .pending && job.attempts == 0 && job.owner == nil)
    #expect(try await Worker(store: store, model: ScriptedModel(none)).runUntilIdle() == .idle)
    #expect(try await states(store) == [.done])
  }

  @Test("a bank that is deleted while a job of it runs stays deleted")
  func deletedBank() async throws {
    let store = try await waiting()
    let model = ScriptedModel { _, _ in
      try await store.deleteBank(id: "bank")
      return .saying(facts([("A note.", "Note number 0")]))
    }
    #expect(try await Worker(store: store, model: model).runUntilIdle() == .idle)
    #expect(try await store.jobs() == [])
    #expect(try await store.banks() == [])
    #expect(try scene.faults() == [])
  }
}
