import Foundation
import GRDB
import RearviewMemory

/// Takes the words of what was deleted out of the file's indexes and its vocabulary, inside the transaction that
/// deleted it.
enum WordSweep {
  private static let key = "word_sweeps"

  /// How often words were taken out: row numbers of words may have been given to others since.
  static func count(in database: Database) throws -> Int {
    try Int.fetchOne(
      database.cachedStatement(sql: "SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?"), arguments: [key]) ?? 0
  }

  /// Merges the word indexes, since old segments hold the words of deleted rows, and deletes each word of the
  /// vocabulary that no index row holds any more. It reads the whole of both indexes.
  static func run(in database: Database) throws {
    for index in ["memory_fts", "memory_words"] {
      try database.execute(sql: "INSERT INTO \(index) (\(index)) VALUES ('optimize')")
    }
    try database.execute(
      sql: """
        CREATE VIRTUAL TABLE temp.index_word USING fts5vocab (main, memory_words, row);
        CREATE TEMP TABLE held_word (text TEXT PRIMARY KEY) WITHOUT ROWID;
        INSERT INTO held_word SELECT term FROM index_word;
        """)
    // The vocabulary folds what the tokenizer leaves ("ß" it keeps, marks of other scripts it does not).
    let others = try String.fetchAll(
      database, sql: "SELECT text FROM held_word WHERE length(CAST(text AS BLOB)) > length(text)")
    for term in others {
      for word in VocabularyWords.words(of: term) {
        try database.cachedStatement(sql: "INSERT OR IGNORE INTO held_word (text) VALUES (?)").execute(arguments: [word]
        )
      }
    }
    try database.execute(
      sql: """
        DELETE FROM word WHERE text NOT IN (SELECT text FROM held_word);
        DROP TABLE held_word;
        DROP TABLE index_word;
        """)
    try database.execute(
      sql: """
        INSERT INTO meta (key, value) VALUES (?, '1')
        ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1
        """, arguments: [key])
  }
}

extension EmbeddedMemory {
  /// Makes the bytes of what was deleted go from the disk: the file is written anew, and its log is emptied.
  ///
  /// - Returns: why some may be left there, in one sentence; `nil` when none is.
  func sweepBytes() async throws -> String? {
    guard case .readWrite(let pool) = access else { throw MemoryStoreError.readOnly(location: location) }
    do {
      return try await pool.writeWithoutTransaction { [location] database in
        // Zeros over deleted content leave copies that SQLite made when it moved rows between pages.
        try database.execute(sql: "VACUUM")
        let result = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        guard result?[0] as Int? == 0 else {
          return """
            Another program is reading \(location), so that its old bytes are still on the disk; they go when that \
            program ends, or with rearview memory forget --sweep.
            """
        }
        return nil
      }
    } catch {
      return """
        The bytes of what is gone may still be on the disk, since \(location) could not be written anew \
        (\(storeError(error, location: location))); try rearview memory forget --sweep.
        """
    }
  }

  /// Finishes what forgetting could not, while another program was reading: makes the bytes of all that was deleted go
  /// from the disk.
  ///
  /// - Returns: why some may be left there, in one sentence; `nil` when none is.
  @discardableResult
  public func sweep() async throws -> String? { try await sweepBytes() }
}
