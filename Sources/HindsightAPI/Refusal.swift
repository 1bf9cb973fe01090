import Foundation
import RearviewJSON

/// A response with its whole body.
struct RawResponse: Sendable {
  var status: Int
  var retryAfter: String?
  var body: [UInt8]
}

/// A response that is no success, and why: `detail` is a text, or a list of texts with the places that they are about.
struct Refusal: Sendable {
  var status: Int
  /// As it came, the key included if the server repeats it.
  var said: String

  /// `nil` for a success.
  init?(_ response: RawResponse) {
    guard !(200..<300).contains(response.status) else { return nil }
    status = response.status
    said = Self.words(response.body) ?? "it gives no reason"
  }

  /// Whether the server says that it has no such bank. Another 404 is a mistake in the address.
  var meansNoBank: Bool {
    let said = said.lowercased()
    return status == 404 && said.contains("bank") && said.contains("not found")
  }

  /// Whether the server says that it has no such memory, or that no memory can have this id.
  var meansNoMemory: Bool {
    let said = said.lowercased()
    return status == 404 && said.contains("memory") && said.contains("not found")
      || status == 400 && said.contains("not a valid uuid")
  }

  /// Whether there is nothing in the query that could be searched for.
  var meansEmptyQuery: Bool { status == 422 && said.contains("at least one word character") }

  private static func words(_ body: [UInt8]) -> String? {
    guard let json = try? JSONValue(parsing: body) else {
      // A proxy's page is markup, and its title says no more than the status.
      let text = String(decoding: body.prefix(2_000), as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      return text.isEmpty || text.hasPrefix("<") ? nil : text
    }
    let detail = json["detail"] ?? json["message"] ?? json["error"] ?? json
    switch detail {
    case .text(let text): return text
    case .list(let list): return list.isEmpty ? nil : list.map(words(of:)).joined(separator: "; ")
    case .null: return nil
    case .object, .boolean, .integer, .number: return detail.written()
    }
  }

  /// `body.items.0.content: content cannot be empty`
  private static func words(of item: JSONValue) -> String {
    guard let message = item["msg"]?.text else { return item.text ?? item.written() }
    let place = (item["loc"]?.list ?? []).map { $0.text ?? $0.written() }.joined(separator: ".")
    return place.isEmpty ? message : "\(place): \(message)"
  }
}

/// A text as one line without control characters, cut where it is too long.
func shortened(_ text: String, to limit: Int = 300) -> String {
  let line = text.split { character in
    character.isWhitespace || character.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
  }
  .joined(separator: " ")
  return line.count <= limit ? line : line.prefix(limit - 1) + "…"
}
