import Charts
import ClusterModel
import Compute

/// The lives of nodes as lanes: a node that comes again keeps its lane.
struct LanesOfNodes {
  struct Stretch: Hashable {
    var state: NodeState
    /// In seconds.
    var begin: Double
    var end: Double
  }

  /// Their numbers, ascending.
  private(set) var nodes: [Int]
  private var lanes: [[Stretch]]

  /// The stretches of each of ``nodes``.
  var all: [[Stretch]] { lanes }

  init(_ lives: [NodeLife]) {
    var stretches: [Int: [Stretch]] = [:]
    for life in lives {
      life.forEachStretch { state, begin, end in
        let (begin, end) = (begin.inSeconds, end.inSeconds)
        guard end >= begin, ChartDefaults.isDrawable(begin), ChartDefaults.isDrawable(end) else { return }
        stretches[life.node, default: []].append(Stretch(state: state, begin: begin, end: end))
      }
    }
    nodes = stretches.keys.sorted()
    lanes = nodes.map { stretches[$0, default: []] }
  }

  /// Leaves out all lanes but the first `most`.
  mutating func keep(_ most: Int) {
    nodes.removeSubrange(min(most, nodes.count)...)
    lanes.removeSubrange(min(most, lanes.count)...)
  }

  var begin: Double { lanes.joined().map(\.begin).min() ?? 0 }
  var end: Double { lanes.joined().map(\.end).max() ?? 0 }

  /// Whether there are too many stretches to draw each.
  var isCoarse: Bool { lanes.joined().count > ClusterChartDefaults.mostBoxes }

  /// The stretches of each lane. Where there are too many, a lane is cut into columns, and a column has the state that fills the
  /// most of it, or the mishap that happened in it.
  func stretches(on scale: Scale) -> [[Stretch]] {
    guard isCoarse else { return lanes }
    let count = max(1, ClusterChartDefaults.mostBoxes / lanes.count)
    let width = (scale.high - scale.low) / Double(count)
    return lanes.map { lane in
      var seconds = Array(repeating: [NodeState: Double](), count: count)
      for stretch in lane {
        var column = min(max(Int((stretch.begin - scale.low) / width), 0), count - 1)
        repeat {
          let from = scale.low + Double(column) * width
          seconds[column][stretch.state, default: 0] +=
            max(0, min(stretch.end, from + width) - max(stretch.begin, from))
          column += 1
        } while column < count && scale.low + Double(column) * width < stretch.end
      }
      return Self.merged(seconds, from: scale.low, width: width)
    }
  }

  private static func merged(_ columns: [[NodeState: Double]], from low: Double, width: Double) -> [Stretch] {
    var merged: [Stretch] = []
    for (index, seconds) in columns.enumerated() {
      let begin = low + Double(index) * width
      // What there is no node for counts too.
      let absent = width - seconds.values.reduce(0, +)
      let mishap = NodeState.allCases.first { $0.isMishap && seconds[$0] != nil }
      let longest = NodeState.allCases.filter { seconds[$0, default: 0] > 0 }
        .max { seconds[$0, default: 0] < seconds[$1, default: 0] }
      guard let state = mishap ?? longest, mishap != nil || seconds[state, default: 0] >= absent else {
        continue
      }
      if let last = merged.indices.last, merged[last].state == state,
        abs(merged[last].end - begin) < width / 2
      {
        merged[last].end = begin + width
      } else {
        merged.append(Stretch(state: state, begin: begin, end: begin + width))
      }
    }
    return merged
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
