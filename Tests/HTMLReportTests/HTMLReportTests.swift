import Charts
import Files
import Foundation
import HTMLReport
import Pages
import TestSupport
import Testing

/// The page of a run: its figures, what is left out, and what is said of files that cannot be read.
@Suite struct HTMLReportTests {
  private func json(_ value: JSONValue) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(value.indented().utf8))
  }

  @Test func figuresAreThoseOfTheReport() async throws {
    try await withTemporaryFolder { folder in
      let html = try RunSample.files("\(folder)/run").page()
      let figures = PageFigures(html)
      let report = try json(RunSample.report)
      #expect(figures.differences(from: report).isEmpty)
      let names = Set(figures.figures.map(\.name))
      #expect(
        names.isSuperset(of: [
          "readings.planned", "readings.lost", "readings.lost_at.broker", "messages.planned",
          "windows.mismatched",
          "scoring.predictions", "expectations.0.actual", "expectations.2.actual",
        ]), "\(names)")
    }
  }

  /// One digit of a value, or of its text, is found.
  @Test(arguments: [
    (
      #"data-figure="readings.planned" data-value="518400""#,
      #"data-figure="readings.planned" data-value="518401""#
    ),
    (#"data-value="518400">518,400<"#, #"data-value="518400">518,410<"#),
    (#"data-value="0.89999999">0.89999999<"#, #"data-value="0.89999999">0.89999998<"#),
    (#"data-figure="readings.lost""#, #"data-figure="readings.last""#),
  ]) func aDigitThatIsWrongIsFound(before: String, after: String) async throws {
    try await withTemporaryFolder { folder in
      let html = try RunSample.files("\(folder)/run").page()
      let damaged = html.replacing(before, with: after, maxReplacements: 1)
      #expect(damaged != html)
      let found = PageFigures(damaged).differences(from: try json(RunSample.report))
      #expect(found.count == 1, "\(found)")
    }
  }

  @Test func theSameRunGivesTheSameBytes() async throws {
    try await withTemporaryFolder { folder in
      let first = try RunSample.files("\(folder)/a")
      let html = try first.page()
      #expect(try first.page() == html)
      #expect(try RunSample.files("\(folder)/somewhere/else").page() == html)
      // Before the manifest is there, and after it has the digest of the page.
      let before = try RunSample.files("\(folder)/b", manifest: nil)
      let run = try FinishedRun(before.folder, manifest: RunSample.manifest)
      #expect(HTMLReport.text(of: run) == html)
      let told = RunSample.changed(RunSample.manifest, "outputs", RunFolder.pageName, to: .text("c"))
      #expect(try RunSample.files("\(folder)/c", manifest: told).page() == html)
      // Another digest is seen.
      let other = RunSample.changed(RunSample.manifest, "outputs", "report.json", to: .text("c"))
      #expect(try RunSample.files("\(folder)/d", manifest: other).page() != html)
    }
  }

  @Test func whatFailedIsSaidFirst() async throws {
    try await withTemporaryFolder { folder in
      let html = try RunSample.files("\(folder)/run").page()
      #expect(
        html.contains(
          "Failed: 2 of 3 expectations did not hold: readings.lost is 25, wanted == 0, and 1 more"))
      #expect(
        html.contains(
          "25 of 518,400 readings are lost: 10 were on the way to the broker, 15 were with the broker"))
      #expect(html.contains("Besides, 1 window is not what the plan gives."))
      let table = try #require(html.split(separator: "<table id=\"expectations\">").last)
      let places = try ["readings.lost == 0", "detection.recall &gt;= 0.9", "readings.late &lt; 2000"].map {
        try #require(table.range(of: $0)).lowerBound
      }
      #expect(places == places.sorted())
      // What is only just missed does not look as if it were reached.
      #expect(table.contains(">0.89999999<"))
      #expect(html.contains("(40 of 50)"))
    }
  }

  @Test(arguments: [
    ("passed", "Passed"), ("failed", "Failed"), ("invalid", "Invalid"), ("error", "Broke off"),
    ("?", "No verdict"),
  ]) func theVerdictIsAWordAndASign(verdict: String, word: String) async throws {
    try await withTemporaryFolder { folder in
      let report = RunSample.changed(RunSample.report, "verdict", to: .text(verdict))
      let html = try RunSample.files("\(folder)/run", report: report).page()
      #expect(html.contains("<title>\(word): sample</title>"))
      #expect(html.contains(#/<p class="verdict is-[a-z]+"><svg class="sign /#))
    }
  }

  @Test func whatARunDidNotHaveIsLeftOut() async throws {
    try await withTemporaryFolder { folder in
      let bare: JSONValue = .object([
        "scenario": .text("bare"), "verdict": .text("error"), "reason": .text("interrupted"),
        "seed": .number(1),
        "readings": .object(["planned": .number(100), "published": .number(40)]), "expectations": .array([]),
      ])
      let html = try RunSample.files("\(folder)/run", report: bare, manifest: nil).page()
      #expect(html.contains("<title>Interrupted: bare</title>"))
      #expect(html.contains("of 100 readings planned, 40 were published"))
      for id in ["expectations", "windows", "losses", "provenance", "margins-title"] {
        #expect(!html.contains("id=\"\(id)\""), "\(id)")
      }
      let nothing: JSONValue = .object(["verdict": .text("error")])
      #expect(
        try RunSample.files("\(folder)/nothing", report: nothing, manifest: nil).page().contains(
          "id=\"verdict\""))
    }
  }

  @Test func aFileThatCannotBeReadIsNamed() async throws {
    try await withTemporaryFolder { folder in
      let run = try FinishedRun(try RunSample.files("\(folder)/run").folder)
      let reasons: [any Error] = [
        FileError(path: "\(folder)/run/labels.csv", action: .read, reason: "it is not UTF-8 text"),
        JSONFileError(path: "\(folder)/run/labels.csv", reason: "it is not UTF-8 text"), CancellationError(),
      ]
      for reason in reasons {
        let html = HTMLReport.text(
          of: run,
          parts: [
            .init(id: "found", topic: "Was it found?", files: "labels.csv") { _ in throw reason },
            .init(id: "left-out", topic: "Left out", files: "none") { _ in nil },
            .init(id: "there", topic: "There", files: "none") { _ in
              PageSection(id: "there", topic: "There", finding: "It is there")
            },
          ])
        #expect(html.contains("This part is missing: its files could not be read"))
        #expect(html.contains("labels.csv") && !html.contains(folder))
        #expect(html.contains("It is there") && !html.contains("Left out"))
      }
    }
  }

  @Test func aDamagedReportIsAnError() async throws {
    try await withTemporaryFolder { folder in
      let sample = try RunSample.files("\(folder)/run")
      try AtomicFile.write("{", to: sample.folder.report, existing: .replace)
      #expect(throws: JSONFileError.self) { try FinishedRun(sample.folder) }
      try FileManager.default.removeItem(atPath: sample.folder.report)
      #expect(throws: FileError.self) { try FinishedRun(sample.folder) }
    }
  }

  @Test(arguments: [
    "<script>alert(1)</script>", "\" onload=\"x", "</svg></pre>", String(repeating: "漢", count: 64),
  ])
  func aNameChangesNothingButText(name: String) async throws {
    try await withTemporaryFolder { folder in
      func page(_ name: String, _ path: String) throws -> String {
        var report = RunSample.changed(RunSample.report, "scenario", to: .text(name))
        report = RunSample.changed(
          report, "losses",
          to: .array([.object(["device": .text(name), "seq": .number(1), "last_seen": .text(name)])]))
        report = RunSample.changed(report, "reason", to: .text(name))
        report = RunSample.changed(report, "windows", "mismatches", to: .array([.text(name)]))
        let manifest = RunSample.changed(RunSample.manifest, "scenario", "text", to: .text(name))
        return try RunSample.files("\(folder)/\(path)", report: report, manifest: manifest).page()
      }
      func tags(_ html: String) -> [Substring] { html.matches(of: #/<\/?[a-z0-9]+/#).map(\.output) }
      let (named, plain) = (tags(try page(name, "a")), tags(try page("plain", "b")))
      #expect(named == plain)
    }
  }

  /// Text of the page is read well on its paper, as are the pictures, which have the same paper.
  @Test(arguments: [(PageColors.light, ChartTheme.light), (PageColors.dark, ChartTheme.dark)])
  func textHasContrast(page: PageColors, chart: ChartTheme) throws {
    #expect(page.paper == chart.paper && page.ink == chart.ink && page.quiet == chart.quiet)
    for color in page.texts {
      for paper in [page.paper, page.soft] {
        #expect(try #require(Contrast.ratio(color, paper)) >= 4.5, "\(color) on \(paper)")
      }
    }
    #expect(try #require(Contrast.ratio(page.rim, page.paper)) >= 3)
  }

  @Test func thePolicyAllowsWhatIsInThePage() async throws {
    try await withTemporaryFolder { folder in
      let html = try RunSample.files("\(folder)/run").page()
      let policy = try #require(html.firstMatch(of: #/Content-Security-Policy" content="([^"]*)"/#)).1
      for (name, text) in html.matches(of: #/<(style|script)>(.*?)<\/(style|script)>/#.dotMatchesNewlines())
        .map({ ($0.1, String($0.2)) })
      {
        let digest = Digest.policySource(ofText: text)
        #expect(policy.contains(digest), "a \(name) that the policy does not allow")
      }
      // The digest of the empty text, as others have it.
      #expect(Digest.policySource(ofText: "") == "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    }
  }
}
