/// How many workers of a job are at what, in all and on each node: kept up at every change, so that nobody counts a thousand workers
/// at every event. Pure.
struct WorkerTally: Sendable {
  /// What a worker is at, as far as it matters here.
  enum Activity: Hashable, Sendable {
    case starting
    case idle
    case working
    /// At a task that is given up: the worker is being killed.
    case losing
    /// On its way out, and at no task.
    case leaving
  }

  private struct Node: Hashable, Sendable {
    var workers = 0
    var starting = 0
    /// Workers that are at a task, also at one that is given up.
    var atTask = 0
    /// Whether it is one of ``touched``.
    var isTouched = false

    /// Whether its workers are all still being started.
    var isStarting: Bool { workers > 0 && starting == workers }
    var isBusy: Bool { atTask > 0 }
  }

  private var nodes: [Node]
  /// Ascending.
  private(set) var idle: [Int] = []
  private(set) var starting = 0
  private(set) var working = 0
  private var losing = 0
  /// The nodes that have come to something else, or may have, since ``forgetTouched()``.
  private(set) var touched: [Int] = []

  init(nodes: Int) { self.nodes = Array(repeating: Node(), count: nodes) }

  /// Workers that are at a task, also at one that is given up.
  var atTask: Int { working + losing }

  func isStarting(_ node: Int) -> Bool { nodes[node - 1].isStarting }
  func isBusy(_ node: Int) -> Bool { nodes[node - 1].isBusy }

  /// The nodes that are at a task.
  var busyNodes: Set<Int> { Set(nodes.indices.lazy.filter { nodes[$0].isBusy }.map { $0 + 1 }) }

  mutating func forgetTouched() {
    for node in touched { nodes[node - 1].isTouched = false }
    touched.removeAll(keepingCapacity: true)
  }

  /// The node is to be asked about, whether or not its workers change.
  mutating func touch(_ node: Int) {
    guard !nodes[node - 1].isTouched else { return }
    nodes[node - 1].isTouched = true
    touched.append(node)
  }

  mutating func add(_ worker: Int, on node: Int, _ activity: Activity) {
    nodes[node - 1].workers += 1
    count(worker, node, activity, by: 1)
    touch(node)
  }

  mutating func remove(_ worker: Int, on node: Int, _ activity: Activity) {
    nodes[node - 1].workers -= 1
    count(worker, node, activity, by: -1)
    touch(node)
  }

  mutating func change(_ worker: Int, on node: Int, from old: Activity, to new: Activity) {
    guard old != new else { return }
    count(worker, node, old, by: -1)
    count(worker, node, new, by: 1)
    touch(node)
  }

  private mutating func count(_ worker: Int, _ node: Int, _ activity: Activity, by step: Int) {
    switch activity {
    case .starting:
      starting += step
      nodes[node - 1].starting += step
    case .idle:
      let index = idle.partitioningIndex { $0 >= worker }
      if step < 0 {
        idle.remove(at: index)
      } else if index == idle.count {
        idle.append(worker)
      } else {
        idle.insert(worker, at: index)
      }
    case .working:
      working += step
      nodes[node - 1].atTask += step
    case .losing:
      losing += step
      nodes[node - 1].atTask += step
    case .leaving: break
    }
  }
}

extension Array {
  /// The first index whose element is so, where all behind it are; `endIndex` where none is.
  fileprivate func partitioningIndex(_ isSo: (Element) -> Bool) -> Int {
    var low = startIndex
    var high = endIndex
    while low < high {
      let middle = (low + high) / 2
      if isSo(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
