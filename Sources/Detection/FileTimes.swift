import Files
import Telemetry

/// Reads the times of one file: ISO 8601, or numbers since 1970 in one unit for the whole file.
struct FileTimes {
  private let path: String
  /// What numbers count; nil as long as none has been read.
  private(set) var unit: EpochUnit?
  private let isGiven: Bool
  /// The line of the number by which the unit was found.
  private var line = 0

  /// - Parameter unit: Nil to find it: the one in which a number lies between 2000 and 2100.
  init(path: String, unit: EpochUnit?) {
    self.path = path
    self.unit = unit
    isGiven = unit != nil
  }

  /// The instant that a field of `line` stands for; nil where it is none. Throws `CSVError` where it says another unit than an
  /// earlier line did.
  mutating func instant(_ text: String, line: Int) throws(CSVError) -> Timestamp? {
    guard EpochUnit.isNumber(text) else { return Timestamp(iso8601: text) }
    if isGiven { return unit?.instant(text) }
    guard let guess = EpochUnit(guessing: text) else { return nil }
    if let unit, unit != guess {
      throw CSVError(
        path: path, line: line,
        reason:
          "the time “\(text.prefix(40))” is one in \(guess.name), but that of line \(self.line) is one in \(unit.name); "
          + "give --time-unit, or write ISO 8601")
    }
    if unit == nil {
      unit = guess
      self.line = line
    }
    return guess.instant(text)
  }

  /// Why fields that hold a number are no instant, to be put behind what says so; empty where they hold none.
  func hint(_ texts: String...) -> String {
    guard texts.contains(where: { EpochUnit.isNumber($0) }) else { return "" }
    return isGiven
      ? ", or a number of \(unit?.name ?? "units") since 1970"
      : ", or a number since 1970 between 2000 and 2100 (give --time-unit for others)"
  }

  /// What the user should know of how times were read; nil where it goes without saying.
  var notice: String? {
    guard !isGiven, let unit, unit != .milliseconds else { return nil }
    return "\(path): times are taken as \(unit.name) since 1970; --time-unit says otherwise"
  }
}
