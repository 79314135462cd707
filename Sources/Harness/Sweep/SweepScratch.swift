import Files
import Foundation

/// The folder of the files that a sweep's jobs need while they run. It is in the run's folder, which the nodes of a cluster see as well.
/// Each sweep has its own, so that two that look at the same run do not meet.
struct SweepScratch: Sendable {
  private let parent: String
  let path: String

  init(_ run: RunFolder) {
    parent = run.clusterSizes
    path = "\(parent)/\(getpid())"
  }

  /// Makes it, without what sweeps that were killed have left behind. Throws `FileError`.
  func make() throws {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] {
      guard let process = Int32(name), process == getpid() || (kill(process, 0) != 0 && errno == ESRCH) else {
        continue
      }
      try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
    }
    try Folder.make(path)
  }

  /// Removes it, and the folder around it where nobody else has one there.
  func remove() {
    try? FileManager.default.removeItem(atPath: path)
    rmdir(parent)
  }
}
