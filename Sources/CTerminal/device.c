#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include "CTerminal.h"

extern char **environ;

char *const *ct_environment(void) { return environ; }

bool ct_is_terminal(int descriptor) { return isatty(descriptor) == 1; }

bool ct_window_size(int descriptor, int *rows, int *columns) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return false;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return true;
}

bool ct_write_all(int descriptor, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(descriptor, bytes, count);
    if (written > 0) {
      bytes += written;
      count -= (size_t)written;
    } else if (written < 0 && errno == EAGAIN) {
      struct pollfd ready = {.fd = descriptor, .events = POLLOUT};
      poll(&ready, 1, -1);
    } else if (written < 0 && errno != EINTR) {
      return false;
    }
  }
  return true;
}

long ct_read_some(int descriptor, uint8_t *bytes, size_t capacity) {
  ssize_t count = read(descriptor, bytes, capacity);
  if (count >= 0) return count;
  return errno == EINTR || errno == EAGAIN ? -1 : 0;
}

int ct_private_copy(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 3); }

void ct_close(int descriptor) {
  if (descriptor >= 0) close(descriptor);
}

void ct_discard_input(int descriptor) { tcflush(descriptor, TCIFLUSH); }

#ifdef __linux__

int ct_waker_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void ct_waker_poke(int waker) {
  int kept = errno;
  uint64_t one = 1;
  ssize_t ignored = write(waker, &one, sizeof one);
  (void)ignored;
  errno = kept;
}

void ct_waker_drain(int waker) {
  uint64_t count;
  ssize_t ignored = read(waker, &count, sizeof count);
  (void)ignored;
}

#else

// A FIFO that is open for reading and writing is a pipe with one descriptor.
int ct_waker_create(void) {
  char name[] = "/tmp/waker.XXXXXX";
  if (mkdtemp(name) == NULL) return -1;
  char path[64];
  snprintf(path, sizeof path, "%s/fifo", name);
  int waker = mkfifo(path, 0600) == 0 ? open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;
  unlink(path);
  rmdir(name);
  return waker;
}

void ct_waker_poke(int waker) {
  int kept = errno;
  ssize_t ignored = write(waker, "", 1);
  (void)ignored;
  errno = kept;
}

void ct_waker_drain(int waker) {
  char bytes[64];
  while (read(waker, bytes, sizeof bytes) > 0) continue;
}

#endif

int ct_wait(int input, int waker, int64_t nanoseconds) {
  struct pollfd sources[2] = {{.fd = waker, .events = POLLIN}, {.fd = input, .events = POLLIN}};
  // poll counts in milliseconds: round up, or the last one is spent in a busy loop.
  int64_t milliseconds = nanoseconds < 0 ? -1 : (nanoseconds + 999999) / 1000000;
  int timeout = milliseconds > 3600000 ? 3600000 : (int)milliseconds;
  if (poll(sources, 2, timeout) <= 0) return 0;
  int result = 0;
  if (sources[0].revents & POLLIN) result |= CT_WOKEN;
  if (sources[1].revents & POLLIN) result |= CT_INPUT_READY;
  if (!(result & CT_INPUT_READY) && sources[1].revents & (POLLHUP | POLLERR | POLLNVAL)) result |= CT_INPUT_GONE;
  return result;
}

// MARK: threads

typedef struct {
  void (*body)(void *);
  void *context;
} thread_start;

static void *run_thread(void *argument) {
  thread_start start = *(thread_start *)argument;
  free(argument);
  // A stack overflow can only be told on another stack.
  enum { SIGNAL_STACK_BYTES = 128 * 1024 };
  stack_t signal_stack = {.ss_sp = malloc(SIGNAL_STACK_BYTES), .ss_size = SIGNAL_STACK_BYTES};
  if (signal_stack.ss_sp != NULL) sigaltstack(&signal_stack, NULL);
  start.body(start.context);
  if (signal_stack.ss_sp != NULL) {
    stack_t off = {.ss_flags = SS_DISABLE};
    sigaltstack(&off, NULL);
    free(signal_stack.ss_sp);
  }
  return NULL;
}

bool ct_thread_start(void (*body)(void *), void *context) {
  thread_start *start = malloc(sizeof *start);
  if (start == NULL) return false;
  start->body = body;
  start->context = context;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 8 * 1024 * 1024);
  pthread_t thread;
  bool started = pthread_create(&thread, &attributes, run_thread, start) == 0;
  pthread_attr_destroy(&attributes);
  if (!started) free(start);
  return started;
}

struct ct_mutex {
  pthread_mutex_t mutex;
};

ct_mutex *ct_mutex_create(void) {
  ct_mutex *mutex = malloc(sizeof *mutex);
  if (mutex == NULL || pthread_mutex_init(&mutex->mutex, NULL) != 0) abort();
  return mutex;
}

void ct_mutex_destroy(ct_mutex *mutex) {
  pthread_mutex_destroy(&mutex->mutex);
  free(mutex);
}

void ct_mutex_lock(ct_mutex *mutex) { pthread_mutex_lock(&mutex->mutex); }
void ct_mutex_unlock(ct_mutex *mutex) { pthread_mutex_unlock(&mutex->mutex); }
