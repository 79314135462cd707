#include "CFaultVFS.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// One write that has not been synced.
typedef struct held_write {
  sqlite3_int64 offset;
  int length;
  unsigned char *bytes;
} held_write;

typedef struct fault_file {
  sqlite3_file base;
  sqlite3_file *real;  // lies behind this struct, in the memory that SQLite gives us
  held_write *held;    // in the order of writing
  size_t held_count;
  size_t held_capacity;
  int supply;  // the power supply that it was opened under
} fault_file;

static sqlite3_vfs fault_vfs;
static char *disk_full_marker;
static int holds_writes;
// How often the power was cut: files that were opened before the last time are dead.
static atomic_int power_supply;
static _Atomic uint64_t random_state;

// What a disk writes in one piece.
enum { SECTOR = 512 };

// xorshift64*; races between threads only change which writes are chosen.
static uint64_t draw(void) {
  uint64_t x = atomic_load(&random_state);
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  atomic_store(&random_state, x);
  return x * 0x2545F4914F6CDD1DULL;
}

static fault_file *own(sqlite3_file *file) { return (fault_file *)file; }
static sqlite3_file *real(sqlite3_file *file) { return ((fault_file *)file)->real; }
static int is_dead(const fault_file *file) { return file->supply != atomic_load(&power_supply); }

static void forget(fault_file *file) {
  for (size_t i = 0; i < file->held_count; i++) free(file->held[i].bytes);
  file->held_count = 0;
}

static int hold(fault_file *file, const void *bytes, int length, sqlite3_int64 offset) {
  if (file->held_count == file->held_capacity) {
    size_t capacity = file->held_capacity ? 2 * file->held_capacity : 64;
    held_write *grown = realloc(file->held, capacity * sizeof(held_write));
    if (!grown) return SQLITE_NOMEM;
    file->held = grown;
    file->held_capacity = capacity;
  }
  unsigned char *copy = malloc((size_t)length);
  if (!copy) return SQLITE_NOMEM;
  memcpy(copy, bytes, (size_t)length);
  file->held[file->held_count++] = (held_write){offset, length, copy};
  return SQLITE_OK;
}

static int fault_close(sqlite3_file *file) {
  // SQLite syncs what matters before it closes; the rest would be on its way to the disk, and stays with the power cut.
  fault_file *f = own(file);
  if (!is_dead(f)) {
    for (size_t i = 0; i < f->held_count; i++) {
      real(file)->pMethods->xWrite(real(file), f->held[i].bytes, f->held[i].length, f->held[i].offset);
    }
  }
  forget(f);
  free(f->held);
  return real(file)->pMethods->xClose(real(file));
}

static int fault_read(sqlite3_file *file, void *buffer, int length, sqlite3_int64 offset) {
  fault_file *f = own(file);
  int result = real(file)->pMethods->xRead(real(file), buffer, length, offset);
  if (f->held_count == 0 || (result != SQLITE_OK && result != SQLITE_IOERR_SHORT_READ)) return result;
  sqlite3_int64 size = 0;
  real(file)->pMethods->xFileSize(real(file), &size);
  for (size_t i = 0; i < f->held_count; i++) {
    held_write *w = &f->held[i];
    if (w->offset + w->length > size) size = w->offset + w->length;
    sqlite3_int64 from = w->offset > offset ? w->offset : offset;
    sqlite3_int64 to = w->offset + w->length < offset + length ? w->offset + w->length : offset + length;
    if (from < to) {
      memcpy((unsigned char *)buffer + (from - offset), w->bytes + (from - w->offset), (size_t)(to - from));
    }
  }
  return offset + length <= size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int fault_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset) {
  if (disk_full_marker && access(disk_full_marker, F_OK) == 0) return SQLITE_FULL;
  if (!holds_writes) return real(file)->pMethods->xWrite(real(file), bytes, length, offset);
  int result = hold(own(file), bytes, length, offset);
  if (result != SQLITE_OK || is_dead(own(file))) return result;
  // Half of all writes happen to reach the disk before anybody syncs, an eighth only with their first sectors.
  uint64_t chance = draw();
  if ((chance & 7) < 4) return real(file)->pMethods->xWrite(real(file), bytes, length, offset);
  if ((chance & 7) == 4 && length > SECTOR) {
    int sectors = 1 + (int)((chance >> 8) % (uint64_t)(length / SECTOR));
    int torn = sectors * SECTOR < length ? sectors * SECTOR : length - 1;
    return real(file)->pMethods->xWrite(real(file), bytes, torn, offset);
  }
  return SQLITE_OK;
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size) {
  fault_file *f = own(file);
  size_t kept = 0;
  for (size_t i = 0; i < f->held_count; i++) {
    held_write w = f->held[i];
    if (w.offset >= size) {
      free(w.bytes);
      continue;
    }
    if (w.offset + w.length > size) w.length = (int)(size - w.offset);
    f->held[kept++] = w;
  }
  f->held_count = kept;
  if (is_dead(f)) return SQLITE_OK;
  return real(file)->pMethods->xTruncate(real(file), size);
}

static int fault_sync(sqlite3_file *file, int flags) {
  fault_file *f = own(file);
  if (is_dead(f)) return SQLITE_OK;
  for (size_t i = 0; i < f->held_count; i++) {
    held_write *w = &f->held[i];
    int result = real(file)->pMethods->xWrite(real(file), w->bytes, w->length, w->offset);
    if (result != SQLITE_OK) return result;
  }
  forget(f);
  return real(file)->pMethods->xSync(real(file), flags);
}

static int fault_file_size(sqlite3_file *file, sqlite3_int64 *size) {
  fault_file *f = own(file);
  int result = real(file)->pMethods->xFileSize(real(file), size);
  for (size_t i = 0; i < f->held_count; i++) {
    sqlite3_int64 end = f->held[i].offset + f->held[i].length;
    if (end > *size) *size = end;
  }
  return result;
}

static int fault_lock(sqlite3_file *file, int level) { return real(file)->pMethods->xLock(real(file), level); }
static int fault_unlock(sqlite3_file *file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
static int fault_check_lock(sqlite3_file *file, int *is_held) {
  return real(file)->pMethods->xCheckReservedLock(real(file), is_held);
}
static int fault_control(sqlite3_file *file, int operation, void *argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
static int fault_sector_size(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int fault_characteristics(sqlite3_file *file) {
  // As without this VFS: SQLite's own promises no more than that a write leaves the bytes around it alone, and so do we.
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
static int fault_shm_map(sqlite3_file *file, int page, int size, int extends, void volatile **memory) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extends, memory);
}
static int fault_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
static void fault_shm_barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }
static int fault_shm_unmap(sqlite3_file *file, int deletes) {
  return real(file)->pMethods->xShmUnmap(real(file), deletes);
}

// Version 2: without memory-mapped reads, which would not see what is held.
static const sqlite3_io_methods methods = {
  .iVersion = 2,
  .xClose = fault_close,
  .xRead = fault_read,
  .xWrite = fault_write,
  .xTruncate = fault_truncate,
  .xSync = fault_sync,
  .xFileSize = fault_file_size,
  .xLock = fault_lock,
  .xUnlock = fault_unlock,
  .xCheckReservedLock = fault_check_lock,
  .xFileControl = fault_control,
  .xSectorSize = fault_sector_size,
  .xDeviceCharacteristics = fault_characteristics,
  .xShmMap = fault_shm_map,
  .xShmLock = fault_shm_lock,
  .xShmBarrier = fault_shm_barrier,
  .xShmUnmap = fault_shm_unmap,
};

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
  sqlite3_vfs *below = vfs->pAppData;
  fault_file *f = own(file);
  memset(f, 0, sizeof *f);
  f->supply = atomic_load(&power_supply);
  f->real = (sqlite3_file *)((unsigned char *)file + sizeof(fault_file));
  int result = below->xOpen(below, name, f->real, flags, out_flags);
  // Where opening fails and the file below wants to be closed all the same, SQLite closes it through us.
  if (f->real->pMethods) f->base.pMethods = &methods;
  return result;
}

int sonde_fault_vfs_register(int is_default, const char *marker, int holds, uint64_t seed) {
  if (sqlite3_vfs_find(SONDE_FAULT_VFS_NAME)) return SQLITE_OK;
  sqlite3_vfs *below = sqlite3_vfs_find(0);
  if (!below) return SQLITE_ERROR;
  disk_full_marker = marker ? strdup(marker) : 0;
  holds_writes = holds;
  atomic_store(&random_state, seed * 2 + 1);
  fault_vfs = *below;
  fault_vfs.zName = SONDE_FAULT_VFS_NAME;
  fault_vfs.pAppData = below;
  fault_vfs.pNext = 0;
  fault_vfs.szOsFile = (int)sizeof(fault_file) + below->szOsFile;
  fault_vfs.xOpen = fault_open;
  return sqlite3_vfs_register(&fault_vfs, is_default);
}

void sonde_fault_vfs_cut_power(void) { atomic_fetch_add(&power_supply, 1); }
