import Foundation
import Rearview
import RearviewEngine
import RearviewText

extension State {
  mutating func take(_ event: TurnEvent, ofTurn id: String) -> [Effect] {
    if case .opened(let record) = event {
      guard record.sessionID == session.id else { return [] }
      turns.append(ChatTurn(record))
      runningTurn = id
      if session.title.isEmpty { session.title = String(record.question.prefix(80)) }
      return []
    }
    guard let index = turns.lastIndex(where: { $0.id == id }) else {
      // It was never opened: the words go back to where they were typed.
      guard case .record(let record) = event else { return [] }
      if record.sessionID == session.id { giveBack(record) }
      return [.loadBanks]
    }
    switch event {
    case .text, .reasoning, .toolCall: turns[index].beginAnswer()
    case .opened, .retrieved, .injected, .usage, .retrying, .finished, .storage, .record: break
    }
    switch event {
    case .opened: break
    case .retrieved(let retrieval):
      turns[index].update { $0.retrieval = retrieval }
      if retrieval.state == .failed, retrieval.error != TurnRecord.stoppedBeforeMemory {
        storeStatus.error = retrieval.error.map { DisplayText(line: $0) }
      }
      if retrieval.state == .found || retrieval.state == .nothing {
        storeStatus.error = nil
        if let count = retrieval.searchedCount { storeStatus.memoryCount = count }
      }
    case .injected(let block, let messages):
      turns[index].update {
        $0.block = block
        $0.setSent(messages)
      }
    case .text(let text): turns[index].append(text)
    case .reasoning(let text): turns[index].update { $0.answer.reasoning += text }
    case .toolCall(let call): turns[index].update { $0.answer.toolCalls.append(call) }
    case .usage(let usage): turns[index].update { $0.answer.usage = usage }
    case .retrying(let retry): turns[index].wait(for: retry, now: now)
    case .finished(let answer):
      turns[index].update { $0.answer = answer }
      turns[index].finish()
      if runningTurn == id { runningTurn = nil }
      if answer.state == .failed { giveBack(turns[index].record) }
      let asked = answer.answeredBy.map { describe([$0]) } ?? []
      if isSendPending, answer.state == .complete, !composer.isEmpty { return asked + sendNow() }
      isSendPending = false
      return asked
    case .storage(let storage): take(storage, ofTurn: id)
    case .record(let record):
      turns[index].update {
        $0.storage = record.storage
        $0.dropHistory()
      }
      if inspector.list.bankID == record.settings.bankID { inspector.list.isStale = true }
      return [.loadBanks]
    }
    return []
  }

  /// Puts the words of a turn that got no answer back into the composer, unless something else is typed there already.
  private mutating func giveBack(_ record: TurnRecord) {
    if runningTurn == record.id || runningTurn == "" { runningTurn = nil }
    if composer.isEmpty { composer.replace(with: record.question) }
    if turns.last?.id != record.id, let error = record.answer.error { say(DisplayText(line: error), isError: true) }
  }

  mutating func take(_ storage: Storage, ofTurn id: String) {
    if let index = turns.lastIndex(where: { $0.id == id }) { turns[index].update { $0.storage = storage } }
    switch storage.state {
    case .failed, .unsaved: storeStatus.error = storage.error.map { DisplayText(line: $0) }
    case .stored, .processing: storeStatus.error = nil
    case .waiting, .off, .known, .queued: break
    }
  }

  // MARK: Scrolling

  /// Moves the chat by rows; coming to the end follows again.
  mutating func scrollChat(by rows: Int) {
    guard let body = layout.body(of: .chat), !turns.isEmpty else { return }
    let view = ChatLayout(columns: body.columns, now: now)
    var anchor = chat.anchor ?? view.anchorAtEnd(of: &turns, rows: body.rows)
    anchor.line += rows
    while anchor.line < 0, anchor.turn > 0 {
      anchor.turn -= 1
      anchor.line += view.height(of: &turns[anchor.turn])
    }
    anchor.line = max(0, anchor.line)
    while anchor.turn < turns.count - 1, anchor.line >= view.height(of: &turns[anchor.turn]) {
      anchor.line -= view.height(of: &turns[anchor.turn])
      anchor.turn += 1
    }
    let end = view.anchorAtEnd(of: &turns, rows: body.rows)
    let isAtEnd = (anchor.turn, anchor.line) >= (end.turn, end.line)
    chat.anchor = isAtEnd ? nil : anchor
  }
}
