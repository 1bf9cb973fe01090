#include "CWordRank.h"

#include <string.h>

/// BM25's usual constants, which SQLite's bm25() has too.
static const double saturation = 1.2;
static const double lengthShare = 0.75;

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
  // The blob need not be aligned.
  const char *columnWeights = sqlite3_value_blob(values[0]);
  const char *phraseWeights = columnWeights + sizeof(double) * (size_t)columns;

  double frequencies[phraseLimit] = {0};
  int instances = 0;
  int result = api->xInstCount(fts, &instances);
  for (int i = 0; result == SQLITE_OK && i < instances; i++) {
    int phrase, column, offset;
    result = api->xInst(fts, i, &phrase, &column, &offset);
    if (result != SQLITE_OK) break;
    double weight;
    memcpy(&weight, columnWeights + sizeof(double) * (size_t)column, sizeof weight);
    frequencies[phrase] += weight;
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
    double weight;
    memcpy(&weight, phraseWeights + sizeof(double) * (size_t)phrase, sizeof weight);
    score += weight * frequencies[phrase] * (saturation + 1) / (frequencies[phrase] + norm);
  }
  sqlite3_result_double(context, score);
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
