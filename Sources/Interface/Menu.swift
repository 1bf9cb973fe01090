import RearviewText

/// A list that is filtered as one types.
public struct Menu: Sendable {
  public enum Purpose: Hashable, Sendable {
    case bank, theme, palette
  }

  public struct Item: Hashable, Sendable {
    /// What picking it gives: a name, or a command's name.
    public var value: String
    public var label: DisplayText
    /// Facts at the right.
    public var detail: DisplayText
    public var isCurrent: Bool

    public init(value: String, label: DisplayText, detail: DisplayText = "", isCurrent: Bool = false) {
      self.value = value
      self.label = label
      self.detail = detail
      self.isCurrent = isCurrent
    }
  }

  public var purpose: Purpose
  public var items: [Item]
  public var filter = TextEditor()
  public var selection = 0
  /// Whether more items are on their way.
  public var isLoading: Bool

  public init(_ purpose: Purpose, items: [Item], isLoading: Bool = false) {
    self.purpose = purpose
    self.items = items
    self.isLoading = isLoading
    selection = items.firstIndex(where: \.isCurrent) ?? 0
  }

  public var title: DisplayText {
    switch purpose {
    case .bank: "Bank"
    case .theme: "Theme"
    case .palette: "Commands"
    }
  }

  /// Items whose label holds the letters of the filter in their order, best first; and what was typed itself where a
  /// new name may be given.
  public var shown: [Item] {
    let typed = filter.text.trimmingCharacters(in: .whitespaces)
    guard !typed.isEmpty else { return items }
    let rank = FuzzyRank(typed)
    var ranked = items.enumerated().compactMap { index, item in
      rank.rank(item.label.string).map { (rank: $0, index: index, item: item) }
    }
    ranked.sort { ($0.rank, $0.index) < ($1.rank, $1.index) }
    let found = ranked.map(\.item)
    guard let new = newItem(typed), !items.contains(where: { $0.value == typed }) else { return found }
    return found + [new]
  }

  private func newItem(_ typed: String) -> Item? {
    switch purpose {
    case .bank: Item(value: typed, label: "New bank " + DisplayText(line: typed))
    case .theme, .palette: nil
    }
  }

  mutating func move(by steps: Int) {
    let count = shown.count
    selection = count == 0 ? 0 : min(max(0, selection + steps), count - 1)
  }

  var selected: Item? {
    let shown = shown
    return shown.indices.contains(selection) ? shown[selection] : nil
  }
}
