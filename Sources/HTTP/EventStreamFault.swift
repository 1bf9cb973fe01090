/// Why bytes are no `application/vnd.amazon.eventstream`. Nothing after such a place can be read.
public enum EventStreamFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// The checksum of a message, or of its first eight bytes, is not that of its bytes.
  case wrongChecksum
  /// A message says that it, or its headers, are longer than allowed or than fits.
  case wrongLength
  /// The headers of a message do not follow the format.
  case wrongHeader
  /// The stream ended this many bytes into a message.
  case cut(bytes: Int)

  public var description: String {
    switch self {
    case .wrongChecksum: "a message of the event stream was damaged: its checksum is wrong"
    case .wrongLength: "a message of the event stream has a length that cannot be"
    case .wrongHeader: "a message of the event stream has a header that cannot be read"
    case .cut(let bytes): "the event stream ended \(bytes) bytes into a message"
    }
  }
}
