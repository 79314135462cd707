// How fast the simulator is: a month of hourly jobs of 10,000 tasks on 64 autoscaled nodes, and a list scheduler without nodes,
// boards or states on the same tasks, which is what a simulator could cost at least. One core.
import ClusterModel
import Compute
import Foundation
import Telemetry

let jobs = 720
let tasks = 10_000

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func simulated() -> (seconds: Double, peak: Int, end: Double) {
  var cell = ClusterCell(mode: .simulated, nodes: 64)
  cell.miniBatchSize = "1"
  var cluster = SimulatedCluster(scale: AutoscaleSettings(maxInstances: 64))
  cluster.startUp = StartUpProfile.named("azure") ?? .none
  cluster.retry.timeout = .seconds(86_400)
  let times = TaskTimes(overhead: 2.3, perRow: 40e-6)
  let simulation = CellSimulation(
    cell: cell, cluster: cluster, tasks: Array(repeating: TaskWork(rows: 100), count: tasks))
  let begin = ContinuousClock.now
  var billed = 0.0
  let outcome = JobSeries(interval: .seconds(3600), span: .seconds(3600 * jobs)).run(
    simulation, times, seed: 1
  ) {
    billed += ($0.end - $0.begin).seconds
  }
  let seconds = (ContinuousClock.now - begin).seconds
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  precondition(outcome.jobs == jobs && outcome.incompleteJobs == 0)
  return (seconds, Int(usage.ru_maxrss), billed)
}

/// The ends of `jobs` list schedules on 64 workers.
func listScheduled() -> Double {
  let begin = ContinuousClock.now
  var total = 0.0
  for _ in 0..<jobs {
    var heap = [Double](repeating: 0, count: 64)
    for _ in 0..<tasks {
      // The root is the worker that is free first.
      let time = heap[0] + 2.304
      var index = 0
      while true {
        var child = 2 * index + 1
        guard child < heap.count else { break }
        if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
        guard heap[child] < time else { break }
        heap[index] = heap[child]
        index = child
      }
      heap[index] = time
    }
    total += heap.max() ?? 0
  }
  precondition(total > 0)
  return (ContinuousClock.now - begin).seconds
}

var own: [Double] = []
var peers: [Double] = []
var last: (seconds: Double, peak: Int, end: Double) = (0, 0, 0)
for round in 1...3 {
  if round % 2 == 0 { peers.append(listScheduled()) }
  last = simulated()
  own.append(last.seconds)
  if round % 2 == 1 { peers.append(listScheduled()) }
}
let count = Double(jobs * tasks)
print("simulator       \(Int(count / median(own))) tasks/s, \(last.peak / 1024) MiB at most")
print("list scheduler  \(Int(count / median(peers))) tasks/s")
print("ratio           \((median(own) / median(peers) * 10).rounded() / 10)")
print("node-hours of the month: \((last.end / 3600).rounded())")
