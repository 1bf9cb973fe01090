import Foundation
import RearviewChat
import RearviewMemory

/// How the memory block is written: to the byte as hindsight-litellm writes it, with two mends.
///
/// A line break inside a memory is followed by three blanks, so that no memory can begin a line with a heading or a
/// number of its own. And where a delimiting tag is wanted, no memory can write it.
public struct MemoryBlock: Hashable, Sendable {
  /// Whether each memory says when and where it comes from, and the block what time it is: what the wrapped clients
  /// of the Python package send. It changes with every second, which defeats a provider's prompt cache.
  public var isDated: Bool
  public var format: MemorySettings.InjectionFormat
  public var now: Date

  public init(isDated: Bool = false, format: MemorySettings.InjectionFormat = .plain, now: Date = Date()) {
    self.isDated = isDated
    self.format = format
    self.now = now
  }

  /// The block of a recall.
  ///
  /// Numbers count the memories given, so one with no text is left out but keeps its number, as recorded.
  /// - Returns: `nil` when there is nothing to inject.
  public func text(recalling memories: [Memory]) -> String? {
    let lines = memories.enumerated().compactMap { index, memory in
      isBlank(memory) ? nil : "\(index + 1). " + line(memory)
    }
    guard !lines.isEmpty else { return nil }
    return delimited(
      "# Relevant Memories\n" + clock + "The following information from memory may be relevant:\n\n"
        + lines.joined(separator: "\n"))
  }

  /// The block of a reflection; `nil` when it has no text.
  public func text(reflecting text: String) -> String? {
    text.isEmpty ? nil : delimited("# Relevant Context from Memory\n" + clock + safe(text, indents: false))
  }

  /// Whether a memory gives no line of the block.
  public func isBlank(_ memory: Memory) -> Bool { memory.text.isEmpty && !isDated }

  private func line(_ memory: Memory) -> String {
    var parts = ["[\(memory.type.label)]"]
    if isDated {
      if let time = time(of: memory) { parts.append(time) }
      if let context = memory.context, !context.isEmpty { parts.append("[source: \(safe(context))]") }
    }
    if !memory.text.isEmpty { parts.append(safe(memory.text)) }
    if isDated, !memory.metadata.isEmpty {
      let pairs = memory.metadata.map { safe("\($0.key)=\($0.value)") }
      parts.append("(" + pairs.joined(separator: ", ") + ")")
    }
    return parts.joined(separator: " ")
  }

  private func time(of memory: Memory) -> String? {
    if let start = memory.occurredStart {
      let end = memory.occurredEnd.flatMap { $0 == start ? nil : " to " + Self.written($0) }
      return "(occurred: " + Self.written(start) + (end ?? "") + ")"
    }
    return memory.mentionedAt.map { "(mentioned: " + Self.written($0) + ")" }
  }

  /// `2026-01-10T09:00:00Z`; milliseconds only where there are some.
  private static func written(_ date: Date) -> String {
    let milliseconds = (date.timeIntervalSince1970 * 1_000).rounded()
    let isWhole = milliseconds.truncatingRemainder(dividingBy: 1_000) == 0
    return Date(timeIntervalSince1970: (milliseconds + 0.1) / 1_000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: !isWhole))
  }

  private var clock: String {
    guard isDated else { return "" }
    let stamp = now.formatted(Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .gmt))
    return "Current date/time: " + stamp.replacing("Z", with: "") + " UTC\n"
  }

  // MARK: What a memory must not do

  /// The tag around a delimited block.
  static let tag = "memories"

  private func delimited(_ block: String) -> String {
    switch format {
    case .plain: block
    case .delimited: "<\(Self.tag)>\n\(block)\n</\(Self.tag)>"
    }
  }

  private func safe(_ text: String, indents: Bool = true) -> String {
    let text = indents ? text.indentingLines(by: "   ") : text
    switch format {
    case .plain: return text
    case .delimited:
      return text.replacingOccurrences(
        of: "<(\\s*/?)(?=\\s*\(Self.tag))", with: "&lt;$1", options: [.regularExpression, .caseInsensitive])
    }
  }
}
