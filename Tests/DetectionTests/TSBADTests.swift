import Detection
import Foundation
import Testing

/// Figures of one series beside those of TSB-AD, which `Benchmarks/detection/tsb_ad.py` has written down: 200 random cases and the edges.
@Suite struct TSBADTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let labels: String
    let flagged: String
    /// The higher, the more anomalous.
    let scores: [Double]
    let figures: [String: Double?]
    let padded: [String: Double?]?

    var testDescription: String { name }
    var isAnomalous: [Bool] { labels.map { $0 == "1" } }
    var isFlagged: [Bool] { flagged.map { $0 == "1" } }

    /// The figure of TSB-AD; nil where it has none. Of ranges and events that of the series between two normal windows: see
    /// ``whatDiffersIsAtTheEdgeOfASeries(one:)``.
    func figure(_ name: String) -> Double? { (padded?[name] ?? figures[name]) ?? nil }

    /// The evaluation of its series as the windows of one device.
    func metrics() -> DetectionMetrics {
      let isFlagged = isFlagged
      let windows = scores.indices.map {
        Windows.window($0, score: -scores[$0], flagged: isFlagged[$0])
      }
      return Evaluation(windows: windows, labels: [], marks: isAnomalous).metrics()
    }
  }

  static let cases: [Case] = {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/tsb-ad.jsonl")
    guard let text = try? String(contentsOf: path, encoding: .utf8) else { return [] }
    return text.split(separator: "\n").compactMap {
      try? JSONDecoder().decode(Case.self, from: Data($0.utf8))
    }
  }()

  private static func figures(_ metrics: DetectionMetrics) -> [(name: String, value: Double?)] {
    [
      ("auc_pr", metrics.aucPR), ("auc_roc", metrics.aucROC), ("vus_pr", metrics.vusPR),
      ("vus_roc", metrics.vusROC), ("range_precision", metrics.rangePrecision),
      ("range_recall", metrics.rangeRecall), ("range_f1", metrics.rangeF1), ("event_f1", metrics.eventF1),
      ("affiliation_f1", metrics.affiliationF1),
    ]
  }

  private static func isNear(_ a: Double?, _ b: Double?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return abs(a - b) <= 1e-9
  }

  /// Whether `docs/evaluation.md` says that a figure differs, and which it then is here; nil for none.
  private static func defined(_ name: String, _ one: Case) -> (differs: Bool, value: Double?) {
    let hasAnomaly = one.isAnomalous.contains(true)
    let hasNormal = one.isAnomalous.contains(false)
    let hasAlarm = one.isFlagged.contains(true)
    switch name {
    case "range_precision": return (!hasAlarm, nil)
    case "vus_pr": return (!hasAnomaly || !hasNormal, hasAnomaly ? 1 : nil)
    case "auc_pr", "range_recall", "range_f1", "event_f1": return (!hasAnomaly, nil)
    case "auc_roc", "vus_roc": return (!hasAnomaly || !hasNormal, nil)
    case "affiliation_f1": return (!hasAnomaly || !hasAlarm, hasAnomaly ? 0 : nil)
    default: return (false, nil)
    }
  }

  @Test func thereAreAllCases() {
    #expect(Self.cases.count(where: { $0.name.hasPrefix("seed ") }) == 200)
    #expect(Self.cases.count > 220)
  }

  @Test(arguments: cases) func figuresAreThoseOfTSBAD(one: Case) {
    for (name, value) in Self.figures(one.metrics()) {
      let (differs, defined) = Self.defined(name, one)
      let expected = differs ? defined : one.figure(name)
      #expect(Self.isNear(value, expected), "\(name): \(value as Any), TSB-AD \(expected as Any)")
    }
  }

  /// TSB-AD sees no range in a series that is all of one kind, and leaves the last window out of an event that ends with the series. Nothing
  /// else differs: where neither is the case, its figures are the same between two normal windows.
  @Test(arguments: cases) func whatDiffersIsAtTheEdgeOfASeries(one: Case) {
    let isUniform = [one.isAnomalous, one.isFlagged].contains { Set($0) == [true] }
    let endsInAnEvent = one.isAnomalous.last == true
    for (name, value) in one.padded ?? [:] {
      // The last digit is not the same where sums have one addend more.
      if Self.isNear(value, one.figures[name] ?? nil) { continue }
      #expect(name == "event_f1" ? endsInAnEvent : isUniform, "\(name)")
    }
  }

  /// The smallest changes of a case that has everything: a figure that does not notice would agree with anything.
  @Test func aDamagedFigureIsFound() throws {
    let one = try #require(Self.cases.first { $0.name == "anomalies at both ends" })
    func differing(_ other: Case) -> Set<String> {
      Set(
        zip(Self.figures(other.metrics()), Self.figures(one.metrics()))
          .filter { !Self.isNear($0.value, $1.value) }.map(\.0.name))
    }
    func changed(labels: String? = nil, flagged: String? = nil, scores: [Double]? = nil) -> Case {
      Case(
        name: one.name, labels: labels ?? one.labels, flagged: flagged ?? one.flagged,
        scores: scores ?? one.scores, figures: one.figures, padded: nil)
    }
    let ofScores: Set = ["auc_pr", "auc_roc", "vus_pr", "vus_roc"]
    let ofAlarms: Set = ["range_precision", "range_recall", "range_f1", "event_f1", "affiliation_f1"]
    #expect(differing(one).isEmpty)
    // The last window, which is anomalous and flagged, is no longer flagged.
    #expect(differing(changed(flagged: String(one.flagged.dropLast()) + "0")) == ofAlarms)
    // The second window, anomalous with a low score, has the score of the third, which is normal.
    var scores = one.scores
    scores[1] = scores[2]
    #expect(differing(changed(scores: scores)) == ofScores)
    // The first window, which is not flagged, is normal: neither the alarms nor what is found of the events is another.
    #expect(
      differing(changed(labels: "0" + one.labels.dropFirst()))
        == ofScores.union(["range_recall", "range_f1", "affiliation_f1"]))
  }

  /// A value of the fixture that is off by a part in a million is found.
  @Test func aDamagedFixtureIsFound() throws {
    let one = try #require(Self.cases.first { $0.name == "many alarms in one anomaly" })
    for (name, value) in Self.figures(one.metrics()) {
      let expected = try #require(one.figure(name))
      #expect(!Self.isNear(value, expected * (1 + 1e-6)), "\(name)")
    }
  }
}
