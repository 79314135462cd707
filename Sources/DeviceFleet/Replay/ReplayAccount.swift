/// What became of every row of a recording. `rows` is the sum of `messages` (wide files), `rowsOutsideClock` and
/// `rowsWithoutValues`; in long files several rows of one instant make a message.
package struct ReplayAccount: Hashable, Sendable, Codable {
  package var files = 0
  /// Rows after the header.
  package var rows = 0
  package var messages = 0
  /// Values published.
  package var readings = 0
  /// Cells that were empty or said `NaN`, `NA`, `null` or `none`: no reading.
  package var emptyCells = 0
  /// Rows with no value at all: not published.
  package var rowsWithoutValues = 0
  /// Rows before the start of the scenario's clock or after its end: not published.
  package var rowsOutsideClock = 0
  /// Rows that stood after a later one of their device: published, in order of time.
  package var reorderedRows = 0
  /// Messages with the same device and time as the one before: published, each with its own sequence number.
  package var repeatedTimestamps = 0

  package init() {}

  private enum CodingKeys: String, CodingKey {
    case files, rows, messages, readings
    case emptyCells = "empty_cells"
    case rowsWithoutValues = "rows_without_values"
    case rowsOutsideClock = "rows_outside_clock"
    case reorderedRows = "reordered_rows"
    case repeatedTimestamps = "repeated_timestamps"
  }
}
