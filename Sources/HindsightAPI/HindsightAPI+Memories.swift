import Foundation
import RearviewJSON
import RearviewMemory

extension HindsightAPI {
  /// A page of a bank's memories, newest first, those that were invalidated among the others.
  ///
  /// The server lists the two states apart, so both lists are read and merged by when the memories were mentioned; while
  /// a bank has nothing invalidated the second is asked for once. `filter` is a part of the text or the context in the
  /// server's way, not words. The server counts pages, and its background work adds and removes observations while they
  /// are read: a page goes on behind the memory that the one before ended with, wherever that has moved.
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
    let next = ListPlace(
      valid: valid.place(after: v, from: place.valid), invalidated: retired.place(after: r, from: place.invalidated))
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
    func place(after count: Int, from before: ListPlace.Place?) -> ListPlace.Place? {
      guard offset + count < total else { return nil }
      guard count > 0 else { return before }
      return ListPlace.Place(taken: offset + count, last: ListPlace.Last(memories[count - 1]))
    }

    /// What comes after a memory, or where that is gone, what is older than it was.
    func behind(_ last: ListPlace.Last) -> Part {
      let index =
        memories.firstIndex { $0.id == last.id }.map { $0 + 1 }
        ?? memories.firstIndex { time($0) < last.milliseconds } ?? memories.count
      return Part(offset: offset + index, memories: Array(memories[index...]), total: total)
    }
  }

  /// How far to either side of its place the memory is looked for that a page ended with.
  private static let searchedDistance = 200

  private func part(
    _ state: MemoryState, of request: MemoryPageRequest, from place: ListPlace.Place?, by deadline: Deadline
  ) async throws -> Part {
    guard let place else { return Part() }
    guard let last = place.last, place.taken > 0 else {
      return try await part(state, of: request, offset: place.taken, limit: request.limit, by: deadline)
    }
    let expected = try await part(
      state, of: request, offset: place.taken - 1, limit: request.limit + 1, by: deadline)
    if expected.memories.first?.id == last.id { return expected.behind(last) }
    let around = try await part(
      state, of: request, offset: max(0, place.taken - 1 - Self.searchedDistance),
      limit: 2 * Self.searchedDistance + request.limit + 1, by: deadline)
    return around.behind(last)
  }

  private func part(
    _ state: MemoryState, of request: MemoryPageRequest, offset: Int, limit: Int, by deadline: Deadline
  ) async throws -> Part {
    var query = "state=\(state.rawValue)&limit=\(limit)&offset=\(offset)"
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

/// Where a page ended in the list of each state; `nil` for a state of which there are no more.
private struct ListPlace {
  struct Place: Sendable {
    /// How many were read.
    var taken: Int
    /// `nil` at the beginning.
    var last: Last?
  }
  /// The memory that was read last.
  struct Last: Sendable {
    var id: String
    /// When it was mentioned, since 1970.
    var milliseconds: Int64

    init(id: String, milliseconds: Int64) { (self.id, self.milliseconds) = (id, milliseconds) }

    init(_ memory: Memory) {
      (id, milliseconds) = (memory.id, time(memory))
    }
  }
  var valid: Place?
  var invalidated: Place?

  init(valid: Place?, invalidated: Place?) {
    self.valid = valid
    self.invalidated = invalidated
  }

  /// The places of both, parted by a dot, a dash where there are no more; `nil` for both at their beginning.
  init?(_ token: String?) {
    guard let token else {
      (valid, invalidated) = (Place(taken: 0), Place(taken: 0))
      return
    }
    let parts = token.split(separator: ".")
    guard parts.count == 2 else { return nil }
    (valid, invalidated) = (Self.place(parts[0]), Self.place(parts[1]))
  }

  /// `nil` when there are no more of either.
  var token: String? {
    guard valid != nil || invalidated != nil else { return nil }
    return [valid, invalidated].map(Self.spelling).joined(separator: ".")
  }

  private static func place(_ spelling: Substring) -> Place? {
    let parts = spelling.split(separator: ":", maxSplits: 2)
    guard let taken = parts.first.flatMap({ Int($0) }), taken >= 0 else { return nil }
    guard parts.count == 3, let time = Int64(parts[1]) else { return Place(taken: taken) }
    return Place(taken: taken, last: Last(id: String(parts[2]), milliseconds: time))
  }

  private static func spelling(_ place: Place?) -> String {
    guard let place else { return "-" }
    return place.last.map { "\(place.taken):\($0.milliseconds):\($0.id)" } ?? String(place.taken)
  }
}

/// When it was mentioned, in milliseconds since 1970; what has no time is the oldest, as in the server's list.
private func time(_ memory: Memory) -> Int64 {
  memory.mentionedAt.map { Int64(($0.timeIntervalSince1970 * 1_000).rounded(.down)) } ?? .min
}
