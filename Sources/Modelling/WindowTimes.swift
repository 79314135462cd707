import Files
import OneClassSVM
import Telemetry

/// Reads the times of a plain file: ISO 8601, or numbers since 1970 in one unit for the whole file.
package struct WindowTimes: Sendable {
  /// What numbers count; nil where the file has none that can be an instant.
  package let unit: EpochUnit?
  /// Whether the unit was found by looking at the numbers, and not given.
  package let isGuessed: Bool
  private let path: String

  /// `unit` is what was asked for; nil to find it: the one in which the numbers lie between 2000 and 2100. Throws
  /// `CSVError` where two rows say different units.
  package init(_ table: WindowTable, unit: EpochUnit?) throws(CSVError) {
    path = table.path
    isGuessed = unit == nil
    guard unit == nil else {
      self.unit = unit
      return
    }
    var found: (unit: EpochUnit, line: Int)?
    for time in table.times {
      guard EpochUnit.isNumber(time.text), let unit = EpochUnit(guessing: time.text) else { continue }
      if let found, found.unit != unit {
        throw CSVError(
          path: table.path, line: time.line,
          reason:
            "the time “\(time.text.prefix(40))” is one in \(unit.name), but that of line \(found.line) is one in "
            + "\(found.unit.name); give --time-unit, or write ISO 8601")
      }
      found = found ?? (unit, time.line)
    }
    self.unit = found?.unit
  }

  /// The instant that a field stands for; nil where it is none.
  package func instant(_ text: String) -> Timestamp? {
    guard EpochUnit.isNumber(text) else { return Timestamp(iso8601: text) }
    guard let unit, !isGuessed || EpochUnit(guessing: text) == unit else { return nil }
    return unit.instant(text)
  }

  /// Why a field is no instant.
  package func fault(of text: String) -> String {
    let quoted = "“\(text.prefix(40))”"
    guard EpochUnit.isNumber(text) else {
      return "\(quoted) is no time; write ISO 8601 (\(Timestamp.forms)), or a number since 1970"
    }
    return isGuessed
      ? "\(quoted) is no time between 2000 and 2100 in any unit since 1970; write ISO 8601 (\(Timestamp.forms)), or give "
        + "--time-unit"
      : "\(quoted) is no number of \(unit?.name ?? "units") since 1970 up to the year 9999"
  }

  /// What the user should know of how times were read; nil where it goes without saying.
  package var notice: String? {
    guard isGuessed, let unit, unit != .milliseconds else { return nil }
    return "\(path): times are taken as \(unit.name) since 1970; --time-unit says otherwise"
  }
}
