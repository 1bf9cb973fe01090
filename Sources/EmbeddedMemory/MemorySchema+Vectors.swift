import GRDB

extension MemorySchema {
  /// The vectors of memories, and what is left to be embedded.
  ///
  /// What a search finds is always right, because the triggers take the vector of a memory that was edited, invalidated
  /// or deleted away in the same transaction: a row of `vector` is all that makes a vector live. Fresh rows hold their
  /// numbers themselves; packed ones say in which page these stand, and when such a row goes, its place in the page is
  /// noted in `vector_dead` until the page is rewritten. Pages are never changed and their numbers never used again, so
  /// that they can be kept in memory; `generation` tells when what is kept is no longer all.
  static let vectors = Step(name: "vectors") {
    try $0.execute(
      sql: """
        -- What one embedding model makes of a bank. state: 0 building, 1 complete, 2 retired, to be removed.
        -- generation: raised by every transaction that changes what a search finds.
        -- embedded_to: of the memories up to it, each has a vector, or stands in embedding_queue, or needs none.
        CREATE TABLE space (
          id INTEGER PRIMARY KEY AUTOINCREMENT, bank INTEGER NOT NULL REFERENCES bank ON DELETE CASCADE,
          model TEXT NOT NULL, dimension INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,
          generation INTEGER NOT NULL DEFAULT 0, embedded_to INTEGER NOT NULL,
          vector_count INTEGER NOT NULL DEFAULT 0, last_page INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX space_bank ON space (bank);
        CREATE UNIQUE INDEX space_model ON space (bank, model, dimension) WHERE state < 2;

        -- codes: `dimension` bytes with sign; codes × scale is the vector at length 1. Both NULL where page is set.
        CREATE TABLE vector (
          space INTEGER NOT NULL REFERENCES space ON DELETE CASCADE, memory INTEGER NOT NULL, page INTEGER,
          codes BLOB, scale REAL, PRIMARY KEY (space, memory)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX vector_fresh ON vector (space, memory) WHERE page IS NULL;

        -- 1,024 rows side by side, the lowest byte of a number first: ids of 8 bytes, codes, scales of 4 bytes. With a
        -- row id: WITHOUT ROWID, SQLite reads the whole of a row of this size to compare its key.
        CREATE TABLE vector_page (
          id INTEGER PRIMARY KEY, space INTEGER NOT NULL REFERENCES space ON DELETE CASCADE, page INTEGER NOT NULL,
          ids BLOB NOT NULL, codes BLOB NOT NULL, scales BLOB NOT NULL, UNIQUE (space, page)
        ) STRICT;

        CREATE TABLE vector_dead (
          space INTEGER NOT NULL REFERENCES space ON DELETE CASCADE, page INTEGER NOT NULL, memory INTEGER NOT NULL,
          PRIMARY KEY (space, page, memory)
        ) STRICT, WITHOUT ROWID;

        -- Memories up to embedded_to that changed since.
        CREATE TABLE embedding_queue (
          space INTEGER NOT NULL REFERENCES space ON DELETE CASCADE, memory INTEGER NOT NULL,
          PRIMARY KEY (space, memory)
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER memory_vector_inserted AFTER INSERT ON memory WHEN new.state = 0 BEGIN
          INSERT INTO embedding_queue (space, memory)
            SELECT id, new.id FROM space WHERE bank = new.bank AND embedded_to >= new.id
            ON CONFLICT DO NOTHING;
        END;
        CREATE TRIGGER memory_vector_updated AFTER UPDATE OF id, bank, text, state ON memory
          WHEN new.text IS NOT old.text OR (new.state = 0) <> (old.state = 0) OR new.id <> old.id OR new.bank <> old.bank
        BEGIN
          \(removal)
          INSERT INTO embedding_queue (space, memory)
            SELECT id, new.id FROM space WHERE bank = new.bank AND new.state = 0
            ON CONFLICT DO NOTHING;
        END;
        CREATE TRIGGER memory_vector_deleted AFTER DELETE ON memory BEGIN
          \(removal)
        END;
        """)
  }

  /// Takes the vectors of the memory `old` away.
  private static let removal = """
    UPDATE space SET generation = generation + 1, vector_count = vector_count - 1 WHERE bank = old.bank
      AND EXISTS (SELECT 1 FROM vector WHERE vector.space = space.id AND vector.memory = old.id);
    INSERT INTO vector_dead (space, page, memory)
      SELECT space, page, memory FROM vector
      WHERE space IN (SELECT id FROM space WHERE bank = old.bank) AND memory = old.id AND page IS NOT NULL;
    DELETE FROM vector WHERE space IN (SELECT id FROM space WHERE bank = old.bank) AND memory = old.id;
    DELETE FROM embedding_queue WHERE space IN (SELECT id FROM space WHERE bank = old.bank) AND memory = old.id;
    """
}
