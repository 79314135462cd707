import ArgumentParser
import Files
import OneClassSVM
import Telemetry

/// How a plain file of aggregated rows is read.
struct PlainFileOptions: ParsableArguments {
  @Option(help: "The columns of the file, such as time=TS,device=Device,sensor=Sensor,value=Value.")
  var columns: String?

  @Option(
    help: "What separates the fields of the file: comma, semicolon, tab, or a character; by default comma.")
  var delimiter: FieldDelimiter?

  var isUnused: Bool { columns == nil && delimiter == nil }

  /// The names of the columns. Throws ``ModelError``.
  func names() throws -> WindowTable.Columns {
    try columns.map { try WindowTable.Columns($0) } ?? WindowTable.Columns()
  }

  var separator: Character { delimiter?.character ?? "," }

  /// The rows of the file at `path`. Throws ``ModelError``, `CSVError` and `FileError`.
  func table(_ path: String) throws -> WindowTable {
    try WindowTable(path: path, columns: try names(), delimiter: separator)
  }
}

/// What separates the fields of a row, by its name or as it is.
struct FieldDelimiter: ExpressibleByArgument {
  let character: Character

  init?(argument: String) {
    guard let character = FieldSeparator.character(argument) else { return nil }
    self.character = character
  }
}

extension EpochUnit: ExpressibleByArgument {}
