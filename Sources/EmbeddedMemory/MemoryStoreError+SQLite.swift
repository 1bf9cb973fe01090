import Foundation
import GRDB
import RearviewMemory

/// What a caller of the store sees for `error`: SQLite's codes in the words of `MemoryStoreError`, anything else
/// (cancellation, the store's own errors) as it is.
public func storeError(_ error: any Error, location: String) -> any Error {
  guard let error = error as? DatabaseError else { return error }
  switch error.resultCode {
  case .SQLITE_IOERR where freeBytes(at: location) == 0, .SQLITE_FULL:
    return MemoryStoreError.diskFull(location: location)
  case .SQLITE_BUSY, .SQLITE_LOCKED:
    return MemoryStoreError.locked(location: location)
  case .SQLITE_READONLY:
    return MemoryStoreError.readOnly(location: location)
  case .SQLITE_NOTADB, .SQLITE_CORRUPT:
    return MemoryStoreError.notAStore(location: location, cause: error.message ?? "damaged")
  default:
    return MemoryStoreError.unavailable(location: location, cause: error.message ?? "SQLite error \(error.resultCode)")
  }
}

/// Room on the disk of a file; a full one shows as an input or output error when not even a journal can be begun.
func freeBytes(at path: String) -> UInt64? {
  var status = statvfs()
  guard statvfs((path as NSString).deletingLastPathComponent, &status) == 0 else { return nil }
  return UInt64(status.f_bavail) * UInt64(status.f_frsize)
}
