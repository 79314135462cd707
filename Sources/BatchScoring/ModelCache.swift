import Foundation
import OneClassSVM

/// Models that a warm worker has read: the next job of the same deployment needs the same ones. A model whose files
/// have changed is read again. Used from one thread.
final class ModelCache {
  /// Tells one state of a file from the next.
  private struct Stamp: Equatable {
    var inode: UInt64
    var size: Int
    var seconds: Int
    var nanoseconds: Int

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      inode = UInt64(status.st_ino)
      size = Int(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  private struct Entry {
    var stamps: [Stamp]
    var model: OneClassModel
  }

  private var entries: [String: Entry] = [:]
  private let limit: Int

  /// - Parameter limit: How many models are kept; none for a single job, which needs each model once.
  init(limit: Int) { self.limit = limit }

  /// The model of `stem` in `folder`. Throws as `ModelFile.read` does.
  func model(folder: String, stem: String) throws -> OneClassModel {
    guard limit > 0 else { return try ModelFile.read(folder: folder, stem: stem) }
    let path = "\(folder)/\(stem)"
    // Taken before the files are read: what changes meanwhile is then noticed the next time.
    let stamps = ["\(path).model", "\(path).json"].compactMap { Stamp($0) }
    if let entry = entries[path], entry.stamps == stamps, stamps.count == 2 { return entry.model }
    let model = try ModelFile.read(folder: folder, stem: stem)
    // Full, it starts anew: which models come next is not known.
    if entries.count >= limit { entries.removeAll(keepingCapacity: true) }
    entries[path] = Entry(stamps: stamps, model: model)
    return model
  }
}
