import BatchScoring
import Files
import Modelling
import Telemetry
import WindowStore

/// Holds a report against what the files of its run say once more.
package struct RunAudit {
  /// How many differences of one kind are named: a run of which everything differs needs no list of millions.
  static let namedDifferences = 1000

  /// A difference, and what it is in.
  package struct Finding: Hashable, Sendable, CustomStringConvertible {
    package let subject: String
    package let text: String

    package init(subject: String, text: String) {
      self.subject = subject
      self.text = text
    }

    package var description: String { "\(subject): \(text)" }
  }

  /// Where `report` says other than `again`, which was made from the same files: first what is counted, one by one and in words, then
  /// the figures.
  package static func differences(_ report: JSONValue, _ again: RunReport) throws -> [Finding] {
    let figures = difference(report, try again.json(), path: "").map {
      Finding(subject: "report.json", text: $0)
    }
    func known(_ path: String...) -> Set<String> {
      var value = report
      for name in path {
        guard case .object(let members) = value, let member = members[name] else { return [] }
        value = member
      }
      guard case .array(let elements) = value else { return [] }
      return Set(elements.map(\.description))
    }
    var findings: [Finding] = []
    func add(_ subject: String, _ found: [String], _ known: Set<String>) {
      findings += found.filter { !known.contains($0) }.map { Finding(subject: subject, text: $0) }
    }
    guard let judged = again.measurements.judged else { return figures }
    add("window", judged.windows.examples, known("windows", "mismatches"))
    add("late reading", judged.windows.misfiled, known("readings", "misfiled_messages"))
    add("doubled", judged.ledger.doubles, known("readings", "doubled_messages"))
    let losses = known("losses")
    findings += judged.ledger.losses.filter { !losses.contains($0.json.description) }.map {
      Finding(
        subject: "lost", text: "\($0.device) seq \($0.sequence), last seen: \($0.stage.rawValue)")
    }
    return findings + figures
  }

  /// Figures that earlier versions had a place for and did not measure.
  private static func wasNullBefore(_ path: String) -> Bool {
    let names: Set = [
      "auc_roc", "vus_roc", "range_precision", "range_recall", "range_f1", "event_f1", "affiliation_f1",
      "three_sigma",
    ]
    return path.hasPrefix("detection.")
      && path.split(separator: ".").last.map { names.contains(String($0)) } ?? false
  }

  /// Every leaf in which two reports differ, in words with its path.
  package static func differences(_ said: JSONValue, _ found: JSONValue) -> [String] {
    difference(said, found, path: "")
  }

  /// What differs between the prediction files of `folder` and what its windows and models give. Throws as the files do.
  package static func predictionDifferences(_ folder: RunFolder) throws -> [Finding] {
    let oracle = PredictionOracle(
      folder: folder, windows: try WindowStoreReader(path: folder.store),
      jobs: try JobStore(reading: folder.jobs))
    return try oracle.findings(limit: namedDifferences).map { Finding(subject: "prediction", text: $0) }
  }

  /// What differs between the scores of the stream in `folder` and what its windows and models give. Throws as the files do.
  ///
  /// - Parameter from: Windows visible at this time were not scored; nil: all were.
  package static func streamDifferences(_ folder: RunFolder, _ layout: ModelLayout, from: Timestamp?) throws
    -> [Finding]
  {
    let oracle = StreamOracle(
      windows: try WindowStoreReader(path: folder.store), models: folder.models, layout: layout, from: from)
    return try oracle.findings(limit: namedDifferences).map { Finding(subject: "stream", text: $0) }
  }

  /// Lists of what is named by itself.
  private static let namedApart: Set<String> = [
    "windows.mismatches", "readings.misfiled_messages", "readings.doubled_messages", "losses",
  ]

  /// Every leaf in which two reports differ, with its path.
  private static func difference(_ said: JSONValue, _ found: JSONValue, path: String) -> [String] {
    func inside(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
    switch (said, found) {
    case (.object(let a), .object(let b)):
      return Set(a.keys).union(b.keys).sorted().flatMap { name -> [String] in
        // A report of an earlier version lacks figures that this one has.
        guard let said = a[name], !namedApart.contains(inside(name)) else { return [] }
        if said == .null, wasNullBefore(inside(name)) { return [] }
        return difference(said, b[name] ?? .null, path: inside(name))
      }
    case (.array(let a), .array(let b)) where a.count == b.count:
      return zip(a, b).enumerated().flatMap { index, pair in
        difference(pair.0, pair.1, path: "\(path)[\(index)]")
      }
    case (.array(let a), .array(let b)):
      return ["\(path) has \(a.count) entries, and the files of the run give \(b.count)"]
    default: return said == found ? [] : ["\(path) is \(said), and the files of the run give \(found)"]
    }
  }
}
