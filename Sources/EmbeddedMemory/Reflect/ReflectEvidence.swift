import RearviewMemory

/// What the tools of a reflection returned, by the short names under which the model knows it.
///
/// A name that no tool returned is known to no one: what a model makes up is not cited.
struct ReflectEvidence: Sendable {
  private(set) var memories: [(name: String, memory: Memory)] = []
  private(set) var mentalModels: [(name: String, model: MentalModel)] = []
  /// Texts around memories, as they were shown.
  private(set) var passages: [String] = []

  var isEmpty: Bool { memories.isEmpty && mentalModels.isEmpty }

  mutating func name(of memory: Memory) -> String {
    if let known = memories.first(where: { $0.memory.id == memory.id }) { return known.name }
    let name = "M\(memories.count + 1)"
    memories.append((name, memory))
    return name
  }

  mutating func name(of model: MentalModel) -> String {
    if let known = mentalModels.first(where: { $0.model.id == model.id }) { return known.name }
    let name = "K\(mentalModels.count + 1)"
    mentalModels.append((name, model))
    return name
  }

  mutating func add(passage: String) { if !passages.contains(passage) { passages.append(passage) } }

  func memory(_ name: String) -> Memory? {
    memories.first { $0.name == name.uppercased() || $0.memory.id == name.lowercased() }?.memory
  }

  func mentalModel(_ name: String) -> MentalModel? {
    mentalModels.first { $0.name == name.uppercased() || $0.model.id == name.lowercased() }?.model
  }
}

/// An answer with what it cites, checked against what was really found.
struct ReflectAnswer: Sendable {
  var text: String
  var memories: [Memory] = []
  var mentalModels: [MentalModel] = []
  /// Names that the model cited and no tool returned.
  var unknown: [String] = []

  /// Names in brackets in the text count as cited, and are taken out of it: a reader cannot look them up.
  init(text: String, cited: [String], evidence: ReflectEvidence) {
    var names = cited.map { $0.filter { !"[]() ".contains($0) } }.filter { !$0.isEmpty }
    self.text = ""
    var rest = text[...]
    while let open = rest.firstIndex(where: { "[(".contains($0) }) {
      let closing: Character = rest[open] == "[" ? "]" : ")"
      guard let close = rest[open...].firstIndex(of: closing) else { break }
      let inside = rest[rest.index(after: open)..<close].split(whereSeparator: { ", ;".contains($0) }).map(String.init)
      if !inside.isEmpty, inside.allSatisfy({ evidence.memory($0) != nil || evidence.mentalModel($0) != nil }) {
        names += inside
        let before = rest[..<open]
        self.text += before.last == " " ? before.dropLast() : before
      } else {
        self.text += rest[...close]
      }
      rest = rest[rest.index(after: close)...]
    }
    self.text += rest
    for name in names {
      if let memory = evidence.memory(name) {
        if !memories.contains(where: { $0.id == memory.id }) { memories.append(memory) }
      } else if let model = evidence.mentalModel(name) {
        if !mentalModels.contains(where: { $0.id == model.id }) { mentalModels.append(model) }
      } else if !unknown.contains(name) {
        unknown.append(name)
      }
    }
  }
}
