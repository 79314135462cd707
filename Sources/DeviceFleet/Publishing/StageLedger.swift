import Files
import MQTT
import Telemetry

/// What a fleet published in one stage of its load.
package struct StageLedger: Sendable, Codable {
  /// Messages that were meant to leave in it.
  package var published = 0
  /// Publications that say when they were meant to leave.
  package var publications = 0
  /// How long publications waited for acknowledgements, or for room to write, all processes together.
  package var waitedSeconds = 0.0
  @NullWhereAbsent package var scheduleLagMs: FleetLedger.Lag?

  enum CodingKeys: String, CodingKey {
    case published, publications
    case waitedSeconds = "waited_seconds"
    case scheduleLagMs = "schedule_lag_ms"
  }

  package init() {}

  mutating func add(_ other: StageLedger) {
    published += other.published
    publications += other.publications
    waitedSeconds += other.waitedSeconds
  }
}

/// Counts what one process publishes, stage by stage. A clock without a schedule has one stage.
struct StageCounter {
  private var cursor: LoadStages.Cursor
  private(set) var stages: [StageLedger]
  private var waited = Duration.zero
  /// Whether publications say their stage.
  private let tells: Bool

  init(_ stages: LoadStages, tells: Bool) {
    cursor = LoadStages.Cursor(stages)
    self.stages = Array(repeating: StageLedger(), count: stages.all.count)
    self.tells = tells && stages.all.count > 1
  }

  var stage: Int { cursor.stage }

  /// - Parameter time: When it is due, from the start of the clock.
  mutating func begin(_ time: Duration) { cursor.advance(to: time.milliseconds) }

  /// What a publication of the present stage says of itself.
  func intended(_ microseconds: Int64) -> IntendedTime {
    IntendedTime(microseconds: microseconds, stage: tells ? Int32(stage) : -1)
  }

  /// - Parameters:
  ///   - published: Messages.
  ///   - isTimed: Whether it says when it was meant to leave.
  ///   - waited: How long publications have waited so far, all together.
  mutating func note(published: Int, isTimed: Bool, waited: Duration) {
    stages[stage].published += published
    if isTimed { stages[stage].publications += 1 }
    if waited != self.waited {
      stages[stage].waitedSeconds += (waited - self.waited).seconds
      self.waited = waited
    }
  }
}
