import Charts
import ClusterCharts
import ClusterModel
import Files
import Pages
import Verdict

/// Cluster sizes, and what they cost: the pictures of a sweep, its answers and its rows.
package enum ClusterSizesSection {
  private static let mostRows = 60
  private static let questions = [
    ("The cheapest", "cheapest"), ("The fastest", "fastest"),
    ("The cheapest within the deadline", "cheapest_within_deadline"),
    ("The smallest that beats one", "smallest_that_beats_one"),
  ]

  /// Nil where no sizes were looked at. Throws `FileError`, `JSONFileError` and `CSVError` where a file cannot be read.
  package static func section(_ run: FinishedRun) throws -> PageSection? {
    guard run.figure("answers") != nil else { return nil }
    var section = PageSection(
      id: "cluster-sizes", topic: "Which size, at what cost?", finding: title(run),
      notes: run.list("answers.sentences").compactMap { if case .text(let text) = $0 { text } else { nil } },
      tables: [answers(run), calibration(run), rows(run)])
    if let account = try run.account()?.sweep, let table = try table(run.folder) {
      let data = ClusterPictureData(table, account)
      section.figures = ClusterChart.allCases.compactMap { $0.svg(data) }.map { PageFigure(svg: $0) }
    }
    section.tables.removeAll { $0.rows.isEmpty }
    return section
  }

  /// Nil where the run has none.
  private static func table(_ folder: RunFolder) throws -> ClusterTable? {
    let sizes = "\(folder.path)/\(ClusterTable.fileName)"
    let nodes = "\(folder.path)/\(ClusterTable.nodesFileName)"
    guard FileStamp(sizes) != nil else { return nil }
    return try ClusterTable(
      try TextFile.text(of: sizes), name: sizes,
      nodes: FileStamp(nodes) == nil ? nil : try TextFile.text(of: nodes),
      nodesName: nodes)
  }

  // MARK: - Words

  private static func size(_ run: FinishedRun, _ path: String) -> String? {
    guard let nodes = run.number("\(path).nodes") else { return nil }
    var text = ChartNumber.short(nodes)
    if case .text(let size) = run.figure("\(path).vm_size") {
      text += " × \(size)"
      if case .text(let tier) = run.figure("\(path).tier") { text += " (\(tier.replacing("_", with: " ")))" }
    } else {
      text += nodes == 1 ? " node" : " nodes"
    }
    return text
  }

  private static func title(_ run: FinishedRun) -> String {
    var parts: [String] = []
    for (words, name) in [
      ("the cheapest within the deadline is", "cheapest_within_deadline"), ("the cheapest is", "cheapest"),
    ]
    where parts.isEmpty {
      guard let size = size(run, "answers.\(name)") else { continue }
      let cost = run.number("answers.\(name).cost_usd").map { ", \(ChartUnit.dollars.text($0)) a job" } ?? ""
      parts.append("\(words) \(size)\(cost)")
    }
    if let size = size(run, "answers.fastest") {
      let time =
        run.number("answers.fastest.makespan_seconds").map { ", \(ChartUnit.seconds.text($0))" } ?? ""
      parts.append("the fastest is \(size)\(time)")
    }
    guard !parts.isEmpty else { return "No size has an answer" }
    let text = parts.joined(separator: "; ")
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  // MARK: - Tables

  private static func answers(_ run: FinishedRun) -> PageTable {
    let found = questions.filter { run.figure("answers.\($0.1)") != nil }
    var rows = found.map { words, name -> [PageTable.Cell] in
      let path = "answers.\(name)"
      return [
        PageTable.Cell(words), run.numberCell("\(path).nodes"), run.textCell("\(path).vm_size"),
        run.textCell("\(path).tier"),
        run.textCell("\(path).mini_batch_size"), run.textCell("\(path).mode"),
        run.numberCell("\(path).makespan_seconds"),
        run.numberCell("\(path).cost_usd", ChartUnit.dollars.text),
        run.numberCell("\(path).cost_usd_per_month", ChartUnit.dollars.text),
      ]
    }
    if run.number("answers.break_even_interval_seconds") != nil {
      rows.append(
        ["Scaling to zero is cheaper from an interval of, in s", "–", "–", "–", "–", "–"]
          + [run.numberCell("answers.break_even_interval_seconds"), "–", "–"])
    }
    return PageTable(
      id: "cluster-answers", caption: "Which size to take",
      columns: [
        .init("Question"), .init("Nodes", .number), .init("Size"), .init("Tier"), .init("Mini-batch"),
        .init("Mode"),
        .init("Seconds", .number), .init("A job", .number), .init("A month", .number),
      ], rows: rows)
  }

  private static func calibration(_ run: FinishedRun) -> PageTable {
    let figures = [
      ("Worst error of a prediction", "calibration.worst_error"),
      ("Known to within", "calibration.half_width"),
      ("Noise of reference jobs", "calibration.noise"),
    ]
    return PageTable(
      id: "cluster-calibration", caption: "How well the model of a cluster fits",
      columns: [.init("What"), .init("How much", .number)],
      rows: run.rows(figures, ChartUnit.percent.text))
  }

  private static func rows(_ run: FinishedRun) -> PageTable {
    let sizes = run.list("cluster")
    return PageTable(
      id: "cluster-rows", caption: "Every size",
      columns: [
        .init("Size"), .init("Tier"), .init("Nodes", .number), .init("Kept", .number), .init("Mini-batch"),
        .init("Mode"),
        .init("Seconds", .number), .init("Speed-up", .number), .init("Efficiency", .number),
        .init("A job", .number),
        .init("A month", .number),
      ],
      rows: sizes.indices.prefix(mostRows).map { index in
        func number(_ field: String, _ text: (Double) -> String = ChartNumber.short) -> PageTable.Cell {
          run.numberCell("cluster.\(index).\(field)", text)
        }
        func text(_ field: String) -> PageTable.Cell { run.textCell("cluster.\(index).\(field)") }
        return [
          run.text("cluster.\(index).vm_size") == nil ? text("target") : text("vm_size"), text("tier"),
          number("nodes"), number("min_instances"), text("mini_batch_size"), text("mode"),
          number("makespan_seconds"), number("speedup"), number("efficiency", ChartUnit.percent.text),
          number("cost_usd", ChartUnit.dollars.text), number("cost_usd_per_month", ChartUnit.dollars.text),
        ]
      }, total: sizes.count, isFolded: true)
  }
}
