/// The bounds of what a model may be, so that a hostile file cannot make a reader take the machine's memory. All are
/// far above what one-class models of devices need.
package enum ModelLimits {
  /// Features of a row.
  package static let features = 4096
  /// Support vectors of a model.
  package static let supportVectors = 1 << 20
  /// Numbers in the support vectors of a model: 512 MiB of doubles.
  package static let supportVectorValues = 1 << 26
  /// The degree of a polynomial kernel. Above it, doubles overflow for any row that is not tiny.
  package static let degree = 64
  /// The largest magnitude of a value that is trained on: sums of squares of such values over the rows of any training are
  /// finite.
  package static let trainingValue = 1e150
  /// Bytes of a model file of any format.
  package static let fileBytes = 1 << 30
}
