import CLinux

/// The memory of this process.
package enum ProcessMemory {
  /// Gives back to the system what was freed, as after a large document has been read. The allocator would keep it.
  package static func trim() { malloc_trim(0) }
}
