import Telemetry

/// Cuts the devices of a job into tasks. Pure: the same devices give the same tasks.
package enum MiniBatchPlan {
  /// A device that has windows to score.
  package struct Load: Hashable, Sendable {
    package var device: DeviceID
    package var rows: Int
    /// Of all its models; 0 where that is not known.
    package var supportVectors: Int

    package init(device: DeviceID, rows: Int, supportVectors: Int) {
      self.device = device
      self.rows = rows
      // The number is read from files: one that is none must not outgrow a weight.
      self.supportVectors = min(max(0, supportVectors), Int(Int32.max))
    }

    /// Of all its rows.
    package var kernels: Double { Double(rows) * Double(supportVectors) }

    /// Kernel evaluations, and what a row costs besides.
    var weight: Int { rows * (supportVectors + ScoringDefaults.rowOverheadInVectors) }
  }

  /// What earlier jobs have measured of tasks.
  package struct Cost: Hashable, Sendable {
    /// What a task takes besides its work.
    package var overheadSeconds: Double
    /// How much ``Load/weight`` a worker does in a second.
    package var weightPerSecond: Double

    package init(overheadSeconds: Double, weightPerSecond: Double) {
      self.overheadSeconds = overheadSeconds
      self.weightPerSecond = weightPerSecond
    }

    /// What the tasks of `job` have shown; nil where it has not measured all of them.
    init?(_ job: JobRecord) {
      guard job.tasks > 0, let weight = job.weight, weight > 0, let busy = job.busySeconds, busy > 0,
        let total = job.taskSeconds
      else { return nil }
      overheadSeconds = max(0, total - busy) / Double(job.tasks)
      weightPerSecond = Double(weight) / busy
    }

    /// The least work that is worth a task: its overhead is then ``ScoringDefaults/overheadShare`` of its time.
    var minimumTaskWeight: Int {
      let work = overheadSeconds * (1 / ScoringDefaults.overheadShare - 1) * weightPerSecond
      return max(1, Int(min(work, Double(Int32.max))))
    }
  }

  /// Contiguous runs of `loads`, which are in byte order; none is empty.
  ///
  /// - Parameter cost: What earlier jobs have measured; nil where none has.
  package static func tasks(
    for loads: [Load], size: MiniBatchSize, slots: Int, cost: Cost? = nil
  ) -> [[DeviceID]] {
    switch size {
    case .devices(let count):
      let count = max(count, (loads.count + ScoringDefaults.maxTasks - 1) / ScoringDefaults.maxTasks)
      return stride(from: 0, to: loads.count, by: count).map { start in
        loads[start..<min(start + count, loads.count)].map(\.device)
      }
    case .auto:
      let total = loads.reduce(0) { $0 + $1.weight }
      // At least a task a slot, unless there is too little to do; at most a few, so that stragglers even out.
      let wanted = max(
        1,
        min(
          total / (cost?.minimumTaskWeight ?? ScoringDefaults.minimumTaskWeight),
          slots * ScoringDefaults.tasksPerSlot))
      return balanced(loads, count: min(wanted, ScoringDefaults.maxTasks, loads.count), total: total)
    }
  }

  /// Puts each device into the task in which the middle of its weight falls.
  private static func balanced(_ loads: [Load], count: Int, total: Int) -> [[DeviceID]] {
    guard total > 0, count > 0 else { return loads.isEmpty ? [] : [loads.map(\.device)] }
    var tasks: [[DeviceID]] = []
    var before = 0
    var last = -1
    for load in loads {
      let middle = Double(before) + Double(load.weight) / 2
      let index = min(count - 1, Int(middle / Double(total) * Double(count)))
      if index != last { tasks.append([]) }
      tasks[tasks.count - 1].append(load.device)
      last = index
      before += load.weight
    }
    return tasks
  }
}
