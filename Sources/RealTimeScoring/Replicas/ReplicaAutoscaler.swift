import Telemetry

/// How many replicas are wanted, from how busy they are: a pure value that is told the time and what was seen.
///
/// Utilization is what replicas are at and what waits for them, over what they can be at. It is held at
/// ``ReplicaDefaults/targetUtilization`` or less, as Azure's front end does: more replicas at once, fewer only when fewer were enough for
/// ``ReplicaDefaults/scaleDownTime``, and then at most a quarter of them within that time. Load that goes up and down faster than that
/// does not move it.
package struct ReplicaAutoscaler: Sendable {
  /// What was seen at a time, or on average since the last time.
  package struct Observation: Hashable, Sendable {
    /// Requests that replicas were given and have not answered.
    package var busy: Double
    /// Requests that wait for a replica.
    package var queued: Double
    /// How many replicas take requests.
    package var ready: Int

    package init(busy: Double, queued: Double, ready: Int) {
      self.busy = busy
      self.queued = queued
      self.ready = ready
    }
  }

  package let scale: ReplicaScale
  /// How many replicas are wanted.
  package private(set) var wanted: Int

  private let targetUtilization: Double
  private let scaleDownTime: Duration
  /// When so many replicas were needed last, at the index of their number.
  private var lastNeeded: [Duration?]

  package init(
    _ scale: ReplicaScale, targetUtilization: Double = ReplicaDefaults.targetUtilization,
    scaleDownTime: Duration = ReplicaDefaults.scaleDownTime
  ) {
    precondition(targetUtilization > 0 && targetUtilization <= 1 && scaleDownTime > .zero)
    self.scale = scale
    self.targetUtilization = targetUtilization
    self.scaleDownTime = scaleDownTime
    wanted = scale.minInstances
    lastNeeded = Array(repeating: nil, count: scale.maxInstances + 1)
  }

  /// How busy the replicas were: 1 is all of them, all the time; more where requests waited.
  package func utilization(_ seen: Observation) -> Double {
    (seen.busy + seen.queued) / Double(max(1, seen.ready) * scale.requestsAtATime)
  }

  /// Takes what was seen at `now`, on a clock that never goes back, and returns how many replicas are wanted.
  @discardableResult
  package mutating func observe(_ seen: Observation, at now: Duration) -> Int {
    lastNeeded[need(seen)] = now
    wanted = lastNeeded.indices.reduce(scale.minInstances) { most, replicas in
      max(most, lastNeeded[replicas].map { remaining(of: replicas, after: now - $0) } ?? 0)
    }
    return wanted
  }

  /// How many of the replicas that were needed once are kept after `time`. Each time of the past asks for its own, and the largest number
  /// counts: so more load at any time never leads to fewer replicas, and within ``scaleDownTime`` no more than a share of them goes.
  private func remaining(of needed: Int, after time: Duration) -> Int {
    var (replicas, time) = (needed, time)
    while time >= scaleDownTime, replicas > scale.minInstances {
      let share = ReplicaDefaults.scaleDownShare
      replicas -= (replicas + share - 1) / share
      time -= scaleDownTime
    }
    return replicas
  }

  /// The fewest replicas that are busy to ``targetUtilization`` or less with what was seen.
  private func need(_ seen: Observation) -> Int {
    let demand = max(0, seen.busy + seen.queued) / Double(scale.requestsAtATime) / targetUtilization
    // Rounding must not ask for another replica: 0.7 / 0.7 is one.
    let replicas =
      demand >= Double(scale.maxInstances) ? scale.maxInstances : Int((demand - 1e-9).rounded(.up))
    let bounded = min(scale.maxInstances, max(scale.minInstances, replicas))
    // Where nobody takes requests, their number says nothing of how many will come.
    return seen.ready == 0 ? max(wanted, bounded) : bounded
  }
}
