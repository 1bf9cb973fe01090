#ifndef REARVIEW_WORD_RANK_H
#define REARVIEW_WORD_RANK_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/// Gives a connection two functions for the rows that an FTS5 table matched:
///
///     word_rank(table, weights)   how well a row fits: BM25 (k1 1.2, b .75) by the caller's weights,
///                                 and more where its words stand near each other
///     word_mask(table)            which phrases of the query it holds: bit i for the phrase i, of the first 63
///
/// `weights` is a blob of native doubles: the weight of each column, then the weight of each phrase of the query in its
/// order. SQLite's own bm25() weighs words by the whole table; here the caller does, so that one bank's words are
/// weighed by that bank.
///
/// Returns an SQLite result code.
int rearview_add_word_rank(sqlite3 *connection);

/// What `rearview_read_rows` writes for NULL.
#define REARVIEW_NULL INT64_MIN

/// Runs a statement once for each key and collects the integers that it yields: recall looks at hundreds of rows, and an
/// object for each costs more than the row.
///
/// A key is as many integers as `keyWidth` says, which are bound from the first parameter on; parameters behind them keep
/// what they are bound to. Of a row the first `columns` are taken: an integer as it is, a text's FNV-1a hash,
/// `REARVIEW_NULL` for NULL.
///
/// `rows` has room for `capacity` rows; `count` says how many came. The statement is reset.
///
/// Returns an SQLite result code: SQLITE_OK, or SQLITE_FULL when there were more rows than room.
int rearview_read_rows(
  sqlite3_stmt *statement, const int64_t *keys, size_t keyWidth, size_t keyCount, int columns, int64_t *rows,
  size_t capacity, size_t *count
);

/// A row and how well it fits.
typedef struct {
  int64_t row;
  double score;
} rearview_scored_row;

/// Runs a statement that yields row ids and scores, in no order, and keeps the best `capacity` of them, in no order: of
/// equal ones those of higher ids. The statement is reset.
///
/// Returns an SQLite result code.
int rearview_read_best(sqlite3_stmt *statement, rearview_scored_row *rows, size_t capacity, size_t *count);

#endif
