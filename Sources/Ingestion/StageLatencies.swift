import Histogram
import MQTT

/// How one stage of a fleet's load came in: of publications that say to which stage they belong.
package struct StageStatistics: Hashable, Sendable, Codable {
  /// From 0.
  package var stage: Int
  /// Publications that are durable.
  package var publications = 0
  /// By how many seconds latency grew, each second of planned sends: the slope of the straight line that fits best. Nil where all were
  /// planned for one time.
  package var growth: Double?
  /// From the planned send to the end of the commit, in milliseconds.
  package var p50 = 0.0
  package var p99 = 0.0
  package var p999 = 0.0
  package var max = 0.0
  /// How long the transactions took, all together.
  package var commitSeconds = 0.0

  enum CodingKeys: String, CodingKey {
    case stage, publications, growth, p50, p99, p999, max
    case commitSeconds = "commit_seconds"
  }

  package init(stage: Int) { self.stage = stage }
}

/// Gathers latencies stage by stage. A message costs a look at its stage's histogram and nothing more.
package struct StageLatencies: Sendable {
  private struct Stage {
    var microseconds = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    var publications = 0
    /// Planned times are counted from here, in microseconds since 1970.
    var origin: Int64 = 0
    /// Sums over planned times and latencies, both in seconds.
    var (times, squares, latencies, products) = (0.0, 0.0, 0.0, 0.0)
    var commitSeconds = 0.0

    /// The slope of the regression of latencies on planned times.
    var growth: Double? {
      let count = Double(publications)
      let spread = squares - times * times / count
      guard publications > 1, spread > 1e-6 else { return nil }
      return (products - times * latencies / count) / spread
    }
  }

  private var stages: [Stage] = []
  private var newest = -1
  private var told = (stage: -1, publications: 0, at: Int64(0))

  /// The least time between two accounts of a stage while it goes on.
  static let tellInterval: Int64 = 100_000

  package init() {}

  package var isEmpty: Bool { stages.isEmpty }

  /// Notes what became durable at `now`, in microseconds since 1970, in a commit that took so long.
  package mutating func note(_ times: [IntendedTime], at now: Int64, commitSeconds: Double) {
    for time in times where time.stage >= 0 { record(time, now) }
    if let last = times.last, last.stage >= 0 { stages[Int(last.stage)].commitSeconds += commitSeconds }
  }

  private mutating func record(_ time: IntendedTime, _ now: Int64) {
    let stage = Int(time.stage)
    while stages.count <= stage { stages.append(Stage()) }
    newest = max(newest, stage)
    let microseconds = max(0, now - time.microseconds)
    stages[stage].microseconds.record(UInt64(microseconds))
    if stages[stage].publications == 0 { stages[stage].origin = time.microseconds }
    stages[stage].publications += 1
    let (at, latency) = (Double(time.microseconds - stages[stage].origin) * 1e-6, Double(microseconds) * 1e-6)
    stages[stage].times += at
    stages[stage].squares += at * at
    stages[stage].latencies += latency
    stages[stage].products += at * latency
  }

  /// Every stage of which something came.
  package var statistics: [StageStatistics] {
    stages.indices.filter { stages[$0].publications > 0 }.map(statistics)
  }

  /// The newest stage, where it has changed since it was last told.
  package mutating func news(at now: Int64) -> StageStatistics? {
    guard newest >= 0 else { return nil }
    let publications = stages[newest].publications
    guard (newest, publications) != (told.stage, told.publications), now - told.at >= Self.tellInterval else {
      return nil
    }
    told = (newest, publications, now)
    return statistics(newest)
  }

  private func statistics(_ index: Int) -> StageStatistics {
    let stage = stages[index]
    func milliseconds(_ percentile: Double) -> Double {
      Double(stage.microseconds.valueAtPercentile(percentile)) / 1000
    }
    var statistics = StageStatistics(stage: index)
    statistics.publications = stage.publications
    statistics.growth = stage.growth
    statistics.p50 = milliseconds(50)
    statistics.p99 = milliseconds(99)
    statistics.p999 = milliseconds(99.9)
    statistics.max = Double(stage.microseconds.max) / 1000
    statistics.commitSeconds = stage.commitSeconds
    return statistics
  }
}
