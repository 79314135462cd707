import Files
import Ingestion
import WindowStore

/// `ingestion`: how fast it was, and what it had to cope with.
package struct IngestionSection: ReportSection {
  let run: RunMeasurements

  /// Of a life that took messages.
  private var active: IngestionStatistics? {
    run.account.ingestion.flatMap { $0.activeSeconds > 0 && $0.messages > 0 ? $0 : nil }
  }
  package var messagesPerSecond: Double? { active.map { Double($0.messages) / $0.activeSeconds } }
  package var cpuMicrosecondsPerMessage: Double? { active.map { $0.cpuSeconds * 1e6 / Double($0.messages) } }
  package var restarts: Int { run.account.plannedRestarts + run.account.unplannedRestarts }
  /// From the planned send until durable, in milliseconds; nil without a schedule.
  package var latency: (p50: Double, p99: Double, p999: Double)? {
    guard let latencies = active?.endToEndMicroseconds, latencies.totalCount > 0 else { return nil }
    func milliseconds(_ percentile: Double) -> Double {
      Double(latencies.valueAtPercentile(percentile)) / 1000
    }
    return (milliseconds(50), milliseconds(99), milliseconds(99.9))
  }
  private var clocks: [DeviceClock] { run.judged?.clocks ?? [] }

  package static let fields: [ReportField<Self>] = [
    .measured("messages_per_second", "From the first message to the end of the last commit.") {
      $0.messagesPerSecond
    },
    .measured("readings_per_second", "Over the same span.") {
      $0.active.map { Double($0.readings) / $0.activeSeconds }
    },
    .measured("cpu_us_per_message", "Processor time a message, in microseconds.") {
      $0.cpuMicrosecondsPerMessage
    },
    .section("commit_ms", "How long transactions took, in milliseconds.") {
      CommitSection(statistics: $0.active)
    },
    .section("end_to_end_ms", "From the planned send of a message until it was durable.", from: .schedule) {
      EndToEndSection(statistics: $0.active)
    },
    .count("restarts", "How often ingestion was started again.") { $0.restarts },
    .count("unplanned_restarts", "Those that no fault of the scenario explains.") {
      $0.run.account.unplannedRestarts
    },
    .count("clocks_ahead", "Devices whose clocks were ahead of the fleet's.") {
      $0.clocks.count { $0.aheadMs > 0 }
    },
    .count("clocks_behind", "Devices whose clocks were behind.") { $0.clocks.count { $0.behindMs > 0 } },
    .detail("clocks", "These devices, the worst first.") {
      .array(try $0.clocks.prefix(ReportDefaults.namedClocks).map { try $0.json() })
    },
  ]
}

/// `ingestion.commit_ms`.
struct CommitSection: ReportSection {
  let statistics: IngestionStatistics?

  private func milliseconds(_ percentile: Double) -> Double? {
    statistics.map { Double($0.commitMicroseconds.valueAtPercentile(percentile)) / 1000 }
  }

  static let fields: [ReportField<Self>] = [
    .measured("p50", "The median.") { $0.milliseconds(50) },
    .measured("p99", "The 99th percentile.") { $0.milliseconds(99) },
  ]
}

/// `ingestion.end_to_end_ms`. Only a fleet that keeps a schedule has intended times.
struct EndToEndSection: ReportSection {
  let statistics: IngestionStatistics?

  private func milliseconds(_ percentile: Double) -> Double? {
    statistics.flatMap { $0.endToEndMicroseconds.totalCount > 0 ? $0.endToEndMicroseconds : nil }
      .map { Double($0.valueAtPercentile(percentile)) / 1000 }
  }

  static let fields: [ReportField<Self>] = [
    .measured("p50", "The median.") { $0.milliseconds(50) },
    .measured("p90", "The 90th percentile.") { $0.milliseconds(90) },
    .measured("p99", "The 99th percentile.") { $0.milliseconds(99) },
    .measured("p99.9", "The 99.9th percentile.") { $0.milliseconds(99.9) },
  ]
}

extension DeviceClock: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .text("device", "Its name.") { $0.device.name },
    .measured("ahead_seconds", "How far ahead of the fleet's time it was at most.") {
      Double($0.aheadMs) / 1000
    },
    .measured("behind_seconds", "How far behind.") { Double($0.behindMs) / 1000 },
  ]
}
