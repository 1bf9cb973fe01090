/// Why something could not be changed, undone or forgotten. Each case describes itself in one sentence that says what
/// to do.
public enum CurationError: Error, Hashable, Sendable, CustomStringConvertible {
  case nothingToUndo(bankID: String)
  /// Nothing was undone, or something was changed since.
  case nothingToRedo(bankID: String)
  case noSuchChange(id: Int, bankID: String)
  case alreadyUndone(Change)
  /// What it takes to undo it is not in this file.
  case onlyHistory(Change)
  /// A later change stands on what is to be undone or redone.
  case changedSince(Change, by: Change)
  case noSuchDocument(id: String, bankID: String)
  case noSuchEntity(id: String, bankID: String)
  /// Another entity has the name.
  case nameTaken(name: String, bankID: String)
  /// The beginning of an id that several have.
  case ambiguous(prefix: String, count: Int)
  /// What would be forgotten is no longer what was shown.
  case planIsOld
  case nothingGiven(String)
  case refused(String)

  public var description: String {
    switch self {
    case .nothingToUndo(let bankID): "There is nothing to undo in bank \(bankID)."
    case .nothingToRedo(let bankID):
      "There is nothing to redo in bank \(bankID): nothing was undone, or something was changed since."
    case .noSuchChange(let id, let bankID):
      "There is no change \(id) in bank \(bankID); the changes are listed by rearview undo --list."
    case .alreadyUndone(let change): "Change \(change.id) (\(change.words)) is undone already."
    case .onlyHistory(let change):
      "Change \(change.id) (\(change.words)) was made in another file, or a repair lost what it takes to undo it: here "
        + "it cannot be taken back."
    case .changedSince(let change, let later):
      "Change \(change.id) (\(change.words)) cannot be taken back or done again: change \(later.id) (\(later.words)) "
        + "touched the same since; undo that one first."
    case .noSuchDocument(let id, let bankID): "There is no document \(id) in bank \(bankID)."
    case .noSuchEntity(let id, let bankID): "There is no entity \(id) in bank \(bankID)."
    case .nameTaken(let name, let bankID):
      "Bank \(bankID) has an entity \(name) already; take another name, or merge the two."
    case .ambiguous(let prefix, let count): "\(count) ids begin with \(prefix); give more of it."
    case .planIsOld: "What would be forgotten changed since it was shown; look at it again."
    case .nothingGiven(let what): "No \(what) was given."
    case .refused(let sentence): sentence
    }
  }
}
