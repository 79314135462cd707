import Files
import Histogram

/// What a load on a service came to. Its keys are those of `serving` in `report.json`, and more.
package struct LoadReport: Sendable, Codable {
  /// Percentiles of times, in milliseconds. Nil where nothing was measured.
  package struct Percentiles: Sendable, Codable {
    @NullWhereAbsent package var p50: Double?
    @NullWhereAbsent package var p90: Double?
    @NullWhereAbsent package var p99: Double?
    /// Nil of fewer than ``HTTPLoadDefaults/samplesForP999``.
    @NullWhereAbsent package var p999: Double?
    @NullWhereAbsent package var max: Double?

    enum CodingKeys: String, CodingKey {
      case p50, p90, p99, max
      case p999 = "p99.9"
    }

    init(_ nanoseconds: Histogram<UInt64>) {
      guard nanoseconds.totalCount > 0 else { return }
      func milliseconds(_ percentile: Double) -> Double {
        // A bucket ends above its greatest value.
        Double(min(nanoseconds.valueAtPercentile(percentile), nanoseconds.maxRecorded)) / 1e6
      }
      (p50, p90, p99) = (milliseconds(50), milliseconds(90), milliseconds(99))
      if nanoseconds.totalCount >= HTTPLoadDefaults.samplesForP999 { p999 = milliseconds(99.9) }
      max = Double(nanoseconds.maxRecorded) / 1e6
    }
  }

  /// How many requests ended without an answer of use, by kind.
  package struct Errors: Hashable, Sendable, Codable {
    package var status: Int
    package var timeout: Int
    package var connection: Int
    package var wrongId: Int
    package var unreadable: Int
  }

  /// One stage of the plan.
  package struct Stage: Sendable, Codable {
    /// From 1.
    package var stage: Int
    package var seconds: Double
    package var requests: Int
    package var answered: Int
    package var errors: Int
    package var rejected: Int
    package var offeredPerSecond: Double
    package var latencyMs: Percentiles
  }

  /// Where the requests went, without what may be secret.
  package var url: String
  /// `oip`, `azure`, or `file` where bodies were sent as they are.
  package var `protocol`: String
  package var arrivals: String
  package var seed: UInt64
  package var connections: Int
  package var rowsPerRequest: Int
  /// Seconds of the plan, or until it was stopped.
  package var seconds: Double
  /// Whether the whole plan was gone through.
  package var complete: Bool

  /// Requests that were due, and their rows.
  package var requests: Int
  package var rows: Int
  /// Requests with the right answer.
  package var answered: Int
  package var errors: Int
  package var errorsByKind: Errors
  /// Errors of the kind `status`, by status.
  package var statuses: [String: Int]
  /// Requests that the service refused for now (503, 429). They are no errors, and in no latency.
  package var rejected: Int
  /// Requests without an end when the load was stopped.
  package var unfinished: Int
  package var offeredPerSecond: Double
  /// Right answers a second, until the last one had come.
  package var achievedPerSecond: Double
  package var rowsPerSecond: Double
  /// From the planned send to the answer: of right answers, and of requests whose time ran out.
  package var latencyMs: Percentiles
  /// From the real send to the answer, of right answers.
  package var serviceTimeMs: Percentiles
  /// From the planned send to the real one, and the generator's own part of it.
  package var sendLagMs: Percentiles
  package var generatorLagMs: Percentiles
  /// Requests that found no free connection, that were sent again, and connections opened again.
  package var waited: Int
  package var resent: Int
  package var reopened: Int
  package var generatorCpuSeconds: Double
  /// Processor time of the service a request, in microseconds; nil where nobody measured it.
  @NullWhereAbsent package var cpuUsPerRequest: Double?
  package var stages: [Stage]
  /// Whether the generator kept its plan, and why not; that requests waited for connections.
  package var planKept: Bool
  @NullWhereAbsent package var missed: String?
  @NullWhereAbsent package var waitedBecause: String?
}
