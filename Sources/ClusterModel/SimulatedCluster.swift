import Compute
import Telemetry

/// A cluster that the simulator drives: what of it is modelled, and the settings that real targets have too.
package struct SimulatedCluster: Hashable, Sendable {
  /// How tasks come to workers.
  package enum Dispatch: String, CaseIterable, Hashable, Sendable {
    /// A worker that is free takes the next one, as on local targets: ``ClusterBoard``.
    case pull
    /// Everything is dealt out in turn before it begins, as to the elements of a Slurm array: ``ArrayBoard``.
    case deal
  }

  /// Tasks that take longer than others for no reason of their own.
  package struct Stragglers: Hashable, Sendable {
    /// Of all tasks, from 0 to 1.
    package var share: Double
    /// How many times as long they take.
    package var factor: Double

    package init(share: Double, factor: Double) {
      self.share = share
      self.factor = factor
    }
  }

  package var scale: AutoscaleSettings
  package var coresPerNode: Int
  package var dispatch = Dispatch.pull
  package var retry = RetrySettings()
  package var startUp = StartUpProfile.none
  /// Nil: no node is taken away.
  package var preemption: PreemptionProfile?
  package var stragglers: Stragglers?
  /// From starting a worker on a node that is up until it takes tasks, in seconds.
  package var workerStartSeconds = 0.0

  package init(scale: AutoscaleSettings, coresPerNode: Int = 1) {
    self.scale = scale
    self.coresPerNode = coresPerNode
  }
}
