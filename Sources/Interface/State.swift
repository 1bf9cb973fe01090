import Foundation
import Rearview
import RearviewChat
import RearviewEngine
import RearviewMemory
import RearviewText

/// Everything that the screen shows.
public struct State: Sendable {
  public var size: Size
  public var theme: Theme
  public var now: Date
  public var focus = Pane.composer
  /// What the right pane of two columns shows; in one column, what is shown whole while `isWhole`.
  public var right = Pane.memory
  public var isWhole = false
  public var composer = TextEditor() {
    didSet { composerVersion += 1 }
  }
  /// Changes with the composer, so that what was laid out can be kept until then.
  private(set) var composerVersion = 0
  /// Where the reader walks through older questions; `nil` when typing something new.
  var promptIndex: Int?
  /// What was being typed before that.
  var draft = TextEditor()

  public var session: Session
  public var turns: [ChatTurn] = []
  /// The turn that is under way.
  public var runningTurn: String?
  /// Whether what is typed goes out as soon as the answer is complete.
  var isSendPending = false
  public var chat = ChatScroll()
  public var memory = MemoryPane()
  public var inspector = Inspector()
  public var overlays: [Overlay] = []
  public var isLeaderPending = false
  /// The models that can be picked, as they were last told.
  public var models = ModelIndex()
  public var marks = ModelMarks()
  /// What the table has on the models of this session; `nil` for one that it does not know.
  var descriptions: [String: ModelDescription?] = [:]
  public var toast: Toast?
  /// When Ctrl-C was pressed; a second one within two seconds quits.
  var interruptedAt: Date?
  public var storeStatus = StoreStatus()
  /// What to say in an empty chat about the model.
  public var modelHint: DisplayText?
  /// Counts requests for lists, so that an answer that was overtaken is dropped.
  var lastRequest = 0
  /// The theme to go back to when the theme menu is left.
  var themeBefore: Theme?
  /// The theme that was asked for last; others that come are too late.
  var wantedTheme: String?
  public var isFinished = false
  var laidOutPrompt: LaidOut<PromptKey>?
  var laidOutMemories: LaidOut<MemoryKey>?
  private var laidOutComposer: (version: Int, width: Int, rows: [Range<Int>])?
  /// An edit that was left without saving; it comes back when the same memory is edited again.
  var editDraft: MemoryEditor?
  /// Parameters that were left without saving; they come back when the form of the same model opens again.
  var formDraft: ModelForm?

  public init(size: Size, theme: Theme, session: Session, now: Date, modelHint: DisplayText? = nil) {
    self.size = size
    self.theme = theme
    self.session = session
    self.now = now
    self.modelHint = modelHint
  }

  /// Where everything stands now.
  public var layout: Layout {
    Layout(size: size, composerRows: composerRows.count, right: right, isWhole: isWhole)
  }

  /// The rows of what is typed. A long text is laid out once for each change, not once for each frame.
  var composerRows: [Range<Int>] {
    if let laidOutComposer, laidOutComposer.version == composerVersion, laidOutComposer.width == composerWidth {
      return laidOutComposer.rows
    }
    return composer.rows(width: composerWidth)
  }

  mutating func layOutComposer() {
    laidOutComposer = (composerVersion, composerWidth, composerRows)
  }

  var composerWidth: Int { max(2, size.columns - 4) }

  public var isTooSmall: Bool { size.columns < Layout.smallest.columns || size.rows < Layout.smallest.rows }

  /// Where the keyboard is.
  public var context: Context {
    if let overlay = overlays.last {
      switch overlay {
      case .menu: return .menu
      case .models: return .models
      case .options: return .options
      case .help: return .help
      case .editor: return .editor
      }
    }
    switch focus {
    case .composer: return .composer
    case .chat: return .chat
    case .memory: return .memory
    case .inspector:
      switch inspector.view {
      case .banks: return .banks
      case .memories: return inspector.isFiltering ? .filter : .memories
      case .detail: return .detail
      }
    }
  }

  /// The turn that the memory pane shows.
  var shownTurn: Int? {
    guard !turns.isEmpty else { return nil }
    return min(memory.turn ?? turns.count - 1, turns.count - 1)
  }

  var runningIndex: Int? { runningTurn.flatMap { id in turns.lastIndex { $0.id == id } } }

  /// Tokens of the session: the provider's where it told them, else estimates.
  var tokens: (count: Int, isEstimate: Bool) {
    (turns.reduce(0) { $0 + $1.tokens }, turns.contains { $0.record.answer.usage == nil })
  }
}

extension State {
  /// Asks what is known of the models of the session, each once. To be run at the start; later models are asked for
  /// as they come.
  public mutating func describeModels() -> [Effect] {
    describe([session.model] + turns.map { $0.record.answeringModel })
  }

  mutating func describe(_ models: [String]) -> [Effect] {
    let missing = Set(models).filter { descriptions[$0] == nil }
    for name in missing { descriptions[name] = .some(nil) }
    return missing.isEmpty ? [] : [.describe(missing.sorted())]
  }

  /// What the session cost by the table; `nil` where a model has no price, or nothing was answered yet.
  var cost: Double? {
    var sum = 0.0
    var isAny = false
    for turn in turns {
      let answer = turn.record.answer
      guard answer.usage != nil || answer.state == .complete || answer.state == .cut else { continue }
      guard let model = descriptions[turn.record.answeringModel] ?? nil, let cost = model.cost(of: turn.usage) else {
        return nil
      }
      sum += cost
      isAny = true
    }
    return isAny ? sum : nil
  }

  /// How much of the model's context the last turn took; `nil` where one of the two is unknown.
  var contextUse: (share: Double, window: Int)? {
    guard let window = (descriptions[session.model] ?? nil)?.contextWindow, window > 0,
      let last = turns.last(where: { [.complete, .cut].contains($0.record.answer.state) })
    else { return nil }
    return (Double(last.usage.inputTokens + last.usage.outputTokens) / Double(window), window)
  }
}

extension TurnRecord {
  /// The model that answered, or was to answer.
  var answeringModel: String { answer.answeredBy ?? model }
}

/// Where the chat pane stands.
public struct ChatScroll: Hashable, Sendable {
  /// The line on top: a turn and a line of it. `nil` follows the end.
  public var anchor: Anchor?

  public struct Anchor: Hashable, Sendable {
    public var turn: Int
    public var line: Int
  }
}

/// What the memory pane shows.
public struct MemoryPane: Hashable, Sendable {
  public enum View: Hashable, Sendable {
    case memories, prompt
  }
  public var view = View.memories
  /// The turn whose record is shown; `nil` for the last one.
  public var turn: Int?
  public var scroll = 0
}

/// A line that says for some seconds what was done.
public struct Toast: Hashable, Sendable {
  public var text: DisplayText
  public var isError: Bool
  /// Whether it tells of something that was done, and not of something to know.
  public var isDone: Bool
  public var until: Date
}

/// How the memory store does.
public struct StoreStatus: Hashable, Sendable {
  /// Valid memories of the bank, as last told.
  public var memoryCount: Int?
  /// Turns in the queue that the store did not take yet.
  public var waiting = 0
  /// What failed last, until something works again.
  public var error: DisplayText?

  public init() {}
}

/// Something drawn over the panes; the last one has the keyboard.
public enum Overlay: Sendable {
  case menu(Menu)
  case models(ModelMenu)
  case options(ModelForm)
  case help(scroll: Int)
  case editor(MemoryEditor)
}

/// The form that changes a memory's text.
public struct MemoryEditor: Hashable, Sendable {
  public var memory: Memory
  public var text: TextEditor
  public var scroll = 0
}
