#ifndef REARVIEW_WORD_RANK_H
#define REARVIEW_WORD_RANK_H

#include <sqlite3.h>

/// Gives a connection two functions for the rows that an FTS5 table matched:
///
///     word_rank(table, weights)   how well a row fits: BM25 (k1 1.2, b .75) by the caller's weights
///     word_mask(table)            which phrases of the query it holds: bit i for the phrase i, of the first 63
///
/// `weights` is a blob of native doubles: the weight of each column, then the weight of each phrase of the query in its
/// order. SQLite's own bm25() weighs words by the whole table; here the caller does, so that one bank's words are
/// weighed by that bank.
///
/// Returns an SQLite result code.
int rearview_add_word_rank(sqlite3 *connection);

#endif
