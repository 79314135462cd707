import Telemetry

/// The average of what was seen since the last time that it was asked for: requests take far less than a second, and a single look would
/// find a busy replica free by chance. Pure.
struct LoadSampler: Sendable {
  private var busy = 0
  private var queued = 0
  private var ready = 0
  private var count = 0
  private var since: Duration?

  /// Takes one look.
  mutating func add(busy: Int, queued: Int, ready: Int) {
    self.busy += busy
    self.queued += queued
    // The last look counts: a replica that has just come up is there.
    self.ready = ready
    count += 1
  }

  /// Once a ``ReplicaDefaults/refreshInterval``, the average since the last time; nil otherwise.
  mutating func average(at now: Duration) -> ReplicaAutoscaler.Observation? {
    guard let started = since else {
      since = now
      return nil
    }
    guard now - started >= ReplicaDefaults.refreshInterval, count > 0 else { return nil }
    let looks = Double(count)
    let average = ReplicaAutoscaler.Observation(
      busy: Double(busy) / looks, queued: Double(queued) / looks, ready: ready)
    self = LoadSampler()
    since = now
    return average
  }
}
