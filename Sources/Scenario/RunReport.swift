import BatchScoring
import Compute
import DeviceFleet
import Foundation
import Ingestion
import Telemetry
import WindowStore

/// How a run came out.
package enum Verdict: String, Hashable, Sendable, Codable {
  /// Every expectation held.
  case passed
  /// An expectation did not.
  case failed
  /// The generator did not keep its own schedule, so nothing may be concluded.
  case invalid
  /// The run broke off.
  case error
}

/// What was measured in a run, and what it says: `report.json`. A key whose part took no part in the run is null.
package struct RunReport: Sendable {
  package internal(set) var scenario: String
  package internal(set) var seed: UInt64
  package internal(set) var verdict = Verdict.error
  /// Why the verdict is `invalid` or `error`; nil otherwise.
  package internal(set) var reason: String?
  package internal(set) var expectations: [ExpectationResult] = []
  /// What the scenario expects, as it is written there, whether or not the run came so far.
  package let wanted: [String]
  /// When it began, on the wall clock.
  package let startedAt: Timestamp
  /// Wall-clock time from the start of the first part to the end of the last.
  package internal(set) var elapsedSeconds = 0.0

  var planned: (messages: Int, readings: Int)
  var fleet: FleetLedger?
  var stored: IngestionProgress?
  var ledger: ReadingLedger?
  var windows: PipelineOracle.Findings?
  var ingestion: IngestionStatistics?
  var restarts: (planned: Int, unplanned: Int) = (0, 0)
  var faults: FaultSchedule?
  /// From the end of the last fault, or of publishing where that was later, until everything was stored.
  var drainedSeconds: Double?
  let hasOwnBroker: Bool
  var jobs: [JobRecord] = []
  var detection: ReportValue = .null
  var replay: ReplayAccount?
  var compute: ComputeSettings
  var nodes = NodeUsage([])
  /// Devices whose clocks are not the fleet's, the worst first.
  package internal(set) var clocks: [DeviceClock] = []

  init(_ document: ScenarioDocument, startedAt: Timestamp) {
    self.startedAt = startedAt
    wanted = document.expectations.map(\.expression)
    scenario = document.name
    seed = document.seed
    let messages = document.source.messages
    planned = (messages.messageCount, messages.readingCount)
    if case .replay(let recording) = document.source { replay = recording.account }
    compute = document.compute
    hasOwnBroker = document.broker == nil
  }

  /// Takes over what was done to the parts.
  mutating func note(_ watch: Watch) {
    restarts = (watch.restarts, watch.unplannedDeaths)
    faults = watch.faults
  }

  /// The report as it is written. Throws where a part cannot be encoded.
  package func value() throws -> ReportValue {
    .object([
      "scenario": .text(scenario),
      "verdict": .text(verdict.rawValue),
      "reason": reason.map(ReportValue.text) ?? .null,
      "seed": seedValue,
      "elapsed_seconds": .number(rounded(elapsedSeconds)),
      "expectations": .array(
        expectations.map { result in
          .object([
            "expression": .text(result.expression), "actual": result.actual, "passed": .bool(result.passed),
            "explanation": result.explanation.map(ReportValue.text) ?? .null,
          ])
        }),
      "messages": messages,
      "fleet": fleet.map {
        .object([
          "connections": count($0.connections), "processes": count($0.processes),
          "connect_seconds": figure($0.connectSeconds), "births": count($0.births),
        ])
      } ?? .null,
      "readings": readings,
      "losses": ledger.map { ledger in
        .array(
          ledger.losses.map {
            .object([
              "device": .text($0.device.name), "seq": .number(Double($0.sequence)),
              "last_seen": .text($0.stage.rawValue),
            ])
          })
      } ?? .null,
      "faults": faultFigures,
      "windows": windowCounts,
      "scoring": scoring,
      "detection": detection,
      "ingestion": ingestionFigures,
      "schedule_lag_ms": fleet?.scheduleLagMs.map {
        .object(["p50": .number($0.p50), "p99": .number($0.p99), "max": .number($0.max)])
      } ?? .null,
      "replay": try replay.map { try ReportValue(encoding: $0) } ?? .null,
      "cluster": cluster,
    ])
  }

  /// A number as far as JSON's numbers hold one, which is 53 bits.
  private var seedValue: ReportValue {
    seed <= 1 << 53 ? .number(Double(seed)) : .text(String(seed))
  }

  /// `report.json`, indented.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value()), as: UTF8.self) + "\n"
  }

  /// Holds the expectations against what was measured, and settles the verdict.
  mutating func judge(_ wanted: [Expectation]) throws {
    let measured = try value()
    expectations = wanted.map { $0.evaluate(measured) }
    if let missed = fleet?.missedSchedule {
      verdict = .invalid
      reason = missed
    } else {
      verdict = expectations.allSatisfy(\.passed) ? .passed : .failed
      reason = nil
    }
  }

  // MARK: - Sections

  private func count(_ number: Int?) -> ReportValue { number.map { .number(Double($0)) } ?? .null }
  private func figure(_ number: Double?) -> ReportValue { number.map { .number(rounded($0)) } ?? .null }

  /// Six significant digits: more would only be noise.
  private func rounded(_ number: Double) -> Double {
    guard number != 0, number.isFinite else { return 0 }
    let scale = pow(10, 5 - floor(log10(abs(number))))
    return (number * scale).rounded() / scale
  }

  private var messages: ReportValue {
    .object([
      "planned": count(planned.messages), "published": count(fleet?.published),
      "acknowledged": count(fleet?.acknowledged), "stored": count(stored?.storedMessages),
      "unconfirmed": count(fleet?.unconfirmed), "publications": count(fleet?.publications),
      "repeated": count(fleet?.repeated), "waste": count(fleet?.waste),
      "reconnects": count(fleet?.reconnects),
      "duplicates": count(stored?.duplicateMessages), "late": count(stored?.lateMessages),
      "rejected": count(stored?.rejectedMessages),
    ])
  }

  private var readings: ReportValue {
    .object([
      "planned": count(planned.readings),
      "published": count(fleet?.publishedReadings),
      "acknowledged": count(fleet?.acknowledgedReadings), "stored": count(stored?.storedReadings),
      "duplicates": count(stored?.duplicateReadings), "late": count(stored?.lateReadings),
      // What is in a payload that cannot be read is not known; it counts as one.
      "rejected": count(
        stored.map {
          $0.rejectedMessages + $0.rejectedReadings + (ledger?.rejectedReadings ?? 0)
            - (ledger?.rejectedPayloads ?? 0)
        }), "lost": count(ledger?.lostReadings),
      // What transport faults of the scenario kept from leaving is not the pipeline's loss.
      "withheld": count(ledger?.withheldReadings),
      // Those of the late ones of which only the name was kept, and those of the stored ones that were late.
      "dropped": count(stored?.droppedReadings), "adjusted": count(stored?.adjustedReadings),
      "expired": count(ledger?.expiredReadings),
      "doubled": count(ledger?.doubledReadings),
      "lost_at": .object(
        Dictionary(
          uniqueKeysWithValues: ReadingLedger.Stage.allCases.map { stage in
            (stage.rawValue, count(ledger.map { $0.lostAtStage[stage] ?? 0 }))
          })),
      "unaccounted": count(unaccounted),
    ])
  }

  /// Planned readings that are in none of the places where they could be. Null on a foreign broker, where others publish too.
  private var unaccounted: Int? {
    guard let fleet, let stored, let ledger, hasOwnBroker else { return nil }
    let neverLeft = ledger.lostAtStage[.planned] ?? 0
    let left = planned.readings - ledger.withheldReadings - neverLeft
    return abs(left - fleet.publishedReadings)
      + abs(
        left - stored.storedReadings - stored.lateReadings - ledger.rejectedReadings
          - stored.rejectedReadings - (ledger.lostReadings - neverLeft))
  }

  private var faultFigures: ReportValue {
    guard let faults, !faults.records.isEmpty else { return .null }
    return .object([
      "planned": count(faults.records.count), "carried_out": count(faults.records.count { $0.what != nil }),
      "recovery_seconds": .object(["max": figure(faults.records.compactMap(\.recoverySeconds).max())]),
      "drained_seconds": figure(drainedSeconds),
      "events": .array(
        faults.records.map { record in
          .object([
            "fault": .text(record.fault.text), "what": record.what.map(ReportValue.text) ?? .null,
            "began_seconds": figure(record.beganSeconds), "ended_seconds": figure(record.endedSeconds),
            "recovery_seconds": figure(record.recoverySeconds),
          ])
        }),
    ])
  }

  private var windowCounts: ReportValue {
    .object([
      "closed": count(stored?.windowsClosed), "revised": count(stored?.windowsRevised),
      "expected": count(windows?.expectedWindows), "mismatched": count(windows?.mismatchedWindows),
      "mismatches": .array((windows?.examples ?? []).map(ReportValue.text)),
    ])
  }

  private var jobSeconds: Double {
    jobs.reduce(0) { total, job in
      guard let started = job.startedAt, let ended = job.endedAt else { return total }
      return total + (ended - started).seconds
    }
  }
  private var predictions: Int { jobs.reduce(0) { $0 + $1.predictions } }
  private var windowsPerSecond: Double? { jobSeconds > 0 ? Double(predictions) / jobSeconds : nil }

  /// From when each node was asked for to when it had gone.
  private var nodeSeconds: Double? {
    let ends = nodes.lives.compactMap(\.to) + jobs.compactMap(\.endedAt)
    return nodes.lives.isEmpty ? nil : ends.max().map { nodes.seconds(at: $0) }
  }

  private var scoring: ReportValue {
    guard !jobs.isEmpty else { return .null }
    return .object([
      "jobs": count(jobs.count), "tasks": count(jobs.reduce(0) { $0 + $1.tasks }),
      "retries": count(jobs.reduce(0) { $0 + $1.retries }), "predictions": count(predictions),
      "failed": count(jobs.reduce(0) { $0 + $1.failedRows }), "windows_per_second": figure(windowsPerSecond),
      "node_seconds": figure(nodeSeconds),
    ])
  }

  private var ingestionFigures: ReportValue {
    let active = ingestion.flatMap { $0.activeSeconds > 0 && $0.messages > 0 ? $0 : nil }
    let commits = active.map(\.commitMicroseconds)
    func milliseconds(_ percentile: Double) -> ReportValue {
      figure(commits.map { Double($0.valueAtPercentile(percentile)) / 1000 })
    }
    // Only a fleet that keeps a schedule has intended times.
    let latencies = active.flatMap { $0.endToEndMicroseconds.totalCount > 0 ? $0.endToEndMicroseconds : nil }
    func endToEnd(_ percentile: Double) -> ReportValue {
      figure(latencies.map { Double($0.valueAtPercentile(percentile)) / 1000 })
    }
    return .object([
      "messages_per_second": figure(active.map { Double($0.messages) / $0.activeSeconds }),
      "readings_per_second": figure(active.map { Double($0.readings) / $0.activeSeconds }),
      "cpu_us_per_message": figure(active.map { $0.cpuSeconds * 1e6 / Double($0.messages) }),
      "commit_ms": .object(["p50": milliseconds(50), "p99": milliseconds(99)]),
      "end_to_end_ms": .object([
        "p50": endToEnd(50), "p90": endToEnd(90), "p99": endToEnd(99), "p99.9": endToEnd(99.9),
      ]),
      "restarts": count(restarts.planned + restarts.unplanned),
      "unplanned_restarts": count(restarts.unplanned),
      "clocks_ahead": count(clocks.count { $0.aheadMs > 0 }),
      "clocks_behind": count(clocks.count { $0.behindMs > 0 }),
      "clocks": .array(
        clocks.prefix(RunDefaults.namedClocks).map {
          .object([
            "device": .text($0.device.name), "ahead_seconds": figure(Double($0.aheadMs) / 1000),
            "behind_seconds": figure(Double($0.behindMs) / 1000),
          ])
        }),
    ])
  }

  private var cluster: ReportValue {
    guard !jobs.isEmpty else { return .array([]) }
    return .array([
      .object([
        "target": .text(compute.kind.rawValue), "vm_size": .null,
        "nodes": count(nodes.lives.isEmpty ? compute.nodes : nodes.mostNodes), "mode": .text("measured"),
        "makespan_seconds": figure(jobSeconds), "windows_per_second": figure(windowsPerSecond),
        "speedup": .null,
        "efficiency": .null, "node_hours": figure(nodeSeconds.map { $0 / 3600 }), "cost_usd": .null,
        "cost_usd_per_million_windows": .null,
      ])
    ])
  }
}
