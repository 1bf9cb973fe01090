import GRDB

extension MemorySchema {
  /// What banks are told, the queue of background work, and what it derives.
  static let workStep = Step(name: "profiles of banks, jobs and what they derive") { try $0.execute(sql: workTables) }

  private static let workTables = """
    -- bank.mission is the reflect mission. settings: a JSON object.
    ALTER TABLE bank ADD COLUMN retain_mission TEXT;
    ALTER TABLE bank ADD COLUMN observe_mission TEXT;
    ALTER TABLE bank ADD COLUMN skepticism INTEGER NOT NULL DEFAULT 3;
    ALTER TABLE bank ADD COLUMN literalism INTEGER NOT NULL DEFAULT 3;
    ALTER TABLE bank ADD COLUMN empathy INTEGER NOT NULL DEFAULT 3;
    ALTER TABLE bank ADD COLUMN settings TEXT;

    -- tags: a JSON list, NULL for none.
    CREATE TABLE directive (
      id INTEGER PRIMARY KEY, uid BLOB NOT NULL UNIQUE, bank INTEGER NOT NULL REFERENCES bank, text TEXT NOT NULL,
      tags TEXT, is_active INTEGER NOT NULL DEFAULT 1, created INTEGER NOT NULL, updated INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX directive_bank ON directive (bank);

    CREATE TABLE mental_model (
      id INTEGER PRIMARY KEY, uid BLOB NOT NULL UNIQUE, bank INTEGER NOT NULL REFERENCES bank, name TEXT NOT NULL,
      question TEXT NOT NULL, body TEXT NOT NULL DEFAULT '', tags TEXT, refreshed INTEGER,
      is_stale INTEGER NOT NULL DEFAULT 1, refreshes_itself INTEGER NOT NULL DEFAULT 0,
      created INTEGER NOT NULL, updated INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX mental_model_bank ON mental_model (bank);
    -- based_on: a JSON list of memories' names.
    CREATE TABLE mental_model_version (
      mental_model INTEGER NOT NULL REFERENCES mental_model ON DELETE CASCADE, version INTEGER NOT NULL,
      body TEXT NOT NULL, based_on TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (mental_model, version)
    ) STRICT, WITHOUT ROWID;

    -- How far extraction has read a document: all up to a message, and so many bytes of the one that follows.
    ALTER TABLE document ADD COLUMN extracted_message INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE document ADD COLUMN extracted_bytes INTEGER NOT NULL DEFAULT 0;
    -- SQLite gives the id of a last row that was deleted to the next one.
    CREATE TRIGGER message_deleted AFTER DELETE ON message BEGIN
      UPDATE document SET extracted_message = min(extracted_message, old.id - 1), extracted_bytes = 0
        WHERE id = old.document AND extracted_message <= old.id;
    END;

    -- origin: NULL for what was said, 'extract' for a fact, 'observe' for an observation.
    -- consolidated: when observations took a fact in.
    ALTER TABLE memory ADD COLUMN origin TEXT;
    ALTER TABLE memory ADD COLUMN consolidated INTEGER;
    CREATE INDEX memory_kind ON memory (bank, type, state, created);
    CREATE INDEX memory_unconsolidated ON memory (bank, id)
      WHERE origin = 'extract' AND state = 0 AND consolidated IS NULL;

    -- Which memories a memory was derived from.
    CREATE TABLE memory_source (
      memory INTEGER NOT NULL REFERENCES memory ON DELETE CASCADE,
      source INTEGER NOT NULL REFERENCES memory ON DELETE CASCADE, PRIMARY KEY (memory, source)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX memory_source_source ON memory_source (source);
    -- What a derived memory said before.
    CREATE TABLE memory_version (
      memory INTEGER NOT NULL REFERENCES memory ON DELETE CASCADE, version INTEGER NOT NULL, text TEXT NOT NULL,
      proof INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (memory, version)
    ) STRICT, WITHOUT ROWID;

    -- limit_day, limit_tokens: on which day a job met which daily limit.
    CREATE TABLE job (
      id INTEGER PRIMARY KEY, uid BLOB NOT NULL UNIQUE, bank INTEGER NOT NULL REFERENCES bank, kind TEXT NOT NULL,
      key TEXT NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'pending',
      priority INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, not_before INTEGER NOT NULL,
      owner TEXT, lease_until INTEGER, done_steps INTEGER NOT NULL DEFAULT 0, total_steps INTEGER,
      tokens_in INTEGER NOT NULL DEFAULT 0, tokens_out INTEGER NOT NULL DEFAULT 0, result TEXT, error TEXT,
      limit_day TEXT, limit_tokens INTEGER,
      created INTEGER NOT NULL, updated INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX job_waiting ON job (bank, kind, key) WHERE state IN ('pending', 'limit_reached');
    CREATE INDEX job_state ON job (state, priority, not_before);
    CREATE INDEX job_bank ON job (bank);

    -- day: YYYY-MM-DD in the calendar of who worked.
    CREATE TABLE spending (
      day TEXT NOT NULL, bank INTEGER NOT NULL REFERENCES bank, kind TEXT NOT NULL, calls INTEGER NOT NULL,
      tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, PRIMARY KEY (day, bank, kind)
    ) STRICT, WITHOUT ROWID;
    """
}
