import Foundation
import RearviewJSON
import RearviewMemory

extension HindsightAPI {
  /// A page of a bank's memories, newest first, those that were invalidated among the others.
  ///
  /// The server lists the two states apart, so both lists are read and merged by when the memories were mentioned; while
  /// a bank has nothing invalidated the second is asked for once. `filter` is a part of the text or the context in the
  /// server's way, not words. Pages are counted: what comes in between two of them pushes the next one down.
  public func memories(_ request: MemoryPageRequest) async throws -> MemoryPage {
    guard request.limit > 0, let place = ListPlace(request.after) else { return MemoryPage(memories: [], next: nil) }
    let deadline = deadline(nil)
    async let validOnes = part(.valid, of: request, from: place.valid, by: deadline)
    async let retiredOnes = part(.invalidated, of: request, from: place.invalidated, by: deadline)
    let (valid, retired) = (try await validOnes, try await retiredOnes)

    var merged: [Memory] = []
    var (v, r) = (0, 0)
    while merged.count < request.limit, v < valid.memories.count || r < retired.memories.count {
      let isValidNext =
        r == retired.memories.count
        || v < valid.memories.count && Self.isNewer(valid.memories[v], than: retired.memories[r])
      merged.append(isValidNext ? valid.memories[v] : retired.memories[r])
      if isValidNext { v += 1 } else { r += 1 }
    }
    let next = ListPlace(valid: valid.place(after: v), invalidated: retired.place(after: r))
    return MemoryPage(memories: merged, next: merged.isEmpty ? nil : next.token)
  }

  /// By when they were mentioned; of the same time, or none, the first comes first.
  private static func isNewer(_ one: Memory, than other: Memory) -> Bool {
    (one.mentionedAt ?? .distantPast) >= (other.mentionedAt ?? .distantPast)
  }

  /// One memory; `nil` when the server has none of that id, or no memory can have it.
  public func memory(id: String, bankID: String) async throws -> Memory? {
    guard !id.isEmpty else { return nil }
    let call = Call.ofBank(bankID, .memory, .get, "/memories/\(percentEncoded(id))")
    guard let answer = try await answer(call, by: deadline(nil), unless: { $0.meansNoMemory }) else { return nil }
    return try memory(answer, call)
  }

  /// Changes a memory's text; the server reads it again and makes the observations that stand on it anew. Observations
  /// themselves cannot be edited.
  public func edit(id: String, bankID: String, text: String) async throws -> Memory {
    guard !isBlank(text) else { throw MemoryStoreError.emptyText }
    return try await change(id, bankID: bankID, .edit, ["text": .text(text)])
  }

  /// Takes a memory out of recall; the server drops the observations that stood on it.
  public func invalidate(id: String, bankID: String, reason: String?) async throws -> Memory {
    var body: JSONObject = ["state": .text(MemoryState.invalidated.rawValue)]
    if let reason { body["reason"] = .text(reason) }
    return try await change(id, bankID: bankID, .invalidate, body)
  }

  /// Puts an invalidated memory back.
  public func restore(id: String, bankID: String) async throws -> Memory {
    try await change(id, bankID: bankID, .restore, ["state": .text(MemoryState.valid.rawValue)])
  }

  private func change(
    _ id: String, bankID: String, _ operation: Call.Operation, _ body: JSONObject
  ) async throws -> Memory {
    guard !id.isEmpty else { throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID) }
    let call = Call.ofBank(bankID, operation, .patch, "/memories/\(percentEncoded(id))", body: .object(body))
    guard let answer = try await answer(call, by: deadline(nil), unless: { $0.meansNoMemory }) else {
      throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID)
    }
    return try memory(answer, call)
  }

  private func memory(_ answer: JSONValue, _ call: Call) throws -> Memory {
    guard let object = answer.object, object["id"]?.text != nil else {
      throw unreadable(call, "it holds no memory")
    }
    return Memory(hindsight: object)
  }

  /// A stretch of the list of one state.
  private struct Part: Sendable {
    var offset = 0
    var memories: [Memory] = []
    var total = 0

    /// Where to go on when `count` of the memories were taken; `nil` when those were the last.
    func place(after count: Int) -> Int? { offset + count < total ? offset + count : nil }
  }

  private func part(
    _ state: MemoryState, of request: MemoryPageRequest, from offset: Int?, by deadline: Deadline
  ) async throws -> Part {
    guard let offset else { return Part() }
    var query = "state=\(state.rawValue)&limit=\(request.limit)&offset=\(offset)"
    // The server's database takes no NUL, and no text holds one.
    if request.filter.unicodeScalars.contains("\0") { return Part() }
    let filter = request.filter.trimmingCharacters(in: .whitespacesAndNewlines)
    if !filter.isEmpty { query += "&q=\(percentEncoded(Self.pattern(filter)))" }
    let call = Call.ofBank(request.bankID, .memories, .get, "/memories/list?\(query)")
    guard let answer = try await answer(call, by: deadline, unless: { $0.meansNoBank }) else { return Part() }
    guard let items = answer["items"]?.list else { throw unreadable(call, "it holds no list of memories") }
    let memories = items.compactMap(\.object).map(Memory.init(hindsight:))
    return Part(offset: offset, memories: memories, total: answer["total"]?.integer ?? offset + memories.count)
  }

  /// The server takes `q` as a pattern of SQL's LIKE, in which these stand for anything.
  private static func pattern(_ filter: String) -> String {
    filter.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
  }
}

/// Where a page ended: how many of each state were read; `nil` for a state of which there are no more.
private struct ListPlace {
  var valid: Int?
  var invalidated: Int?

  init(valid: Int?, invalidated: Int?) {
    self.valid = valid
    self.invalidated = invalidated
  }

  /// `valid.invalidated`, a dash where there are no more; `nil` for both at their beginning.
  init?(_ token: String?) {
    guard let token else {
      (valid, invalidated) = (0, 0)
      return
    }
    let parts = token.split(separator: ".")
    guard parts.count == 2 else { return nil }
    (valid, invalidated) = (Int(parts[0]), Int(parts[1]))
  }

  /// `nil` when there are no more of either.
  var token: String? {
    guard valid != nil || invalidated != nil else { return nil }
    return [valid, invalidated].map { $0.map(String.init) ?? "-" }.joined(separator: ".")
  }
}
