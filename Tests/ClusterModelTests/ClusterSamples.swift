import ClusterModel
import Compute
import Telemetry

/// Lives and rows for tests.
enum ClusterSamples {
  /// A node that is provisioned, at work, idle and gone, each for so many seconds.
  static func life(
    _ node: Int, at begin: Double = 0, provisioning: Double = 0, running: Double, idle: Double = 0
  ) -> NodeLife {
    let times = [begin, begin + provisioning, begin + provisioning + running]
    let states: [NodeState] = [.provisioning, .running, .idle]
    return NodeLife(
      node: node,
      stretches: zip(states, times).map { .init(state: $0, from: .milliseconds(Int64($1 * 1000))) },
      end: .milliseconds(Int64((times[2] + idle) * 1000)))
  }

  /// Lives of any shape, with times in microseconds.
  static func lives(_ generator: inout SeededGenerator, atMost count: Int = 8) -> [NodeLife] {
    (0..<1 + generator.index(below: count)).map { number in
      var time = Duration.microseconds(generator.index(below: 100_000_000))
      var stretches: [NodeLife.Stretch] = []
      let states = NodeState.allCases
      for index in 0...generator.index(below: 6) {
        // Only the first may be `provisioning`, as in a real life.
        let state = states[(index == 0 ? 0 : 1) + generator.index(below: states.count - 1)]
        stretches.append(.init(state: state, from: time))
        time += .microseconds(generator.index(below: 400_000_000))
      }
      return NodeLife(node: number + 1, stretches: stretches, end: time)
    }
  }

  static func row(
    _ mode: ClusterMode = .simulated, nodes: Int, vmSize: String? = "Standard_D2s_v5", seconds: Double,
    spread: Double = 0, cost: Double? = nil, lives: [NodeLife] = []
  ) -> ClusterRow {
    var cell = ClusterCell(mode: mode, nodes: nodes)
    cell.vmSize = vmSize
    cell.region = vmSize == nil ? nil : "eastus"
    var row = ClusterRow(
      cell: cell, repeats: 5, makespanSeconds: seconds, makespanLowSeconds: seconds * (1 - spread),
      makespanHighSeconds: seconds * (1 + spread), windows: 1000, nodeHours: seconds * Double(nodes) / 3600,
      lives: lives)
    row.costUSD = cost
    return row
  }

  static func dollars(_ text: String) throws -> Dollars { try Dollars(text: text) }
}
