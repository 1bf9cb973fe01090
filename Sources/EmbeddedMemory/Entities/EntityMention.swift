/// What an entity is, as far as a rule can tell.
enum EntityKind: String, Sendable, CaseIterable {
  case person, animal
  /// A name of somebody or something.
  case name
  /// The title of a work: "The Hobbit" in quotation marks, 『雪国』.
  case title
  case handle, tag, path, url, email, version
  /// A word of a program: `camelCase`, `snake_case`, `CONSTANT_CASE`.
  case identifier
}

/// An entity that a text mentions.
struct EntityMention: Hashable, Sendable {
  /// As it is written, without a possessive.
  var name: String
  /// The same for every spelling of the name (`EntityName.norm`).
  var norm: String
  var kind: EntityKind
  /// What the text also calls it: "my sister".
  var aliases: [String] = []
}
