import RearviewChat

/// The model that a store reflects with; it can be changed while the store is in use.
actor ModelSlot {
  private(set) var reflect: (any ChatModel)?

  func set(reflect model: (any ChatModel)?) { reflect = model }
}
