import ClusterModel
import Detection
import DeviceFleet
import Files
import Telemetry
import WindowStore

/// What was measured in a run, and what it says: `report.json`. A key whose part took no part in the run is null.
package struct RunReport: Sendable {
  package private(set) var measurements: RunMeasurements
  package private(set) var verdict = Verdict.error
  /// Why the verdict is `invalid` or `error`, or `failed` for more than an expectation, or that no expectation was judged; nil
  /// otherwise.
  package private(set) var reason: String?
  package private(set) var expectations: [ExpectationResult] = []

  /// The report of a run that was measured to its end. Throws where a figure cannot be encoded.
  package init(_ measurements: RunMeasurements, judging wanted: [Expectation]) throws {
    self.measurements = measurements
    let measured = try json()
    expectations = wanted.map { $0.evaluate(measured) }
    if let capacity {
      // A climb goes beyond what the schedule allows by design; what counts is whether it found where that begins.
      reason = capacity.failure
      verdict =
        reason != nil ? .invalid : expectations.allSatisfy(\.passed) ? .passed : .failed
    } else if let missed = measurements.account.fleet?.missedSchedule {
      verdict = .invalid
      reason = missed + (advice.map { ". \($0)" } ?? "")
    } else if let failure = measurements.account.sweep?.failure {
      verdict = .failed
      reason = failure
    } else if let uncertainty = measurements.account.sweep?.uncertainty {
      verdict = .invalid
      reason = uncertainty
    } else if let missed = measurements.account.serving?.missed {
      verdict = .invalid
      reason = missed
    } else if let failure = measurements.account.stream?.failure {
      verdict = .failed
      reason = "scoring inside the stream has ended: \(failure)"
    } else if !measurements.subject.isJudged {
      let findings = measurements.ownFindings
      verdict = findings.isEmpty ? .passed : .failed
      reason = ([Self.nothingJudged] + findings).joined(separator: "; ")
    } else {
      verdict = expectations.allSatisfy(\.passed) ? .passed : .failed
    }
  }

  /// What a report says of a run whose point is to look.
  package static let nothingJudged = "no expectation was judged (expect: none)"

  /// The report of a run that broke off.
  package init(_ measurements: RunMeasurements, brokenOffBecause reason: String) {
    self.measurements = measurements
    self.reason = reason
  }

  package var scenario: String { measurements.subject.scenario }
  package var seed: UInt64 { measurements.subject.seed }
  package var elapsedSeconds: Double { measurements.account.elapsedSeconds }
  /// Devices whose clocks are not the fleet's, the worst first.
  package var clocks: [DeviceClock] { measurements.judged?.clocks ?? [] }

  // MARK: - Sections

  package var messages: MessagesSection { MessagesSection(run: measurements) }
  package var readings: ReadingsSection { ReadingsSection(run: measurements) }
  package var windows: WindowsSection { WindowsSection(run: measurements) }
  package var ingestion: IngestionSection { IngestionSection(run: measurements) }
  package var faults: FaultsSection? {
    measurements.account.faults.isEmpty
      ? nil
      : FaultsSection(
        outcomes: measurements.account.faults, drainedSeconds: measurements.account.drainedSeconds)
  }
  package var scoring: ScoringSection? { ScoringSection(measurements.judged) }
  package var detection: DetectionMetrics? { measurements.judged?.detection }
  var detectionSection: DetectionSection? {
    detection.map { DetectionSection(metrics: $0, deployments: deployments) }
  }
  /// The deployments that are held against each other; empty where none are.
  package var deployments: [DeploymentSection] {
    (measurements.judged?.deployments ?? []).map(DeploymentSection.init)
  }
  package var cluster: [ClusterSection] {
    if let sweep = measurements.sweep { return sweep.entries.map { ClusterSection($0.row) } }
    return scoring.map { [ClusterSection(compute: measurements.subject.compute, scoring: $0)] } ?? []
  }
  package var calibration: CalibrationSection? {
    measurements.account.sweep.map { CalibrationSection(sweep: $0) }
  }
  /// The stages of the load, one where it has no profile. Empty for runs of versions that did not look.
  package var load: [LoadFigures] { LoadFigures.all(of: measurements.account) }
  /// Nil where nothing was served.
  package var serving: ServingSection? { measurements.account.serving.map { ServingSection($0) } }
  /// Nil where nothing was scored inside the stream.
  package var stream: StreamFigures? { measurements.account.stream }
  /// Nil where the load does not climb.
  package var capacity: CapacityFinding? {
    measurements.account.load?.climb.map { _ in CapacityFinding(load) }
  }
  /// Why the fleet was late, and what to try, in sentences; nil where nothing is known.
  private var advice: String? {
    guard let fleet = measurements.account.fleet,
      let worst = load.max(by: { ($0.lag?.p99 ?? 0) < ($1.lag?.p99 ?? 0) })
    else { return nil }
    let limit = LoadLimit(worst)
    let stage = load.count > 1 ? " in stage \(worst.stage)" : ""
    let named =
      limit.part == .none || limit.part == .unknown
      ? "" : "The limit\(stage) was: \(limit.part.rawValue); \(limit.reason). "
    let tried = LoadAdvice.text(limit.part, worst, connections: fleet.connections)
    return named + tried.prefix(1).uppercased() + tried.dropFirst()
  }
  /// Which size to take; nil where none was looked at.
  package var answers: ClusterAnswers? { measurements.answers }
}

extension RunReport: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .detail("scenario", "Its name.") { .text($0.scenario) },
    // The verdict and the expectations follow from the expectations, which cannot name them.
    .detail("verdict", "passed, failed, invalid or error.") { .text($0.verdict.rawValue) },
    .detail("reason", "Why the run is invalid, or broke off; or that no expectation was judged.") {
      $0.reason.map(JSONValue.text) ?? .null
    },
    .detail("expectations", "Each with what was measured, and whether it held.") {
      .array($0.expectations.map(\.json))
    },
    ReportField("seed", "Of the scenario. Text beyond 2^53, which numbers of JSON do not hold.", nil, .number)
    {
      JSONValue(seed: $0.seed)
    },
    .measured("elapsed_seconds", "Wall-clock time of the whole run.") { $0.elapsedSeconds },
    .section("messages", "Messages at every stage of their way.") { $0.messages },
    .section("fleet", "How the devices were connected.") { $0.measurements.account.fleet },
    .section("readings", "Readings at every stage of their way.") { $0.readings },
    .detail("losses", "The first lost messages, and where they were seen last.") { report in
      guard let ledger = report.measurements.judged?.ledger else { return .null }
      return .array(ledger.losses.map(\.json))
    },
    .section("faults", "What was broken on purpose.", from: .faults) { $0.faults },
    .section("windows", "What ingestion closed.") { $0.windows },
    .section("scoring", "The batch jobs.", from: .scoring) { $0.scoring },
    .section("detection", "How well the anomalies were found.", from: .scoring) { $0.detectionSection },
    .section("ingestion", "How fast ingestion was.") { $0.ingestion },
    .section("schedule_lag_ms", "How late the fleet published.", from: .schedule) {
      $0.measurements.account.fleet?.scheduleLagMs
    },
    .list("load", "The stages of the load.") { $0.load.map(LoadSection.init) },
    .section("capacity", "Where a climbing load was carried last.", from: .capacity) { $0.capacity },
    .section("replay", "What became of a recording.", from: .replay) { $0.measurements.subject.replay },
    .list("cluster", "Sizes of the cluster.", from: .scoring) { $0.cluster },
    .section("calibration", "How well the model of a cluster fits.", from: .clusters) { $0.calibration },
    .section("answers", "The cheapest and the fastest size.", from: .clusters) { report in
      report.answers.map { AnswersSection(answers: $0) }
    },
    .section("serving", "The scoring service under its load.", from: .serving) { $0.serving },
    .section("stream", "Scoring inside the stream.", from: .streamScoring) { report in
      report.stream.map { StreamSection(figures: $0) }
    },
  ]
}

/// The bounds of a report, each with its reason.
enum ReportDefaults {
  /// Devices with wrong clocks that are named one by one: more fill a screen, and the count says how many there are.
  static let namedClocks = 100
  /// Losses and mismatches that are named one by one.
  static let namedFindings = 100
  /// Reasons of different runs that are named in one sentence: nobody reads on, and each run has its own.
  static let namedReasons = 5
}
