import CLinux
import Foundation

/// An open folder, in which names are looked up without following a link: what is opened below it lies below it, whatever anybody puts into
/// it meanwhile.
package final class HeldFolder: Sendable {
  /// What a name stands for.
  package enum Kind: Hashable, Sendable {
    case nothing, file, folder, link
    /// A device, a pipe or a socket.
    case other
  }

  /// It need not be readable: that is asked for where its names are.
  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  /// The folder at `path`, which the owner of the server has named: links in it are followed. Nil where there is none.
  package convenience init?(_ path: String) {
    let descriptor = open(path, linux_path_flag() | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    self.init(descriptor: descriptor)
  }

  /// The folder at the absolute path `path`, on whose way there must be no link. Nil where there is none.
  package static func unlinked(_ path: String) -> HeldFolder? {
    let root = open("/", linux_path_flag() | O_DIRECTORY | O_CLOEXEC)
    guard root >= 0 else { return nil }
    return HeldFolder(descriptor: root).folder(below: path.split(separator: "/").map(String.init))
  }

  deinit { close(descriptor) }

  /// The folder called `name` in it; nil where there is none, or a link.
  package func folder(_ name: String) -> HeldFolder? {
    guard Self.isName(name) else { return nil }
    let found = openat(descriptor, name, linux_path_flag() | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    return found < 0 ? nil : HeldFolder(descriptor: found)
  }

  /// The folder below it that `parts` lead to, one by one; nil where there is none, or a link on the way.
  package func folder(below parts: some Sequence<String>) -> HeldFolder? {
    var folder: HeldFolder? = self
    for part in parts { folder = folder?.folder(part) }
    return folder
  }

  /// The file called `name` in it, open for reading, and its length; nil where there is none, or a link, or anything else.
  package func file(_ name: String) -> (file: FileHandle, count: Int)? {
    guard let (found, count) = descriptor(of: name) else { return nil }
    return (FileHandle(fileDescriptor: found, closeOnDealloc: true), count)
  }

  /// As ``file(_:)``; the descriptor is the caller's.
  package func descriptor(of name: String) -> (descriptor: Int32, count: Int)? {
    guard Self.isName(name) else { return nil }
    // Opening a pipe would wait for a writer.
    let found = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard found >= 0 else { return nil }
    var status = stat()
    guard fstat(found, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(found)
      return nil
    }
    return (found, Int(status.st_size))
  }

  package func kind(of name: String) -> Kind {
    var status = stat()
    guard Self.isName(name), fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      return .nothing
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    case S_IFLNK: return .link
    default: return .other
    }
  }

  /// The names in it, in their order; nil where there are more than `limit`, or it cannot be read.
  package func names(limit: Int) -> [String]? {
    let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard own >= 0, let stream = fdopendir(own) else {
      if own >= 0 { close(own) }
      return nil
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      guard names.count < limit else { return nil }
      names.append(name)
    }
    return names.sorted()
  }

  /// A name in a folder, and no path: the system would take a slash, and ends a name at a zero.
  private static func isName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == 0x2F || $0 == 0 }
  }
}
