import HTTPLoad

/// `serving`: the scoring service under its load.
///
/// Where there were several trials, counts are those of all together, rates and processor time are over all of them, and latencies are those
/// of the trial in which they were worst. `sweep` has each by itself.
package struct ServingSection: ReportSection {
  package let trials: [ServingAccount.Trial]

  package init(_ account: ServingAccount) { trials = account.trials }

  private var figures: ServingFigures { ServingFigures(trials) }
  package var knee: BatchSizeKnee? { BatchSizeKnee(trials) }

  package static let fields: [ReportField<Self>] =
    ServingFigures.fields.map { field in field.inside { $0.figures } } + [
      .count("replicas_max", "The most replicas that were there at a time.", from: .serving) {
        $0.trials.map(\.mostReplicas).max()
      },
      .count("knee_batch", "Rows a request from which on more rows are hardly any cheaper.", from: .serving) {
        $0.knee?.rows
      },
      .list("sweep", "The trials, each with its number of replicas and of rows.", from: .serving) {
        $0.trials.map(ServingTrialSection.init)
      },
    ]
}

/// An entry of `serving.sweep`: one service and one load on it.
package struct ServingTrialSection: ReportSection {
  package let trial: ServingAccount.Trial

  package static let fields: [ReportField<Self>] =
    [
      .count("replicas", "Replicas that could be there.", from: .serving) { $0.trial.maxReplicas }.key,
      .count("min_replicas", "Of them, those that stayed.", from: .serving) { $0.trial.minReplicas }.key,
      .count("rows_per_request", "Rows a request.", from: .serving) { $0.trial.rowsPerRequest }.key,
      .count("connections", "Requests that could be under way at a time.", from: .serving) {
        $0.trial.connections
      }.key,
      .count("replicas_max", "The most replicas that were there at a time.", from: .serving) {
        $0.trial.mostReplicas
      },
    ] + ServingFigures.fields.map { field in field.inside { ServingFigures([$0.trial]) } }
}

/// What loads on a service came to, one or several together.
package struct ServingFigures: Sendable {
  private let reports: [LoadReport]

  package init(_ trials: [ServingAccount.Trial]) { reports = trials.map(\.report) }

  package var requests: Int { sum(\.requests) }
  package var rows: Int { sum(\.rows) }
  package var answered: Int { sum(\.answered) }
  package var errors: Int { sum(\.errors) }
  package var rejected: Int { sum(\.rejected) }
  package var offeredPerSecond: Double? { mean(\.offeredPerSecond) }
  package var achievedPerSecond: Double? { mean(\.achievedPerSecond) }
  package var rowsPerSecond: Double? { mean(\.rowsPerSecond) }
  /// Of the service, haproxy with it, in microseconds; nil where it was not measured.
  package var cpuPerRequest: Double? {
    cpuSeconds.flatMap { answered > 0 ? $0 * 1e6 / Double(answered) : nil }
  }
  package var cpuPerRow: Double? {
    let rows = reports.reduce(0) { $0 + $1.answered * $1.rowsPerRequest }
    return cpuSeconds.flatMap { rows > 0 ? $0 * 1e6 / Double(rows) : nil }
  }

  /// The worst of them; nil where nothing was answered.
  package func latency(_ percentile: (LoadReport.Percentiles) -> Double?) -> Double? {
    reports.compactMap { percentile($0.latencyMs) }.max()
  }

  private var cpuSeconds: Double? {
    let each = reports.map { report in report.cpuUsPerRequest.map { $0 * Double(report.answered) / 1e6 } }
    return each.contains(nil) ? nil : each.compactMap(\.self).reduce(0, +)
  }

  private func sum(_ count: (LoadReport) -> Int) -> Int { reports.reduce(0) { $0 + count($1) } }

  /// Over the time of all of them; nil where there was none.
  private func mean(_ rate: (LoadReport) -> Double) -> Double? {
    let seconds = reports.reduce(0) { $0 + $1.seconds }
    return seconds > 0 ? reports.reduce(0) { $0 + rate($1) * $1.seconds } / seconds : nil
  }
}

extension ServingFigures: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .count("requests", "Requests that were due.", from: .serving) { $0.requests },
    .count("rows", "Their rows.", from: .serving) { $0.rows },
    .count("answered", "Requests with the right answer.", from: .serving) { $0.answered },
    .count("errors", "Requests without one, but for those that were rejected.", from: .serving) { $0.errors },
    .count("rejected", "Requests that the service turned away: 503, 429.", from: .serving) { $0.rejected },
    .section("latency_ms", "From the planned send of a request to its answer.", from: .serving) {
      RequestLatencySection(figures: $0)
    },
    .measured("offered_per_second", "Requests that were due, a second.", from: .serving) {
      $0.offeredPerSecond
    },
    .measured("achieved_per_second", "Right answers a second.", from: .serving) { $0.achievedPerSecond },
    .measured("rows_per_second", "Rows that were answered, a second.", from: .serving) { $0.rowsPerSecond },
    .measured("cpu_us_per_request", "Processor time of the service a request, with haproxy.", from: .serving)
    {
      $0.cpuPerRequest
    },
    .measured("cpu_us_per_row", "The same a row.", from: .serving) { $0.cpuPerRow },
  ]
}

/// `serving.latency_ms`.
struct RequestLatencySection: ReportSection {
  let figures: ServingFigures

  static let fields: [ReportField<Self>] = [
    .measured("p50", "The median.", from: .serving) { $0.figures.latency(\.p50) },
    .measured("p90", "The 90th percentile.", from: .serving) { $0.figures.latency(\.p90) },
    .measured("p99", "The 99th percentile.", from: .serving) { $0.figures.latency(\.p99) },
    .measured("p99.9", "The 99.9th percentile; null of fewer than 10,000 requests.", from: .serving) {
      $0.figures.latency(\.p999)
    },
    .measured("max", "The greatest.", from: .serving) { $0.figures.latency(\.max) },
  ]
}
