// A SQLite VFS that makes a disk misbehave the way disks do: it lies over SQLite's own and passes everything on, but for
// two things that can be switched on.
//
//   disk full     While a marker file exists, every write fails as one to a full disk does (SQLITE_FULL).
//   held writes   What is written stays in this process's memory until SQLite syncs the file. A process that is killed
//                 (SIGKILL) then leaves the file as a power cut would: with all that was synced, and of the rest with an
//                 arbitrary, seeded choice that happened to reach the disk, some of it torn within a page.
//
// Not held back, and so no part of what it shows: truncation, deletion and creation of files, which take effect at once.
#ifndef SONDE_CFAULTVFS_H
#define SONDE_CFAULTVFS_H

#include <stdint.h>

#define SONDE_FAULT_VFS_NAME "sonde-faults"

// Registers the VFS; once a process.
//
//   is_default        Whether connections that name no VFS use it.
//   disk_full_marker  The path of the marker file, copied; null for none.
//   holds_writes      Whether writes are held until they are synced.
//   seed              Chooses what of the held writes reaches the disk early.
//
// Returns SQLite's result code.
int sonde_fault_vfs_register(int is_default, const char *disk_full_marker, int holds_writes, uint64_t seed);

// Cuts the power within this process: nothing that is written to files open now, or synced, reaches the disk any more. What a
// test uses in place of SIGKILL; it copies the files before it closes them, because SQLite tidies up when it does.
void sonde_fault_vfs_cut_power(void);

#endif
