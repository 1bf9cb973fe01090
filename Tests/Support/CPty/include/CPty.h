/// A child in a pseudo-terminal: what Swift on Linux cannot do itself (fork, and the calls between fork and exec).
#ifndef CPTY_H
#define CPTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
  pid_t process;
  /// The emulator's side.
  int master;
  /// The program's side, kept open so that nothing written at the end is lost and the line's settings can be read
  /// afterwards.
  int slave;
  /// The settings of the line before the program started, as `cpty_line_settings` writes them.
  char settings[512];
} cpty_child;

/// Starts a program as the leader of a session on a new pseudo-terminal, with no signal blocked or ignored.
/// `error_output` takes its standard error; -1 leaves it on the terminal. `folder` may be NULL. `starts_raw` hands the
/// line over raw, as a killed program leaves it. False when anything failed.
bool cpty_spawn(
    const char *path, char *const *arguments, char *const *environment, const char *folder, int rows, int columns,
    int error_output, bool starts_raw, cpty_child *child);
/// Gives the terminal a size; the program gets SIGWINCH.
void cpty_resize(int master, int rows, int columns);
/// Waits for something to read. True when there is.
bool cpty_wait_readable(int master, int milliseconds);
/// -1: still running. Else its exit status, or 256 and the number of the signal that ended it. Only the first answer
/// counts.
int cpty_exit_status(pid_t process);
/// The settings of the line as text, every field of struct termios: two lines with the same settings give the same
/// text.
void cpty_line_settings(int slave, char *text, size_t capacity);
/// Canonical input and echo, as a shell wants it.
bool cpty_is_cooked(int slave);
long cpty_read(int master, uint8_t *bytes, size_t capacity);
long cpty_write(int master, const uint8_t *bytes, size_t count);
void cpty_close(int descriptor);
void cpty_send_signal(pid_t process, int number);
/// The processor time that the process has used, user and system, in steps of 10 ms; -1 when it is gone.
long cpty_milliseconds_of_cpu(pid_t process);

#endif
