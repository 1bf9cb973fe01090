import Foundation
import RearviewJSON
import RearviewMemory

extension Memory {
  /// A memory as the server writes it. The calls name things differently: a list has `fact_type` and the entities in one
  /// text, the others `type` and a list or null. What is missing is empty; when a memory came to be the server
  /// does not tell.
  init(hindsight json: JSONObject) {
    let mentioned = json["mentioned_at"]?.text.flatMap(serverDate)
    let changed = [json["edited_at"], json["invalidated_at"]].compactMap { $0?.text.flatMap(serverDate) }.max()
    self.init(
      id: json["id"]?.text ?? "",
      type: MemoryType(rawValue: json["type"]?.text ?? json["fact_type"]?.text ?? ""),
      text: json["text"]?.text ?? "",
      context: json["context"]?.text.flatMap { $0.isEmpty ? nil : $0 },
      mentionedAt: mentioned,
      occurredStart: json["occurred_start"]?.text.flatMap(serverDate),
      occurredEnd: json["occurred_end"]?.text.flatMap(serverDate),
      documentID: json["document_id"]?.text,
      tags: json["tags"]?.list?.compactMap(\.text) ?? [],
      entities: Self.entities(json["entities"]),
      metadata: Metadata(json["metadata"]?.object ?? [:]),
      state: json["state"]?.text.flatMap(MemoryState.init(rawValue:)) ?? .valid,
      stateReason: json["invalidation_reason"]?.text,
      proofCount: max(1, json["proof_count"]?.integer ?? 1),
      createdAt: nil, updatedAt: changed)
  }

  private static func entities(_ json: JSONValue?) -> [String] {
    if let list = json?.list { return list.compactMap(\.text) }
    return json?.text?.components(separatedBy: ", ").filter { !$0.isEmpty } ?? []
  }
}

/// A date of the server: ISO 8601, with or without a fraction of a second; UTC where no offset is given.
func serverDate(_ text: String) -> Date? {
  var (day, time) = (text, "00:00:00")
  if let mark = text.firstIndex(where: { "Tt ".contains($0) }) {
    (day, time) = (String(text[..<mark]), String(text[text.index(after: mark)...]))
  }
  var offset = "Z"
  if let mark = time.firstIndex(where: { "Zz+-".contains($0) }) {
    offset = time[mark...].uppercased()
    time = String(time[..<mark])
  }
  var fraction = 0.0
  if let point = time.firstIndex(where: { ".,".contains($0) }) {
    guard let digits = Double("0." + time[time.index(after: point)...]) else { return nil }
    fraction = digits
    time = String(time[..<point])
  }
  if time.count == 5 { time += ":00" }
  guard let whole = try? Date(day + "T" + time + offset, strategy: .iso8601) else { return nil }
  return whole.addingTimeInterval(fraction)
}
