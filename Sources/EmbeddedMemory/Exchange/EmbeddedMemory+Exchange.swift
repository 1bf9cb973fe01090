import Foundation
import GRDB
import RearviewMemory

/// How far an export or import is: memories where it is written, bytes where it is read.
public struct ExchangeProgress: Hashable, Sendable {
  public var done: Int
  public var total: Int
}

/// What an export or an import went over.
public struct ExchangeSummary: Hashable, Codable, Sendable {
  /// The banks, by their names in this file.
  public internal(set) var banks: [String] = []
  /// How many rows of each kind were written or read (`memory`, `message`, …).
  public internal(set) var rows: [String: Int] = [:]
  /// Of an import: how many of the rows are new in this file.
  public internal(set) var added = 0
  /// Of an import: how many rows took the place of others.
  public internal(set) var replaced = 0
}

/// What an import does with rows that are there already.
public enum ImportPolicy: String, Codable, Sendable, CaseIterable {
  /// They stay as they are.
  case skip
  /// They become as they are in what is imported.
  case replace
  /// What is imported are copies with ids of their own, which follow from the old ids and the bank's name: importing
  /// the same twice makes no second copy.
  case new
}

extension EmbeddedMemory {
  /// Writes a bank, or all banks, into a file that loses nothing: what was said, memories in all states with their
  /// sources, entities with what was merged and kept apart, profile, mental models with their versions, directives,
  /// what was changed and why, which messages are gone, costs. Work that waits and the word indexes are made anew by who
  /// imports it. What stays behind: what it takes to undo a change, and that an observation rests on a memory of another
  /// bank.
  ///
  /// It reads one snapshot of the file while others write, in memory that does not grow with the bank. The file appears
  /// under its name (mode 0600) when it is whole; a task that is cancelled leaves none.
  ///
  /// - Parameters:
  ///   - id: The bank; `nil` for all.
  ///   - includesVectors: Whether the vectors of a complete space are written too: about 1.4 bytes a number.
  ///   - program: Who writes it, for the first line.
  /// - Throws: `ExchangeError`, `MemoryStoreError`.
  @discardableResult
  public func exportBank(
    id: String?, to path: String, includesVectors: Bool = false, program: String = "rearview",
    onProgress: @escaping @Sendable (ExchangeProgress) -> Void = { _ in }
  ) async throws -> ExchangeSummary {
    try await UnfinishedFile.write(path) { descriptor in
      try await exportBank(
        id: id, toDescriptor: descriptor, name: path, includesVectors: includesVectors, program: program,
        onProgress: onProgress)
    }
  }

  /// As `exportBank(id:to:)`, to a descriptor that is open for writing and stays open.
  ///
  /// - Parameter name: What errors call it.
  @discardableResult
  public func exportBank(
    id: String?, toDescriptor descriptor: Int32, name: String = "standard output", includesVectors: Bool = false,
    program: String = "rearview", onProgress: @escaping @Sendable (ExchangeProgress) -> Void = { _ in }
  ) async throws -> ExchangeSummary {
    let time = clock()
    return try await read { database in
      let banks = try BankExport.Bank.find(id, in: database)
      if let id, banks.isEmpty { throw ExchangeError.noSuchBank(id) }
      var export = BankExport(
        database, includesVectors: includesVectors, output: ExchangeOutput(descriptor: descriptor, path: name),
        onProgress: onProgress)
      return try export.write(banks, program: program, at: time)
    }
  }

  /// Brings the banks of an export into this file.
  ///
  /// The export is read to its end first: one that was cut off, changed or made by a newer program changes nothing.
  /// Then it is written in batches; an import that was stopped or killed is whole after it was run again, and importing
  /// the same again changes nothing. A bank that is there already gets what it lacks, but for what was forgotten here or
  /// moved to another bank (`GoneRows`). Changes that come with it are history: they are listed, and told of each memory,
  /// but cannot be undone here. Other processes write between the batches; other writes of this store wait until the
  /// end.
  ///
  /// - Parameter name: The bank's name in this file, for an export of one bank; its own without.
  /// - Throws: `ExchangeError`, `MemoryStoreError`.
  @discardableResult
  public func importBank(
    from path: String, as name: String? = nil, policy: ImportPolicy = .skip,
    onProgress: @escaping @Sendable (ExchangeProgress) -> Void = { _ in }
  ) async throws -> ExchangeSummary {
    let contents = try ExchangeFormat.verify(path)
    if name != nil, contents.bankCount > 1 {
      throw ExchangeError.severalBanks(path: path, count: contents.bankCount)
    }
    guard case .readWrite(let pool) = access else { throw MemoryStoreError.readOnly(location: location) }
    do {
      return try await pool.writeWithoutTransaction { [now, location] database in
        var reading = try BankImport(path: path, name: name, policy: policy, now: now, database: database)
        var isEnd = false
        while !isEnd {
          try Task.checkCancellation()
          try database.inTransaction(.immediate) {
            try MemoryFile.requireKnownFormat(database, location: location, known: MemorySchema.format)
            isEnd = try reading.writeBatch()
            return .commit
          }
          onProgress(ExchangeProgress(done: reading.bytesRead, total: contents.bytes))
          if !isEnd { usleep(Self.pauseMicroseconds) }
        }
        return reading.summary
      }
    } catch {
      throw storeError(error, location: location)
    }
  }

  /// Between two batches, for other processes that wait to write: they look only now and then.
  private static let pauseMicroseconds: UInt32 = 20_000
}

/// A file that appears under its name when it is whole.
enum UnfinishedFile {
  /// Makes a file beside `path` (mode 0600), lets `body` write it and gives it its name; on a fault nothing is left.
  static func write<Value: Sendable>(
    _ path: String, _ body: (Int32) async throws -> Value
  ) async throws -> Value {
    let unfinished = "\(path).\(getpid()).new"
    let descriptor = open(unfinished, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw ExchangeOutput.fault(at: path) }
    do {
      let value = try await body(descriptor)
      guard fsync(descriptor) == 0, rename(unfinished, path) == 0 else { throw ExchangeOutput.fault(at: path) }
      close(descriptor)
      return value
    } catch {
      close(descriptor)
      unlink(unfinished)
      throw error
    }
  }
}
