import DialogueCorpus
import Foundation
import RearviewChat
import RearviewEmbeddedMemory
import RearviewHTTP
import RearviewMemory
import RearviewProviders

/// How much of the evidence recall brings, on dialogues made up from a seed, each in a bank of its own; with vectors where
/// `REARVIEW_BENCH_EMBEDDINGS` names an endpoint (`http://127.0.0.1:11434/v1`).
struct DialogueBench {
  func rows() async throws -> [Row] {
    let folder = NSTemporaryDirectory() + "rearview-dialogues-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try await EmbeddedMemory.open(path: folder + "/memory.sqlite", timeZone: .gmt)
    let model = try embeddingModel()
    if let model { store.setEmbeddings(within: .seconds(30)) { _ in model } }
    let corpus = DialogueCorpus(seed: 7)
    let turns = corpus.conversations.map(\.turns.count).reduce(0, +)
    print("  \(turns) turns in \(corpus.conversations.count) dialogues")
    var scores: [String: Scores] = [:]
    for conversation in corpus.conversations {
      try await store.retain(
        conversation.turns.map { turn in
          RetainTurn(
            bankID: conversation.name, turnID: turn.id, documentID: turn.session,
            messages: [
              RetainedMessage(speaker: .note, text: turn.text, saidAt: Date(timeIntervalSince1970: turn.seconds))
            ])
        })
      if let model { _ = try await store.embedMissing(bankID: conversation.name, model: model) }
      for question in conversation.questions {
        let found = try await store.recall(RecallQuery(bankID: conversation.name, text: question.text)).memories
        let ids = found.map { [$0.memory.turnID] + ($0.sources ?? []).map(\.turnID) }
        let ranks = question.evidence.map { id in ids.firstIndex { $0.contains(id) } }
        scores["all", default: Scores()].add(ranks)
        scores[question.kind.rawValue, default: Scores()].add(ranks)
      }
    }
    for (kind, scores) in scores.sorted(by: { $0.key < $1.key }) { print(scores.line(kind)) }
    let all = scores["all"] ?? Scores()
    return [
      Row(name: "evidence that is not in the first 10", value: 100 * (1 - all.at10), unit: "%", goal: 20),
      Row(name: "evidence that is not in the first 50", value: 100 * (1 - all.at50), unit: "%", goal: 5),
      Row(name: "1 - mean reciprocal rank", value: 1 - all.reciprocal, unit: "×", goal: 0.6),
    ]
  }

  /// The model behind the endpoint that `REARVIEW_BENCH_EMBEDDINGS` names, whatever it calls it.
  private func embeddingModel() throws -> (any EmbeddingModel)? {
    guard let url = ProcessInfo.processInfo.environment["REARVIEW_BENCH_EMBEDDINGS"] else { return nil }
    let catalog = ModelCatalog(
      transport: HTTPClientTransport(userAgent: "benchmark"), environment: [:],
      providers: [ProviderConfiguration(name: "bench", baseURL: url)])
    return try catalog.resolveEmbeddings("bench/model")
  }

  /// Sums over questions.
  private struct Scores {
    private var count = 0.0
    private var within10 = 0.0
    private var within50 = 0.0
    private var reciprocals = 0.0

    var at10: Double { within10 / max(count, 1) }
    var at50: Double { within50 / max(count, 1) }
    var reciprocal: Double { reciprocals / max(count, 1) }

    /// - Parameter ranks: Of each piece of evidence, from 0; `nil` where it was not found.
    mutating func add(_ ranks: [Int?]) {
      count += 1
      let total = Double(max(ranks.count, 1))
      within10 += Double(ranks.count { $0.map { $0 < 10 } ?? false }) / total
      within50 += Double(ranks.count { $0.map { $0 < 50 } ?? false }) / total
      reciprocals += ranks.compactMap { $0 }.min().map { 1 / Double($0 + 1) } ?? 0
    }

    func line(_ kind: String) -> String {
      String(
        format: "  %5.0f questions, %@: recall@10 %.3f, recall@50 %.3f, MRR %.3f", count,
        kind.padding(toLength: 10, withPad: " ", startingAt: 0), at10, at50, reciprocal)
    }
  }
}
