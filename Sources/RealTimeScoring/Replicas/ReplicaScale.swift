/// How many replicas a service keeps, in Azure's words.
package struct ReplicaScale: Hashable, Sendable {
  /// Replicas that stay, also without requests; at least 1.
  package let minInstances: Int
  /// The most replicas at a time.
  package let maxInstances: Int
  /// How many requests a replica works on at the same time; others that it was given wait inside it.
  package let requestsAtATime: Int

  /// Throws ``ReplicaError/settings(reason:)`` where the numbers cannot be.
  ///
  /// Scaling to zero is refused: haproxy answers 503 while no replica is up, and so the first client after a pause would be refused.
  package init(
    minInstances: Int, maxInstances: Int, requestsAtATime: Int = ReplicaDefaults.requestsAtATime
  ) throws(ReplicaError) {
    let (fewest, most) = (ReplicaDefaults.fewestReplicas, ReplicaDefaults.mostReplicas)
    guard minInstances >= fewest else {
      throw .settings(
        reason:
          "\(minInstances) replicas are too few: at least \(fewest) must stay, since nobody else answers")
    }
    guard maxInstances >= minInstances else {
      throw .settings(
        reason: "the most replicas (\(maxInstances)) are fewer than those that stay (\(minInstances))")
    }
    guard maxInstances <= most else {
      throw .settings(reason: "\(maxInstances) replicas are too many: \(most) is the most")
    }
    guard requestsAtATime >= 1 else {
      throw .settings(
        reason: "a replica works on 1 request or more at the same time, and not on \(requestsAtATime)")
    }
    self.minInstances = minInstances
    self.maxInstances = maxInstances
    self.requestsAtATime = requestsAtATime
  }

  /// A service that always has `replicas` replicas. Throws ``ReplicaError/settings(reason:)``.
  package static func fixed(
    _ replicas: Int, requestsAtATime: Int = ReplicaDefaults.requestsAtATime
  ) throws(ReplicaError) -> ReplicaScale {
    try ReplicaScale(minInstances: replicas, maxInstances: replicas, requestsAtATime: requestsAtATime)
  }
}
