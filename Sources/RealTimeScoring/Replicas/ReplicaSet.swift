import HTTP
import Supervision

/// Replicas of a service behind haproxy: processes that are started, watched, started again, drained and stopped.
package actor ReplicaSet {
  /// Where clients connect, with the port that was chosen.
  package nonisolated let address: ListenAddress

  /// Starts haproxy and the replicas that stay, and returns when all of these are ready.
  ///
  /// - Parameter log: Takes a line for people at each change.
  /// - Throws: ``ReplicaError``, also where haproxy is not installed.
  package static func start(
    _ settings: ReplicaSettings, log: @escaping @Sendable (String) -> Void
  ) async throws -> ReplicaSet {
    fatalError()
  }

  /// Runs until `flag` is set, and then stops as ``stop()`` does. Throws ``ReplicaError`` where the set cannot go on; nothing of it is
  /// left then.
  package func run(until flag: StopFlag) async throws {}

  /// Stops: no new connection is accepted, what was accepted is answered, and nothing is left behind after
  /// ``ReplicaSettings/stopDeadline``.
  package func stop() async {}

  /// What the set is at.
  package func figures() -> ReplicaFigures { fatalError() }

  private init(address: ListenAddress) { self.address = address }
}
