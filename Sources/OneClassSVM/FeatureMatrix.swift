/// Rows of features, row-major: the value of row `r` and column `c` is `values[r * columns + c]`.
package struct FeatureMatrix: Sendable, Equatable {
  /// `rowCount * columns` values.
  package private(set) var values: [Double]
  /// How many features a row has; at least one.
  package let columns: Int

  /// How many rows there are.
  package var rowCount: Int { values.count / columns }

  /// An empty matrix of `columns` features, with room for `rows` rows.
  package init(columns: Int, reservingRows rows: Int = 0) {
    precondition(columns >= 1, "a row has at least one feature")
    self.columns = columns
    values = []
    values.reserveCapacity(rows * columns)
  }

  /// Takes `values`, row after row. Their number is a multiple of `columns`.
  package init(values: [Double], columns: Int) {
    precondition(columns >= 1, "a row has at least one feature")
    precondition(values.count % columns == 0, "\(values.count) values are not whole rows of \(columns)")
    self.values = values
    self.columns = columns
  }

  /// Takes `rows`, which are not empty and all of one length.
  package init(rows: [[Double]]) {
    precondition(!rows.isEmpty, "without a row the number of columns is not known")
    self.init(columns: rows[0].count, reservingRows: rows.count)
    for row in rows { append(row) }
  }

  // Not generic: a generic function is not specialized for a caller in another module, and costs many times as much.

  /// Adds a row of `columns` values at the end.
  package mutating func append(_ row: [Double]) { append(row[...]) }

  /// Adds a row of `columns` values at the end.
  package mutating func append(_ row: ArraySlice<Double>) {
    precondition(row.count == columns, "a row of \(row.count) values in a matrix of \(columns) columns")
    values.append(contentsOf: row)
  }

  /// The row at `index`: `columns` values.
  package subscript(row index: Int) -> ArraySlice<Double> {
    values[index * columns..<(index + 1) * columns]
  }

  /// One value.
  package subscript(row: Int, column: Int) -> Double {
    precondition(column >= 0 && column < columns, "there is no column \(column)")
    return values[row * columns + column]
  }
}
