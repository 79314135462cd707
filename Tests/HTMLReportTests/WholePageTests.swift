import HTMLReport
import TestSupport
import Testing

/// The page of a run that had everything, as a whole: every section, and what holds in all of them.
@Suite struct WholePageTests {
  /// What somebody may have named something: markup, quotes, controls, and more than fits.
  static let names = [
    "</title></style></svg><img src=x onerror=alert(1)>", "<script>alert(1)</script>",
    "<svg onload=alert(1)><desc>", "\" onclick=\"alert(1)", "' onclick='alert(1)", "&lt;b&gt; &amp;",
    "]]><!--", "--></pre>", "a\u{0}b\u{7}c\u{1B}[31m\u{9B}d", "\u{202E}rtl\u{2066}", "a.b[c=d].e",
    String(repeating: "漢", count: 64), String(repeating: "W", count: 64),
  ]

  @Test func everySectionIsThereAndItsFiguresAreThoseOfTheReport() async throws {
    try await withTemporaryFolder { folder in
      let run = try WholeRun("\(folder)/run")
      let html = try run.files.page()
      #expect(!html.contains("This part is missing"))
      let figures = PageFigures(html)
      #expect(figures.sections == WholeRun.sections)
      let differences = figures.differences(from: try run.report())
      #expect(differences.isEmpty, "\(differences)")
      let named = Dictionary(grouping: figures.figures, by: \.section)
      #expect(named[nil] == nil)
      for (section, some) in Self.figuresBySection {
        let names = Set(named[section, default: []].map(\.name))
        #expect(
          names.isSuperset(of: some), "\(section): \(Set(some).subtracting(names)) of \(names.sorted())")
      }
    }
  }

  /// Figures that each section has to have, one at least of each table that is about the report.
  private static let figuresBySection: [(section: String, names: [String])] = [
    ("verdict", ["expectations.0.actual", "expectations.1.actual", "expectations.2.actual"]),
    (
      "lost",
      [
        "readings.planned", "readings.lost_at.broker", "readings.doubled", "messages.acknowledged",
        "windows.mismatched", "scoring.failed",
      ]
    ),
    ("found", ["detection.windows", "detection.anomalous_windows", "detection.ignored_windows"]),
    (
      "quality",
      [
        "detection.recall", "detection.floors.three_sigma.vus_pr", "detection.by_kind.plain.recall",
        "detection.deployments[deployment=plain].vus_pr",
        "detection.deployments[deployment=other].us_per_window",
      ]
    ),
    ("when", ["p50", "p90", "max"].map { "detection.delay_seconds.\($0)" }),
    (
      "throughput",
      ["ingestion.messages_per_second", "faults.drained_seconds", "faults.events.0.recovery_seconds"]
    ),
    (
      "latency",
      [
        "ingestion.end_to_end_ms.p99.9", "ingestion.commit_ms.p99", "stream.watermark_delay_ms.max",
        "serving.latency_ms.p90",
      ]
    ),
    ("jobs", ["scoring.jobs", "scoring.retries", "scoring.node_seconds"]),
    (
      "cluster-sizes",
      [
        "answers.cheapest.cost_usd", "answers.break_even_interval_seconds", "calibration.worst_error",
        "cluster.1.speedup",
      ]
    ),
    ("capacity", ["capacity.knee_per_second", "load.2.end_to_end_ms.p99", "load.1.why"]),
    ("serving", ["serving.answered", "serving.sweep.1.cpu_us_per_row"]),
  ]

  /// In each section that has figures of the report, one digit that is wrong is found.
  @Test(arguments: figuresBySection.map(\.section))
  func aDigitThatIsWrongIsFound(section: String) async throws {
    try await withTemporaryFolder { folder in
      let run = try WholeRun("\(folder)/run")
      let html = try run.files.page()
      let place = try #require(html.range(of: "<section id=\"\(section)\"")?.lowerBound)
      let digit = try #require(html[place...].firstMatch(of: #/data-figure="[^"]+" data-value="[^"]*?(\d)"/#))
      let other = digit.1 == "9" ? "8" : "9"
      let damaged = html[..<digit.1.startIndex] + other + html[digit.1.endIndex...]
      let found = PageFigures(String(damaged)).differences(from: try run.report())
      #expect(found.count == 1, "\(found)")
    }
  }

  @Test func theSameFilesGiveTheSameBytesWhereverTheyAre() async throws {
    try await withTemporaryFolder { folder in
      let html = try WholeRun("\(folder)/a").files.page()
      let again = try WholeRun("\(folder)/somewhere/else").files
      #expect(try again.page() == html)
      #expect(try again.page() == html)
      #expect(!html.contains(folder))
    }
  }

  @Test(arguments: names) func aNameIsTextInEverySectionAndNothingElse(name: String) async throws {
    try await withTemporaryFolder { folder in
      let run = try WholeRun("\(folder)/named", name: name)
      let html = try run.files.page()
      #expect(!html.contains("This part is missing"))
      let reader = PageReader(html)
      #expect(reader.faults.isEmpty, "\(reader.faults)")
      #expect(reader.text.contains(PageFigures.shown(name)))
      let plain = PageReader(try WholeRun("\(folder)/plain").files.page())
      #expect(Self.shape(reader) == Self.shape(plain))
      #expect(Set(reader.elements.map(Self.kind)).isSubset(of: plain.elements.map(Self.kind)))
      let figures = PageFigures(html)
      #expect(figures.sections == WholeRun.sections)
      let differences = figures.differences(from: try run.report())
      #expect(differences.isEmpty, "\(differences)")
    }
  }

  /// One name that is put in as it is.
  @Test func aNameThatIsMarkupIsFound() async throws {
    try await withTemporaryFolder { folder in
      let html = try WholeRun("\(folder)/run", name: "<b>bold</b>").files.page()
      let damaged = html.replacing("&lt;b&gt;bold&lt;/b&gt;", with: "<b>bold</b>", maxReplacements: 1)
      #expect(damaged != html)
      #expect(Self.shape(PageReader(damaged)) != Self.shape(PageReader(html)))
    }
  }

  /// The elements of a page in their order. Texts of pictures are left out: where one does not fit, a picture says less, or cuts it and has
  /// the whole in a `title`.
  private static func shape(_ page: PageReader) -> [String] {
    page.elements.filter { $0.name != "text" && $0.name != "title" }.map(kind)
  }

  /// An element with the names of its attributes.
  private static func kind(_ element: PageReader.Element) -> String {
    "\(element.name) \(element.attributes.keys.sorted())"
  }
}
