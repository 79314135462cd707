import Files
import Histogram
import Telemetry

/// What a fleet planned, handed to the broker and got acknowledged, in messages: one instant of one device each, also where
/// several share a publication.
package struct FleetLedger: Sendable, Codable {
  /// How late publications were against the schedule, in milliseconds. Under ``PublishingClock/max`` there is no schedule.
  package struct Lag: Hashable, Sendable, Codable {
    package var p50: Double
    package var p99: Double
    package var max: Double

    package init(p50: Double, p99: Double, max: Double) {
      self.p50 = p50
      self.p99 = p99
      self.max = max
    }
  }

  package var planned = 0
  package var published = 0
  package var acknowledged = 0
  /// Values of sensors in the messages that were published.
  package var publishedReadings = 0
  /// Values of sensors in the messages that were acknowledged.
  package var acknowledgedReadings = 0
  /// Messages published at QoS 0, which nobody acknowledges.
  package var unconfirmed = 0
  @NullWhereAbsent package var scheduleLagMs: Lag?
  /// MQTT publications that carried messages; fewer than those where devices publish in batches.
  package var publications = 0
  /// Publications that repeat another on purpose; not among those above.
  package var repeated = 0
  /// Payloads published that were no messages; among those published and acknowledged.
  package var waste = 0
  /// Birth messages; not among those above.
  package var births = 0
  /// Connections that were open at once.
  package var connections = 0
  /// Connections that broke and were made again.
  package var reconnects = 0
  /// Devices of which not everything was acknowledged, or not published; empty in a run that came to its end.
  package var incomplete: [Incomplete] = []
  /// Processes that published.
  package var processes = 1
  /// Wall-clock time until every connection had been made.
  package var connectSeconds = 0.0
  /// Wall-clock time from the first publication to the last acknowledgement.
  package var seconds = 0.0
  /// The same stage by stage of the load. Absent in ledgers of versions that did not count so.
  package var stages: [StageLedger]?

  /// How far one device came.
  package struct Incomplete: Hashable, Sendable, Codable {
    package var device: DeviceID
    /// Messages published, in the order in which they left, and how many of them, the first ones, were acknowledged.
    package var published: Int
    package var acknowledged: Int
  }

  enum CodingKeys: String, CodingKey {
    case planned, published, acknowledged, unconfirmed, publications, repeated, waste, births, connections,
      reconnects, incomplete, processes, seconds, stages
    case publishedReadings = "published_readings"
    case acknowledgedReadings = "acknowledged_readings"
    case scheduleLagMs = "schedule_lag_ms"
    case connectSeconds = "connect_seconds"
  }

  package init() {}

  /// How late the 99th percentile of publications may be under a clock with a schedule. Beyond it the generator did not keep
  /// its own schedule, and nothing may be concluded from what came of it.
  package static let lagLimitMs = 1000.0

  /// By how much the schedule was missed, in a sentence; nil where it was kept.
  package var missedSchedule: String? {
    guard let lag = scheduleLagMs, lag.p99 > Self.lagLimitMs else { return nil }
    return
      "the fleet did not keep its schedule: one publication in a hundred was \(Int(lag.p99)) ms late or later "
      + "(limit \(Int(Self.lagLimitMs)) ms)"
  }

  /// What to try where the schedule was missed, as far as the fleet alone can know.
  package var advice: String {
    let waited = (stages ?? []).reduce(0) { $0 + $1.waitedSeconds }
    let slower = "a slower clock (--clock)"
    guard waited < FleetDefaults.heldUpShare * seconds * Double(max(1, processes)) else {
      return
        "try more gateways, or a connection a device: the fleet waited for acknowledgements, of which each of its "
        + "\(connections) connections leaves \(FleetDefaults.unacknowledged) outstanding; or \(slower)"
    }
    return "try --processes \(processes + 1), where there are processors for them, or \(slower)"
  }

  /// Adds what another process has published at the same time.
  mutating func add(_ other: FleetLedger) {
    planned += other.planned
    published += other.published
    acknowledged += other.acknowledged
    publishedReadings += other.publishedReadings
    acknowledgedReadings += other.acknowledgedReadings
    unconfirmed += other.unconfirmed
    publications += other.publications
    repeated += other.repeated
    waste += other.waste
    births += other.births
    connections += other.connections
    reconnects += other.reconnects
    incomplete += other.incomplete
    connectSeconds = max(connectSeconds, other.connectSeconds)
    seconds = max(seconds, other.seconds)
    let others = other.stages ?? []
    var stages = self.stages ?? others.map { _ in StageLedger() }
    for (index, stage) in others.enumerated() where index < stages.count { stages[index].add(stage) }
    self.stages = stages
  }

  /// Takes over how late publications were, all together and stage by stage.
  mutating func note(_ lag: ScheduleLag) {
    scheduleLagMs = lag.summary
    for index in (stages ?? []).indices { stages?[index].scheduleLagMs = lag.summary(ofStage: index) }
  }
}

/// How late publications were, as many of them as there are.
package struct ScheduleLag: Sendable, Codable {
  private var microseconds = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
  /// By stage of the load; empty where there is one alone. Made when a stage begins.
  private var byStage: [Histogram<UInt64>] = []

  mutating func record(_ lag: Duration, stage: Int, of stages: Int) {
    let value = UInt64(max(0, lag.seconds * 1e6))
    microseconds.record(value)
    guard stages > 1 else { return }
    while byStage.count <= stage { byStage.append(Histogram(numberOfSignificantValueDigits: .three)) }
    byStage[stage].record(value)
  }

  mutating func add(_ other: ScheduleLag) {
    microseconds.add(other.microseconds)
    while byStage.count < other.byStage.count {
      byStage.append(Histogram(numberOfSignificantValueDigits: .three))
    }
    for (index, stage) in other.byStage.enumerated() { byStage[index].add(stage) }
  }

  /// Nil where nothing had a schedule.
  var summary: FleetLedger.Lag? { Self.summary(microseconds) }

  /// The same of one stage, from 0.
  func summary(ofStage stage: Int) -> FleetLedger.Lag? {
    if byStage.isEmpty { return stage == 0 ? summary : nil }
    return stage < byStage.count ? Self.summary(byStage[stage]) : nil
  }

  private static func summary(_ microseconds: Histogram<UInt64>) -> FleetLedger.Lag? {
    guard microseconds.totalCount > 0 else { return nil }
    func milliseconds(_ value: UInt64) -> Double { Double(value) / 1000 }
    return FleetLedger.Lag(
      p50: milliseconds(microseconds.valueAtPercentile(50)),
      p99: milliseconds(microseconds.valueAtPercentile(99)), max: milliseconds(microseconds.max))
  }
}
