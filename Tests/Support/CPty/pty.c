#define _GNU_SOURCE 1

#include "include/CPty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void run_child(
    const char *path, char *const *arguments, char *const *environment, const char *folder, int slave,
    int error_output) {
  setsid();
  ioctl(slave, TIOCSCTTY, 0);
  dup2(slave, STDIN_FILENO);
  dup2(slave, STDOUT_FILENO);
  dup2(error_output >= 0 ? error_output : slave, STDERR_FILENO);
  // Threads of a test runner block and ignore signals, and a child would inherit that.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  if (folder == NULL || chdir(folder) == 0) execve(path, arguments, environment);
  _exit(127);
}

bool cpty_spawn(
    const char *path, char *const *arguments, char *const *environment, const char *folder, int rows, int columns,
    int error_output, bool starts_raw, cpty_child *child) {
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  if (openpty(&child->master, &child->slave, NULL, NULL, &size) != 0) return false;
  fcntl(child->master, F_SETFD, FD_CLOEXEC);
  fcntl(child->slave, F_SETFD, FD_CLOEXEC);
  struct termios settings;
  if (tcgetattr(child->slave, &settings) == 0) {
    settings.c_iflag |= IUTF8;
    if (starts_raw) cfmakeraw(&settings);
    tcsetattr(child->slave, TCSANOW, &settings);
  }
  cpty_line_settings(child->slave, child->settings, sizeof child->settings);
  child->process = fork();
  if (child->process == 0) run_child(path, arguments, environment, folder, child->slave, error_output);
  if (child->process > 0) return true;
  close(child->master);
  close(child->slave);
  return false;
}

void cpty_resize(int master, int rows, int columns) {
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  ioctl(master, TIOCSWINSZ, &size);
}

bool cpty_wait_readable(int master, int milliseconds) {
  struct pollfd source = {.fd = master, .events = POLLIN};
  return poll(&source, 1, milliseconds) > 0 && (source.revents & POLLIN) != 0;
}

int cpty_exit_status(pid_t process) {
  int status = 0;
  pid_t done = waitpid(process, &status, WNOHANG);
  if (done != process) return done < 0 && errno == ECHILD ? 255 : -1;
  if (WIFSIGNALED(status)) return 256 + WTERMSIG(status);
  return WEXITSTATUS(status);
}

void cpty_line_settings(int slave, char *text, size_t capacity) {
  struct termios settings;
  if (tcgetattr(slave, &settings) != 0) {
    snprintf(text, capacity, "unreadable");
    return;
  }
  int used = snprintf(
      text, capacity, "iflag %o oflag %o cflag %o lflag %o keys", settings.c_iflag, settings.c_oflag, settings.c_cflag,
      settings.c_lflag);
  for (int index = 0; index < NCCS && used > 0 && (size_t)used < capacity; index++) {
    used += snprintf(text + used, capacity - (size_t)used, " %u", settings.c_cc[index]);
  }
}

bool cpty_is_cooked(int slave) {
  struct termios settings;
  tcflag_t wanted = ICANON | ECHO | ISIG;
  return tcgetattr(slave, &settings) == 0 && (settings.c_lflag & wanted) == wanted && (settings.c_oflag & OPOST) != 0;
}

long cpty_read(int master, uint8_t *bytes, size_t capacity) { return read(master, bytes, capacity); }

long cpty_write(int master, const uint8_t *bytes, size_t count) {
  size_t done = 0;
  while (done < count) {
    struct pollfd ready = {.fd = master, .events = POLLOUT};
    if (poll(&ready, 1, 50) <= 0) break;
    // Small pieces: the line's buffer holds 4 kB, and a blocked write would never let the caller read.
    size_t piece = count - done < 512 ? count - done : 512;
    ssize_t written = write(master, bytes + done, piece);
    if (written <= 0) break;
    done += (size_t)written;
  }
  return (long)done;
}

void cpty_close(int descriptor) { close(descriptor); }

void cpty_send_signal(pid_t process, int number) { kill(process, number); }

long cpty_milliseconds_of_cpu(pid_t process) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
  FILE *file = fopen(path, "r");
  if (file == NULL) return -1;
  char line[1024] = {0};
  size_t length = fread(line, 1, sizeof line - 1, file);
  fclose(file);
  const char *after_name = length > 0 ? strrchr(line, ')') : NULL;
  unsigned long user = 0, system = 0;
  if (after_name == NULL ||
      sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
    return -1;
  }
  return (long)((user + system) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
}
