import Charts
import ClusterCharts
import ClusterModel
import Compute
import Telemetry
import Testing

/// Data as nobody wants them: pictures stay within their paper, and of a size.
@Suite struct ChartBoundTests {
  private func check(_ data: ClusterPictureData, _ comment: String) throws {
    for chart in ClusterChart.allCases {
      guard let svg = chart.svg(data) else { continue }
      #expect(
        !svg.contains("nan") && !svg.contains("inf\"") && !svg.contains("\"?\""), "\(chart), \(comment)")
      try Picture(svg).expectNothingCut("\(chart), \(comment)")
    }
  }

  @Test func theSampleIsWithinItsPaper() throws { try check(Samples.sweep, "the sample") }

  private func value(_ generator: inout SeededGenerator) -> Double {
    let odd: [Double] = [0, -1, .nan, .infinity, -.infinity, 1e-300, 1e300, 1e-9, 1e12, 1]
    if generator.index(below: 12) == 0 { return odd[generator.index(below: odd.count)] }
    let factors: [Double] = [1e-6, 0.01, 1, 100, 1e6]
    return generator.uniform() * factors[generator.index(below: factors.count)]
  }

  private func label(_ generator: inout SeededGenerator) -> String {
    let words = ["a<b&c", "Standard_E64-32ads_v5", "批处理", "e\u{301}", "x", "", "🏭", "two words", "\u{7}"]
    return (0...generator.index(below: 5)).map { _ in words[generator.index(below: words.count)] }
      .joined(separator: " ")
  }

  private func row(_ generator: inout SeededGenerator) -> ClusterRow {
    let mode = ClusterMode.allCases[generator.index(below: 3)]
    var cell = ClusterCell(mode: mode, nodes: 1 << generator.index(below: 10))
    if generator.index(below: 3) > 0 { cell.vmSize = "size \(generator.index(below: 9))" }
    if generator.index(below: 9) == 0 { cell.vmSize = label(&generator) }
    if generator.index(below: 3) == 0 { cell.region = label(&generator) }
    cell.tier = ClusterTier.allCases[generator.index(below: 3)]
    cell.minNodes = generator.index(below: 3)
    cell.coresPerNode = 1 + generator.index(below: 2)
    cell.miniBatchSize = ["auto", "10", "100"][generator.index(below: 3)]
    var row = ClusterRow(
      cell: cell, repeats: 5, makespanSeconds: value(&generator), makespanLowSeconds: value(&generator),
      makespanHighSeconds: value(&generator), windows: 10, nodeHours: 1)
    if generator.index(below: 4) > 0 { row.speedup = value(&generator) }
    if generator.index(below: 4) > 0 { row.costUSD = value(&generator) }
    for node in 0..<generator.index(below: 6) {
      var time = Double(generator.index(below: 50)) - 5
      let stretches = (0...generator.index(below: 5)).map { _ in
        defer { time += generator.uniform() * 100 }
        return NodeLife.Stretch(
          state: NodeState.allCases[generator.index(below: NodeState.allCases.count)],
          from: .milliseconds(Int64(time * 1000)))
      }
      row.lives.append(
        NodeLife(
          node: 1 + node * generator.index(below: 30), stretches: stretches,
          end: .milliseconds(Int64(time * 1000))))
    }
    return row
  }

  @Test(arguments: UInt64(1)...40) func randomDataStayWithinTheirPaper(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "charts-test")
    var data = ClusterPictureData()
    data.rows = (0..<generator.index(below: 60)).map { _ in row(&generator) }
    data.comparisons = (0..<generator.index(below: 12)).map { _ in
      let label = label(&generator)
      return .init(
        label: label, nodes: 1 + generator.index(below: 64), measuredSeconds: value(&generator),
        simulatedSeconds: value(&generator))
    }
    data.monthCurves = (0..<generator.index(below: 9)).map { _ in
      let label = label(&generator)
      return .init(
        label: label,
        points: (0..<generator.index(below: 30)).map { _ in
          .init(intervalSeconds: value(&generator), usdPerMonth: value(&generator))
        })
    }
    if generator.index(below: 2) == 0 { data.deadlineSeconds = value(&generator) }
    if generator.index(below: 2) == 0 { data.crossingSeconds = value(&generator) }
    try check(data, "seed \(seed)")
  }

  @Test func oneRowIsEnough() throws {
    var data = ClusterPictureData(rows: [Samples.row(.measured, nodes: 1, speedup: 1, cost: 0)])
    data.rows[0].lives = [Samples.life(1, [(.running, 0)], end: 900)]
    data.comparisons = [.init(label: "auto", nodes: 1, measuredSeconds: 2, simulatedSeconds: 2)]
    data.monthCurves = [.init(label: "kept", points: [.init(intervalSeconds: 3600, usdPerMonth: 0)])]
    for chart in ClusterChart.allCases { #expect(chart.svg(data) != nil, "\(chart)") }
    try check(data, "one row")
  }

  @Test func whatHasNoFigureIsLeftOut() throws {
    var data = ClusterPictureData(rows: [
      Samples.row(nodes: 1, speedup: 1), Samples.row(nodes: 2, speedup: 2),
    ])
    #expect(ClusterChart.costAgainstTime.svg(data) == nil)
    #expect(ClusterChart.nodes.svg(data) == nil)
    data.rows[1].speedup = .nan
    data.rows.append(Samples.row(nodes: 4, speedup: nil))
    data.rows.append(Samples.row(nodes: 8, speedup: .infinity))
    #expect(try Picture(try #require(ClusterChart.speedup.svg(data))).all("mark").count == 1)
    data.rows[0].speedup = 0
    #expect(ClusterChart.speedup.svg(data) == nil)
  }

  /// Twenty sizes on 300 numbers of nodes, 200 nodes for a thousand hours, 2000 comparisons.
  @Test func muchIsBoundedAndSaid() throws {
    var data = ClusterPictureData()
    for size in 1...20 {
      for nodes in 1...300 {
        data.rows.append(
          Samples.row(
            nodes: nodes, speedup: Double(nodes) / (1 + Double(nodes) * 0.01), base: Double(size) * 100,
            vmSize: "size \(size)", cost: 1 + Double(nodes * size)))
      }
    }
    let states: [(NodeState, Int)] = [(.provisioning, 0), (.running, 300), (.idle, 900), (.leaving, 2000)]
    data.rows[9].lives = (1...200).map { node in
      Samples.life(
        node,
        (0..<1000).flatMap { hour in
          states.map { state, second in
            (node == 3 && hour == 500 && state == .leaving ? .preempted : state, hour * 3600 + second)
          }
        }, end: 3_600_000)
    }
    data.comparisons = (1...2000).map {
      .init(
        label: "batches of \($0 % 9)", nodes: 1, measuredSeconds: Double($0),
        simulatedSeconds: Double($0) * ($0 == 1237 ? 1.2 : 1.01))
    }
    for chart in ClusterChart.allCases {
      guard let svg = chart.svg(data) else { continue }
      #expect(svg.utf8.count < 1_000_000, "\(chart): \(svg.utf8.count) bytes")
      let notes = try Picture(svg).texts.filter { $0.contains(" are shown.") }
      #expect(!notes.isEmpty, "\(chart)")
    }
    let notes = try Picture(try #require(ClusterChart.speedup.svg(data))).texts
    #expect(notes.contains { $0.hasSuffix(" of 1800 rows of these series are shown.") })
    func has(_ chart: ClusterChart, _ note: String) throws -> Bool {
      try Picture(try #require(chart.svg(data))).texts.contains(note)
    }
    #expect(try has(.speedup, "6 of 20 series are shown."))
    #expect(try has(.nodes, "64 of 200 nodes are shown."))
    #expect(try has(.sizesByNodes, "8 of 300 numbers of nodes are shown."))
    // However much is left out, the worst and the rarest are there.
    let comparisons = try Picture(try #require(ClusterChart.simulatedAgainstMeasured.svg(data)))
    #expect(comparisons.all("error").contains { $0.tooltip?.contains("+20.0%") ?? false })
    let lanes = try Picture(try #require(ClusterChart.nodes.svg(data)))
    #expect(lanes.all("mark").filter { $0.attributes["fill"] == "url(#nodes-preempted)" }.count == 1)
  }
}
