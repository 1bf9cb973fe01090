import Foundation

/// Why a bank could not be exported or imported.
public enum ExchangeError: Error, Hashable, Sendable, CustomStringConvertible {
  case noSuchBank(String)
  /// The file cannot be opened, read or written.
  case unusable(path: String, cause: String)
  /// It is no export of a bank.
  case notAnExport(path: String, cause: String)
  /// A newer Rearview wrote it.
  case newerFormat(path: String, found: Int, known: Int)
  /// Its end is missing.
  case cut(path: String, line: Int)
  /// A line that cannot be read, or a checksum that does not fit.
  case damaged(path: String, line: Int?, cause: String)
  /// A new name was given to a file of several banks.
  case severalBanks(path: String, count: Int)
  /// What is to be imported is in the memory file already, in another bank.
  case isElsewhere(bank: String)
  /// Copies of a bank's memories were to be put beside the memories themselves.
  case isItself(bank: String)

  public var description: String {
    switch self {
    case .noSuchBank(let name): "There is no bank \(name); rearview bank list shows those that there are."
    case .unusable(let path, let cause): "\(path) cannot be used: \(cause)."
    case .notAnExport(let path, let cause): "\(path) is no export of a bank (\(cause))."
    case .newerFormat(let path, let found, let known):
      "\(path) was written by a newer Rearview (format \(found), this one knows \(known)); update this program."
    case .cut(let path, let line):
      "\(path) ends at line \(line) without its last line: it was cut off. Nothing was imported; export again or copy it again."
    case .damaged(let path, let line, let cause):
      "\(path) is damaged\(line.map { " at line \($0)" } ?? "") (\(cause)). Nothing was imported from there on; copy it again."
    case .severalBanks(let path, let count):
      "\(path) holds \(count) banks, which cannot all have one name; import it without another name."
    case .isElsewhere(let bank):
      "These memories are in bank \(bank) already: import them as \(bank), or as copies with new ids."
    case .isItself(let bank):
      "Bank \(bank) holds these memories themselves; give their copies another bank's name."
    }
  }
}
