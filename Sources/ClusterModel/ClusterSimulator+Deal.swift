import Compute
import Telemetry

/// Jobs that are dealt out: the simulator of targets whose workers get all their requests at once.
extension ClusterSimulator {
  /// How many nodes one place of a dealt job uses up at most: whose elements take longer than nodes live would never end.
  static let mostLivesOfDealtPlace = 1000

  /// Runs `job` as a Slurm array: its tasks are dealt out to as many elements as there are slots, each of which does its own one after
  /// the other. Nodes are asked for when the array is, and go when they have rested. An element that loses its node is started
  /// again on the next one, with all of its tasks, as Slurm does it; no job is canceled for that.
  mutating func runDealt(_ job: Job, time: (Start) -> Duration) -> Result {
    let begin = now
    var array = ArrayBoard(tasks: job.job.tasks, retry: cluster.retry)
    let asked = clock + job.before.nanoseconds
    let elements = array.nextArray(
      slots: cluster.scale.maxInstances * cluster.coresPerNode, firstWorker: 1)
    let places = stride(from: 0, to: elements.count, by: cluster.coresPerNode)
    let starts = places.map { _ in Self.nanoseconds(cluster.startUp.seconds(at: random.uniform())) }
    var last = asked
    var ending = ComputeOutcome.Ending.finished
    for (index, first) in places.enumerated() {
      let own = elements[first..<min(first + cluster.coresPerNode, elements.count)]
      let place = DealtPlace(node: index + 1, elements: Array(own), asked: asked, start: starts[index])
      let (end, isDone) = run(place, busyWorkers: elements.count, &array, time)
      last = max(last, end)
      if !isDone { ending = .gaveUp(reason: "no node lived as long as its tasks take") }
    }
    clock = later(last, job.after.nanoseconds)
    return Result(begin: begin, end: now, outcome: array.outcome(ending))
  }

  /// The elements that share a node, and go to the next one together where it is lost.
  private struct DealtPlace {
    var node: Int
    var elements: [ArrayBoard.Element]
    var asked: Int64
    /// How long its first node takes to come up.
    var start: Int64
  }

  /// When the last element of `place` has ended, and whether all have done their tasks.
  private mutating func run(
    _ place: DealtPlace, busyWorkers: Int, _ array: inout ArrayBoard, _ time: (Start) -> Duration
  ) -> (end: Int64, isDone: Bool) {
    var (waiting, asked, start, end) = (place.elements, place.asked, place.start, place.asked)
    for _ in 0..<Self.mostLivesOfDealtPlace {
      var stretches = [NodeLife.Stretch(state: .provisioning, from: Duration(wholeNanoseconds: asked))]
      var gone: Int64
      let profile = cluster.startUp
      if profile.failureShare > 0, random.uniform() < profile.failureShare {
        gone = later(asked, Self.nanoseconds(profile.giveUpSeconds))
        stretches.append(.init(state: .unusable, from: Duration(wholeNanoseconds: gone)))
      } else {
        let up = later(asked, start)
        var taken = Int64.max
        if let preemption = cluster.preemption {
          taken = later(up, Self.nanoseconds(preemption.seconds(at: random.uniform())))
        }
        waiting = waiting.filter { element in
          guard let done = run(element, place.node, from: up, until: taken, busyWorkers, &array, time) else {
            return true
          }
          end = max(end, done)
          return false
        }
        stretches.append(.init(state: .running, from: Duration(wholeNanoseconds: up)))
        gone = taken
        if waiting.isEmpty {
          stretches.append(.init(state: .idle, from: Duration(wholeNanoseconds: end)))
          gone = min(taken, later(end, cluster.scale.idleTimeBeforeScaleDown.nanoseconds))
        }
        if gone == taken {
          stretches.append(.init(state: .preempted, from: Duration(wholeNanoseconds: taken)))
          gone = later(taken, Self.nanoseconds(cluster.preemption?.noticeSeconds ?? 0))
        }
      }
      closedLives.append(
        NodeLife(node: place.node, stretches: stretches, end: Duration(wholeNanoseconds: gone)))
      if waiting.isEmpty { return (end, true) }
      (asked, end) = (gone, gone)
      start = Self.nanoseconds(profile.seconds(at: random.uniform()))
    }
    return (end, false)
  }

  /// When `element` has done its tasks on a node that came up at `up`; nil where the node was taken before.
  private mutating func run(
    _ element: ArrayBoard.Element, _ node: Int, from up: Int64, until taken: Int64, _ busyWorkers: Int,
    _ array: inout ArrayBoard, _ time: (Start) -> Duration
  ) -> Int64? {
    var at = later(up, workerStart)
    _ = array.started(element.worker, node: node, at: Duration(wholeNanoseconds: at))
    for (index, request) in element.requests.enumerated() {
      let start = Start(
        task: request.task, attempt: request.attempt, isFirstOfWorker: index == 0, busyWorkers: busyWorkers)
      at = later(at, span(start, time))
      guard at <= taken else {
        array.requeued(element.worker)
        return nil
      }
      let counts = TaskCounts(items: 1, failedItems: 0)
      _ = array.handle(
        .succeeded(task: request.task, attempt: request.attempt, counts), from: element.worker,
        at: Duration(wholeNanoseconds: at))
    }
    return at
  }
}
