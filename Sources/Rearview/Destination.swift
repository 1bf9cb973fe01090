import NIOConcurrencyHelpers
import RearviewEngine
import RearviewMemory

/// Where a turn is to be stored. It is written into the queue, so that a turn goes where its own call said, whatever is
/// configured when it goes there.
struct Destination: Hashable, Sendable {
  /// The server's URL; empty for the embedded file.
  var location: String
  /// Tells one key from another, by 32 bits of a hash; empty for none.
  var credential: String

  /// The embedded file of this program's own folder.
  static let embedded = Destination(location: "", credential: "")

  init(location: String, credential: String) {
    self.location = location
    self.credential = credential
  }

  init(_ settings: MemorySettings) {
    guard let url = settings.storeURL else {
      self = .embedded
      return
    }
    location = url
    credential = settings.apiKey.map { String(Fingerprint($0.value).text.prefix(8)) } ?? ""
  }
}

/// The stores that this program has, by where they are.
final class Stores: Sendable {
  private let stores: NIOLockedValueBox<[Destination: any MemoryStore]>

  init(embedded: any MemoryStore) { stores = NIOLockedValueBox([.embedded: embedded]) }

  /// The store at a destination, made by `make` when there is none yet.
  func store(
    at destination: Destination, make: () throws -> any MemoryStore
  ) rethrows -> any MemoryStore {
    try stores.withLockedValue { stores in
      if let store = stores[destination] { return store }
      let store = try make()
      stores[destination] = store
      return store
    }
  }

  /// The store for a turn of the queue, if this program has it: with that key and no other.
  func store(location: String, credential: String) -> (any MemoryStore)? {
    stores.withLockedValue { $0[Destination(location: location, credential: credential)] }
  }
}

/// 128 bits that tell texts apart (FNV-1a with two starts). Not for secrets.
struct Fingerprint: Hashable, Sendable {
  private var first: UInt64 = 0xcbf2_9ce4_8422_2325
  private var second: UInt64 = 0x8422_2325_cbf2_9ce4

  init(_ text: String) {
    for byte in text.utf8 {
      first = (first ^ UInt64(byte)) &* 0x100_0000_01b3
      second = (second ^ UInt64(byte) ^ 0xA5) &* 0x100_0000_01b3
    }
  }

  /// 32 hexadecimal digits.
  var text: String {
    [first, second].map { String(repeating: "0", count: $0.leadingZeroBitCount / 4) + String($0, radix: 16) }.joined()
  }
}
