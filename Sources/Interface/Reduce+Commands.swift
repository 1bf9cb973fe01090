import Foundation
import Rearview
import RearviewEngine
import RearviewMemory
import RearviewText

extension State {
  /// Carries a command out, wherever it came from.
  mutating func run(_ command: Command) -> [Effect] {
    switch command {
    case .help:
      if case .help = overlays.last { overlays.removeLast() } else { overlays.append(.help(scroll: 0)) }
    case .palette: overlays.append(.menu(palette()))
    case .leader: isLeaderPending = true
    case .nextPane: moveFocus(by: 1)
    case .previousPane: moveFocus(by: -1)
    case .memoryPane: show(.memory)
    case .inspectorPane: show(.inspector)
    case .back: return back()
    case .interrupt: return interrupt()
    case .suspend: return [.suspend]
    case .redraw: return [.redraw]
    case .bankMenu: return openBankMenu()
    case .modelMenu: return openModelMenu()
    case .modelOptions: return [.loadOptions(model: session.model)]
    case .favourite: return markFavourite()
    case .selectedOptions: return openSelectedOptions()
    case .details: changeModelMenu { $0.showsDetails.toggle() }
    case .themeMenu:
      themeBefore = theme
      overlays.append(.menu(Menu(.theme, items: [], isLoading: true)))
      return [.listThemes]
    case .newSession: return newSession()
    case .quit, .endOfInput: return quit()
    case .send: return send()
    case .newline: return insertNewline()
    case .olderPrompt: walkPrompts(by: -1)
    case .newerPrompt: walkPrompts(by: 1)
    case .pageUp: page(by: -1)
    case .pageDown: page(by: 1)
    case .lineUp: scroll(focus, by: -1)
    case .lineDown: scroll(focus, by: 1)
    case .top: toEdge(isTop: true)
    case .bottom: toEdge(isTop: false)
    case .previousTurn: walkTurns(by: -1)
    case .nextTurn: walkTurns(by: 1)
    case .promptView:
      memory.view = memory.view == .memories ? .prompt : .memories
      memory.scroll = 0
    case .open: return openSelected()
    case .filter:
      inspector.isFiltering = true
    case .edit: editSelected()
    case .save:
      if case .options = overlays.last { return saveOptions() }
      return saveEdit()
    case .invalidate: return invalidateSelected()
    case .restore: return restoreSelected()
    case .reload: return reload()
    }
    return []
  }

  // MARK: Going back, stopping, leaving

  mutating func back() -> [Effect] {
    if let overlay = overlays.last {
      overlays.removeLast()
      if case .menu(let menu) = overlay, menu.purpose == .theme, let before = themeBefore {
        theme = before
        themeBefore = nil
        return [.loadTheme(before.name)]
      }
      if case .models(var menu) = overlay, menu.showsDetails {
        menu.showsDetails = false
        overlays.append(.models(menu))
      }
      if case .options(let form) = overlay, form.fields.contains(where: \.isChanged) {
        formDraft = form
        say("Not saved; Ctrl-X o brings it back")
      }
      if case .editor(let form) = overlay, form.text.text != form.memory.text {
        editDraft = form
        say("Not saved; e brings the text back")
      }
      return []
    }
    if focus == .inspector, inspector.isFiltering {
      inspector.isFiltering = false
      if !inspector.filter.isEmpty {
        inspector.filter.clear()
        applyFilter()
      }
      return []
    }
    if focus == .inspector, inspector.view != .banks {
      inspector.view = inspector.view == .detail ? .memories : .banks
      return inspector.view == .banks ? [.loadBanks] : []
    }
    if runningTurn != nil {
      isSendPending = false
      return [.cancelTurn]
    }
    if isWhole {
      isWhole = false
      focus = .composer
    } else if focus != .composer {
      focus = .composer
    }
    return []
  }

  private mutating func interrupt() -> [Effect] {
    if let interruptedAt, now.timeIntervalSince(interruptedAt) < 2 { return quit() }
    interruptedAt = now
    if runningTurn != nil {
      say("Stopped. Ctrl-C again quits", seconds: 2)
      return [.cancelTurn]
    }
    if context == .composer, !composer.isEmpty {
      composer.clear()
      say("Cleared; Ctrl-Y brings it back. Ctrl-C again quits", seconds: 2)
    } else {
      say("Ctrl-C again quits", seconds: 2)
    }
    return []
  }

  private mutating func quit() -> [Effect] {
    isFinished = true
    return [.quit]
  }

  // MARK: Panes

  private mutating func moveFocus(by steps: Int) {
    let order = layout.focusOrder
    let current = order.firstIndex(of: focus) ?? 0
    focus = order[(current + steps + order.count) % order.count]
    inspector.isFiltering = false
  }

  /// Shows a pane and gives it the keyboard; the same key again goes back to the composer.
  private mutating func show(_ pane: Pane) {
    let isOne = layout.columns == .one
    if focus == pane, !isOne || isWhole {
      focus = .composer
      isWhole = false
    } else {
      right = pane
      isWhole = isOne
      focus = pane
    }
  }

  private mutating func page(by pages: Int) {
    let pane = focus == .composer ? .chat : focus
    let rows = max(1, (layout.body(of: pane) ?? layout.header).rows - 1)
    scroll(pane, by: pages * rows)
  }

  private mutating func toEdge(isTop: Bool) {
    switch focus {
    case .composer, .chat: chat.anchor = isTop && !turns.isEmpty ? ChatScroll.Anchor(turn: 0, line: 0) : nil
    case .memory: memory.scroll = isTop ? 0 : 1_000_000_000
    case .inspector:
      // More rows than any list or text has.
      moveInInspector(by: isTop ? -1_000_000_000 : 1_000_000_000)
    }
  }

  /// Shows the record of another turn, in the memory pane and in the chat.
  private mutating func walkTurns(by steps: Int) {
    guard let shown = shownTurn else { return }
    let target = min(max(0, shown + steps), turns.count - 1)
    memory.turn = target == turns.count - 1 ? nil : target
    memory.scroll = 0
    if focus == .chat { chat.anchor = memory.turn.map { ChatScroll.Anchor(turn: $0, line: 0) } }
  }

  // MARK: Session

  private mutating func insertNewline() -> [Effect] {
    if case .editor(var form) = overlays.last {
      form.text.insert("\n")
      overlays[overlays.count - 1] = .editor(form)
    } else {
      composer.insert("\n")
    }
    return []
  }

  private mutating func send() -> [Effect] {
    guard !composer.text.allSatisfy(\.isWhitespace) else { return [] }
    guard runningTurn == nil else {
      isSendPending = true
      say("It is sent when the answer is complete; Esc stops the answer")
      return []
    }
    return sendNow()
  }

  mutating func sendNow() -> [Effect] {
    let text = composer.text
    isSendPending = false
    composer.replace(with: "")
    promptIndex = nil
    draft = TextEditor()
    chat.anchor = nil
    memory.turn = nil
    memory.scroll = 0
    runningTurn = ""
    toast = nil
    return [.send(question: text)]
  }

  private mutating func newSession() -> [Effect] {
    // An answer that is still coming goes on to its end in the session that it belongs to.
    runningTurn = nil
    isSendPending = false
    session = Session(bankID: session.bankID, model: session.model, now: now)
    turns = []
    chat = ChatScroll()
    memory = MemoryPane()
    focus = .composer
    isWhole = false
    say("New session", isDone: true)
    return [.newSession]
  }

  // MARK: Menus

  private mutating func openBankMenu() -> [Effect] {
    let items = (inspector.banks ?? []).map { Menu.Item($0, current: session.bankID) }
    overlays.append(.menu(Menu(.bank, items: items, isLoading: inspector.banks == nil)))
    return [.loadBanks]
  }

  private func palette() -> Menu {
    var seen: Set<Command> = [.palette, .back, .leader, .send, .save, .endOfInput, .interrupt, .newline]
    let here = context
    let possible = KeyTable.bindings.filter { binding in
      (binding.contexts.contains(here) || binding.contexts.contains(.composer)) && seen.insert(binding.command).inserted
    }
    // What has a place of its own in the palette first, keys that only move last.
    let moves: Set<Command> = [
      .nextPane, .previousPane, .pageUp, .pageDown, .lineUp, .lineDown, .top, .bottom, .olderPrompt, .newerPrompt,
    ]
    let ordered =
      possible.filter { $0.chords.contains(where: \.isLeader) }
      + possible.filter { !$0.chords.contains(where: \.isLeader) && !moves.contains($0.command) }
      + possible.filter { moves.contains($0.command) }
    let items = ordered.map { binding in
      Menu.Item(
        value: binding.command.rawValue, label: binding.help,
        detail: binding.chords.first.map { DisplayText($0.written) } ?? "")
    }
    return Menu(.palette, items: items)
  }

  mutating func typeInMenu(_ press: KeyPress) -> [Effect] {
    guard case .menu(var menu) = overlays.last else { return [] }
    switch press {
    case KeyPress(.enter): return pick(menu)
    case KeyPress(.up), KeyPress(.character("k"), .control), KeyPress(.character("p"), .control): menu.move(by: -1)
    case KeyPress(.down), KeyPress(.character("j"), .control), KeyPress(.character("n"), .control): menu.move(by: 1)
    case KeyPress(.pageUp): menu.move(by: -10)
    case KeyPress(.pageDown): menu.move(by: 10)
    default:
      let before = menu.filter.text
      menu.filter.type(press)
      if menu.filter.text != before { menu.selection = 0 }
    }
    overlays[overlays.count - 1] = .menu(menu)
    if menu.purpose == .theme, let name = menu.selected?.value, name != theme.name { return [.loadTheme(name)] }
    return []
  }

  private mutating func pick(_ menu: Menu) -> [Effect] {
    guard let item = menu.selected else { return [] }
    overlays.removeLast()
    switch menu.purpose {
    case .palette:
      guard let command = Command(rawValue: item.value) else { return [] }
      let belongsHere = KeyTable.bindings.contains { $0.command == command && $0.contexts.contains(context) }
      if !belongsHere { focus = .composer }
      return run(command)
    case .theme:
      themeBefore = nil
      return [.loadTheme(item.value)]
    case .bank: return use(bankID: item.value)
    }
  }

  mutating func use(bankID: String) -> [Effect] {
    session.bankID = bankID
    storeStatus.memoryCount = inspector.banks?.first { $0.id == bankID }?.memoryCount ?? 0
    if inspector.list.bankID != bankID {
      inspector.list = MemoryList(bankID: bankID)
      inspector.filter.clear()
    }
    if inspector.view == .detail { inspector.view = .memories }
    say("Bank " + DisplayText(line: bankID), isDone: true)
    return [.useBank(bankID)]
  }
}

extension Menu.Item {
  init(_ bank: Bank, current: String) {
    self.init(
      value: bank.id, label: DisplayText(line: bank.id), detail: count(bank.memoryCount, "memory", "memories"),
      isCurrent: bank.id == current)
  }
}
