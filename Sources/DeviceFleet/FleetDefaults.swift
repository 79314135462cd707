import MQTT
import Telemetry

/// Bounds of a fleet's timing, each with its reason.
package enum FleetDefaults {
  /// What leaves this much later than its time, or earlier, is not listed for ingestion: jitter on the way, of which there may
  /// be much. It is added to how long a job may have to wait while a device is silent.
  static let unlistedDelay = Duration.seconds(30)

  /// The share of its time that a publishing process waits for acknowledgements where they hold it up.
  package static let heldUpShare = 0.3
  /// How many publications of a connection are under way unacknowledged before the next one waits.
  package static var unacknowledged: Int { PublisherPool.windowPerClient }

  /// How far apart, in event time, publications are at most that are under way at once. A message that is held up on its way
  /// holds the others up, so that what a fleet sends arrives nearly in the order of the plan.
  ///
  /// Under `max`, enough messages of any fleet to keep a broker busy; with a schedule, what five seconds bring, after which a
  /// fleet that still waits has missed its schedule anyway.
  package static func underWay(_ clock: PublishingClock) -> Duration {
    switch clock {
    case .max: .seconds(300)
    case .scaled(let factor): .milliseconds(max(1000, Int64(min(factor, 1e6) * 5000)))
    }
  }
}
