import Charts
import ClusterModel
import Compute

/// The nodes of one row as lanes, with what each was doing.
enum NodesChart {
  private static let summary = "A lane is a node, from being asked for to being gone."

  static func svg(_ data: ClusterPictureData, id: String) -> String? {
    let rows = data.rows.filter { !$0.lives.isEmpty }
    let asked = data.nodesCell.flatMap { cell in rows.first { $0.cell == cell } }
    guard let row = asked ?? mostTelling(rows),
      let series = ClusterSeries.all(of: data.rows).first(where: { $0.rows.contains { $0.cell == row.cell } })
    else { return nil }
    var lanes = LanesOfNodes(row.lives)
    let all = lanes.nodes.count
    lanes.keep(ClusterChartDefaults.mostLanes)
    let makespan = ChartDefaults.isDrawable(row.makespanSeconds) ? max(0, row.makespanSeconds) : 0
    let scale = Scale(.linear, low: min(0, lanes.begin), high: max(lanes.end, makespan, 0) * 1.01)
    let name = "\(series.label), \(row.cell.nodes.nodes), \(row.cell.mode.rawValue)"
    var sheet = Sheet(
      id: id, title: "Nodes: \(name)", summary: summary,
      description: summary + " " + description(row, name))
    let area = addLanes(&sheet, lanes, scale)
    let states = draw(&sheet, lanes, scale.placed(from: area.left, to: area.right), area)
    if makespan > 0 {
      let place = scale.placed(from: area.left, to: area.right).pixel(makespan)
      sheet.drawing.line(
        from: Point(place, area.top - 18), to: Point(place, area.bottom),
        Look(stroke: .ink, strokeWidth: 1.6, dash: .dashed, role: "marker"))
      let label = "job done, \(ChartUnit.seconds.text(makespan))"
      let isRight = place + 5 + ChartText.width(label) < area.right
      sheet.drawing.text(
        label, at: Point(place + (isRight ? 5 : -5), area.top - 9), isRight ? .start : .end, role: "label")
    }
    sheet.addLegend(
      NodeState.allCases.filter(states.contains).map { state in
        LegendEntry(
          .hatch(sheet.hatched(state.hatch, state.color, name: state.rawValue), rim: state.color),
          state.rawValue)
      })
    if let note = Thinning.note(lanes.nodes.count, of: all, "nodes") { sheet.addNote(note) }
    if lanes.isCoarse {
      sheet.addNote(
        "There are more states than can be drawn: a box shows what fills the most of its time, or a mishap.")
    }
    return sheet.text()
  }

  /// The row with the most different states; of several the one with the most nodes, then the first.
  private static func mostTelling(_ rows: [ClusterRow]) -> ClusterRow? {
    func states(_ row: ClusterRow) -> Int {
      Set(row.lives.flatMap { $0.stretches.map(\.state) }).count
    }
    return rows.enumerated().max {
      (states($0.element), $0.element.lives.count, -$0.offset)
        < (states($1.element), $1.element.lives.count, -$1.offset)
    }?.element
  }

  /// Names, grid and axis; returns where the lanes are.
  private static func addLanes(_ sheet: inout Sheet, _ lanes: LanesOfNodes, _ scale: Scale) -> Box {
    let height = laneHeight(lanes.nodes.count)
    let names = lanes.nodes.map { "\($0)" }
    let widest = names.map { ChartText.width($0) }.max() ?? 0
    let top = sheet.bottom + 24
    let area = Box(
      left: max(Sheet.left + widest + 8, Sheet.left + 42), top: top, right: Sheet.right - 4,
      bottom: top + height * Double(names.count))
    sheet.drawing.text("node", at: Point(Sheet.left, area.top - 9), .start, .quiet)
    sheet.addAcross(Axis("since the job began", .seconds, scale), below: area)
    // Names that would touch each other are left out: every second, fifth or tenth stays.
    let every = [1, 2, 5, 10].first { Double($0) * height >= 14 } ?? 10
    for (index, name) in names.enumerated() where index % every == 0 {
      sheet.drawing.text(
        name, at: Point(area.left - 8, area.top + (Double(index) + 0.5) * height + 4), .end, .quiet)
    }
    return area
  }

  private static func laneHeight(_ count: Int) -> Double {
    count <= 16 ? 22 : count <= 32 ? 14 : 9
  }

  /// Draws the lanes, and says which states were seen.
  private static func draw(
    _ sheet: inout Sheet, _ lanes: LanesOfNodes, _ scale: Scale, _ area: Box
  ) -> Set<NodeState> {
    let height = laneHeight(lanes.nodes.count)
    var states: Set<NodeState> = []
    for (index, stretches) in lanes.stretches(on: scale).enumerated() {
      for stretch in stretches {
        var box = Box(
          left: scale.pixel(stretch.begin), top: area.top + Double(index) * height + 1,
          right: scale.pixel(stretch.end), bottom: area.top + Double(index + 1) * height - 1)
        if stretch.state.isMishap, box.width < 3 {
          // What is rare and short must be seen.
          box.left = max(area.left, min(box.left, area.right - 3))
          box.right = box.left + 3
        }
        guard box.width >= 0.05 else { continue }
        states.insert(stretch.state)
        let paint = sheet.hatched(stretch.state.hatch, stretch.state.color, name: stretch.state.rawValue)
        let look = Look(fill: paint, stroke: .color(stretch.state.color), strokeWidth: 0.7, role: "mark")
        let time = ChartUnit.seconds
        sheet.drawing.box(
          box, look,
          tooltip: "node \(lanes.nodes[index]): \(stretch.state.rawValue), \(time.text(stretch.begin)) to "
            + time.text(stretch.end))
      }
    }
    return states
  }

  private static func description(_ row: ClusterRow, _ name: String) -> String {
    var seconds: [NodeState: Double] = [:]
    for life in row.lives {
      life.forEachStretch { seconds[$0, default: 0] += ($2 - $1).inSeconds }
    }
    let times = NodeState.allCases.compactMap { state in
      seconds[state].map { "\(state.rawValue) \(ChartUnit.seconds.text($0))" }
    }
    return "\(name). All nodes together: \(times.joined(separator: ", "))."
  }
}

extension NodeState {
  /// Its fill, which tells it apart without colour.
  var hatch: Hatch {
    switch self {
    case .provisioning: .rising
    case .idle: .dots
    case .running: .full
    case .leaving: .level
    case .preempted: .crossed
    case .unusable: .upright
    }
  }

  var color: ChartColor {
    switch self {
    case .provisioning: .purple
    case .idle: .green
    case .running: .blue
    case .leaving: .grey
    case .preempted, .unusable: .vermillion
    }
  }

  /// Whether something went wrong.
  var isMishap: Bool { self == .preempted || self == .unusable }
}
