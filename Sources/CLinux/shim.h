// What the Glibc module of Swift leaves out.
#include <malloc.h>
#include <sys/epoll.h>
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
