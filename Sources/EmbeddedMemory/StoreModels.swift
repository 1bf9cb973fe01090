import RearviewChat

/// The models that a store works with; they can be changed while the store is in use.
struct StoreModels: Sendable {
  var reflect: (any ChatModel)?
  var vectors: QuestionEmbedding?
}
