import Foundation
import Rearview
import RearviewText

/// The menu of models: favourites first, then those that were used last, those that are there, and the table; one list
/// without headings, best first, while something is typed.
public struct ModelMenu: Sendable {
  enum Group: Hashable, Sendable {
    case favourites, recent, present, table, lacking
  }

  enum Row: Hashable, Sendable {
    case heading(Group)
    /// A place of the index.
    case model(Int)
    /// A name that is in no list.
    case typed
  }

  private(set) var index: ModelIndex
  private(set) var marks: ModelMarks
  private let current: String
  public var filter = TextEditor()
  private(set) var rows: [Row] = []
  /// A row of `rows`; never a heading, where there is anything else.
  private(set) var selection = 0
  /// Whether more models are on their way.
  var isLoading: Bool
  /// Whether all that is known of the selected model is shown in place of the list.
  var showsDetails = false {
    didSet { detailScroll = 0 }
  }
  /// Lines of the details above the first one in sight.
  var detailScroll = 0
  /// Places of the index in the order of the groups.
  private var order: [Int] = []
  private var headings: [(group: Group, count: Int)] = []

  init(index: ModelIndex, marks: ModelMarks, current: String, isLoading: Bool) {
    self.index = index
    self.marks = marks
    self.current = current
    self.isLoading = isLoading
    group()
    list()
    select(current)
  }

  // MARK: Rows

  private mutating func group() {
    var groups: [Group: [Int]] = [:]
    var taken: Set<Int> = []
    for name in marks.favourites {
      if let place = index.place(of: name), taken.insert(place).inserted {
        groups[.favourites, default: []].append(place)
      }
    }
    for name in marks.recent {
      if let place = index.place(of: name), taken.insert(place).inserted { groups[.recent, default: []].append(place) }
    }
    for (place, model) in index.models.enumerated() where !taken.contains(place) {
      let group: Group =
        model.origin != .table || model.name == current
        ? .present : index.lacks(model) == nil ? .table : .lacking
      groups[group, default: []].append(place)
    }
    let present: [Group] = [.favourites, .recent, .present, .table, .lacking].filter { groups[$0] != nil }
    headings = present.map { ($0, groups[$0]?.count ?? 0) }
    order = present.flatMap { groups[$0] ?? [] }
  }

  private mutating func list() {
    rows = []
    rows.reserveCapacity(order.count + headings.count)
    let typed = typed
    guard !typed.isEmpty else {
      var start = 0
      for (group, count) in headings {
        rows.append(.heading(group))
        rows += order[start..<(start + count)].map(Row.model)
        start += count
      }
      return
    }
    rows += index.matches(typed, order: order).map(Row.model)
    if typed.contains("/"), index.place(of: typed) == nil { rows.append(.typed) }
  }

  /// What is typed, without blanks around it.
  var typed: String { filter.text.trimmingCharacters(in: .whitespaces) }

  /// Takes in models that came later, or other marks; the selected model stays selected.
  mutating func take(_ index: ModelIndex, isComplete: Bool) {
    let name = selectedName
    self.index = index
    isLoading = !isComplete
    group()
    list()
    select(name ?? current)
  }

  // MARK: Selection

  private mutating func select(_ name: String) {
    let row = index.place(of: name).flatMap { place in rows.firstIndex(of: .model(place)) }
    selection = row ?? rows.firstIndex { !$0.isHeading } ?? 0
  }

  var selected: Row? { rows.indices.contains(selection) && !rows[selection].isHeading ? rows[selection] : nil }

  var selectedModel: ModelDescription? {
    if case .model(let place) = selected { return index.models[place] }
    return nil
  }

  var selectedName: String? {
    switch selected {
    case .model(let place): index.models[place].name
    case .typed: typed
    case .heading, nil: nil
    }
  }

  mutating func move(by steps: Int) {
    guard !rows.isEmpty else { return }
    let target = min(max(0, selection + steps), rows.count - 1)
    let forward = (target..<rows.count).first { !rows[$0].isHeading }
    let backward = (0...target).last { !rows[$0].isHeading }
    selection = (steps < 0 ? backward ?? forward : forward ?? backward) ?? selection
  }

  /// Changes what is typed.
  mutating func edit(_ change: (inout TextEditor) -> Void) {
    let before = typed
    change(&filter)
    guard typed != before else { return }
    showsDetails = false
    group()
    list()
    selection = rows.firstIndex { !$0.isHeading } ?? 0
    if typed.isEmpty { select(current) }
  }

  // MARK: Marks

  func isFavourite(_ name: String) -> Bool { marks.favourites.contains(name) }

  func isCurrent(_ name: String) -> Bool { name == current }

  /// The rows stay where they are until the menu is filtered or opened again: nothing jumps away under the reader.
  mutating func setFavourite(_ name: String, _ isFavourite: Bool) { marks.setFavourite(name, isFavourite) }
}

extension ModelMenu.Row {
  var isHeading: Bool {
    if case .heading = self { return true }
    return false
  }
}
