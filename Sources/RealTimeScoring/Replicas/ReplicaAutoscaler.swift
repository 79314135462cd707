import Telemetry

/// How many replicas are wanted, from how busy they are: a pure value that is told the time and what was seen.
///
/// Utilization is what replicas are at and what waits for them, over what they can be at. It is held at
/// ``ReplicaDefaults/targetUtilization`` or less, as Azure's front end does: more replicas at once, fewer only when fewer were enough for
/// ``ReplicaDefaults/scaleDownTime``, and then a quarter of them at a time. Load that goes up and down faster than that does not move
/// it.
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
  /// How many replicas were needed, for the times that may still count: later ones are smaller, since a time does not count any more
  /// when as many were needed after it. So it has an entry a number of replicas at most.
  private var needs: [(at: Duration, replicas: Int)] = []
  private var wentDown: Duration?

  package init(
    _ scale: ReplicaScale, targetUtilization: Double = ReplicaDefaults.targetUtilization,
    scaleDownTime: Duration = ReplicaDefaults.scaleDownTime
  ) {
    precondition(targetUtilization > 0 && targetUtilization <= 1 && scaleDownTime >= .zero)
    self.scale = scale
    self.targetUtilization = targetUtilization
    self.scaleDownTime = scaleDownTime
    wanted = scale.minInstances
  }

  /// How busy the replicas were: 1 is all of them, all the time; more where requests waited.
  package func utilization(_ seen: Observation) -> Double {
    (seen.busy + seen.queued) / Double(max(1, seen.ready) * scale.requestsAtATime)
  }

  /// Takes what was seen at `now`, on a clock that never goes back, and returns how many replicas are wanted.
  @discardableResult
  package mutating func observe(_ seen: Observation, at now: Duration) -> Int {
    let need = need(seen)
    while let last = needs.last, last.replicas <= need { needs.removeLast() }
    needs.append((now, need))
    while needs.count > 1, now - needs[0].at >= scaleDownTime { needs.removeFirst() }
    let most = needs[0].replicas
    if most > wanted {
      wanted = most
    } else if most < wanted, wentDown.map({ now - $0 >= scaleDownTime }) ?? true {
      let leaving = (wanted + ReplicaDefaults.scaleDownShare - 1) / ReplicaDefaults.scaleDownShare
      wanted = max(most, wanted - leaving)
      wentDown = now
    }
    return wanted
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
