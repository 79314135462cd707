/// The least squares solution of a linear system whose unknowns are not below zero (Lawson and Hanson, "Solving Least Squares
/// Problems", 1974, chapter 23). Of so few unknowns as a task has, every set of them that is not zero can be tried, which needs no
/// iteration and finds the best.
package enum NonNegativeLeastSquares {
  /// The unknowns x ≥ 0 for which the weighted sum of (row · x − value)² is least.
  ///
  /// - Parameters:
  ///   - rows: As many numbers each as there are unknowns, at most 8.
  ///   - weights: Of every row; 1 / value² for relative errors.
  package static func solve(rows: [[Double]], values: [Double], weights: [Double]) -> [Double] {
    precondition(rows.count == values.count && values.count == weights.count)
    guard let unknowns = rows.first?.count else { return [] }
    precondition(unknowns <= 8, "every set of unknowns is tried")
    // Columns of like size, so that the normal equations are well conditioned.
    let scales = (0..<unknowns).map { column in
      let norm = zip(rows, weights).reduce(0) { $0 + $1.0[column] * $1.0[column] * $1.1 }.squareRoot()
      return norm > 0 ? 1 / norm : 0
    }
    var gram = [[Double]](repeating: [Double](repeating: 0, count: unknowns), count: unknowns)
    var moments = [Double](repeating: 0, count: unknowns)
    for (index, row) in rows.enumerated() {
      for i in 0..<unknowns {
        let scaled = row[i] * scales[i] * weights[index]
        moments[i] += scaled * values[index]
        for j in 0...i { gram[i][j] += scaled * row[j] * scales[j] }
      }
    }
    for i in 0..<unknowns { for j in 0..<i { gram[j][i] = gram[i][j] } }
    var best = [Double](repeating: 0, count: unknowns)
    var least = 0.0
    for set in 1..<(1 << unknowns) {
      let columns = (0..<unknowns).filter { set >> $0 & 1 == 1 && scales[$0] > 0 }
      guard columns.count == set.nonzeroBitCount,
        let solution = gaussian(
          columns.map { i in columns.map { gram[i][$0] } }, columns.map { moments[$0] }),
        solution.allSatisfy({ $0 >= 0 })
      else { continue }
      // At a solution of the normal equations, the sum of squares is that of the values less this.
      let gain = zip(solution, columns).reduce(0) { $0 + $1.0 * moments[$1.1] }
      guard gain > least * (1 + 1e-12) else { continue }
      least = gain
      best = [Double](repeating: 0, count: unknowns)
      for (value, column) in zip(solution, columns) { best[column] = value * scales[column] }
    }
    return best
  }

  /// Elimination with pivots; nil where the matrix is singular.
  private static func gaussian(_ matrix: [[Double]], _ right: [Double]) -> [Double]? {
    var (a, b) = (matrix, right)
    for column in b.indices {
      guard let pivot = (column..<b.count).max(by: { abs(a[$0][column]) < abs(a[$1][column]) }),
        abs(a[pivot][column]) > 1e-10
      else { return nil }
      a.swapAt(column, pivot)
      b.swapAt(column, pivot)
      for row in (column + 1)..<max(column + 1, b.count) {
        let factor = a[row][column] / a[column][column]
        for k in column..<b.count { a[row][k] -= factor * a[column][k] }
        b[row] -= factor * b[column]
      }
    }
    for row in b.indices.reversed() {
      for k in (row + 1)..<max(row + 1, b.count) { b[row] -= a[row][k] * b[k] }
      b[row] /= a[row][row]
    }
    return b
  }
}
