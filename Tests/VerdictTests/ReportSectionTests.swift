import Compute
import DeviceFleet
import Files
import Telemetry
import Testing
import Verdict

/// The one declaration of each figure.
@Suite struct ReportSectionTests {
  private static func flatten(_ entries: [ReportEntry], under prefix: String = "") -> [(
    path: String, entry: ReportEntry
  )] {
    entries.flatMap { entry -> [(String, ReportEntry)] in
      let path = prefix.isEmpty ? entry.name : "\(prefix).\(entry.name)"
      switch entry.shape {
      case .object(let inner), .list(let inner): return [(path, entry)] + flatten(inner, under: path)
      case .map(.object(let inner)): return [(path, entry)] + flatten(inner, under: "\(path).*")
      case .map, .number, .text, .detail: return [(path, entry)]
      }
    }
  }

  private static let all = flatten(RunReport.entries)

  private struct NoObject: Error {}

  private static func subject(isJudged: Bool = true) throws -> RunSubject {
    let plan = try FleetPlan(
      seed: 1, start: Timestamp(milliseconds: 0), duration: .seconds(60),
      groups: [
        DeviceGroup(
          name: "d", count: 1, every: .seconds(10),
          sensors: [SensorPlan(id: SensorID("a")!, signal: [ConstantSignal(value: Varied(1))])])
      ])
    return RunSubject(
      scenario: "empty", seed: 1, expectations: [], source: plan, replay: nil, compute: ComputeSettings(),
      hasOwnBroker: true, isJudged: isJudged)
  }

  /// A run that broke off before anything was measured.
  private static func emptyReport() throws -> JSONValue {
    let account = RunAccount(startedAt: Timestamp(milliseconds: 0))
    return try RunReport(RunMeasurements(subject(), account), brokenOffBecause: "it broke off").json()
  }

  /// Where nothing is expected, what a run finds of itself decides, and every file says why.
  @Test func whatIsFoundDecidesWhereNothingIsExpected() throws {
    let account = RunAccount(startedAt: Timestamp(milliseconds: 0))
    let report = try RunReport(RunMeasurements(Self.subject(isJudged: false), account), judging: [])
    #expect(report.verdict == .failed)
    let reason = "\(RunReport.nothingJudged); the files of the run were not judged"
    #expect(report.reason == reason)
    #expect(
      JUnitReport(report, version: "1").cases == [.init("what the run finds of itself", .failed(reason))])
    let expecting = try RunReport(RunMeasurements(Self.subject(), account), judging: [])
    #expect(expecting.verdict == .passed && expecting.reason == nil)
  }

  @Test func everyFigureIsDeclaredOnceAndSaysWhatItIs() {
    let paths = Self.all.map(\.path)
    #expect(Set(paths).count == paths.count)
    for (path, entry) in Self.all {
      #expect(
        entry.about.hasSuffix("."), "\(path) is explained by no sentence: \(entry.about.debugDescription)")
    }
    #expect(Self.all.count > 150)
  }

  /// The names that the contract promises.
  @Test func theReportHasTheKeysThatWerePromised() {
    let promised = """
      verdict seed expectations readings.planned readings.published readings.acknowledged readings.stored \
      readings.duplicates readings.late readings.rejected readings.lost windows.closed windows.revised windows.mismatched \
      scoring.jobs scoring.tasks scoring.retries scoring.predictions scoring.failed scoring.windows_per_second \
      detection.precision detection.recall detection.f1 detection.auc_pr detection.auc_roc detection.vus_pr \
      detection.vus_roc detection.range_precision detection.range_recall detection.range_f1 detection.event_f1 \
      detection.affiliation_f1 detection.floors.null detection.floors.random detection.floors.always_alarm \
      detection.floors.three_sigma detection.delay_seconds.p50 detection.delay_seconds.p90 detection.delay_seconds.max \
      detection.false_alarms_per_device_day detection.by_kind ingestion.messages_per_second \
      ingestion.readings_per_second ingestion.cpu_us_per_message ingestion.commit_ms.p50 ingestion.commit_ms.p99 \
      ingestion.end_to_end_ms.p50 ingestion.end_to_end_ms.p90 ingestion.end_to_end_ms.p99 ingestion.end_to_end_ms.p99.9 \
      cluster.target cluster.region cluster.vm_size cluster.tier cluster.nodes cluster.cores_per_node \
      cluster.mini_batch_size cluster.mode cluster.repeats cluster.makespan_seconds cluster.makespan_low_seconds \
      cluster.makespan_high_seconds cluster.windows_per_second cluster.speedup cluster.efficiency cluster.node_hours \
      cluster.billed_node_hours cluster.cost_usd cluster.cost_usd_per_million_windows cluster.cost_usd_per_month \
      calibration answers stream serving.requests serving.rows serving.errors serving.rejected serving.latency_ms.p50 \
      serving.latency_ms.p90 serving.latency_ms.p99 serving.latency_ms.p99.9 serving.latency_ms.max \
      serving.offered_per_second serving.achieved_per_second serving.rows_per_second serving.cpu_us_per_request \
      serving.replicas_max serving.knee_batch serving.sweep
      """
    let paths = Set(Self.all.map(\.path))
    for name in promised.split(separator: " ").map(String.init) { #expect(paths.contains(name), "\(name)") }
  }

  @Test func aRunThatMeasuredNothingHasEveryKey() throws {
    guard case .object(let members) = try Self.emptyReport() else { throw NoObject() }
    #expect(Set(members.keys) == Set(RunReport.entries.map(\.name)))
    #expect(members["verdict"] == .text("error") && members["reason"] == .text("it broke off"))
    #expect(members["scoring"] == .null && members["detection"] == .null && members["faults"] == .null)
    guard case .object(let readings)? = members["readings"] else { throw NoObject() }
    #expect(
      readings["planned"] == .number(6) && readings["lost"] == .null && readings["unaccounted"] == .null)
  }

  /// Every figure with a value of its own can be named by an expectation, and no detail can.
  @Test func theNamesOfExpectationsAreThoseOfTheReport() {
    for (path, entry) in Self.all
    where !path.contains("*") && !path.hasPrefix("cluster.") && !path.hasPrefix("load.")
      && !path.contains("held_out.") && !path.contains("deployments.") && !path.contains("sweep.")
    {
      switch entry.shape {
      case .number:
        #expect(throws: Never.self, "\(path)") { try Expectation("\(path) == 0") }
      case .detail where !path.contains(".") || path.hasPrefix("readings") || path.hasPrefix("windows"):
        #expect(throws: ExpectationError.self, "\(path)") { try Expectation("\(path) == 0") }
      default: break
      }
    }
  }

  @Test(arguments: [
    ("faults.planned == 1", ReportPart.faults), ("detection.recall > 0", .scoring),
    ("scoring.jobs == 1", .scoring),
    ("schedule_lag_ms.p99 < 5", .schedule), ("ingestion.end_to_end_ms.p50 < 5", .schedule),
    ("replay.rows > 0", .replay),
    ("readings.unaccounted == 0", .ownBroker), ("cluster[nodes=1].windows_per_second > 0", .scoring),
  ])
  func whatNothingFillsIsKnownBeforeTheRun(expression: String, part: ReportPart) throws {
    let expectation = try Expectation(expression)
    let others = Set(ReportPart.allCases).subtracting([part])
    let absence = try #require(expectation.absence(parts: others, kinds: []))
    #expect(absence.reason.hasSuffix(part.absence))
    #expect(expectation.absence(parts: [part], kinds: []) == nil)
  }

  @Test func aKindThatNoLabelHasIsKnownBeforeTheRun() throws {
    let expectation = try Expectation("detection.by_kind.maen.recall == 1")
    #expect(expectation.absence(parts: [.scoring], kinds: ["maen"]) == nil)
    let absence = try #require(expectation.absence(parts: [.scoring], kinds: ["mean", "spike"]))
    #expect(
      absence.suggestion == "mean" && absence.reason.contains("detection.by_kind will have mean, spike"))
    #expect(try Expectation("cluster[nodes=1].speedup > 1").absence(parts: [.scoring], kinds: []) != nil)
    for name in ["auc_roc", "vus_roc", "affiliation_f1", "floors.three_sigma.vus_pr"] {
      #expect(try Expectation("detection.\(name) > 0.5").absence(parts: [.scoring], kinds: []) == nil)
    }
  }
}
