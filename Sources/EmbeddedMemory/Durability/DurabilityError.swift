import Foundation

/// Why a memory file could not be backed up, restored or repaired.
public enum DurabilityError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Another process makes a backup at this moment.
  case isBeingMade(folder: String)
  /// The copy that was made is not as good as it must be; it was thrown away.
  case unverified(path: String, cause: String)
  case noSuchBackup(name: String, folder: String)
  /// Another process has the file open.
  case isInUse(path: String)
  /// Neither the file nor a backup holds anything that can be read.
  case hopeless(path: String, cause: String)
  case noFile(path: String)

  public var description: String {
    switch self {
    case .isBeingMade(let folder): "Another program makes a backup in \(folder) just now."
    case .unverified(let path, let cause): "The backup of \(path) did not pass its check (\(cause)) and was not kept."
    case .noSuchBackup(let name, let folder):
      "There is no backup \(name) in \(folder); rearview backup list shows those that there are."
    case .isInUse(let path): "\(path) is open in another program; end every rearview that runs, and try again."
    case .hopeless(let path, let cause):
      "\(path) cannot be repaired (\(cause)), and there is no good backup of it; it stays as it is."
    case .noFile(let path): "There is no memory file \(path) yet; the first message makes it."
    }
  }
}
