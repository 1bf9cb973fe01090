#include "curses_includes.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "CTerminal.h"

// MARK: characters

bool ct_select_utf8_locale(void) {
  // Only the character set: a library of ours that prints numbers must not meet a decimal comma.
  setlocale(LC_CTYPE, "");
  if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0) return true;
  return setlocale(LC_CTYPE, "C.UTF-8") != NULL || setlocale(LC_CTYPE, "UTF-8") != NULL;
}

int ct_scalar_width(uint32_t scalar) { return scalar == 0 ? 0 : wcwidth((wchar_t)scalar); }

/// Invisible scalars that turn the order of a row around or hide; the sanitiser takes them out, and this is the wall
/// behind it.
static bool is_forbidden_mark(uint32_t scalar) {
  return (scalar >= 0x202A && scalar <= 0x202E) || (scalar >= 0x2066 && scalar <= 0x2069) || scalar == 0xFEFF ||
         (scalar >= 0xE0000 && scalar <= 0xE007F);
}

// MARK: colour pairs

/// Pairs are made when first seen and kept: a theme has some dozens, a screen full of colours a few hundred.
enum { PAIR_SLOTS = 4096, PAIR_LIMIT = 2048 };
static struct {
  int32_t foreground, background;
  int pair;
} pairs[PAIR_SLOTS];
static int pairs_used;
static int pairs_available;

static void forget_pairs(int available) {
  memset(pairs, 0, sizeof pairs);
  pairs_used = 0;
  pairs_available = available < PAIR_LIMIT ? available : PAIR_LIMIT;
}

/// The pair of two colours; the terminal's own colours when there is no room for another pair.
static int color_pair(int32_t foreground, int32_t background) {
  if (pairs_available == 0 || (foreground < 0 && background < 0)) return 0;
  uint32_t hash = ((uint32_t)foreground * 2654435761u) ^ ((uint32_t)background * 2246822519u);
  uint32_t slot = (hash ^ (hash >> 15)) % PAIR_SLOTS;
  while (pairs[slot].pair != 0) {
    if (pairs[slot].foreground == foreground && pairs[slot].background == background) return pairs[slot].pair;
    slot = (slot + 1) % PAIR_SLOTS;
  }
  if (pairs_used + 1 >= pairs_available) return background >= 0 ? color_pair(foreground, -1) : 0;
  int pair = pairs_used + 1;
  if (init_extended_pair(pair, foreground, background) == ERR) return 0;
  pairs_used = pair;
  pairs[slot].foreground = foreground;
  pairs[slot].background = background;
  pairs[slot].pair = pair;
  return pair;
}

// MARK: life

static SCREEN *screen;
static FILE *output_stream;
static FILE *input_stream;
static bool cursor_visible;
static bool mixes_colors;

static bool open_streams(int input, int output) {
  output_stream = fdopen(output, "w");
  int copy = ct_private_copy(input);
  if (copy < 0) return false;
  input_stream = fdopen(copy, "r");
  if (input_stream == NULL) ct_close(copy);
  return output_stream != NULL && input_stream != NULL;
}

bool ct_screen_start(const char *term, int input, int output, bool wants_color) {
  if (!open_streams(input, output)) return false;
  use_env(FALSE);
  use_tioctl(TRUE);
  screen = newterm((char *)term, output_stream, input_stream);
  if (screen == NULL) return false;
  set_term(screen);
  raw();
  noecho();
  nonl();
  // Else curses stops in the middle of a frame when a key waits.
  typeahead(-1);
  leaveok(stdscr, FALSE);
  scrollok(stdscr, FALSE);
  idlok(stdscr, TRUE);
  idcok(stdscr, FALSE);
  cursor_visible = true;
  forget_pairs(0);
  if (wants_color && has_colors() && start_color() == OK) {
    use_default_colors();
    mixes_colors = ct_use_mixed_colors();
    forget_pairs(COLOR_PAIRS);
  }
  return true;
}

void ct_screen_leave(void) {
  if (screen != NULL && !isendwin()) endwin();
}

void ct_screen_close(void) {
  if (screen != NULL) {
    ct_screen_leave();
    delscreen(screen);
    screen = NULL;
  }
  if (output_stream != NULL) fclose(output_stream);
  if (input_stream != NULL) fclose(input_stream);
  output_stream = input_stream = NULL;
}

void ct_screen_resume(void) {
  if (screen == NULL) return;
  clearok(curscr, TRUE);
  wnoutrefresh(stdscr);
  doupdate();
}

int ct_screen_colors(void) { return screen != NULL && pairs_available > 0 ? COLORS : 0; }

bool ct_screen_mixes_colors(void) { return mixes_colors; }

void ct_screen_size(int *rows, int *columns) {
  *rows = getmaxy(stdscr);
  *columns = getmaxx(stdscr);
}

void ct_screen_resize(int rows, int columns) {
  if (rows == getmaxy(stdscr) && columns == getmaxx(stdscr)) return;
  resizeterm(rows, columns);
}

void ct_screen_forget(void) { clearok(curscr, TRUE); }

// MARK: drawing

static attr_t curses_attributes(uint8_t attributes) {
  attr_t result = WA_NORMAL;
  if (attributes & CT_BOLD) result |= WA_BOLD;
  if (attributes & CT_DIM) result |= WA_DIM;
  if (attributes & CT_ITALIC) result |= WA_ITALIC;
  if (attributes & CT_UNDERLINE) result |= WA_UNDERLINE;
  if (attributes & CT_REVERSE) result |= WA_REVERSE;
  return result;
}

static void put(const wchar_t *text, attr_t attributes, int pair) {
  cchar_t character;
  if (setcchar(&character, text, attributes, 0, &pair) == OK) wadd_wch(stdscr, &character);
}

/// Puts one cell and takes exactly `cell->width` columns, whatever the C library thinks of the character: a screen that
/// is one column off stays wrong until it is painted anew.
static void put_cell(const ct_cell *cell, attr_t attributes, int pair) {
  wchar_t text[6] = {0};
  uint32_t base = cell->scalars[0];
  int width = base >= 0x20 && base < 0x7F ? 1 : ct_scalar_width(base);
  if (width < 1 || width > cell->width) {
    text[0] = base <= 0x20 || (base >= 0x7F && base < 0xA0) ? L' ' : 0x25A1;
    for (int column = 0; column < cell->width; column++) put(text, attributes, pair);
    return;
  }
  text[0] = (wchar_t)base;
  int count = 1;
  for (int index = 1; index < 5 && cell->scalars[index] != 0; index++) {
    uint32_t mark = cell->scalars[index];
    if (ct_scalar_width(mark) == 0 && !is_forbidden_mark(mark)) text[count++] = (wchar_t)mark;
  }
  put(text, attributes, pair);
  if (width < cell->width) put(L" ", attributes, pair);
}

void ct_screen_put_row(int row, const ct_cell *cells, int columns) {
  int32_t foreground = -1, background = -1;
  int pair = 0;
  int width = getmaxx(stdscr);
  if (row < 0 || row >= getmaxy(stdscr) || wmove(stdscr, row, 0) == ERR) return;
  for (int column = 0; column < columns && column < width; column++) {
    ct_cell cell = cells[column];
    if (cell.width == 0) continue;
    // A wide character in the last column would be wrapped to the next row.
    if (cell.width > 1 && column + 1 >= (columns < width ? columns : width)) {
      cell.width = 1;
      cell.scalars[0] = ' ';
      cell.scalars[1] = 0;
    }
    if (cell.foreground != foreground || cell.background != background) {
      foreground = cell.foreground;
      background = cell.background;
      pair = color_pair(foreground, background);
    }
    put_cell(&cell, curses_attributes(cell.attributes), pair);
  }
}

void ct_screen_flush(int cursor_row, int cursor_column) {
  bool wanted =
      cursor_row >= 0 && cursor_row < getmaxy(stdscr) && cursor_column >= 0 && cursor_column < getmaxx(stdscr);
  if (wanted) wmove(stdscr, cursor_row, cursor_column);
  // Hidden before and shown after, or the cursor is seen to run about.
  if (!wanted && cursor_visible) curs_set(0);
  wnoutrefresh(stdscr);
  doupdate();
  if (wanted && !cursor_visible) curs_set(1);
  cursor_visible = wanted;
}

void ct_screen_bell(void) { beep(); }
