import Foundation

extension AtomicFile {
  /// Removes what processes that were killed while they wrote have left in `folder`; nobody else may be writing there.
  package static func removeTemporaryFiles(in folder: String) {
    removeTemporaryFiles(in: folder, startingWith: "")
  }

  /// Removes those of the file at `path` alone.
  package static func removeTemporaryFiles(of path: String) {
    let path = path as NSString
    let folder = path.deletingLastPathComponent
    removeTemporaryFiles(in: folder.isEmpty ? "." : folder, startingWith: path.lastPathComponent + ".")
  }

  private static func removeTemporaryFiles(in folder: String, startingWith start: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasPrefix(start) && name.hasSuffix(".tmp") {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }
}
