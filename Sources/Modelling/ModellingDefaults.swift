/// The defaults and bounds of models and their training, each with its reason.
package enum ModellingDefaults {
  /// The features of a model where nothing else is said.
  package static let features: [Aggregate] = [.mean, .stddev, .min, .max]
  /// How many windows training holds in memory at a time, a thread: 100,000 rows are about 15 MB.
  static let windowsPerChunk = 100_000
  /// How many pieces of work training makes a thread: enough that one slow piece does not leave the other threads idle.
  static let chunksPerThread = 16
}
