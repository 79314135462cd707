import Compute
import DeviceFleet

/// What is judged: the facts of a scenario that its report repeats.
package struct RunSubject: Sendable {
  package var scenario: String
  package var seed: UInt64
  /// What is expected, as the scenario says it.
  package var expectations: [String]
  package var plannedMessages: Int
  package var plannedReadings: Int
  package var replay: ReplayAccount?
  package var compute: ComputeSettings
  /// Whether nobody else publishes.
  package var hasOwnBroker: Bool
  /// Whether expectations are judged; false for a run whose point is to look.
  package var isJudged: Bool

  package init(
    scenario: String, seed: UInt64, expectations: [String], source: any MessageSource, replay: ReplayAccount?,
    compute: ComputeSettings, hasOwnBroker: Bool, isJudged: Bool = true
  ) {
    self.scenario = scenario
    self.seed = seed
    self.expectations = expectations
    plannedMessages = source.messageCount
    plannedReadings = source.readingCount
    self.replay = replay
    self.compute = compute
    self.hasOwnBroker = hasOwnBroker
    self.isJudged = isJudged
  }
}
