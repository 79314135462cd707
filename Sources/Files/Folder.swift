import Glibc

/// Folders on disk.
package enum Folder {
  /// Whether there is a folder at `path`; a link to one is one.
  package static func exists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Makes the folder at `path`, whose parent is there. False where something is at `path` already. Throws ``FileError``.
  package static func makeNew(_ path: String) throws -> Bool {
    if mkdir(path, 0o777) == 0 { return true }
    guard errno == EEXIST else { throw FileError(path: path, action: .makeFolder) }
    return false
  }

  /// Makes the folder at `path`, and those above it, where they are not there yet. Throws ``FileError`` with the system's reason.
  package static func make(_ path: String) throws {
    // The ends of the names of all folders on the way; repeated slashes do no harm.
    let ends = path.indices.filter { path[$0] == "/" && $0 != path.startIndex } + [path.endIndex]
    for end in ends where mkdir(String(path[..<end]), 0o777) != 0 {
      // What is there already may be no folder, which the next one, or the look at the whole, finds.
      guard errno == EEXIST else { throw FileError(path: path, action: .makeFolder) }
    }
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, action: .makeFolder) }
    close(descriptor)
  }
}
