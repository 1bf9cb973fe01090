// What this file promises: however the process ends, short of SIGKILL, the terminal is back as it was found and what
// was said on the standard error stands on the normal screen.
//
// A fault restores the terminal, prints what was kept, writes the crash report and dies by the signal's default action.
// It does not go on to the Swift backtracer, which would stop at an interactive prompt, unless SWIFT_BACKTRACE says
// that it must not ask. TERM, HUP and INT go to the thread that listens, once; a second one, or two seconds without an
// answer, end the process here. Everything below `MARK: in a signal handler` calls only what POSIX lists as safe there
// (and backtrace(), loaded beforehand).

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "CTerminal.h"

enum { RESTORE_CAPACITY = 1024, KEPT_OUTPUT_LIMIT = 256 * 1024, SECONDS_TO_ANSWER = 2 };

static const int fault_signals[] = {SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE};
static const int ending_signals[] = {SIGTERM, SIGHUP, SIGINT};
static const int loop_signals[] = {SIGWINCH, SIGTSTP, SIGCONT};
enum { FAULTS = 6, ENDINGS = 3, LOOPS = 3 };

static struct {
  int terminal;      // our own copy, for the restore bytes
  int drawn_on;      // what the screen writes to
  int nowhere;       // /dev/null
  int waker;
  int kept_output;   // what others print while the screen is up
  int standard[3];   // the real 1 and 2
  struct termios found;
  char crash_report[4096];
  uint8_t restore[RESTORE_CAPACITY];
  size_t restore_count;
  bool lets_backtracer_run;
  struct sigaction old[NSIG];
} guard = {.terminal = -1};

static atomic_bool installed, screen_up, listening, lent, dying;
static atomic_int pending, ending_signal, continues;
static _Atomic(pthread_t) dying_thread;

// MARK: in a signal handler

static void write_text(int descriptor, const char *text) {
  ct_write_all(descriptor, (const uint8_t *)text, strlen(text));
}

static void write_number(int descriptor, int number) {
  char digits[12];
  int at = sizeof digits;
  digits[--at] = '\0';
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  write_text(descriptor, digits + at);
}

static const char *signal_name(int number) {
  switch (number) {
    case SIGILL: return "SIGILL";
    case SIGTRAP: return "SIGTRAP";
    case SIGABRT: return "SIGABRT";
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    default: return "a signal";
  }
}

/// A background process must leave the line to the one in front.
static bool owns_terminal(void) {
  pid_t group = tcgetpgrp(guard.terminal);
  return group < 0 || group == getpgrp();
}

/// Copies the end of what was printed while the screen was up.
static void copy_kept_output(int target) {
  struct stat status;
  if (guard.kept_output < 0 || fstat(guard.kept_output, &status) != 0) return;
  off_t at = status.st_size > KEPT_OUTPUT_LIMIT ? status.st_size - KEPT_OUTPUT_LIMIT : 0;
  uint8_t bytes[4096];
  for (;;) {
    ssize_t count = pread(guard.kept_output, bytes, sizeof bytes, at);
    if (count <= 0) return;
    if (!ct_write_all(target, bytes, (size_t)count)) return;
    at += count;
  }
}

/// Each step runs whatever became of the one before.
static void restore_terminal(bool discards_input) {
  if (!atomic_exchange(&screen_up, false)) return;
  dup2(guard.nowhere, guard.drawn_on);
  if (owns_terminal()) {
    // A terminal that was stopped (Ctrl-S) takes nothing: do not hang on it.
    struct pollfd ready = {.fd = guard.terminal, .events = POLLOUT};
    if (poll(&ready, 1, 500) > 0) ct_write_all(guard.terminal, guard.restore, guard.restore_count);
    signal(SIGTTOU, SIG_IGN);
    tcsetattr(guard.terminal, TCSANOW, &guard.found);
    if (discards_input) tcflush(guard.terminal, TCIFLUSH);
  }
  dup2(guard.standard[1], STDOUT_FILENO);
  dup2(guard.standard[2], STDERR_FILENO);
  copy_kept_output(STDERR_FILENO);
}

static void write_crash_report(int number) {
  if (guard.crash_report[0] == '\0') return;
  int report = open(guard.crash_report, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (report < 0) return;
  fchmod(report, 0600);
  write_text(report, "ended by ");
  write_text(report, signal_name(number));
  write_text(report, "\n\n");
  copy_kept_output(report);
  write_text(report, "\n");
  void *frames[64];
  backtrace_symbols_fd(frames, backtrace(frames, 64), report);
  close(report);
  write_text(STDERR_FILENO, "The program ended by ");
  write_text(STDERR_FILENO, signal_name(number));
  write_text(STDERR_FILENO, ". A report is in ");
  write_text(STDERR_FILENO, guard.crash_report);
  write_text(STDERR_FILENO, "\n");
}

static void default_action(int number) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigaction(number, &action, NULL);
}

static void end_now(int number) {
  restore_terminal(true);
  default_action(number);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
  raise(number);
}

static void on_fault(int number, siginfo_t *details, void *context) {
  (void)context;
  if (!atomic_exchange(&dying, true)) {
    atomic_store(&dying_thread, pthread_self());
    restore_terminal(true);
    write_crash_report(number);
  } else if (!pthread_equal(atomic_load(&dying_thread), pthread_self())) {
    // Another thread is telling what happened and ends the process.
    for (;;) pause();
  }
  if (guard.lets_backtracer_run) {
    sigaction(number, &guard.old[number], NULL);
  } else {
    default_action(number);
  }
  // A fault comes again when we return, with the registers that a core dump should show. What was sent does not.
  if (details->si_code <= 0) raise(number);
}

static void on_ending(int number) {
  int kept = errno;
  int none = 0;
  if (number == SIGINT && atomic_load(&lent)) return;
  if (!atomic_load(&listening) || !atomic_compare_exchange_strong(&ending_signal, &none, number)) {
    end_now(number);
  } else {
    atomic_fetch_or(&pending, CT_SIGNAL_END);
    alarm(SECONDS_TO_ANSWER);
    ct_waker_poke(guard.waker);
  }
  errno = kept;
}

static void on_quit(int number) {
  if (!atomic_load(&lent)) end_now(number);
}

static void on_no_answer(int number) {
  (void)number;
  int first = atomic_load(&ending_signal);
  if (first != 0) end_now(first);
}

static void on_loop_signal(int number) {
  int kept = errno;
  if (number == SIGCONT) atomic_fetch_add(&continues, 1);
  if (atomic_load(&listening)) {
    int flag = number == SIGWINCH ? CT_SIGNAL_RESIZE : number == SIGTSTP ? CT_SIGNAL_STOP : CT_SIGNAL_CONTINUE;
    atomic_fetch_or(&pending, flag);
    ct_waker_poke(guard.waker);
  } else if (number == SIGTSTP) {
    kill(getpid(), SIGSTOP);
  }
  errno = kept;
}

// MARK: install and remove

static void on_exit_of_process(void) { restore_terminal(false); }

/// A line that a killed program left raw is given back cooked.
static void mend(struct termios *settings) {
  if (settings->c_lflag & (ICANON | ECHO)) return;
  settings->c_iflag |= BRKINT | ICRNL | IXON;
  settings->c_iflag &= (tcflag_t)~(INLCR | IGNCR | ISTRIP);
  settings->c_oflag |= OPOST | ONLCR;
  settings->c_lflag |= ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
  settings->c_cc[VMIN] = 1;
  settings->c_cc[VTIME] = 0;
}

static int create_kept_output(void) {
#ifdef __linux__
  int file = memfd_create("output", MFD_CLOEXEC);
#else
  char name[] = "/tmp/output.XXXXXX";
  int file = mkstemp(name);
  if (file >= 0) {
    unlink(name);
    fcntl(file, F_SETFD, FD_CLOEXEC);
  }
#endif
  if (file >= 0) fcntl(file, F_SETFL, O_APPEND);
  return file;
}

static void catch_signal(int number, void (*handler)(int)) {
  sigaction(number, NULL, &guard.old[number]);
  // What the parent chose to ignore (nohup) stays ignored.
  if (guard.old[number].sa_handler == SIG_IGN && number != SIGALRM && number != SIGWINCH) return;
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

static void catch_signals(void) {
  for (int index = 0; index < FAULTS; index++) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    sigaction(fault_signals[index], &action, &guard.old[fault_signals[index]]);
  }
  for (int index = 0; index < ENDINGS; index++) catch_signal(ending_signals[index], on_ending);
  for (int index = 0; index < LOOPS; index++) catch_signal(loop_signals[index], on_loop_signal);
  catch_signal(SIGQUIT, on_quit);
  catch_signal(SIGALRM, on_no_answer);
}

static void give_back(const int *numbers, int count) {
  for (int index = 0; index < count; index++) sigaction(numbers[index], &guard.old[numbers[index]], NULL);
}

static void release_signals(void) {
  alarm(0);
  give_back(fault_signals, FAULTS);
  give_back(ending_signals, ENDINGS);
  give_back(loop_signals, LOOPS);
  give_back((const int[]){SIGQUIT, SIGALRM}, 2);
}

static bool open_descriptors(int input, int output, int waker) {
  guard.terminal = ct_private_copy(output);
  guard.drawn_on = output;
  guard.nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  guard.waker = waker;
  guard.kept_output = create_kept_output();
  guard.standard[1] = ct_private_copy(STDOUT_FILENO);
  guard.standard[2] = ct_private_copy(STDERR_FILENO);
  return guard.terminal >= 0 && guard.nowhere >= 0 && tcgetattr(input, &guard.found) == 0;
}

static void close_descriptors(void) {
  ct_close(guard.terminal);
  ct_close(guard.nowhere);
  ct_close(guard.kept_output);
  ct_close(guard.standard[1]);
  ct_close(guard.standard[2]);
  guard.terminal = guard.nowhere = guard.kept_output = guard.standard[1] = guard.standard[2] = -1;
}

bool ct_guard_install(int input, int output, int waker, const char *crash_report) {
  if (atomic_load(&installed)) return false;
  if (!open_descriptors(input, output, waker)) {
    close_descriptors();
    return false;
  }
  struct termios mended = guard.found;
  mend(&mended);
  if (memcmp(&mended, &guard.found, sizeof mended) != 0) {
    guard.found = mended;
    tcsetattr(input, TCSANOW, &mended);
  }
  snprintf(guard.crash_report, sizeof guard.crash_report, "%s", crash_report != NULL ? crash_report : "");
  const char *backtracer = getenv("SWIFT_BACKTRACE");
  guard.lets_backtracer_run = backtracer != NULL && strstr(backtracer, "interactive=no") != NULL;
  // The first call loads a library, which a handler must not do.
  void *frame[1];
  backtrace(frame, 1);
  atomic_store(&pending, 0);
  atomic_store(&ending_signal, 0);
  static bool registered;
  if (!registered) registered = atexit(on_exit_of_process) == 0;
  catch_signals();
  atomic_store(&installed, true);
  return true;
}

void ct_guard_remove(void) {
  if (!atomic_load(&installed)) return;
  ct_guard_screen_down();
  atomic_store(&listening, false);
  release_signals();
  close_descriptors();
  atomic_store(&installed, false);
}

void ct_guard_set_restore_bytes(const uint8_t *bytes, size_t count) {
  size_t kept = count < RESTORE_CAPACITY ? count : RESTORE_CAPACITY;
  memcpy(guard.restore, bytes, kept);
  guard.restore_count = kept;
}

void ct_guard_screen_up(void) {
  fflush(stdout);
  fflush(stderr);
  if (guard.kept_output >= 0) {
    dup2(guard.kept_output, STDOUT_FILENO);
    dup2(guard.kept_output, STDERR_FILENO);
  }
  atomic_store(&screen_up, true);
}

void ct_guard_screen_down(void) {
  if (!atomic_exchange(&screen_up, false)) return;
  fflush(stdout);
  fflush(stderr);
  if (owns_terminal()) tcsetattr(guard.terminal, TCSADRAIN, &guard.found);
  dup2(guard.standard[1], STDOUT_FILENO);
  dup2(guard.standard[2], STDERR_FILENO);
  copy_kept_output(STDERR_FILENO);
  if (guard.kept_output >= 0 && ftruncate(guard.kept_output, 0) != 0) {
    // What was copied would be copied again at the end: better twice than never.
  }
}

// MARK: signals for the loop

void ct_guard_set_listening(bool listens) { atomic_store(&listening, listens); }

int ct_guard_take_signals(int *ending) {
  int taken = atomic_exchange(&pending, 0);
  if (taken & CT_SIGNAL_END) *ending = atomic_load(&ending_signal);
  return taken;
}

void ct_guard_answered(void) { alarm(0); }

void ct_guard_set_lent(bool is_lent) { atomic_store(&lent, is_lent); }

void ct_guard_stop_group(void) {
  int before = atomic_load(&continues);
  struct sigaction kept;
  struct sigaction stops = {.sa_handler = SIG_DFL};
  sigaction(SIGTSTP, &stops, &kept);
  kill(0, SIGTSTP);
  // Another thread may take the signal, so this one can run on for a moment. A group without a shell is not stopped at
  // all.
  for (int tenths = 0; tenths < 5 && atomic_load(&continues) == before; tenths++) poll(NULL, 0, 100);
  sigaction(SIGTSTP, &kept, NULL);
  atomic_fetch_and(&pending, ~(CT_SIGNAL_STOP | CT_SIGNAL_CONTINUE));
}

void ct_end_by_signal(int number) {
  fflush(NULL);
  default_action(number);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
  kill(getpid(), number);
  // Process 1 of a container has no default action.
  for (int tenths = 0; tenths < 5; tenths++) poll(NULL, 0, 100);
  _exit(128 + number);
}
