import Foundation
import Rearview
import RearviewEngine
import RearviewMemory
import RearviewText

/// What can happen.
public enum Action: Sendable {
  case input(InputEvent)
  /// Time went on (for spinners and toasts).
  case tick(Date)
  case turn(id: String, TurnEvent)
  case banks(Result<[Bank], Failure>)
  case models(ModelIndex, isComplete: Bool)
  case marks(ModelMarks)
  /// What the table has on models.
  case described([String: ModelDescription])
  /// The parameters of a model, for the form.
  case options(model: String, Result<[ModelParameters.Value], Failure>)
  /// Parameters were saved, or why they were not; `overruled` names the place that still sets one of them.
  case optionsSaved(model: String, Result<String?, Failure>)
  case page(request: Int, number: Int, Result<MemoryPage, Failure>)
  /// A memory was changed; `done` says what was done.
  case memoryChanged(Result<Memory, Failure>, done: DisplayText)
  /// A turn came to the store, or failed again, after its own events ended.
  case storage(turnID: String, Storage)
  /// So many turns are in the queue that the store did not take yet.
  case waiting(Int)
  /// Whether there is a way to a model that was picked.
  case model(Result<String, Failure>)
  case theme(Result<Theme, Failure>)
  case themes([String])
  /// A sentence for the toast row.
  case notice(DisplayText, isError: Bool)
}

/// Why something was not done, in one sentence for people. Its text is not ours: it is sanitised where it is shown.
public struct Failure: Error, Hashable, Sendable {
  public var text: String
  public init(_ error: any Error) { text = "\(error)" }
}

/// What is to be done outside.
public enum Effect: Hashable, Sendable {
  case send(question: String)
  case cancelTurn
  case loadBanks
  case loadModels
  case loadPage(request: Int, number: Int, MemoryPageRequest)
  case edit(id: String, bankID: String, text: String)
  case invalidate(id: String, bankID: String)
  case restore(id: String, bankID: String)
  case useBank(String)
  case useModel(String)
  case setFavourite(String, Bool)
  case describe([String])
  case loadOptions(model: String)
  case saveOptions(model: String, [String: JSONValue])
  case newSession
  case loadTheme(String)
  case listThemes
  case suspend
  case redraw
  case quit
}
