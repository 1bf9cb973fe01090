import RearviewMemory

/// The inspector: banks, a bank's memories, one memory.
public struct Inspector: Hashable, Sendable {
  public enum View: Hashable, Sendable {
    case banks, memories, detail
  }
  public var view = View.banks
  public var banks: [Bank]?
  var isLoadingBanks = false
  public var bankSelection = 0
  public var list = MemoryList(bankID: "")
  public var isFiltering = false
  public var filter = TextEditor()
  public var detail: Memory?
  public var detailScroll = 0
  public var error: String?

  public init() {}
}

/// A window of a bank's memories, newest first: a few pages around the selection, however long the bank is.
public struct MemoryList: Hashable, Sendable {
  static let pageSize = 100
  /// Pages kept at once.
  static let windowPages = 3

  struct Page: Hashable, Sendable {
    var memories: [Memory]
  }

  public var bankID: String
  public var filter = ""
  /// `cursors[n]` is where page `n` begins; as many as were seen, and one more while there is another page.
  var cursors: [String?] = [nil]
  /// The page number of `pages[0]`.
  var firstPage = 0
  var pages: [Page] = []
  /// Counted from the beginning of the bank.
  public var selection = 0
  /// The page that was asked for.
  var loadingPage: Int?
  var request = 0
  /// Whether something was retained since it was read.
  var isStale = false
  /// Rows of the list before, shown until the first page is there.
  var shownMeanwhile: [Memory] = []
  /// Enter came before the list did: its selected memory opens once it is there.
  var opensWhenLoaded = false

  public init(bankID: String, filter: String = "") {
    self.bankID = bankID
    self.filter = filter
  }

  /// The row number of the first memory of the window.
  var firstRow: Int { firstPage * Self.pageSize }
  var rowCount: Int { pages.reduce(0) { $0 + $1.memories.count } }
  var hasMore: Bool { cursors.count > firstPage + pages.count }
  public var isLoaded: Bool { !pages.isEmpty }

  public func memory(atRow row: Int) -> Memory? {
    let offset = row - firstRow
    guard offset >= 0 else { return nil }
    let page = offset / Self.pageSize
    guard pages.indices.contains(page), pages[page].memories.indices.contains(offset % Self.pageSize) else {
      return nil
    }
    return pages[page].memories[offset % Self.pageSize]
  }

  public var selected: Memory? { memory(atRow: selection) }

  /// The page to fetch so that rows around the selection are there; `nil` when they are.
  func wantedPage(margin: Int) -> Int? {
    guard loadingPage == nil else { return nil }
    if pages.isEmpty { return 0 }
    if selection + margin >= firstRow + rowCount, hasMore { return firstPage + pages.count }
    if selection - margin < firstRow, firstPage > 0 { return firstPage - 1 }
    return nil
  }

  mutating func accept(_ page: MemoryPage, number: Int) {
    loadingPage = nil
    shownMeanwhile = []
    if pages.isEmpty {
      firstPage = number
      pages = [Page(memories: page.memories)]
    } else if number == firstPage + pages.count {
      pages.append(Page(memories: page.memories))
      if pages.count > Self.windowPages {
        pages.removeFirst()
        firstPage += 1
      }
    } else if number == firstPage - 1 {
      pages.insert(Page(memories: page.memories), at: 0)
      firstPage = number
      if pages.count > Self.windowPages { pages.removeLast() }
    }
    if cursors.count == number + 1, let next = page.next { cursors.append(next) }
    selection = min(selection, max(0, firstRow + rowCount - 1))
  }

  mutating func replace(_ memory: Memory) {
    for page in pages.indices {
      for index in pages[page].memories.indices where pages[page].memories[index].id == memory.id {
        pages[page].memories[index] = memory
      }
    }
  }

  mutating func move(to row: Int) {
    opensWhenLoaded = false
    selection = min(max(0, row), max(0, firstRow + rowCount - 1))
  }
}
