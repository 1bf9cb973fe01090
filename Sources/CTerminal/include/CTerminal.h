/// The C side of the terminal room: everything that must see curses, install a signal handler or stay safe inside one.
/// One thread uses the screen functions; the guard is for the whole process; the rest may be called from anywhere.
#ifndef CTERMINAL_H
#define CTERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: terminfo (terminfo.c)

/// What an entry of the terminal database says about a terminal, as far as a decision hangs on it.
typedef struct {
  bool exists;
  /// It can address the cursor and is not a hard copy.
  bool can_draw;
  /// The `RGB` extension: colours are 24-bit values.
  bool direct_color;
  /// The `XT` extension: it takes xterm's titles.
  bool xterm_titles;
  /// `colors`, 0 where there are none.
  int colors;
} ct_entry;

/// Looks an entry up without touching the terminal. Not to be called while a screen is up on another thread.
ct_entry ct_lookup_entry(const char *term);

/// A string capability of the screen's entry ("kcuu1", "rmcup") without its padding, cut at `capacity`; its length, 0
/// where missing.
size_t ct_capability(const char *name, uint8_t *bytes, size_t capacity);

// MARK: screen (screen.c)

/// One cell for `ct_screen_put_row`.
typedef struct {
  /// The spacing scalar and up to four zero-width ones, 0 at the end.
  uint32_t scalars[5];
  /// -1 for the terminal's own; below 256 a palette index; else, where the entry has 24-bit colours, 0xRRGGBB.
  int32_t foreground;
  int32_t background;
  /// 1, 2, or 0 for the second half of a wide cell.
  uint8_t width;
  /// The CT_* bits.
  uint8_t attributes;
} ct_cell;

enum { CT_BOLD = 1, CT_DIM = 2, CT_ITALIC = 4, CT_UNDERLINE = 8, CT_REVERSE = 16 };

/// Sets the character set from the environment; C.UTF-8 where the environment names none. True when it is UTF-8.
bool ct_select_utf8_locale(void);

/// The columns of a scalar as the C library sees it: 0, 1, 2, or -1 where it cannot be shown.
int ct_scalar_width(uint32_t scalar);

/// Starts curses on the two descriptors and takes `output` for its own. False when the entry cannot be used.
bool ct_screen_start(const char *term, int input, int output, bool wants_color);
/// Ends the screen and closes `output`.
void ct_screen_close(void);
/// Leaves the screen for a while; `ct_screen_resume` brings it back.
void ct_screen_leave(void);
void ct_screen_resume(void);
/// The colours of the running screen; 0 when it has none.
int ct_screen_colors(void);
/// Whether palette indexes up to 255 work beside 24-bit colours; else only the first eight do.
bool ct_screen_mixes_colors(void);
void ct_screen_size(int *rows, int *columns);
/// Tells curses the size the window has now.
void ct_screen_resize(int rows, int columns);
/// Makes the next flush write every cell.
void ct_screen_forget(void);
void ct_screen_put_row(int row, const ct_cell *cells, int columns);
/// Sends the difference to the terminal and places the cursor; a negative row hides it.
void ct_screen_flush(int cursor_row, int cursor_column);
void ct_screen_bell(void);

// MARK: the terminal device (device.c)

bool ct_is_terminal(int descriptor);
/// The window's size as the kernel knows it; false when it does not.
bool ct_window_size(int descriptor, int *rows, int *columns);
/// Writes everything, waiting where it must. False when the terminal is gone.
bool ct_write_all(int descriptor, const uint8_t *bytes, size_t count);
/// Reads what is there. 0 at the end of file or when the terminal is gone, -1 when nothing was to be read.
long ct_read_some(int descriptor, uint8_t *bytes, size_t capacity);
/// A copy of a descriptor that programs started from here do not inherit.
int ct_private_copy(int descriptor);
void ct_close(int descriptor);
/// Throws away what was typed and not read.
void ct_discard_input(int descriptor);

/// A descriptor that becomes readable when poked. -1 when the system has none left.
int ct_waker_create(void);
void ct_waker_poke(int waker);
void ct_waker_drain(int waker);

enum { CT_INPUT_READY = 1, CT_INPUT_GONE = 2, CT_WOKEN = 4 };
/// Sleeps until input, a poke, or the time is over (negative: no limit). A set of CT_*. `input` may be -1.
int ct_wait(int input, int waker, int64_t nanoseconds);

/// Runs `body(context)` on a new thread with a signal stack of its own. False when none can be made.
bool ct_thread_start(void (*body)(void *), void *context);

typedef struct ct_mutex ct_mutex;
ct_mutex *ct_mutex_create(void);
void ct_mutex_destroy(ct_mutex *mutex);
void ct_mutex_lock(ct_mutex *mutex);
void ct_mutex_unlock(ct_mutex *mutex);

/// The environment, to be read at start.
char *const *ct_environment(void);

// MARK: the guard (guard.c)

/// Takes the terminal's state, the fatal signals and exit() under guard. `output` is the descriptor that the screen is
/// drawn on: a crash turns it to /dev/null, so that no other thread can draw over the message. `crash_report` may be
/// NULL.
bool ct_guard_install(int input, int output, int waker, const char *crash_report);
/// Gives everything back: settings of the line, signals.
void ct_guard_remove(void);
/// The bytes that bring the terminal back, at most 1,024.
void ct_guard_set_restore_bytes(const uint8_t *bytes, size_t count);
/// While up, output of others is kept from the screen and a signal restores the terminal.
void ct_guard_screen_up(void);
/// The line settings and the standard output and error are as they were; what was kept is copied out.
void ct_guard_screen_down(void);
/// Whether a thread listens for `ct_guard_take_signals`; without it a signal ends the program at once.
void ct_guard_set_listening(bool listening);

enum { CT_SIGNAL_RESIZE = 1, CT_SIGNAL_STOP = 2, CT_SIGNAL_CONTINUE = 4, CT_SIGNAL_END = 8 };
/// What came since the last call: a set of CT_SIGNAL_*; with CT_SIGNAL_END, `ending` is the signal's number.
int ct_guard_take_signals(int *ending);
/// The thread has acted on the ending signal: the two seconds it had are over. A second signal still ends the process
/// at once.
void ct_guard_answered(void);
/// While another program has the terminal, its Ctrl-C and Ctrl-\\ are not for us.
void ct_guard_set_lent(bool is_lent);
/// Stops the process group, as Ctrl-Z does for a program in cooked mode, and returns when it goes on.
void ct_guard_stop_group(void);
/// Ends the process by a signal's default action.
void ct_end_by_signal(int signal_number) __attribute__((noreturn));

#endif
