/// What became of every row of a recording. `rows` is the sum of `messages` (wide files), `rowsOutsideClock` and
/// `rowsWithoutValues`; in long files several rows of one instant make a message.
public struct ReplayAccount: Hashable, Sendable, Codable {
  public var files = 0
  /// Rows after the header.
  public var rows = 0
  public var messages = 0
  /// Values published.
  public var readings = 0
  /// Cells that were empty or said `NaN`, `NA`, `null` or `none`: no reading.
  public var emptyCells = 0
  /// Rows with no value at all: not published.
  public var rowsWithoutValues = 0
  /// Rows before the start of the scenario's clock or after its end: not published.
  public var rowsOutsideClock = 0
  /// Rows that stood after a later one of their device: published, in order of time.
  public var reorderedRows = 0
  /// Messages with the same device and time as the one before: published, each with its own sequence number.
  public var repeatedTimestamps = 0

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case files, rows, messages, readings
    case emptyCells = "empty_cells"
    case rowsWithoutValues = "rows_without_values"
    case rowsOutsideClock = "rows_outside_clock"
    case reorderedRows = "reordered_rows"
    case repeatedTimestamps = "repeated_timestamps"
  }
}
