import Rearview

/// The models that can be picked and their providers, made ready for looking through them at each letter. Making it
/// takes some milliseconds for thousands of models: it is done where nobody waits.
public struct ModelIndex: Sendable {
  public let models: [ModelDescription]
  private let providers: [String: ProviderStatus]
  /// The names in lower case, one after the other, and where each ends.
  private let bytes: [UInt8]
  private let ends: [Int]
  private let places: [String: Int]
  private let isLacking: [Bool]
  /// More than the rank of any whole match.
  private static let lackingRank = 3

  public init(models: [ModelDescription] = [], providers: [ProviderStatus] = []) {
    var seen: [String: Int] = [:]
    var kept: [ModelDescription] = []
    var bytes: [UInt8] = []
    var ends: [Int] = []
    for model in models where seen[model.name] == nil {
      seen[model.name] = kept.count
      kept.append(model)
      bytes.append(contentsOf: model.name.lowercased().utf8)
      ends.append(bytes.count)
    }
    self.models = kept
    self.bytes = bytes
    self.ends = ends
    places = seen
    let known = Dictionary(providers.map { ($0.id, $0) }) { first, _ in first }
    self.providers = known
    isLacking = kept.map { Self.provider(of: $0, in: known)?.lacks(for: $0) != nil }
  }

  /// Where a model of that name stands.
  func place(of name: String) -> Int? { places[name] }

  /// The provider of a model, by what stands before the slash.
  func provider(of model: ModelDescription) -> ProviderStatus? {
    Self.provider(of: model, in: providers)
  }

  private static func provider(of model: ModelDescription, in known: [String: ProviderStatus]) -> ProviderStatus? {
    model.name.firstIndex(of: "/").flatMap { known[String(model.name[..<$0])] }
  }

  /// What the provider of a model lacks; `nil` when it can be asked. One that answered lacks nothing.
  func lacks(_ model: ModelDescription) -> String? { provider(of: model)?.lacks(for: model) }

  /// The places of models whose names fit, best first; of those that fit equally well, in the order of `order`.
  ///
  /// A whole match that can be asked comes before one whose provider lacks something, and both before scattered letters.
  func matches(_ typed: String, order: [Int]) -> [Int] {
    let rank = FuzzyRank(typed)
    var found: [(rank: Int, order: Int)] = []
    bytes.withUnsafeBufferPointer { bytes in
      for (number, place) in order.enumerated() {
        let start = place == 0 ? 0 : ends[place - 1]
        if let rank = rank.rank(UnsafeBufferPointer(rebasing: bytes[start..<ends[place]])) {
          found.append((isLacking[place] ? rank + Self.lackingRank : rank, number))
        }
      }
    }
    found.sort { ($0.rank, $0.order) < ($1.rank, $1.order) }
    return found.map { order[$0.order] }
  }
}
