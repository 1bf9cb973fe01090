import Foundation
import Rearview
import RearviewMemory
import RearviewText

extension State {
  /// Whether the inspector is on the screen.
  var isInspectorSeen: Bool { layout.panes[.inspector] != nil }

  /// Asks for the lists that the screen shows and the state does not hold.
  mutating func fetchWhatIsSeen() -> [Effect] {
    guard isInspectorSeen, inspector.error == nil else { return [] }
    switch inspector.view {
    case .banks:
      guard inspector.banks == nil, !inspector.isLoadingBanks else { return [] }
      inspector.isLoadingBanks = true
      return [.loadBanks]
    case .memories:
      // While one reads further down, the list stays as it is.
      if inspector.list.isStale, inspector.list.selection == 0 {
        let list = inspector.list
        inspector.list = MemoryList(bankID: list.bankID, filter: list.filter)
        inspector.list.shownMeanwhile = list.pages.first?.memories ?? []
      }
      let rows = layout.body(of: .inspector)?.rows ?? 0
      guard let number = inspector.list.wantedPage(margin: rows), number < inspector.list.cursors.count else {
        return []
      }
      lastRequest += 1
      inspector.list.loadingPage = number
      inspector.list.request = lastRequest
      return [
        .loadPage(
          request: lastRequest, number: number,
          MemoryPageRequest(
            bankID: inspector.list.bankID, filter: inspector.list.filter, after: inspector.list.cursors[number],
            limit: MemoryList.pageSize))
      ]
    case .detail: return []
    }
  }

  mutating func take(banks result: Result<[Bank], Failure>) {
    inspector.isLoadingBanks = false
    switch result {
    case .success(let banks):
      inspector.error = nil
      storeStatus.error = nil
      inspector.banks = banks
      inspector.bankSelection = min(inspector.bankSelection, max(0, banks.count - 1))
      storeStatus.memoryCount = banks.first { $0.id == session.bankID }?.memoryCount ?? 0
      let current = session.bankID
      updateMenu(.bank) { menu in
        let picked = menu.isLoading ? current : menu.selected?.value
        menu.items = banks.map { Menu.Item($0, current: current) }
        menu.selection = menu.shown.firstIndex { $0.value == picked } ?? 0
        menu.isLoading = false
      }
    case .failure(let failure):
      inspector.error = failure.text
      inspector.banks = inspector.banks ?? []
      updateMenu(.bank) { $0.isLoading = false }
      storeStatus.error = DisplayText(line: failure.text)
    }
  }

  private mutating func updateMenu(_ purpose: Menu.Purpose, _ change: (inout Menu) -> Void) {
    for index in overlays.indices {
      if case .menu(var menu) = overlays[index], menu.purpose == purpose {
        change(&menu)
        overlays[index] = .menu(menu)
      }
    }
  }

  mutating func take(page result: Result<MemoryPage, Failure>, number: Int, request: Int) {
    guard inspector.list.request == request else { return }
    switch result {
    case .success(let page):
      inspector.list.accept(page, number: number)
      let opens = inspector.list.opensWhenLoaded && inspector.view == .memories
      inspector.list.opensWhenLoaded = false
      if opens, let memory = inspector.list.selected { open(memory) }
    case .failure(let failure):
      inspector.list.loadingPage = nil
      inspector.error = failure.text
    }
  }

  mutating func take(changed result: Result<Memory, Failure>, done: DisplayText) {
    switch result {
    case .success(let memory):
      inspector.list.replace(memory)
      if inspector.detail?.id == memory.id { inspector.detail = memory }
      inspector.banks = nil
      editDraft = nil
      say(done, isDone: true)
    case .failure(let failure): say(DisplayText(line: failure.text), isError: true)
    }
  }

  // MARK: Moving

  mutating func moveInInspector(by rows: Int) {
    switch inspector.view {
    case .banks:
      let count = inspector.banks?.count ?? 0
      inspector.bankSelection = min(max(0, inspector.bankSelection + rows), max(0, count - 1))
    case .memories: inspector.list.move(to: inspector.list.selection + rows)
    case .detail: inspector.detailScroll = max(0, inspector.detailScroll + rows)
    }
  }

  mutating func openSelected() -> [Effect] {
    switch inspector.view {
    case .banks:
      guard let banks = inspector.banks, banks.indices.contains(inspector.bankSelection) else { return [] }
      let bank = banks[inspector.bankSelection]
      inspector.view = .memories
      inspector.list.selection = 0
      if inspector.list.bankID != bank.id {
        inspector.list = MemoryList(bankID: bank.id)
        inspector.filter.clear()
      }
      return bank.id == session.bankID ? [] : use(bankID: bank.id)
    case .memories:
      if inspector.isFiltering {
        inspector.isFiltering = false
      } else if let memory = inspector.list.selected {
        open(memory)
      } else {
        inspector.list.opensWhenLoaded = !inspector.list.isLoaded
      }
    case .detail: break
    }
    return []
  }

  private mutating func open(_ memory: Memory) {
    inspector.detail = memory
    inspector.detailScroll = 0
    inspector.view = .detail
  }

  mutating func applyFilter() {
    let filter = inspector.filter.text.trimmingCharacters(in: .whitespaces)
    guard filter != inspector.list.filter else { return }
    let shown = inspector.list.pages.first?.memories ?? []
    inspector.list = MemoryList(bankID: inspector.list.bankID, filter: filter)
    // The old rows stay until the new ones come, so that the list does not blink at each letter.
    inspector.list.shownMeanwhile = shown
    inspector.error = nil
  }

  mutating func reload() -> [Effect] {
    inspector.error = nil
    inspector.banks = nil
    inspector.list.isStale = true
    return []
  }

  // MARK: Changing

  private var selectedMemory: Memory? { inspector.view == .detail ? inspector.detail : inspector.list.selected }

  mutating func editSelected() {
    guard let memory = selectedMemory else { return }
    let draft = editDraft.flatMap { $0.memory == memory ? $0 : nil }
    overlays.append(.editor(draft ?? MemoryEditor(memory: memory, text: TextEditor(memory.text))))
  }

  mutating func saveEdit() -> [Effect] {
    guard case .editor(let form) = overlays.last else { return [] }
    guard !form.text.text.allSatisfy(\.isWhitespace) else {
      say("A memory needs some text; i takes it out of recall", isError: true)
      return []
    }
    overlays.removeLast()
    editDraft = form
    guard form.text.text != form.memory.text else {
      say("Nothing changed")
      return []
    }
    return [.edit(id: form.memory.id, bankID: inspector.list.bankID, text: form.text.text)]
  }

  mutating func invalidateSelected() -> [Effect] {
    guard let memory = selectedMemory else { return [] }
    guard memory.state == .valid else {
      say("It is invalidated already; r restores it")
      return []
    }
    return [.invalidate(id: memory.id, bankID: inspector.list.bankID)]
  }

  mutating func restoreSelected() -> [Effect] {
    guard let memory = selectedMemory else { return [] }
    guard memory.state == .invalidated else {
      say("It is valid; i takes it out of recall")
      return []
    }
    return [.restore(id: memory.id, bankID: inspector.list.bankID)]
  }
}
