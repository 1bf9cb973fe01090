import Foundation
import GRDB

/// The tables of a memory file and the steps that lead to them.
///
/// Times are integer milliseconds UTC. `uid` is a 16-byte UUIDv7, the name of a row across files. A step, once
/// released, is never changed; a new one is added, and its place in `steps` is the file's format number.
enum MemorySchema {
  /// "Rrvw", in the header of every memory file.
  static let applicationID = 0x5272_7677
  /// The format that this program writes.
  static var format: Int { steps.count }

  /// A named change of the tables.
  struct Step: Sendable {
    let name: String
    let migrate: @Sendable (Database) throws -> Void
  }

  static let steps = [
    Step(name: "first tables") { try $0.execute(sql: firstTables) },
    Step(name: "names and missions of banks, replaced documents") {
      try $0.execute(
        sql: """
          ALTER TABLE bank ADD COLUMN title TEXT;
          ALTER TABLE bank ADD COLUMN mission TEXT;
          ALTER TABLE message ADD COLUMN is_replaced INTEGER NOT NULL DEFAULT 0;
          """)
    },
    Step(name: "threads, speakers and the vocabulary") { try $0.execute(sql: threads) },
    vectors,
    workStep,
    curationStep,
  ]

  /// thread: the conversation that a memory stands in, by the row id of the memory that began it. word: every word of the
  /// file once, for what is spelt almost so.
  private static let threads = """
    ALTER TABLE memory ADD COLUMN thread INTEGER;
    ALTER TABLE memory ADD COLUMN speaker TEXT;
    ALTER TABLE memory ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
    UPDATE memory SET thread = coalesce(
      (SELECT min(first.id) FROM memory AS first WHERE first.document = memory.document), id);
    CREATE INDEX memory_thread ON memory (thread) WHERE state = 0;
    CREATE INDEX memory_said ON memory (bank, said_at) WHERE state = 0 AND said_at IS NOT NULL;
    CREATE INDEX memory_occurred ON memory (bank, occurred_start) WHERE state = 0 AND occurred_start IS NOT NULL;

    -- What was kept with a text that was said again would be lost with the memory that stands for both.
    ALTER TABLE message ADD COLUMN metadata TEXT;
    ALTER TABLE message ADD COLUMN is_undated INTEGER NOT NULL DEFAULT 0;
    UPDATE message SET metadata = (SELECT memory.metadata FROM memory WHERE memory.message = message.id LIMIT 1);

    -- What was said again, and so is no memory of its own, and behind which memory it was said.
    CREATE TABLE echo (
      after INTEGER NOT NULL REFERENCES memory ON DELETE CASCADE, memory INTEGER NOT NULL REFERENCES memory ON DELETE CASCADE,
      PRIMARY KEY (after, memory)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX echo_memory ON echo (memory);

    -- What memories are about, by rule or as it was given. alias: other names of one, and the names that lead to it.
    CREATE TABLE entity (
      id INTEGER PRIMARY KEY, uid BLOB NOT NULL UNIQUE, bank INTEGER NOT NULL REFERENCES bank, name TEXT NOT NULL,
      norm TEXT NOT NULL, kind TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
      mentions INTEGER NOT NULL DEFAULT 0, UNIQUE (bank, norm)
    ) STRICT;
    CREATE TABLE alias (
      bank INTEGER NOT NULL REFERENCES bank, norm TEXT NOT NULL, entity INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
      PRIMARY KEY (bank, norm, entity)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX alias_entity ON alias (entity);
    CREATE TABLE memory_entity (
      entity INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
      memory INTEGER NOT NULL REFERENCES memory ON DELETE CASCADE, PRIMARY KEY (entity, memory)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX memory_entity_memory ON memory_entity (memory);
    CREATE TRIGGER memory_entity_inserted AFTER INSERT ON memory_entity BEGIN
      UPDATE entity SET mentions = mentions + 1 WHERE id = new.entity;
    END;
    CREATE TRIGGER memory_entity_deleted AFTER DELETE ON memory_entity BEGIN
      UPDATE entity SET mentions = mentions - 1 WHERE id = old.entity;
    END;

    CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
    CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, memory_words, row);
    INSERT INTO word (text) SELECT term FROM temp.words WHERE length(term) BETWEEN 3 AND 40;
    DROP TABLE temp.words;
    """

  /// Runs those of `steps` that a file lacks, each in its own transaction.
  static func migrator(_ steps: [Step], clock: @escaping @Sendable () -> Date) -> DatabaseMigrator {
    var migrator = DatabaseMigrator()
    for (index, step) in steps.enumerated() {
      migrator.registerMigration(step.name) { database in
        try step.migrate(database)
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try database.execute(sql: "PRAGMA user_version = \(index + 1)")
        try database.execute(
          sql: "INSERT OR IGNORE INTO meta (key, value) VALUES ('created', ?), ('file', ?)",
          arguments: [String(milliseconds(clock())), UUID().uuidString.lowercased()])
      }
    }
    return migrator
  }

  /// A bank's memories have the ids `bank << 40 + 1, 2, …` in the order they came, so that "this bank" is a range
  /// of row ids, which the word indexes can search without looking at other banks' rows.
  static let memoriesPerBankBits: Int64 = 40

  /// The row ids of a bank's memories.
  static func memoryIDs(ofBank bank: Int64) -> ClosedRange<Int64> {
    (bank << memoriesPerBankBits) + 1...((bank + 1) << memoriesPerBankBits) - 1
  }

  private static let firstTables = """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

    -- The counts are kept by triggers: counting 100,000 rows takes longer than showing them.
    CREATE TABLE bank (
      id INTEGER PRIMARY KEY, uid BLOB NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
      valid_count INTEGER NOT NULL DEFAULT 0, invalidated_count INTEGER NOT NULL DEFAULT 0,
      document_count INTEGER NOT NULL DEFAULT 0, last_memory INTEGER NOT NULL,
      last_retained_at INTEGER, created INTEGER NOT NULL, updated INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE document (
      id INTEGER PRIMARY KEY, uid BLOB NOT NULL UNIQUE, bank INTEGER NOT NULL REFERENCES bank, key TEXT NOT NULL,
      created INTEGER NOT NULL, updated INTEGER NOT NULL, UNIQUE (bank, key)
    ) STRICT;

    -- What was said, verbatim and whole; several rows share a turn.
    CREATE TABLE message (
      id INTEGER PRIMARY KEY, bank INTEGER NOT NULL REFERENCES bank, document INTEGER NOT NULL REFERENCES document,
      turn TEXT NOT NULL, position INTEGER NOT NULL, speaker TEXT NOT NULL, text TEXT NOT NULL,
      said_at INTEGER NOT NULL, is_cut INTEGER NOT NULL, created INTEGER NOT NULL, UNIQUE (bank, turn, position)
    ) STRICT;
    CREATE INDEX message_document ON message (document);

    -- state: 0 valid, 1 invalidated. indexed: what the word indexes see where that is not the text itself.
    CREATE TABLE memory (
      id INTEGER PRIMARY KEY, uid BLOB NOT NULL UNIQUE, bank INTEGER NOT NULL REFERENCES bank, type TEXT NOT NULL,
      message INTEGER REFERENCES message, document INTEGER REFERENCES document, text TEXT NOT NULL, indexed TEXT,
      dated TEXT NOT NULL, context TEXT, tags TEXT, metadata TEXT, said_at INTEGER, occurred_start INTEGER,
      occurred_end INTEGER, proof INTEGER NOT NULL DEFAULT 1, state INTEGER NOT NULL DEFAULT 0, state_reason TEXT,
      text_hash INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX memory_text_hash ON memory (bank, text_hash);
    CREATE INDEX memory_message ON memory (message);
    CREATE INDEX memory_document ON memory (document);

    -- Where a memory was said; the span counts UTF-8 bytes of the message.
    CREATE TABLE source (
      memory INTEGER NOT NULL REFERENCES memory, message INTEGER NOT NULL REFERENCES message,
      span_start INTEGER NOT NULL, span_end INTEGER NOT NULL, PRIMARY KEY (memory, message, span_start)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX source_message ON source (message);

    CREATE TABLE journal (
      seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, action TEXT NOT NULL, table_name TEXT NOT NULL, uid BLOB NOT NULL,
      before TEXT, after TEXT, undone_by INTEGER REFERENCES journal
    ) STRICT;
    CREATE INDEX journal_uid ON journal (uid);

    -- Recall: stems of what is valid. The views are the indexes' content, so that SQLite can check and rebuild them.
    CREATE VIEW memory_valid AS
      SELECT id, coalesce(indexed, text) AS body, dated FROM memory WHERE state = 0;
    CREATE VIRTUAL TABLE memory_fts USING fts5 (
      body, dated, content = 'memory_valid', content_rowid = 'id',
      tokenize = 'porter unicode61 remove_diacritics 2');
    INSERT INTO memory_fts (memory_fts, rank) VALUES ('rank', 'bm25(1.0, 0.3)');

    -- Browsing: words as they stand, of everything. Stems would lose half-typed words ("runnin").
    CREATE VIEW memory_any AS SELECT id, coalesce(indexed, text) AS body FROM memory;
    CREATE VIRTUAL TABLE memory_words USING fts5 (
      body, content = 'memory_any', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2',
      detail = none, columnsize = 0, prefix = '1 2 3');

    CREATE TRIGGER memory_inserted AFTER INSERT ON memory BEGIN
      INSERT INTO memory_words (rowid, body) VALUES (new.id, coalesce(new.indexed, new.text));
      INSERT INTO memory_fts (rowid, body, dated)
        SELECT new.id, coalesce(new.indexed, new.text), new.dated WHERE new.state = 0;
      UPDATE bank SET last_memory = max(last_memory, new.id), valid_count = valid_count + (new.state = 0),
        invalidated_count = invalidated_count + (new.state = 1) WHERE id = new.bank;
    END;
    CREATE TRIGGER memory_deleted AFTER DELETE ON memory BEGIN
      INSERT INTO memory_words (memory_words, rowid, body)
        VALUES ('delete', old.id, coalesce(old.indexed, old.text));
      INSERT INTO memory_fts (memory_fts, rowid, body, dated)
        SELECT 'delete', old.id, coalesce(old.indexed, old.text), old.dated WHERE old.state = 0;
      UPDATE bank SET valid_count = valid_count - (old.state = 0),
        invalidated_count = invalidated_count - (old.state = 1) WHERE id = old.bank;
    END;
    CREATE TRIGGER memory_text_updated AFTER UPDATE OF text, indexed ON memory BEGIN
      INSERT INTO memory_words (memory_words, rowid, body)
        VALUES ('delete', old.id, coalesce(old.indexed, old.text));
      INSERT INTO memory_words (rowid, body) VALUES (new.id, coalesce(new.indexed, new.text));
    END;
    CREATE TRIGGER memory_recall_updated AFTER UPDATE OF text, indexed, dated, state ON memory BEGIN
      INSERT INTO memory_fts (memory_fts, rowid, body, dated)
        SELECT 'delete', old.id, coalesce(old.indexed, old.text), old.dated WHERE old.state = 0;
      INSERT INTO memory_fts (rowid, body, dated)
        SELECT new.id, coalesce(new.indexed, new.text), new.dated WHERE new.state = 0;
      UPDATE bank SET valid_count = valid_count + (new.state = 0) - (old.state = 0),
        invalidated_count = invalidated_count + (new.state = 1) - (old.state = 1) WHERE id = new.bank;
    END;
    CREATE TRIGGER document_inserted AFTER INSERT ON document BEGIN
      UPDATE bank SET document_count = document_count + 1 WHERE id = new.bank;
    END;
    CREATE TRIGGER document_deleted AFTER DELETE ON document BEGIN
      UPDATE bank SET document_count = document_count - 1 WHERE id = old.bank;
    END;
    """
}
