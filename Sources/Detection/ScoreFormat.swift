import Files
import Telemetry
import Wording

/// How a file of scores is written: what its columns are called, and what its scores mean. The default is a prediction file.
package struct ScoreFormat: Hashable, Sendable {
  package var columns = ScoreColumns()
  package var delimiter: Character = ","
  /// What times that are numbers count since 1970; nil to find it.
  package var timeUnit: EpochUnit?
  /// Whether a higher score is more anomalous; in Sonde's own files a lower one is.
  package var isHigherAnomalous = false
  /// The score up to which a window is flagged (from which on, where higher is anomalous); nil where the file says what is flagged.
  package var threshold: Double?
  /// The device of every row, where no column says it.
  package var device: DeviceID?
  /// The column of ones and zeros that says which rows are anomalous; nil where labels are elsewhere.
  package var labelColumn: String?

  package init() {}

  /// Whether nothing is said that a prediction file of Sonde would not be.
  package var isStandard: Bool { self == ScoreFormat() }

  /// What of `header` is needed and not there, in words; empty where nothing is.
  package func missing(in header: [String]) -> [String] {
    var missing: [String] = []
    for role in ScoreColumns.Role.allCases {
      let isNeeded =
        switch role {
        case .device: device == nil || columns.isNamed(role)
        case .time, .score: true
        case .prediction: threshold == nil
        case .sensor, .end, .revision: columns.isNamed(role)
        }
      if isNeeded, columns.position(of: role, in: header) == nil { missing.append(columns.name(of: role)) }
    }
    if let labelColumn, ScoreColumns.position(of: [labelColumn], in: header) == nil {
      missing.append(labelColumn)
    }
    return missing
  }
}

/// What the columns of a file of scores are called.
package struct ScoreColumns: Hashable, Sendable {
  package enum Role: String, CaseIterable, Sendable {
    case device, sensor, time, end, score, prediction, revision

    /// The names that a column has where nothing is said; the first that is there is taken.
    fileprivate var names: [String] {
      switch self {
      case .device: ["device"]
      case .sensor: ["sensor"]
      case .time: ["window_start", "window_start_ms", "time", "timestamp", "ts"]
      case .end: ["window_end", "window_end_ms"]
      case .score: ["score"]
      case .prediction: ["prediction"]
      case .revision: ["revision"]
      }
    }
  }

  private var named: [Role: String] = [:]

  package init() {}

  /// Reads `device=Pump,time=TS,score=Anomaly`; what is not named keeps its own name. Throws ``EvaluationError``.
  package init(_ text: String) throws(EvaluationError) {
    let roles = Role.allCases.map(\.rawValue)
    for (name, value) in try NamedColumns.pairs(of: text, option: "--columns", names: roles) {
      if let role = Role(rawValue: name) { named[role] = value }
    }
  }

  /// Whether somebody has said what the column of `role` is called.
  func isNamed(_ role: Role) -> Bool { named[role] != nil }

  /// What the column of `role` is called, for messages.
  func name(of role: Role) -> String { named[role] ?? role.names[0] }

  /// Where the column of `role` is in `header`; nil where it is not.
  func position(of role: Role, in header: [String]) -> Int? {
    Self.position(of: named[role].map { [$0] } ?? role.names, in: header)
  }

  /// The first of `names` that is there: as it is written, or else in other cases of its letters.
  static func position(of names: [String], in header: [String]) -> Int? {
    for name in names {
      if let position = header.firstIndex(of: name) { return position }
    }
    for name in names {
      if let position = header.firstIndex(where: { $0.lowercased() == name.lowercased() }) { return position }
    }
    return nil
  }
}

/// Names of columns as options give them.
enum NamedColumns {
  /// The pairs of `text`, such as `device=Pump,time=TS`. Throws ``EvaluationError`` where one is of another form, or its name is none
  /// of `names`.
  static func pairs(
    of text: String, option: String, names: [String]
  ) throws(EvaluationError) -> [(String, String)] {
    var pairs: [(String, String)] = []
    for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[1].isEmpty else {
        throw EvaluationError("\(option) \(text.quoted): \(pair.quoted) is not of the form \(names[0])=NAME")
      }
      guard names.contains(parts[0]) else {
        let meant = NearestName.of(parts[0], among: names).map { "; did you mean \($0.quoted)?" }
        throw EvaluationError(
          "\(option) \(text.quoted): \(parts[0].quoted) is none of \(names.listed)\(meant ?? "")")
      }
      pairs.append((parts[0], parts[1]))
    }
    return pairs
  }
}

/// Why predictions cannot be held against labels, for people.
package struct EvaluationError: ExitingError {
  package let description: String

  package init(_ description: String) { self.description = description }

  package var exitStatus: ExitStatus { .usage }
}
