import Files
import Foundation
import HTTPLoad
import TestSupport
import Testing
import Verdict

/// What a report says of a scoring service under load.
@Suite struct ServingSectionTests {
  /// A load as `sonde load` writes it.
  static func load(
    requests: Int = 100, rows: Int = 1, rejected: Int = 0, seconds: Double = 10, p50: Double = 1,
    service: Double? = nil, p99: Double? = nil, cpu: Double? = 50, missed: String? = nil
  ) throws -> LoadReport {
    let answered = requests - rejected
    let times =
      "{\"p50\": \(p50), \"p90\": \(p50), \"p99\": \(p99 ?? p50), \"p99.9\": null, \"max\": \(p99 ?? p50)}"
    let service = service.map { times.replacing("\"p50\": \(p50),", with: "\"p50\": \($0),") } ?? times
    let text = """
      {"url": "http://127.0.0.1:1/score", "protocol": "azure", "arrivals": "poisson", "seed": 1, "connections": 8,
       "rows_per_request": \(rows), "seconds": \(seconds), "complete": true, "requests": \(requests), "rows": \(requests * rows),
       "answered": \(answered), "errors": 0, "errors_by_kind": {"status": 0, "timeout": 0, "connection": 0, "wrong_id": 0, "unreadable": 0},
       "statuses": {}, "rejected": \(rejected), "unfinished": 0, "offered_per_second": \(Double(requests) / seconds),
       "achieved_per_second": \(Double(answered) / seconds), "rows_per_second": \(Double(answered * rows) / seconds),
       "latency_ms": \(times), "service_time_ms": \(service), "send_lag_ms": \(times), "generator_lag_ms": \(times), "waited": 0,
       "resent": 0, "reopened": 0, "generator_cpu_seconds": 0.1, "cpu_us_per_request": \(cpu.map { "\($0)" } ?? "null"),
       "stages": [], "plan_kept": \(missed == nil), "missed": \(missed.map { "\"\($0)\"" } ?? "null"), "waited_because": null}
      """
    let path = "\(NSTemporaryDirectory())/sonde-load-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try AtomicFile.write(text, to: path)
    return try JSONFile.read(LoadReport.self, path)
  }

  private static func trial(_ replicas: Int, _ report: LoadReport) -> ServingAccount.Trial {
    .init(
      minReplicas: replicas, maxReplicas: replicas, mostReplicas: replicas,
      rowsPerRequest: report.rowsPerRequest, report: report)
  }

  /// The section as the report has it.
  private static func json(_ account: ServingAccount) throws -> [String: Any] {
    let text = try ServingSection(account).json().indented()
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func countsAddUpRatesAreOverAllAndLatencyIsTheWorst() throws {
    let account = ServingAccount([
      Self.trial(1, try Self.load(requests: 300, rejected: 100, seconds: 10, p50: 3, p99: 90, cpu: 40)),
      Self.trial(2, try Self.load(requests: 100, rows: 5, seconds: 30, p50: 5, p99: 8, cpu: 100)),
    ])
    let json = try Self.json(account)
    func number(_ path: String...) -> Double? {
      path.reduce(json as Any?) { ($0 as? [String: Any])?[$1] } as? Double
    }
    #expect(number("requests") == 400 && number("rows") == 800 && number("answered") == 300)
    #expect(number("rejected") == 100 && number("errors") == 0 && number("replicas_max") == 2)
    #expect(number("offered_per_second") == 10 && number("achieved_per_second") == 7.5)
    // 200 rows in ten seconds, and 500 in thirty.
    #expect(number("rows_per_second") == 17.5)
    // 200 answers at 40 us and 100 at 100 us; 700 rows.
    #expect(number("cpu_us_per_request") == 60)
    #expect(number("cpu_us_per_row").map { abs($0 - 18_000 / 700) < 1e-3 } == true)
    #expect(number("latency_ms", "p50") == 5 && number("latency_ms", "p99") == 90)
    let sweep = try #require(json["sweep"] as? [[String: Any]])
    #expect(sweep.count == 2)
    #expect(sweep[1]["replicas"] as? Int == 2 && sweep[1]["rows_per_request"] as? Int == 5)
    #expect((sweep[1]["latency_ms"] as? [String: Any])?["p99"] as? Double == 8)
    #expect(sweep[0]["achieved_per_second"] as? Double == 20)
  }

  @Test func processorTimeThatNobodyMeasuredIsUnknown() throws {
    let account = ServingAccount([
      Self.trial(1, try Self.load()), Self.trial(2, try Self.load(cpu: nil)),
    ])
    #expect(try Self.json(account)["cpu_us_per_request"] is NSNull)
  }

  /// A load that was not the planned one says nothing of the service.
  @Test func aMissedPlanIsToldWithItsTrial() throws {
    let kept = Self.trial(1, try Self.load())
    #expect(ServingAccount([kept]).missed == nil)
    let missed = Self.trial(4, try Self.load(rows: 50, missed: "the generator was late"))
    #expect(
      ServingAccount([kept, missed]).missed
        == "serving, 4 replicas, 50 rows a request: the generator was late")
  }

  @Test func anAccountIsReadAsItWasWritten() async throws {
    try await withTemporaryFolder { folder in
      var account = RunAccount(startedAt: .init(milliseconds: 0))
      account.serving = ServingAccount([Self.trial(2, try Self.load(p50: 1.25, missed: "late"))])
      try account.write(to: "\(folder)/account.json")
      let read = try #require(try RunAccount(path: "\(folder)/account.json").serving)
      #expect(read.missed == account.serving?.missed && read.trials[0].report.latencyMs.p50 == 1.25)
      #expect(read.trials[0].report.cpuUsPerRequest == 50 && read.trials[0].report.latencyMs.p999 == nil)
    }
  }

  // MARK: - The knee

  private func fit(
    perRequest: Double, perRow: Double, noise: Double = 0, _ rows: [Int] = [50, 200, 500, 1000, 2000]
  )
    -> BatchSizeKnee?
  {
    BatchSizeKnee(
      rows.enumerated().map { index, rows in
        let sign: Double = index % 2 == 0 ? 1 : -1
        return (rows, (perRequest + perRow * Double(rows)) * (1 + sign * noise))
      })
  }

  /// Fitted on times that are made of known ones.
  @Test(arguments: [(0.5, 0.01), (0.05, 0.0005), (20, 1), (3, 0.001)])
  func theFitFindsWhatTheTimesAreMadeOf(perRequest: Double, perRow: Double) throws {
    let knee = try #require(fit(perRequest: perRequest, perRow: perRow))
    #expect(abs(knee.perRequestMs / perRequest - 1) < 1e-9 && abs(knee.perRowMs / perRow - 1) < 1e-9)
    // By the definition, from the known times.
    let wanted = [50, 200, 500, 1000, 2000].first { perRequest <= 0.1 * (perRequest + perRow * Double($0)) }
    #expect(knee.rows == wanted)
  }

  @Test func theKneeIsWhereTheRequestIsATenth() {
    // 9 · a / b = 450 rows.
    #expect(fit(perRequest: 0.5, perRow: 0.01)?.rows == 500)
    #expect(fit(perRequest: 0.5, perRow: 0.01, noise: 0.03)?.rows == 500)
    #expect(fit(perRequest: 0.6, perRow: 0.01)?.rows == 1000)
    #expect(fit(perRequest: 0.05, perRow: 0.01)?.rows == 50)
    #expect(fit(perRequest: 50, perRow: 0.01).map { $0.rows == nil } == true)
  }

  /// Not of the latencies, which have the waiting for connections, nor of more replicas than the fewest.
  @Test func aKneeIsOfTheServiceTimesOfTheFewestReplicas() throws {
    func trial(_ replicas: Int, _ rows: Int, _ service: Double) throws -> ServingAccount.Trial {
      Self.trial(replicas, try Self.load(rows: rows, p50: 7, service: service))
    }
    let one = try [(50, 1.0), (200, 2.5), (500, 5.5)].map { try trial(1, $0.0, $0.1) }
    let knee = try #require(BatchSizeKnee(one))
    #expect(abs(knee.perRequestMs - 0.5) < 1e-9 && abs(knee.perRowMs - 0.01) < 1e-9 && knee.rows == 500)
    let more = try [(50, 9.0), (200, 9.0), (500, 9.0)].map { try trial(2, $0.0, $0.1) }
    #expect(BatchSizeKnee(more + one) == knee)
    #expect(try Self.json(ServingAccount(more + one))["knee_batch"] as? Int == 500)
  }

  @Test func noKneeIsMadeUp() {
    #expect(fit(perRequest: 1, perRow: 0.01, [50, 200]) == nil)
    #expect(fit(perRequest: 1, perRow: 0.01, [50, 50, 50]) == nil)
    #expect(fit(perRequest: 1, perRow: 0) == nil)
    #expect(BatchSizeKnee([(10, 3), (100, 2), (1000, 1)]) == nil)
    #expect(BatchSizeKnee([(10, 0), (100, 0), (1000, 0)]) == nil)
  }
}
