#include "CWordRank.h"

#include <string.h>

/// BM25's usual constants, which SQLite's bm25() has too.
static const double saturation = 1.2;
static const double lengthShare = 0.75;

/// Words of the question that stand so near each other mean more together: this share of the lesser
/// one's weight is added.
static const int nearness = 3;
static const double nearShare = 0.3;

/// Phrases of a query whose counts fit on the stack; a query has no more than a few dozen.
enum { phraseLimit = 128 };

/// The mean length of a row in tokens, read once a query: reading it costs more than ranking a row.
static int readMeanLength(const Fts5ExtensionApi *api, Fts5Context *fts, double *mean) {
  double *kept = api->xGetAuxdata(fts, 0);
  if (kept == NULL) {
    sqlite3_int64 rows = 0, tokens = 0;
    int result = api->xRowCount(fts, &rows);
    if (result == SQLITE_OK) result = api->xColumnTotalSize(fts, -1, &tokens);
    if (result != SQLITE_OK) return result;
    kept = sqlite3_malloc(sizeof *kept);
    if (kept == NULL) return SQLITE_NOMEM;
    *kept = rows > 0 ? (double)tokens / (double)rows : 0;
    result = api->xSetAuxdata(fts, kept, sqlite3_free);
    if (result != SQLITE_OK) return result;
  }
  *mean = *kept;
  return SQLITE_OK;
}

/// The blob need not be aligned.
static double weightOf(const char *weights, int number) {
  double weight;
  memcpy(&weight, weights + sizeof weight * (size_t)number, sizeof weight);
  return weight;
}

static void wordRank(
  const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *context, int count, sqlite3_value **values
) {
  int phrases = api->xPhraseCount(fts);
  int columns = api->xColumnCount(fts);
  if (count != 1 || phrases > phraseLimit) {
    sqlite3_result_error(context, "word_rank(table, weights) needs weights and at most 128 phrases", -1);
    return;
  }
  if (sqlite3_value_bytes(values[0]) != (int)sizeof(double) * (columns + phrases)) {
    sqlite3_result_error(context, "word_rank needs a weight for each column and each phrase", -1);
    return;
  }
  const char *columnWeights = sqlite3_value_blob(values[0]);
  const char *phraseWeights = columnWeights + sizeof(double) * (size_t)columns;

  double frequencies[phraseLimit] = {0};
  double together = 0;
  int lastPhrase = -1, lastColumn = -1, lastOffset = 0;
  int instances = 0;
  int result = api->xInstCount(fts, &instances);
  for (int i = 0; result == SQLITE_OK && i < instances; i++) {
    int phrase, column, offset;
    result = api->xInst(fts, i, &phrase, &column, &offset);
    if (result != SQLITE_OK) break;
    frequencies[phrase] += weightOf(columnWeights, column);
    if (column == lastColumn && phrase != lastPhrase && offset - lastOffset <= nearness) {
      double one = weightOf(phraseWeights, phrase), other = weightOf(phraseWeights, lastPhrase);
      together += one < other ? one : other;
    }
    lastPhrase = phrase;
    lastColumn = column;
    lastOffset = offset;
  }
  int length = 0;
  double meanLength = 0;
  if (result == SQLITE_OK) result = api->xColumnSize(fts, -1, &length);
  if (result == SQLITE_OK) result = readMeanLength(api, fts, &meanLength);
  if (result != SQLITE_OK) {
    sqlite3_result_error_code(context, result);
    return;
  }
  double relativeLength = meanLength > 0 ? length / meanLength : 1;
  double norm = saturation * (1 - lengthShare + lengthShare * relativeLength);
  double score = 0;
  for (int phrase = 0; phrase < phrases; phrase++) {
    if (frequencies[phrase] == 0) continue;
    score += weightOf(phraseWeights, phrase) * frequencies[phrase] * (saturation + 1) / (frequencies[phrase] + norm);
  }
  sqlite3_result_double(context, score + nearShare * together);
}

static void wordMask(
  const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *context, int count, sqlite3_value **values
) {
  (void)count;
  (void)values;
  int instances = 0;
  int result = api->xInstCount(fts, &instances);
  sqlite3_int64 mask = 0;
  for (int i = 0; result == SQLITE_OK && i < instances; i++) {
    int phrase, column, offset;
    result = api->xInst(fts, i, &phrase, &column, &offset);
    if (result == SQLITE_OK && phrase < 63) mask |= (sqlite3_int64)1 << phrase;
  }
  if (result == SQLITE_OK) {
    sqlite3_result_int64(context, mask);
  } else {
    sqlite3_result_error_code(context, result);
  }
}

/// FTS5's way to hand out its interface: through a pointer that is bound to a statement.
static int interface(sqlite3 *connection, fts5_api **api) {
  sqlite3_stmt *statement = NULL;
  *api = NULL;
  int result = sqlite3_prepare_v2(connection, "SELECT fts5(?1)", -1, &statement, NULL);
  if (result != SQLITE_OK) return result;
  sqlite3_bind_pointer(statement, 1, (void *)api, "fts5_api_ptr", NULL);
  sqlite3_step(statement);
  result = sqlite3_finalize(statement);
  if (result == SQLITE_OK && *api == NULL) result = SQLITE_ERROR;
  return result;
}

int rearview_add_word_rank(sqlite3 *connection) {
  fts5_api *api;
  int result = interface(connection, &api);
  if (result != SQLITE_OK) return result;
  result = api->xCreateFunction(api, "word_rank", NULL, wordRank, NULL);
  if (result != SQLITE_OK) return result;
  return api->xCreateFunction(api, "word_mask", NULL, wordMask, NULL);
}

static int64_t integer(sqlite3_stmt *statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
  case SQLITE_INTEGER: return sqlite3_column_int64(statement, column);
  case SQLITE_NULL: return REARVIEW_NULL;
  default: {
    const unsigned char *bytes = sqlite3_column_blob(statement, column);
    int length = sqlite3_column_bytes(statement, column);
    uint64_t hash = 0xCBF29CE484222325u;
    for (int i = 0; i < length; i++) hash = (hash ^ bytes[i]) * 0x100000001B3u;
    return (int64_t)hash;
  }
  }
}

int rearview_read_rows(
  sqlite3_stmt *statement, const int64_t *keys, size_t keyWidth, size_t keyCount, int columns, int64_t *rows,
  size_t capacity, size_t *count
) {
  size_t found = 0;
  int result = SQLITE_OK;
  for (size_t key = 0; result == SQLITE_OK && key < keyCount; key++) {
    for (size_t part = 0; result == SQLITE_OK && part < keyWidth; part++) {
      result = sqlite3_bind_int64(statement, (int)part + 1, keys[key * keyWidth + part]);
    }
    while (result == SQLITE_OK) {
      int step = sqlite3_step(statement);
      if (step == SQLITE_DONE) break;
      if (step != SQLITE_ROW) {
        result = step;
      } else if (found == capacity) {
        result = SQLITE_FULL;
      } else {
        for (int column = 0; column < columns; column++) {
          rows[found * (size_t)columns + (size_t)column] = integer(statement, column);
        }
        found++;
      }
    }
    int reset = sqlite3_reset(statement);
    if (result == SQLITE_OK) result = reset;
  }
  *count = found;
  return result;
}

static int isWorse(rearview_scored_row one, rearview_scored_row other) {
  return one.score < other.score || (one.score == other.score && one.row < other.row);
}

int rearview_read_best(sqlite3_stmt *statement, rearview_scored_row *rows, size_t capacity, size_t *count) {
  size_t found = 0;
  int result = SQLITE_OK;
  while (capacity > 0) {
    int step = sqlite3_step(statement);
    if (step != SQLITE_ROW) {
      if (step != SQLITE_DONE) result = step;
      break;
    }
    rearview_scored_row row = {sqlite3_column_int64(statement, 0), sqlite3_column_double(statement, 1)};
    // A heap whose first is the worst.
    size_t place;
    if (found < capacity) {
      place = found++;
      while (place > 0 && isWorse(row, rows[(place - 1) / 2])) {
        rows[place] = rows[(place - 1) / 2];
        place = (place - 1) / 2;
      }
    } else {
      if (!isWorse(rows[0], row)) continue;
      place = 0;
      for (;;) {
        size_t child = 2 * place + 1;
        if (child >= found) break;
        if (child + 1 < found && isWorse(rows[child + 1], rows[child])) child++;
        if (!isWorse(rows[child], row)) break;
        rows[place] = rows[child];
        place = child;
      }
    }
    rows[place] = row;
  }
  int reset = sqlite3_reset(statement);
  if (result == SQLITE_OK) result = reset;
  *count = found;
  return result;
}
