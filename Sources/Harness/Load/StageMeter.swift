import DeviceFleet
import Supervision
import Telemetry
import Verdict

/// Cuts what is seen of a run's parts by the stages of its load. It is told what was seen and when; see ``StageWatch``.
package struct StageMeter {
  /// One look at the parts.
  package struct Sample {
    /// Wall-clock seconds since the schedule began.
    package var seconds: Double
    /// Messages that ingestion has taken over.
    package var taken: Int
    /// Processor time so far, by part; parts that are not there are left out.
    package var cpuSeconds: [TimelineEntry.Part: Double]
    /// Processors of the machine that were busy, summed up over the seconds since it was started.
    package var machineSeconds: Double?

    package init(
      seconds: Double, taken: Int, cpuSeconds: [TimelineEntry.Part: Double], machineSeconds: Double? = nil
    ) {
      self.seconds = seconds
      self.taken = taken
      self.cpuSeconds = cpuSeconds
      self.machineSeconds = machineSeconds
    }
  }

  private struct Usage {
    var first: (at: Double, cpu: Double)
    var last: (at: Double, cpu: Double)

    /// Nil where the part was another process at the end.
    var cores: Double? {
      last.at > first.at && last.cpu >= first.cpu ? (last.cpu - first.cpu) / (last.at - first.at) : nil
    }
  }

  private struct Gauge {
    var begin: Double
    var end: Double
    var takenAtBegin: Int?
    var takenAtEnd: Int?
    var usage: [TimelineEntry.Part: Usage] = [:]
    var machine: Usage?
    var isOver = false
  }

  private let stages: LoadStages
  private let factor: Double?
  private var gauges: [Gauge]

  /// - Parameter clock: Under `max` a stage lasts as long as the fleet publishes.
  package init(_ stages: LoadStages, clock: PublishingClock) {
    self.stages = stages
    var factor: Double?
    if case .scaled(let value) = clock { factor = value }
    self.factor = factor
    gauges = stages.all.map { stage in
      guard let factor else { return Gauge(begin: 0, end: .infinity) }
      return Gauge(begin: stage.begin.seconds / factor, end: stage.end.seconds / factor)
    }
  }

  /// Whether a stage begins or ends by `seconds` of which no sample is known yet.
  package func wantsSample(at seconds: Double) -> Bool {
    gauges.contains { gauge in
      !gauge.isOver && (seconds >= gauge.end || seconds >= gauge.begin && gauge.takenAtBegin == nil)
    }
  }

  /// Takes a sample, in order of time.
  package mutating func note(_ sample: Sample) {
    for index in gauges.indices where !gauges[index].isOver && sample.seconds >= gauges[index].begin {
      // One that was over before it was looked at has no figures.
      let wasSeen = gauges[index].takenAtBegin != nil
      if !wasSeen { gauges[index].takenAtBegin = sample.taken }
      for (part, cpu) in sample.cpuSeconds {
        gauges[index].usage[part, default: Usage(first: (sample.seconds, cpu), last: (sample.seconds, cpu))]
          .last =
          (sample.seconds, cpu)
      }
      if let busy = sample.machineSeconds {
        if gauges[index].machine == nil {
          gauges[index].machine = Usage(first: (sample.seconds, busy), last: (sample.seconds, busy))
        }
        gauges[index].machine?.last = (sample.seconds, busy)
      }
      if sample.seconds >= gauges[index].end {
        gauges[index].isOver = true
        if wasSeen { gauges[index].takenAtEnd = sample.taken }
      }
    }
  }

  /// What was seen, stage by stage.
  package var account: [LoadAccount.Stage] {
    zip(stages.all, gauges).map { stage, gauge in
      var account = LoadAccount.Stage(
        name: stage.name, level: stage.level, seconds: factor.map { stage.length.seconds / $0 })
      account.takenAtBegin = gauge.takenAtBegin
      account.takenAtEnd = gauge.takenAtEnd
      account.fleetCores = gauge.usage[.simulate]?.cores
      account.brokerCores = gauge.usage[.broker]?.cores
      account.ingestionCores = gauge.usage[.ingest]?.cores
      account.machineCores = gauge.machine?.cores
      return account
    }
  }
}
