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
