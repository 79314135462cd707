/// What a task has to do.
package struct TaskWork: Hashable, Sendable {
  /// Windows to score.
  package var rows: Int
  /// Kernel evaluations: of every row, the support vectors of its model.
  package var kernels: Double

  package init(rows: Int, kernels: Double = 0) {
    self.rows = rows
    self.kernels = kernels
  }
}
