// What the Glibc module of Swift leaves out.
#include <errno.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Lets the kernel begin to write what the file has in memory to disk, and does not wait for it: sync_file_range(2) with
// SYNC_FILE_RANGE_WRITE, to the end of the file. Not every architecture has it; without it, nothing is lost but time.
static inline void linux_start_writeback(int descriptor, long long offset) {
#ifdef SYS_sync_file_range
  syscall(SYS_sync_file_range, descriptor, offset, 0LL, 2U);
#else
  (void)descriptor, (void)offset;
#endif
}

// Open(2)'s O_PATH: a descriptor that only stands for a place, for which a folder need not be readable.
static inline int linux_path_flag(void) { return 010000000; }

// A descriptor of the process `id`, or -1: pidfd_open(2). It stands for that process also after its end.
static inline int linux_process_open(int id) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, id, 0U);
#else
  (void)id;
  return -1;
#endif
}

// Sends a signal to the process of a descriptor: pidfd_send_signal(2). 0 where it was sent.
static inline int linux_process_signal(int descriptor, int number) {
#ifdef SYS_pidfd_send_signal
  return (int)syscall(SYS_pidfd_send_signal, descriptor, number, (void *)0, 0U);
#else
  (void)descriptor, (void)number;
  return -1;
#endif
}

// Which processors the thread `thread` (0: this one) may run on, as bits of `mask`, which has `bytes` bytes; how many bytes were written,
// or -1: sched_getaffinity(2).
static inline long linux_processors(int thread, unsigned char *mask, unsigned long bytes) {
  return syscall(SYS_sched_getaffinity, thread, bytes, mask);
}

// Lets it run on those of `mask` alone; 0 where it was done: sched_setaffinity(2).
static inline long linux_set_processors(int thread, const unsigned char *mask, unsigned long bytes) {
  return syscall(SYS_sched_setaffinity, thread, bytes, mask);
}

// epoll_wait(2) that waits for a time in nanoseconds, -1 for ever. Before Linux 5.11 it is rounded up to milliseconds.
static inline int linux_epoll_wait(int poller, struct epoll_event *events, int most, long long nanoseconds) {
#ifdef SYS_epoll_pwait2
  // As the kernel has it, on every architecture.
  struct { long long seconds, nanoseconds; } time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  long found = syscall(SYS_epoll_pwait2, poller, events, most, nanoseconds < 0 ? (void *)0 : &time, (void *)0, 0UL);
  if (found >= 0 || errno != ENOSYS) return (int)found;
#endif
  return epoll_wait(poller, events, most, nanoseconds < 0 ? -1 : (int)((nanoseconds + 999999) / 1000000));
}

// Lets timers of this thread go off when they are due, and not together with others up to 50 µs later: prctl(2) with PR_SET_TIMERSLACK.
static inline void linux_exact_timers(void) { prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); }
