import DeviceFleet

/// `replay`: what became of every row of a recording.
extension ReplayAccount: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .count("files", "Files.") { $0.files },
    .count("rows", "Rows after the headers.") { $0.rows },
    .count("messages", "Messages published.") { $0.messages },
    .count("readings", "Values published.") { $0.readings },
    .count("empty_cells", "Cells that hold no reading.") { $0.emptyCells },
    .count("rows_without_values", "Rows with no value at all.") { $0.rowsWithoutValues },
    .count("rows_outside_clock", "Rows before the start of the clock or after its end.") {
      $0.rowsOutsideClock
    },
    .count("reordered_rows", "Rows that stood after a later one of their device.") { $0.reorderedRows },
    .count("repeated_timestamps", "Messages with the time of the one before.") { $0.repeatedTimestamps },
  ]
}
