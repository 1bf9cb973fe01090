/// A model that turns texts into vectors, so that texts of like meaning lie close to each other.
public protocol EmbeddingModel: Sendable {
  /// The full name (`openai/text-embedding-3-small`). Vectors of different names are never compared.
  var name: String { get }

  /// One vector for each text, in the order of the texts, all of the same dimension. Their lengths mean nothing.
  ///
  /// - Parameter use: What the vectors are for; some models are told.
  /// - Throws: `ChatModelError`, or `CancellationError` when cancelled.
  func embed(_ texts: [String], for use: EmbeddingUse) async throws -> [[Float]]
}

/// What a vector is for. Models that tell them apart find the documents of a query better.
public enum EmbeddingUse: Sendable {
  /// To search with.
  case query
  /// To be found.
  case document
}
