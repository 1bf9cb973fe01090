import ArgumentParser
import Foundation
import Rearview
import RearviewEmbeddedMemory

/// `rearview jobs …`
struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "Look at background work, do it, stop it.",
    discussion: """
      Background work gives memories their vectors (embedding_model), and finds facts, puts observations together and \
      answers mental models (background_model). The full-screen program does it while it is open.
      """,
    subcommands: [List.self, Run.self, Cancel.self, Retry.self, Pause.self, Resume.self], defaultSubcommand: List.self)

  /// Opens the memory file. A server has jobs of its own.
  fileprivate static func open(_ shared: SharedOptions) async throws -> (RearviewClient, EmbeddedMemory) {
    let client = try await shared.openWithoutRecovery()
    guard let store = client.embedded else {
      await client.close()
      throw CommandEnd(
        .usage,
        "Memory is the server \(client.store.location), which does its background work itself; "
          + "unset hindsight_api_url for the memory file.")
    }
    return (client, store)
  }
}

// MARK: - List

extension JobsCommand {
  /// What is done, waits, and has ended.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print how background work stands.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print all jobs that ended, not only the last ones.") var all = false
    @Flag(name: .long, help: "Print one JSON object.") var json = false

    private static let endedShown = 10

    func run() async throws {
      let (client, store) = try await JobsCommand.open(shared)
      let report = try await failing { try await self.report(client, store) }
      await client.close()
      if json { return try Console.line(json: report) }
      report.lines.forEach(Console.line)
    }

    private func report(_ client: RearviewClient, _ store: EmbeddedMemory) async throws -> JobReport {
      let open = try await store.jobs(
        bankID: shared.bank, states: JobState.allCases.filter { !$0.isEnded }, limit: .max)
      let ended = try await store.jobs(
        bankID: shared.bank, states: JobState.allCases.filter(\.isEnded), limit: all ? .max : Self.endedShown)
      let embeddings = try await store.embeddingStatus(model: client.embeddingModel)
      return JobReport(
        work: try await store.workStatus(), backgroundModel: client.configuration.work.backgroundModel,
        embeddingModel: client.embeddingModel,
        embeddings: embeddings.filter { shared.bank == nil || $0.bankID == shared.bank }, jobs: open + ended)
    }
  }
}

/// How background work stands.
private struct JobReport: Encodable {
  var work: WorkStatus
  var backgroundModel: String?
  var embeddingModel: String?
  var embeddings: [EmbeddingStatus]
  var jobs: [Job]

  enum CodingKeys: String, CodingKey {
    case work, embeddings, jobs
    case backgroundModel = "background_model"
    case embeddingModel = "embedding_model"
  }

  var lines: [String] {
    let limit = work.dailyTokenLimit.map { " of \($0)" } ?? ""
    var lines = [
      "Facts and observations: " + (backgroundModel.map(Console.shown) ?? "no model; set background_model"),
      "Vectors: " + (embeddingModel.map(Console.shown) ?? "no model; set embedding_model"),
      "Today: \(work.tokensToday)\(limit) tokens"
        + (work.isLimitReached ? "; the limit is reached (background_daily_tokens)" : ""),
    ]
    if work.isPaused { lines.append("Paused: rearview jobs resume lets it go on.") }
    for status in embeddings {
      let searched = status.searchedModel == status.model ? "" : status.searchedModel.map { "; \($0) until then" } ?? ""
      lines.append(
        Console.shown("\(status.bankID): \(status.done) of \(status.total) memories have vectors\(searched)"))
    }
    if jobs.isEmpty { lines.append("There are no jobs.") }
    for job in jobs { lines += self.lines(job) }
    return lines
  }

  private func lines(_ job: Job) -> [String] {
    var parts = [job.id, job.kind.rawValue, job.state.rawValue, Console.shown(job.bankID)]
    if job.doneSteps > 0 || job.totalSteps != nil {
      parts.append("\(job.doneSteps)" + (job.totalSteps.map { " of \($0)" } ?? ""))
    }
    if job.attempts > 1 { parts.append("try \(job.attempts)") }
    let tokens = job.inputTokens + job.outputTokens
    if tokens > 0 { parts.append("\(tokens) tokens") }
    return [parts.joined(separator: "  ")] + (job.error.map { ["  " + Console.shown($0)] } ?? [])
  }
}

// MARK: - Run

extension JobsCommand {
  /// Does all the work that there is.
  struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Do background work until nothing is left.",
      discussion: "Ctrl-C stops it; what was done stays, and the next run goes on from there.")

    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let (client, store) = try await JobsCommand.open(shared)
      await client.recover()
      let worker: Worker?
      do {
        worker = try await client.worker()
      } catch {
        throw CommandEnd(error)
      }
      guard let worker else {
        await client.close()
        throw CommandEnd(
          .usage,
          "No model is set for background work; write background_model = \"provider/model\" (facts and "
            + "observations) or embedding_model = \"provider/model\" (vectors) below [memory] in "
            + "\(client.paths.configurationFile).")
      }
      let started = Date()
      let interrupt = Interrupt { Task { await worker.stop() } }
      let watching = Task { await watch(store) }
      let stop: Worker.Stop
      do {
        stop = try await worker.runUntilIdle(ignoringDelays: true)
      } catch {
        watching.cancel()
        await watching.value
        throw CommandEnd(error)
      }
      watching.cancel()
      await watching.value
      let jobs = try await failing { try await store.jobs(limit: .max) }
      await client.close()
      withExtendedLifetime(interrupt) {}
      try report(stop, jobs, since: started)
    }

    /// One line on standard error with what is done just now.
    private func watch(_ store: EmbeddedMemory) async {
      var line = ProgressLine()
      defer { line.end() }
      while !Task.isCancelled {
        if let job = try? await store.jobs(states: [.running], limit: 1).first {
          let total = job.totalSteps.map { " of \($0)" } ?? ""
          line.show("\(job.kind.rawValue) \(Console.shown(job.bankID)): \(job.doneSteps)\(total) …")
        }
        try? await Task.sleep(for: .milliseconds(250))
      }
    }

    private func report(_ stop: Worker.Stop, _ jobs: [Job], since started: Date) throws {
      let ended = jobs.filter { $0.updatedAt >= started }
      let failed = ended.filter { $0.state == .failed }
      let waiting = jobs.filter { $0.state == .pending && $0.attempts > 0 }
      for job in failed + waiting { Console.error("\(job.kind.rawValue) of bank \(job.bankID): \(job.error ?? "")") }
      let done = ended.filter { $0.state == .done }.count
      let sentence = "\(done) \(done == 1 ? "job" : "jobs") done"
      switch stop {
      case .idle where failed.isEmpty && waiting.isEmpty:
        let before = jobs.count { $0.state == .failed }
        let rest = before == 0 ? "" : " but \(before) that failed before; rearview jobs retry ID begins one again"
        Console.line("\(sentence); nothing is left\(rest).")
      case .idle:
        throw CommandEnd(
          .failed,
          "\(sentence), \(failed.count) failed, \(waiting.count) to be tried again later; "
            + "rearview jobs lists them, rearview jobs retry ID begins a failed one again.")
      case .paused: throw CommandEnd(.failed, "Background work is paused; rearview jobs resume lets it go on.")
      case .limitReached:
        throw CommandEnd(
          .failed,
          "\(sentence); the tokens of the day are used up. It goes on tomorrow, or with a higher "
            + "background_daily_tokens.")
      case .modelUnusable(let cause): throw CommandEnd(.failed, "\(sentence). \(cause)")
      case .stopped: throw CommandEnd(.interrupted, "\(sentence); stopped. Run it again to go on.")
      }
    }
  }
}

// MARK: - One job, or all

extension JobsCommand {
  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Cancel a job, also one that runs; what it did stays.")

    @OptionGroup var shared: SharedOptions
    @Argument(help: "The job, as rearview jobs lists it.") var id: String

    func run() async throws {
      let (client, store) = try await JobsCommand.open(shared)
      let isDone = try await failing { try await store.cancelJob(id: id) }
      await client.close()
      guard isDone else { throw CommandEnd(.failed, "No job \(id) waits or runs; rearview jobs lists them.") }
      Console.line("Cancelled.")
    }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a job that failed or was cancelled wait again.")

    @OptionGroup var shared: SharedOptions
    @Argument(help: "The job, as rearview jobs lists it.") var id: String

    func run() async throws {
      let (client, store) = try await JobsCommand.open(shared)
      let isDone = try await failing { try await store.retryJob(id: id) }
      await client.close()
      guard isDone else { throw CommandEnd(.failed, "No job \(id) failed or was cancelled; rearview jobs lists them.") }
      Console.line("It waits again; rearview jobs run does it.")
    }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Pause background work on the memory file, in every program.")

    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let (client, store) = try await JobsCommand.open(shared)
      try await failing { try await store.setWorkPaused(true) }
      await client.close()
      Console.line("Background work is paused; rearview jobs resume lets it go on.")
    }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let background work go on.")

    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let (client, store) = try await JobsCommand.open(shared)
      try await failing { try await store.setWorkPaused(false) }
      await client.close()
      Console.line("Background work goes on.")
    }
  }
}
