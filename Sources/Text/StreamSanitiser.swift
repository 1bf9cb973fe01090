/// Sanitises a stream as `DisplayText.init(_:)` would sanitise the whole of it, wherever it is cut: inside an escape
/// sequence, between CR and LF, between a letter and its accent.
///
///     var sanitiser = StreamSanitiser()
///     for try await piece in answer { message.append(sanitiser.feed(piece)) }
///     message.append(sanitiser.finish())
public struct StreamSanitiser: Sendable {
  private var sanitiser = Sanitiser(mode: .prose)

  public init() {}

  /// How many characters and escape sequences were dropped so far. A sequence counts once it has ended.
  public var hiddenCount: Int { sanitiser.hiddenCount }

  /// The safe text of the next chunk. Its own `hiddenCount` is what this chunk added.
  public mutating func feed(_ chunk: String) -> DisplayText {
    let before = sanitiser.hiddenCount
    sanitiser.feed(chunk)
    return DisplayText(sanitised: sanitiser.takeOutput(), hiddenCount: sanitiser.hiddenCount - before)
  }

  /// Ends the stream: an escape sequence that is still open is dropped and counted.
  public mutating func finish() -> DisplayText {
    let before = sanitiser.hiddenCount
    sanitiser.finish()
    return DisplayText(sanitised: "", hiddenCount: sanitiser.hiddenCount - before)
  }
}
