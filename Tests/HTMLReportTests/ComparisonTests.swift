import Files
import Foundation
import HTMLReport
import TestSupport
import Testing

/// Several runs side by side, and the page of several seeds.
@Suite struct ComparisonTests {
  /// The cells of the row that begins with `name`, as people read them.
  private func row(_ name: String, _ html: String) -> [String]? {
    guard let start = html.range(of: "<tr><th scope=\"row\">\(name)</th>") else { return nil }
    let row = html[start.upperBound...].prefix { $0 != "\n" }
    guard let end = row.range(of: "</tr>") else { return nil }
    return row[..<end.lowerBound].matches(of: #/>([^<>]+)<\/td>/#).map { String($0.1) }
  }

  private func cluster(_ nodes: Double, _ seconds: Double) -> JSONValue {
    .object(["nodes": .number(nodes), "mode": .text("measured"), "makespan_seconds": .number(seconds)])
  }

  @Test func everyFigureThatDiffersIsNamed() async throws {
    try await withTemporaryFolder { folder in
      var before = RunSample.changed(RunSample.report, "cluster", to: .array([cluster(1, 8), cluster(2, 5)]))
      before = RunSample.changed(
        before, "detection", to: .object(["recall": .number(0.9), "f1": .number(0.5)]))
      var after = RunSample.changed(before, "readings", "late", to: .number(500))
      after = RunSample.changed(after, "cluster", to: .array([cluster(2, 4), cluster(4, 3)]))
      after = RunSample.changed(after, "detection", "recall", to: nil)
      after = RunSample.changed(
        after, "expectations",
        to: .array([
          RunSample.expectation("readings.lost == 0", .number(25), false),
          RunSample.expectation("readings.late < 2000", .number(500), true),
          RunSample.expectation("readings.late < 700", .number(500), true),
        ]))
      func page(_ runs: [(String, JSONValue)]) throws -> String {
        RunComparison(
          try runs.map {
            ($0.0, try FinishedRun(try RunSample.files("\(folder)/\($0.0)", report: $0.1).folder))
          }
        ).text()
      }
      let html = try page([("before", before), ("after", after)])
      #expect(row("readings.late", html) == ["1,000", "500", "×0.5"])
      #expect(row("detection.recall", html) == ["0.9", "–", "–"])
      let size = "mode=measured"
      #expect(row("cluster[nodes=2,\(size)].makespan_seconds", html) == ["5", "4", "×0.8"], "\(html)")
      #expect(row("cluster[nodes=1,\(size)].makespan_seconds", html)?.first == "8")
      #expect(row("cluster[nodes=4,\(size)].makespan_seconds", html)?.last == "–")
      // What is equal is left out.
      #expect(row("detection.f1", html) == nil && row("readings.planned", html) == nil)
      #expect(row("readings.late &lt; 700", html) == ["not judged", "held: 500"])
      #expect(html.contains("2 of 4 expectations come out differently"))
      #expect(html.contains("5 of "))
      #expect(html == (try page([("before", before), ("after", after)])))
      // The same twice differs in nothing.
      let same = try page([("before", before), ("before", before)])
      #expect(same.contains("No figure differs, of ") && same.contains("before (2)"))
      #expect(same.contains("All runs agree on 3 expectations"))
    }
  }

  @Test func seedsSayTheirSpread() throws {
    let spread: JSONValue = .object([
      "median": .number(0.5), "min": .number(0.25), "max": .number(0.75), "min_seed": .number(1),
      "max_seed": .number(2), "runs": .number(2),
    ])
    let report: JSONValue = .object([
      "scenario": .text("sample"), "verdict": .text("failed"), "reason": .text("with seed 2: <b>"),
      "seeds": .array([.number(1), .number(2)]), "total_seconds": .number(3),
      "detection": .object(["recall": spread]),
      "runs": .array([
        .object(["seed": .number(1), "folder": .text("seed-1"), "verdict": .text("passed"), "reason": .null]),
        .object([
          "seed": .number(2), "folder": .text("seed-2"), "verdict": .text("failed"), "reason": .text("<b>"),
        ]),
      ]),
      "expectations": .array([
        .object([
          "expression": .text("detection.recall > 0.5"), "held": .number(1), "runs": .number(2),
          "passed": .bool(false), "explanation": .text("not with seed 1: it is 0.25"),
        ])
      ]),
    ])
    let html = SeedReport.text(of: report)
    #expect(html.contains("<title>Failed: sample, 2 seeds</title>") && !html.contains("<b>"))
    #expect(html.contains("1 of 2 runs passed") && html.contains("1 of 1 expectation did not hold"))
    #expect(html.contains("not held: not with seed 1: it is 0.25") && html.contains("seed-2/report.html"))
    let figures = PageFigures(html)
    #expect(figures.figures.map(\.name) == ["median", "min", "max"].map { "detection.recall.\($0)" })
    let json = try JSONSerialization.jsonObject(with: Data(report.indented().utf8))
    #expect(figures.differences(from: json).isEmpty)
    #expect(html == SeedReport.text(of: report))
  }
}
