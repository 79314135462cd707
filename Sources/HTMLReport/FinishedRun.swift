import Files

/// A run that has ended, as its files say: what a page of it is made from. Nothing is measured again.
package struct FinishedRun: Sendable {
  package let folder: RunFolder
  /// `report.json`.
  package let report: JSONValue
  /// `manifest.json`; nil while it has not been written, as it is the last file of a run.
  package let manifest: JSONValue?

  /// Reads the run in `folder`. Throws `FileError` and `JSONFileError` where its report cannot be read.
  package init(_ folder: RunFolder) throws {
    self.folder = folder
    report = try JSONFile.read(JSONValue.self, folder.report, keys: .asDeclared)
    manifest =
      FileStamp(folder.manifest) == nil
      ? nil : try JSONFile.read(JSONValue.self, folder.manifest, keys: .asDeclared)
  }

  /// The figure that `path` names in the report, such as `readings.lost`; nil where it is null or not there.
  package func figure(_ path: String) -> JSONValue? {
    var value = report
    for name in path.split(separator: ".", omittingEmptySubsequences: false) {
      guard case .object(let fields) = value, let next = fields[String(name)], next != .null else {
        return nil
      }
      value = next
    }
    return value
  }

  /// The number that `path` names; nil where there is none.
  package func number(_ path: String) -> Double? {
    guard case .number(let number) = figure(path) else { return nil }
    return number
  }
}
