/// The places for workers on the nodes of a cluster: which nodes are open, and which of their slots have no worker. Pure.
///
/// Slot `s` is on node `s / coresPerNode + 1`.
struct WorkerSlots: Sendable {
  let coresPerNode: Int
  private(set) var openNodes: Set<Int>
  /// The lowest last, because slots are taken from the end.
  private var free: [Int]

  /// - Parameters:
  ///   - openNodes: The nodes that have slots from the beginning.
  ///   - taken: Slots that have a worker already.
  init(nodes: Int, coresPerNode: Int, openNodes: Set<Int>, taken: Set<Int>) {
    self.coresPerNode = coresPerNode
    self.openNodes = openNodes
    free = (0..<(nodes * coresPerNode)).reversed().filter {
      !taken.contains($0) && openNodes.contains($0 / coresPerNode + 1)
    }
  }

  /// Whether every slot of the open nodes has a worker.
  var isFull: Bool { free.isEmpty }

  /// The node that `slot` is on.
  func node(of slot: Int) -> Int { slot / coresPerNode + 1 }

  /// Takes the lowest free slot; nil where none is free.
  mutating func take() -> Int? { free.popLast() }

  /// The worker of `slot` has gone.
  mutating func release(_ slot: Int) {
    if openNodes.contains(node(of: slot)) { free.append(slot) }
  }

  /// Adds the slots of `node`, of which `taken` have a worker still.
  mutating func open(_ node: Int, taken: [Int]) {
    guard openNodes.insert(node).inserted else { return }
    free += ((node - 1) * coresPerNode..<node * coresPerNode).filter { !taken.contains($0) }
    free.sort(by: >)
  }

  /// Takes the slots of `node` away; false where it was not open.
  mutating func close(_ node: Int) -> Bool {
    guard openNodes.remove(node) != nil else { return false }
    free = free.filter { self.node(of: $0) != node }
    return true
  }
}
