import Documents
import OneClassSVM

/// The forms and bounds that only documents of ours have.
extension Schema.Form {
  static let jitter = Self(
    pattern: "^(0*([0-8]?[0-9]([.][0-9]*)?|90([.]0*)?)|[.][0-9]+)%$",
    wanted: "a share such as 20%, of at most 90%")
  static let positiveLevel = Self(
    pattern: "^(?=.*[1-9])\(decimal)%$", wanted: "a level such as 150%, above zero")
  static let speed = Self(
    pattern: "^(real|max|x(?=.*[1-9])\(decimal))$", wanted: "real, max or a factor such as x60")
  static let broker = Self(
    pattern: "^mqtts?://[^/@]+/?$", wanted: "mqtt://host:port or mqtts://host:port")
  static let size = Self(
    pattern: "^\(decimal)([kKMGT]?B|[KMGT]iB)?$",
    wanted: "a size of at least \(ScenarioSchema.leastRetainBytes) bytes, such as 500MB")
  private static let seedOrRange = " *[0-9]+ *([.][.] *[0-9]+ *)?"
  static let seedRange = Self(pattern: "^\(seedOrRange)$", wanted: "a seed, or seeds such as 1..10")
  static let seeds = Self(pattern: "^\(seedOrRange)(,\(seedOrRange))*$", wanted: SeedList.wanted)
  static let delimiter = Self(pattern: "^([\\x00-\\x7F]|tab)$", wanted: "one character or tab")
  /// A device that is chosen by name: of a group, so that it never looks like a number.
  static let device = Self(pattern: identifier.pattern, wanted: "the name of a device")
  /// Before `-0001`.
  static let devicePrefix = Self(
    pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,58}$",
    wanted: "a name of at most 59 letters, digits, dots, dashes, underscores", isName: true)
}

extension Schema.Bounds {
  static let nu = Self(
    atLeast: Nu.range.lowerBound, atMost: Nu.range.upperBound, wanted: Nu.wanted)
}
