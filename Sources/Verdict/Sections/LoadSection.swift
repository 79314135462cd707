import DeviceFleet

/// An entry of `load`: one stage of the load, in order of time.
package struct LoadSection: ReportSection {
  let figures: LoadFigures

  private var limit: LoadLimit { LoadLimit(figures) }

  package static let fields: [ReportField<Self>] = [
    .count("stage", "Its number, from 1.") { $0.figures.stage }.key,
    .text("name", "ramp, hold, step or burst; mixed where groups differ, whole where there is one stage.") {
      $0.figures.name
    }.key,
    .measured("level_percent", "The level at its end; 100 is what “every” says.") {
      $0.figures.level.map { $0 * 100 }
    },
    .measured("seconds", "How long it lasted on the wall clock.", from: .schedule) { $0.figures.seconds },
    .count("messages", "Messages that were meant to leave in it.") { $0.figures.messages },
    .measured("offered_per_second", "The same a second.", from: .schedule) { $0.figures.offered },
    .measured("achieved_per_second", "Messages that became durable, a second.") { $0.figures.achieved },
    .section("end_to_end_ms", "From the planned send of a message until it was durable.", from: .schedule) {
      StageLatencySection(figures: $0.figures)
    },
    .section("schedule_lag_ms", "How late the fleet published.", from: .schedule) { $0.figures.lag },
    .measured(
      "waiting_share", "Of its time, what a publishing process waited for acknowledgements.", from: .schedule
    ) {
      $0.figures.waiting
    },
    .count("backlog_at_begin", "Messages due and not durable when it began.", from: .schedule) {
      $0.figures.backlogAtBegin
    },
    .count("backlog_at_end", "The same when it ended.", from: .schedule) { $0.figures.backlogAtEnd },
    .measured("fleet_cores", "Processors that the publishing processes used.") { $0.figures.fleetCores },
    .measured("broker_cores", "Processors that the broker used.", from: .ownBroker) {
      $0.figures.brokerCores
    },
    .measured("ingestion_cores", "Processors that ingestion used.") { $0.figures.ingestionCores },
    .measured("machine_cores", "Processors that were not idle, of all of the machine.") {
      $0.figures.machineCores
    },
    .measured("commit_share", "Of the time, what ingestion spent in transactions.") { $0.figures.committing },
    .text("carried", "yes or no: whether its load came through in time.", from: .schedule) {
      $0.figures.isCarried.map { $0 ? "yes" : "no" }
    },
    .text("limit", "The part that kept it from being carried; none where it was.") { $0.limit.part.rawValue },
    .detail("why", "Why that part is thought to be the limit.") { .text($0.limit.reason) },
  ]
}

/// `load.end_to_end_ms`.
struct StageLatencySection: ReportSection {
  let figures: LoadFigures

  static let fields: [ReportField<Self>] = [
    .measured("p50", "The median.") { $0.figures.p50 },
    .measured("p99", "The 99th percentile.") { $0.figures.p99 },
    .measured("p99.9", "The 99.9th percentile.") { $0.figures.p999 },
  ]
}
