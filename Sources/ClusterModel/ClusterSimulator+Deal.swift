import Compute
import Telemetry

/// Jobs that are dealt out: the simulator of targets whose workers get all their requests at once.
extension ClusterSimulator {
  /// Runs `job` as a Slurm array: its tasks are dealt out to as many elements as there are slots, each of which does its own one after
  /// the other. Nodes are asked for when the array is, and go when they have rested.
  mutating func runDealt(_ job: Job, time: (Start) -> Duration) -> Result {
    let begin = now
    var array = ArrayBoard(tasks: job.job.tasks, retry: cluster.retry)
    let asked = clock + job.before.nanoseconds
    let slots = cluster.scale.maxInstances * cluster.coresPerNode
    let elements = array.nextArray(slots: slots, firstWorker: 1)
    var ends = [Int64](
      repeating: asked, count: (elements.count + cluster.coresPerNode - 1) / cluster.coresPerNode)
    let starts = ends.map { _ in asked + Self.nanoseconds(cluster.startUp.seconds(at: random.uniform())) }
    for element in elements {
      let node = (element.worker - 1) / cluster.coresPerNode
      var at = starts[node] + workerStart
      _ = array.started(element.worker, node: node + 1, at: .nanoseconds(at))
      for (index, request) in element.requests.enumerated() {
        let start = Start(
          task: request.task, attempt: request.attempt, isFirstOfWorker: index == 0,
          busyWorkers: elements.count)
        at += time(start).nanoseconds
        let counts = TaskCounts(items: 1, failedItems: 0)
        _ = array.handle(
          .succeeded(task: request.task, attempt: request.attempt, counts), from: element.worker,
          at: .nanoseconds(at))
      }
      ends[node] = max(ends[node], at)
    }
    let last = ends.max() ?? asked
    clock = last + job.after.nanoseconds
    for node in ends.indices {
      closedLives.append(
        NodeLife(
          node: node + 1,
          stretches: [
            .init(state: .provisioning, from: .nanoseconds(asked)),
            .init(state: .running, from: .nanoseconds(starts[node])),
            .init(state: .idle, from: .nanoseconds(ends[node])),
          ], end: .nanoseconds(ends[node]) + cluster.scale.idleTimeBeforeScaleDown))
    }
    return Result(begin: begin, end: now, outcome: array.outcome(.finished))
  }
}
