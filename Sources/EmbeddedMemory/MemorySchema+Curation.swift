import GRDB

extension MemorySchema {
  /// Groups of changes that can be undone, what merges and splits decided, and what must not come in again.
  static let curationStep = Step(name: "groups of changes, merged entities, what is gone") {
    try $0.execute(sql: curationTables)
  }

  private static let curationTables = """
    -- One command: what one undo takes back. other_bank: where memories were moved. undone_by, undo_of, redo_of: groups;
    -- those that undid or redid another have no images of their own.
    CREATE TABLE change_group (
      id INTEGER PRIMARY KEY AUTOINCREMENT, bank INTEGER NOT NULL REFERENCES bank, other_bank INTEGER REFERENCES bank,
      at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, count INTEGER NOT NULL,
      reason TEXT, undone_by INTEGER REFERENCES change_group, undo_of INTEGER REFERENCES change_group,
      redo_of INTEGER REFERENCES change_group
    ) STRICT;
    CREATE INDEX change_group_bank ON change_group (bank);
    CREATE INDEX change_group_other ON change_group (other_bank) WHERE other_bank IS NOT NULL;
    -- Each row that a group changed, as it was and as it became: JSON objects by column, blobs in hexadecimal; NULL where
    -- there was no such row. key: a JSON list of its primary key, of a memory its uid.
    CREATE TABLE row_image (
      id INTEGER PRIMARY KEY, change_group INTEGER NOT NULL REFERENCES change_group ON DELETE CASCADE,
      table_name TEXT NOT NULL, key TEXT NOT NULL, before TEXT, after TEXT
    ) STRICT;
    CREATE INDEX row_image_group ON row_image (change_group);
    CREATE INDEX row_image_key ON row_image (table_name, key);
    -- NULL in entries of the formats before, which cannot be undone. (undone_by was never set.)
    ALTER TABLE journal ADD COLUMN change_group INTEGER REFERENCES change_group;
    CREATE INDEX journal_group ON journal (change_group);

    -- Messages that were forgotten, or moved to another bank, and must not come in with their turn again. It tells
    -- nothing of what they said.
    CREATE TABLE gone_message (
      bank INTEGER NOT NULL REFERENCES bank, turn TEXT NOT NULL, position INTEGER NOT NULL, speaker TEXT NOT NULL,
      PRIMARY KEY (bank, turn, position)
    ) STRICT, WITHOUT ROWID;

    -- merged_into: the entity that this name stands for. Such a row has no mentions and is no end of another's.
    ALTER TABLE entity ADD COLUMN merged_into INTEGER REFERENCES entity ON DELETE CASCADE;
    CREATE INDEX entity_merged ON entity (merged_into) WHERE merged_into IS NOT NULL;
    -- is_given: by a person, which counts before what rules found.
    ALTER TABLE alias ADD COLUMN is_given INTEGER NOT NULL DEFAULT 0;
    -- Entities that are not the same, however alike. is_split: the first was split off the second.
    CREATE TABLE entity_apart (
      entity INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
      other INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE, is_split INTEGER NOT NULL,
      PRIMARY KEY (entity, other)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entity_apart_other ON entity_apart (other);

    -- A memory's row id holds its bank, so a move gives it another one, and all that refers to it follows.
    CREATE TRIGGER memory_moved AFTER UPDATE OF id, bank ON memory WHEN new.id <> old.id BEGIN
      INSERT INTO memory_words (memory_words, rowid, body)
        VALUES ('delete', old.id, coalesce(old.indexed, old.text));
      INSERT INTO memory_words (rowid, body) VALUES (new.id, coalesce(new.indexed, new.text));
      INSERT INTO memory_fts (memory_fts, rowid, body, dated)
        SELECT 'delete', old.id, coalesce(old.indexed, old.text), old.dated WHERE old.state = 0;
      INSERT INTO memory_fts (rowid, body, dated)
        SELECT new.id, coalesce(new.indexed, new.text), new.dated WHERE new.state = 0;
      UPDATE bank SET valid_count = valid_count - (old.state = 0),
        invalidated_count = invalidated_count - (old.state = 1) WHERE id = old.bank;
      UPDATE bank SET last_memory = max(last_memory, new.id), valid_count = valid_count + (new.state = 0),
        invalidated_count = invalidated_count + (new.state = 1) WHERE id = new.bank;
      UPDATE source SET memory = new.id WHERE memory = old.id;
      UPDATE memory_entity SET memory = new.id WHERE memory = old.id;
      UPDATE echo SET after = new.id WHERE after = old.id;
      UPDATE echo SET memory = new.id WHERE memory = old.id;
      UPDATE memory_source SET memory = new.id WHERE memory = old.id;
      UPDATE memory_source SET source = new.id WHERE source = old.id;
      UPDATE memory_version SET memory = new.id WHERE memory = old.id;
    END;
    CREATE TRIGGER document_moved AFTER UPDATE OF bank ON document WHEN new.bank <> old.bank BEGIN
      UPDATE bank SET document_count = document_count - 1 WHERE id = old.bank;
      UPDATE bank SET document_count = document_count + 1 WHERE id = new.bank;
    END;
    """
}
