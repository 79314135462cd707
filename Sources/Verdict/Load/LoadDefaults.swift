import DeviceFleet

/// The bounds by which a load is judged, each with its reason.
package enum LoadDefaults {
  /// A stage is carried where at least this share of its load came through. What is missing of it would be a backlog that grows by a
  /// minute and a half in an hour and a half.
  package static let leastAchieved = 0.99
  /// Messages that may be missing at either end of a stage: rates of few messages are no finer.
  package static let edge = 2.0
  /// The bound of latency where no climb gives one, in milliseconds: that of the schedule.
  package static let latencyMs = FleetLedger.lagLimitMs
  /// What a process with one thread uses of a core when it is never idle: the rest are its waits for the disk and the kernel's
  /// time slices.
  static let busyCore = 0.85
  /// The share of all processors that is in use where none is free: samples are taken a little before and after.
  static let busyMachine = 0.93
  /// The same where the run's own parts fill them: fleet, broker and ingestion wait for one another, and on two processors left 5 to 14%
  /// of them idle in the first step that was not carried, in five climbs with nothing beside them.
  static let crowdedMachine = 0.85
  /// The share of all processors that the run's own parts use where it is they that fill the machine.
  static let ownShare = 0.5
  /// Processors that other programs may use before a knee is said to depend on them.
  static let manyOthers = 0.3
  /// A process that uses less of a core was not waiting for it.
  static let idleCore = 0.1
  /// Transactions and computing together leave ingestion no time.
  static let busyDisk = 0.8
  /// The share of its time that a publishing process waits for acknowledgements where they hold it up.
  static let waiting = FleetDefaults.heldUpShare
}
