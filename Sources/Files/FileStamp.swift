import Foundation

/// Tells one state of a file from the next without reading it: which file it is, how long, and when it was written.
package struct FileStamp: Hashable, Sendable {
  private let inode: Int64
  private let size: Int64
  private let seconds: Int64
  private let nanoseconds: Int64

  /// The state of the file at `path`; nil where there is none.
  package init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    inode = Int64(truncatingIfNeeded: status.st_ino)
    size = Int64(status.st_size)
    seconds = Int64(status.st_mtim.tv_sec)
    nanoseconds = Int64(status.st_mtim.tv_nsec)
  }
}
