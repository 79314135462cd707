import Telemetry

/// Cuts the devices of a job into tasks. Pure: the same devices give the same tasks.
public enum MiniBatchPlan {
  /// A device that has windows to score.
  public struct Load: Hashable, Sendable {
    public var device: DeviceID
    public var rows: Int
    /// Of all its models; 0 where that is not known.
    public var supportVectors: Int

    public init(device: DeviceID, rows: Int, supportVectors: Int) {
      self.device = device
      self.rows = rows
      self.supportVectors = supportVectors
    }

    /// Kernel evaluations, and what a row costs besides.
    var weight: Int { rows * (supportVectors + ScoringDefaults.rowOverheadInVectors) }
  }

  /// Contiguous runs of `loads`, which are in byte order; none is empty.
  public static func tasks(for loads: [Load], size: MiniBatchSize, slots: Int) -> [[DeviceID]] {
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
        1, min(total / ScoringDefaults.minimumTaskWeight, slots * ScoringDefaults.tasksPerSlot))
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
