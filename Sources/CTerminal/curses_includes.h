// Not in include/: no one outside this folder may see curses.
#ifndef CTERMINAL_CURSES_INCLUDES_H
#define CTERMINAL_CURSES_INCLUDES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1

#include <ncursesw/curses.h>

#include <stdbool.h>

/// Makes an entry with 24-bit colours take palette colours too, if it can. To be called between `newterm` and the first
/// colour.
bool ct_use_mixed_colors(void);

#endif
