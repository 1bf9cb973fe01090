import Foundation
import Rearview
import RearviewEngine
import RearviewMemory
import RearviewText

/// Takes in what happened and says what is to be done. The only place where the state changes.
public func reduce(_ state: inout State, _ action: Action) -> [Effect] {
  var effects: [Effect] = []
  switch action {
  case .input(let input):
    let (before, wasPending) = (state.composerVersion, state.isSendPending)
    effects = state.take(input)
    // Who goes on writing has not finished the message.
    if wasPending, state.isSendPending, state.composerVersion != before {
      state.isSendPending = false
      state.say("Enter sends it")
    }
  case .tick(let now): state.now = now
  case .turn(let id, let event): effects = state.take(event, ofTurn: id)
  case .banks(let result): state.take(banks: result)
  case .models(let models, let isComplete): state.take(models, isComplete: isComplete)
  case .marks(let marks): state.marks = marks
  case .described(let models): for (name, model) in models { state.descriptions[name] = model }
  case .options(let model, let result): state.take(options: result, of: model)
  case .optionsSaved(let model, let result): state.take(saved: result, of: model)
  case .page(let request, let number, let result):
    state.take(page: result, number: number, request: request)
  case .memoryChanged(let result, let done):
    state.take(changed: result, done: done)
  case .storage(let turnID, let storage): state.take(storage, ofTurn: turnID)
  case .waiting(let count): state.storeStatus.waiting = count
  case .theme(.success(let theme)):
    // A preview that comes after another was asked for would undo it.
    if state.wantedTheme == nil || state.wantedTheme == theme.name { state.theme = theme }
  case .theme(.failure(let failure)): state.say(DisplayText(line: failure.text), isError: true)
  case .model(.success(let name)):
    state.session.model = name
    state.modelHint = nil
    state.say("Model " + DisplayText(line: name), isDone: true)
    effects = state.describe([name])
  case .model(.failure(let failure)): state.say(DisplayText(line: failure.text), isError: true)
  case .themes(let names):
    if case .menu(var menu) = state.overlays.last, menu.purpose == .theme {
      let current = (state.themeBefore ?? state.theme).name
      menu = Menu(
        .theme, items: names.map { Menu.Item(value: $0, label: DisplayText(line: $0), isCurrent: $0 == current) })
      state.overlays[state.overlays.count - 1] = .menu(menu)
    }
  case .notice(let text, let isError): state.say(text, isError: isError)
  }
  if let until = state.toast?.until, until <= state.now { state.toast = nil }
  state.layOutComposer()
  effects += state.fetchWhatIsSeen()
  for case .loadTheme(let name) in effects { state.wantedTheme = name }
  return effects
}

extension State {
  mutating func say(_ text: DisplayText, isError: Bool = false, isDone: Bool = false, seconds: Double = 4) {
    toast = Toast(
      text: text, isError: isError, isDone: isDone, until: now.addingTimeInterval(isError ? 12 : seconds))
  }

  /// A pane that had the keyboard keeps it when the screen becomes too narrow for all: it is shown whole.
  private mutating func keepFocusInSight() {
    guard focus == .memory || focus == .inspector else { return }
    right = focus
    isWhole = layout.columns == .one
  }

  /// When the screen changes by itself: a spinner's second, the end of a toast.
  public var nextTick: Date? {
    let second = runningTurn == nil ? nil : now.addingTimeInterval(1)
    return [second, toast?.until].compactMap(\.self).min()
  }

  // MARK: Input

  mutating func take(_ input: InputEvent) -> [Effect] {
    switch input {
    case .key(let press): return take(press)
    case .paste(let text):
      insert(text)
      return []
    case .resize(let size):
      self.size = size
      keepFocusInSight()
      return []
    case .focus: return []
    case .scroll(let rows, let position):
      let pane = layout.panes.first { $0.value.contains(position) }?.key
      if let pane, overlays.isEmpty { scroll(pane, by: rows) }
      return []
    case .click(let position):
      guard overlays.isEmpty else { return [] }
      if layout.composer.contains(position) { focus = .composer }
      if let pane = layout.panes.first(where: { $0.value.contains(position) })?.key { focus = pane }
      return []
    }
  }

  private mutating func take(_ press: KeyPress) -> [Effect] {
    if press != KeyPress(.character("c"), .control) { interruptedAt = nil }
    // What was said is read by the time of the next key; an error stays its time.
    if let toast, !toast.isError { self.toast = nil }
    if isTooSmall, press != KeyPress(.character("c"), .control) { return [] }
    if isLeaderPending {
      isLeaderPending = false
      if case .character(let character) = press.key, press.modifiers.subtracting(.control).isEmpty,
        let command = KeyTable.command(afterLeader: character)
      {
        return run(command)
      }
      if press != KeyPress(.escape) { say("Ctrl-X " + DisplayText(press.written) + " does nothing") }
      return []
    }
    let context = context
    if let command = KeyTable.command(for: press, in: context), let effects = tryRun(command, press, in: context) {
      return effects
    }
    return type(press, in: context)
  }

  /// - Returns: `nil` when the key means something else here after all.
  private mutating func tryRun(_ command: Command, _ press: KeyPress, in context: Context) -> [Effect]? {
    switch command {
    case .endOfInput where !composer.isEmpty: return nil
    case .back: return back()
    default: return run(command)
    }
  }

  private mutating func type(_ press: KeyPress, in context: Context) -> [Effect] {
    switch context {
    case .composer:
      if press == KeyPress(.up) { return verticalMove(-1) }
      if press == KeyPress(.down) { return verticalMove(1) }
      composer.type(press)
    case .filter:
      if press == KeyPress(.down) || press == KeyPress(.up) {
        inspector.isFiltering = false
        return []
      }
      inspector.filter.type(press)
      applyFilter()
    case .menu: return typeInMenu(press)
    case .models: return typeInModels(press)
    case .options: typeInOptions(press)
    case .editor:
      guard case .editor(var form) = overlays.last else { return [] }
      let width = EditorView.textWidth(in: size)
      switch press {
      case KeyPress(.up): _ = form.text.moveVertically(by: -1, width: width)
      case KeyPress(.down): _ = form.text.moveVertically(by: 1, width: width)
      case KeyPress(.enter): form.text.insert("\n")
      default: form.text.type(press)
      }
      overlays[overlays.count - 1] = .editor(form)
    case .help:
      guard case .help(let scroll) = overlays.last else { return [] }
      let step: [KeyPress.Key: Int] = [
        .down: 1, .up: -1, .pageDown: size.rows - 4, .pageUp: 4 - size.rows, .character("j"): 1, .character("k"): -1,
        .home: -10_000, .end: 10_000, .character(" "): size.rows - 4,
      ]
      if press.key == .character("q") {
        overlays.removeLast()
      } else if let step = step[press.key] {
        overlays[overlays.count - 1] = .help(scroll: HelpView.clamped(scroll + step, in: size))
      }
    case .chat, .memory, .banks, .memories, .detail: break
    }
    return []
  }

  private mutating func insert(_ text: String) {
    switch context {
    case .composer: composer.insert(text)
    case .filter:
      inspector.filter.insert(text.oneLine)
      applyFilter()
    case .editor:
      if case .editor(var form) = overlays.last {
        form.text.insert(text)
        overlays[overlays.count - 1] = .editor(form)
      }
    case .menu:
      if case .menu(var menu) = overlays.last {
        menu.filter.insert(text.oneLine)
        menu.selection = 0
        overlays[overlays.count - 1] = .menu(menu)
      }
    case .models: changeModelMenu { menu in menu.edit { $0.insert(text.oneLine) } }
    case .options:
      changeOptions { form in
        let isLong = form.fields[form.selection].isLong
        form.edit { $0.insert(isLong ? text : text.oneLine) }
      }
    case .help: break
    case .chat, .memory, .banks, .memories, .detail:
      // A paste is meant for the message, wherever the focus is.
      focus = .composer
      composer.insert(text)
    }
  }

  private mutating func verticalMove(_ rows: Int) -> [Effect] {
    if !composer.moveVertically(by: rows, width: composerWidth) { walkPrompts(by: rows) }
    return []
  }

  /// Walks through the questions of this session; what was being typed comes back at the end.
  mutating func walkPrompts(by steps: Int) {
    let questions = turns.map(\.record.question)
    guard !questions.isEmpty else { return }
    let current = promptIndex ?? questions.count
    let target = current + steps
    guard target >= 0, target <= questions.count, target != current else { return }
    if promptIndex == nil { draft = composer }
    promptIndex = target == questions.count ? nil : target
    composer = promptIndex.map { TextEditor(questions[$0]) } ?? draft
  }

  mutating func scroll(_ pane: Pane, by rows: Int) {
    switch pane {
    case .composer, .chat: scrollChat(by: rows)
    case .memory: memory.scroll = max(0, memory.scroll + rows)
    case .inspector: moveInInspector(by: rows)
    }
  }
}

extension String {
  /// Line ends as blanks, for fields of one line.
  fileprivate var oneLine: String { String(map { $0.isNewline ? " " : $0 }) }
}

extension TextEditor {
  /// Takes a key: a change of the text, or a character.
  mutating func type(_ press: KeyPress) {
    if let edit = KeyTable.edits[press] {
      apply(edit)
    } else if case .character(let character) = press.key, press.modifiers.subtracting(.shift).isEmpty {
      insert(String(character))
    }
  }
}
