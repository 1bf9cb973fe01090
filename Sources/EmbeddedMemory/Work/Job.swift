import Foundation
import GRDB
import RearviewJSON

/// What background work there is.
public enum JobKind: String, Codable, Sendable, CaseIterable {
  /// Facts out of what a document says.
  case extract
  /// Observations out of facts.
  case observe
  /// The answer to a mental model's question.
  case refresh
  /// The vectors that a bank lacks of an embedding model, whose name is the key. It costs none of the day's tokens.
  case embed

  /// Those that a chat model does.
  static let ofChatModel: Set<JobKind> = [.extract, .observe, .refresh]
}

/// How far a job is.
public enum JobState: String, Codable, Sendable, CaseIterable {
  case pending, running, done, failed, cancelled
  /// The tokens of the day are used up; it goes on tomorrow, or when the limit is raised.
  case limitReached = "limit_reached"

  /// Whether it will never be worked on again, unless it is asked to be retried.
  public var isEnded: Bool {
    switch self {
    case .done, .failed, .cancelled: true
    case .pending, .running, .limitReached: false
    }
  }
}

/// A piece of background work, as it stands in the file.
public struct Job: Hashable, Codable, Sendable, Identifiable {
  public var id: String
  public var bankID: String
  public var kind: JobKind
  /// What it works on; of one kind and key at most one waits at a time.
  public var key: String
  public var state: JobState
  /// How many times it was begun since it last got on.
  public var attempts: Int
  /// It is not begun earlier.
  public var notBefore: Date
  /// Which process has it, and until when unless it says that it is still at it.
  public var owner: String?
  public var leaseUntil: Date?
  /// What it has done, of how much where that is known: messages for `extract`, facts for `observe`,
  /// memories for `embed`.
  public var doneSteps: Int
  public var totalSteps: Int?
  public var inputTokens: Int
  public var outputTokens: Int
  /// Counts of what came of it (`facts`, `dropped_quotes`, …).
  public var result: JSONObject
  /// Why it failed, or waits, in one sentence.
  public var error: String?
  public var createdAt: Date
  public var updatedAt: Date

  enum CodingKeys: String, CodingKey {
    case id, kind, key, state, attempts, owner, result, error
    case bankID = "bank_id"
    case notBefore = "not_before"
    case leaseUntil = "lease_until"
    case doneSteps = "done_steps"
    case totalSteps = "total_steps"
    case inputTokens = "input_tokens"
    case outputTokens = "output_tokens"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }
}

extension Job {
  static let columns = """
    job.uid, CAST(bank.name AS BLOB) AS bank_name, job.kind, job.key, job.state, job.attempts, job.not_before, \
    job.owner, job.lease_until, job.done_steps, job.total_steps, job.tokens_in, job.tokens_out, job.result, \
    job.error, job.created, job.updated
    """

  init?(_ row: Row) {
    guard let kind = JobKind(rawValue: row["kind"]), let state = JobState(rawValue: row["state"]) else { return nil }
    self.init(
      id: RowName.spelling(row["uid"]), bankID: MemoryRow.text(row["bank_name"]) ?? "", kind: kind, key: row["key"],
      state: state, attempts: row["attempts"], notBefore: date(milliseconds: row["not_before"]), owner: row["owner"],
      leaseUntil: (row["lease_until"] as Int64?).map(date(milliseconds:)), doneSteps: row["done_steps"],
      totalSteps: row["total_steps"], inputTokens: row["tokens_in"], outputTokens: row["tokens_out"],
      result: (row["result"] as String?).flatMap { try? JSONValue(parsing: $0).object } ?? [:], error: row["error"],
      createdAt: date(milliseconds: row["created"]), updatedAt: date(milliseconds: row["updated"]))
  }
}
