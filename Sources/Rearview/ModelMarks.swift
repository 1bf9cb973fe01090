import Foundation
import RearviewJSON

/// What a person marked in the list of models: favourites, in the order in which they became that, and those that were
/// used last, newest first.
public struct ModelMarks: Hashable, Sendable {
  public var favourites: [String]
  public var recent: [String]

  /// How many of the models that were used last are kept.
  static let recentLimit = 12

  public init(favourites: [String] = [], recent: [String] = []) {
    self.favourites = favourites
    self.recent = recent
  }

  public mutating func setFavourite(_ model: String, _ isFavourite: Bool) {
    guard favourites.contains(model) != isFavourite else { return }
    if isFavourite { favourites.append(model) } else { favourites.removeAll { $0 == model } }
  }

  mutating func noteUse(of model: String) {
    guard recent.first != model else { return }
    recent.removeAll { $0 == model }
    recent.insert(model, at: 0)
    recent = Array(recent.prefix(Self.recentLimit))
  }
}

/// `models.json`, where the marks are kept. What cannot be read counts as no marks: nothing else depends on them.
public struct ModelMarksFile: Sendable {
  private let file: SharedFile

  public init(paths: Paths) { file = SharedFile(path: paths.modelMarksFile) }

  public func read() -> ModelMarks { Self.marks(in: (try? file.read()) ?? nil) }

  /// - Returns: all marks, those that another program has set in the meantime too.
  @discardableResult
  public func setFavourite(_ model: String, _ isFavourite: Bool) throws -> ModelMarks {
    try change { $0.setFavourite(model, isFavourite) }
  }

  /// A model was picked or asked.
  @discardableResult
  public func noteUse(of model: String) throws -> ModelMarks { try change { $0.noteUse(of: model) } }

  private func change(_ change: (inout ModelMarks) -> Void) throws -> ModelMarks {
    var marks = ModelMarks()
    try file.change { text in
      marks = Self.marks(in: text)
      let before = marks
      change(&marks)
      if let text, marks == before { return text }
      return JSONValue.object(
        [
          "favourites": .list(marks.favourites.map(JSONValue.text)), "recent": .list(marks.recent.map(JSONValue.text)),
        ]
      ).written(indent: 2) + "\n"
    }
    return marks
  }

  private static func marks(in text: String?) -> ModelMarks {
    let json = text.flatMap { try? JSONValue(parsing: $0) }
    func names(_ key: String) -> [String] {
      var seen: Set<String> = []
      return (json?[key]?.list ?? []).compactMap(\.text).filter { !$0.isEmpty && seen.insert($0).inserted }
    }
    return ModelMarks(favourites: names("favourites"), recent: names("recent"))
  }
}
