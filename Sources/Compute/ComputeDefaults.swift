/// The defaults and bounds of compute targets, each with its reason.
package enum ComputeDefaults {
  /// How often a failed task is tried again: what Azure ML's batch endpoints do.
  package static let maxRetries = 3
  /// How long one attempt at a task may take: what Azure ML's batch endpoints allow a mini-batch.
  package static let taskTimeout = Duration.seconds(30)
  /// How long a worker may take from its start to its `ready` line: a process starts in about 10 ms, a loaded
  /// machine or a cold disk take longer.
  package static let workerStartTimeout = Duration.seconds(30)
  /// How many workers in a row may end before they are ready, a slot: one may be bad luck, three are a broken command.
  package static let workerStartFailuresPerSlot = 3
  /// How often timeouts are looked for: fine enough for timeouts of a second and more, and no load.
  package static let timeoutCheckInterval = Duration.milliseconds(100)
  /// How long a worker may go on after its standard input or output was closed before it is killed: it has
  /// finished its task by then.
  package static let workerExitGrace = Duration.seconds(2)
  /// How long running tasks may go on after a stop before they are killed: most take less, and who has pressed Ctrl-C waits.
  package static let stopGrace = Duration.seconds(5)
  /// How often Slurm is asked for the states of an array: its controller is shared with others.
  package static let slurmStateInterval = Duration.seconds(1)
  /// How long Slurm's controller may leave questions unanswered: a restart of it takes seconds, and elements go on without it.
  package static let slurmPatience = Duration.seconds(60)
  /// After how long a job says what its array waits for.
  package static let slurmSilence = Duration.seconds(5)
  /// How often replies are looked for in the shared folder.
  package static let slurmReplyInterval = Duration.milliseconds(100)
  /// How long an array that an earlier coordinator has left behind may take to end: Slurm's KillWait is 30 s.
  package static let slurmEndWait = Duration.seconds(60)
  /// The most elements of an array: what MaxArraySize allows where nobody has changed it.
  package static let maxSlurmWorkers = 1000
  /// The fewest nodes of a target that scales: none, so that it costs nothing while there is nothing to do.
  package static let minInstances = 0
  /// How long a node without work stays: what Azure ML's compute clusters do.
  package static let idleTimeBeforeScaleDown = Duration.seconds(120)
  /// The most worker processes of a local target: every one holds a few descriptors and about 10 MB.
  package static let maxLocalWorkers = 256
}

extension Duration {
  /// Such as `30 s` or `0.5 s`.
  var formattedSeconds: String {
    milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(Double(milliseconds) / 1000) s"
  }
}
