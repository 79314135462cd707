import Charts
import ClusterModel

/// The rows that differ in their number of nodes and their mode alone: a line of a picture, or a row of a table.
struct ClusterSeries {
  /// How many nodes are kept between jobs.
  private enum Kept: Hashable {
    case all
    case some(Int)
  }

  private struct Key: Hashable {
    var target: String
    var region: String?
    var vmSize: String?
    var tier: ClusterTier
    var kept: Kept
    var coresPerNode: Int
    var miniBatchSize: String

    init(_ cell: ClusterCell) {
      target = cell.target
      region = cell.region
      vmSize = cell.vmSize
      tier = cell.tier
      kept = cell.minNodes > 0 && cell.minNodes >= cell.nodes ? .all : .some(cell.minNodes)
      coresPerNode = cell.coresPerNode
      miniBatchSize = cell.miniBatchSize
    }

    /// What the key says, from the most to the least telling, each with what it says of.
    var parts: [(of: String, text: String)] {
      var parts = [(of: "size", text: vmSize ?? (target == "local" ? "this machine" : target))]
      if vmSize != nil {
        parts.append((of: "tier", text: tier.rawValue.replacing("_", with: " ")))
        if let region { parts.append((of: "region", text: region)) }
        parts.append((of: "target", text: target))
      }
      parts.append(
        (of: "batch", text: miniBatchSize == "auto" ? "auto batches" : "batches of \(miniBatchSize)"))
      parts.append((of: "cores", text: coresPerNode == 1 ? "1 task a node" : "\(coresPerNode) tasks a node"))
      switch kept {
      case .all: parts.append((of: "kept", text: "all nodes kept"))
      case .some(let count): parts.append((of: "kept", text: count == 0 ? "down to zero" : "\(count) kept"))
      }
      return parts
    }
  }

  /// What tells it apart from the others of the sweep.
  private(set) var label: String
  /// In order of nodes, then of mode.
  private(set) var rows: [ClusterRow]
  /// From 0, in the order of the sweep.
  let index: Int

  /// `A`, `B` and so on, which also stands at the line.
  var letter: String { String(UnicodeScalar(UInt8(65 + index % 26))) }
  var paint: Paint { Self.paints[index % Self.paints.count] }
  var dash: LineDash { LineDash.allCases[index % LineDash.allCases.count] }

  static let paints: [Paint] = ChartColor.allCases.map(Paint.color) + [.ink]

  /// In the order in which the sweep has them first.
  static func all(of rows: [ClusterRow]) -> [ClusterSeries] {
    var places: [Key: Int] = [:]
    var keys: [Key] = []
    var groups: [[ClusterRow]] = []
    for row in rows {
      let key = Key(row.cell)
      if let place = places[key] {
        groups[place].append(row)
      } else {
        places[key] = groups.count
        keys.append(key)
        groups.append([row])
      }
    }
    let labels = labels(of: keys)
    return groups.indices.map { index in
      let sorted = groups[index].enumerated().sorted {
        ($0.element.cell.nodes, $0.element.cell.mode.rank, $0.offset)
          < ($1.element.cell.nodes, $1.element.cell.mode.rank, $1.offset)
      }
      return ClusterSeries(label: labels[index], rows: sorted.map(\.element), index: index)
    }
  }

  /// The size, and of the rest what is not the same everywhere; all of it where that is not enough.
  private static func labels(of keys: [Key]) -> [String] {
    var values: [String: Set<String>] = [:]
    for key in keys {
      for part in key.parts { values[part.of, default: []].insert(part.text) }
    }
    let labels = keys.map { key in
      key.parts.filter { $0.of == "size" || values[$0.of, default: []].count > 1 }.map(\.text)
        .joined(separator: ", ")
    }
    guard Set(labels).count < labels.count else { return labels }
    return keys.map { key in
      (key.parts.map(\.text) + (key.vmSize == nil ? [key.tier.rawValue, key.region ?? "no region"] : []))
        .joined(separator: ", ")
    }
  }
}

extension ClusterMode {
  /// Nearest to the truth first.
  var rank: Int {
    switch self {
    case .measured: 0
    case .paced: 1
    case .simulated: 2
    }
  }

  /// The shape of its points in every picture.
  var shape: MarkShape {
    switch self {
    case .measured: .disc
    case .paced: .square
    case .simulated: .triangle
    }
  }
}

extension [ClusterSeries] {
  /// The modes of all rows, nearest to the truth first.
  var modes: [ClusterMode] {
    let present = Set(flatMap(\.rows).map(\.cell.mode))
    return ClusterMode.allCases.filter(present.contains)
  }

  /// The lines, where there are several, and the shapes.
  func legend(hasLines: Bool = true) -> [LegendEntry] {
    let lines = map { series in
      LegendEntry(
        hasLines ? .line(series.paint, series.dash) : .area(series.paint, opacity: 1),
        count > 1 ? "\(series.letter): \(series.label)" : series.label)
    }
    return lines + modes.map { LegendEntry(.mark($0.shape, .ink), $0.rawValue) }
  }
}

extension ClusterRow {
  /// A row for a tooltip: its mode first, as everywhere.
  func summary(_ series: ClusterSeries, _ figures: String) -> String {
    "\(cell.mode.rawValue), \(series.label), \(cell.nodes.nodes): \(figures)"
  }
}

extension Int {
  /// `1 node`, `4 nodes`.
  var nodes: String { self == 1 ? "1 node" : "\(self) nodes" }
}
