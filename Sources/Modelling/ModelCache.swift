import OneClassSVM

/// Where a worker gets its models from: what it has read already, since the next job of the same deployment needs the same
/// ones; else the ``ModelPack`` of their folder; else their files. A model whose files have changed is read again. Used from
/// one thread.
package final class ModelCache {
  private struct Entry {
    var stamp: ModelFile.Stamp
    var function: DecisionFunction
  }

  private var entries: [String: Entry] = [:]
  private let limit: Int
  private var pack: (folder: String, pack: ModelPack?)?

  /// - Parameter limit: How many models are kept; none for a single job, which needs each model once.
  package init(limit: Int) { self.limit = limit }

  /// A new job begins, whose models are in `folder`.
  package func begin(folder: String) {
    if let pack, pack.folder == folder, pack.pack?.isCurrent ?? false { return }
    pack = (folder, ModelPack(models: folder))
  }

  /// The decision function of the model of `stem` in `folder`. Throws as `ModelFile.read` does.
  package func decisionFunction(folder: String, stem: String) throws -> DecisionFunction {
    // Taken before the files are read: what changes meanwhile is then noticed the next time.
    guard let stamp = ModelFile.Stamp(folder: folder, stem: stem) else {
      return try ModelFile.read(folder: folder, stem: stem).decisionFunction
    }
    let key = "\(folder)/\(stem)"
    if limit > 0, let entry = entries[key], entry.stamp == stamp { return entry.function }
    let function =
      try pack?.pack?.decisionFunction(stem: stem, stamp: stamp)
      ?? ModelFile.read(folder: folder, stem: stem).decisionFunction
    if limit > 0 {
      // Full, it starts anew: which models come next is not known.
      if entries.count >= limit { entries.removeAll(keepingCapacity: true) }
      entries[key] = Entry(stamp: stamp, function: function)
    }
    return function
  }
}
