import Files
import Foundation
import Supervision
import TestSupport
import Testing
import WindowStore

/// `report.html` of real runs, and `sonde report`.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ReportPageTests {
  private func run(_ folder: String, _ more: [String] = []) async throws -> SondeProgram.Outcome {
    try await SondeProgram.run(
      ["run", "Scenarios/quickstart.yaml", "--out", folder] + smallScenario + more)
  }

  private func page(_ folder: String) throws -> String { try TextFile.text(of: "\(folder)/report.html") }

  @Test func everyRunLeavesAPage() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await run("\(folder)/run")
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
      #expect(outcome.output.contains("\npage    \(folder)/run/report.html\n"), "\(outcome.output)")
      let html = try page("\(folder)/run")
      #expect(html.utf8.count <= 300_000)
      #expect(html.contains("<title>Passed: quickstart</title>"))
      // Nothing from elsewhere: only the name of SVG is an address, which nobody asks for.
      let rest = html.replacing("xmlns=\"http://www.w3.org/2000/svg\"", with: "")
      #expect(!rest.contains("http:") && !rest.contains("src=") && !rest.contains("url(http"))
      let figures = PageFigures(html)
      #expect(figures.differences(from: try report(of: "\(folder)/run")).isEmpty)
      #expect(
        Set(figures.figures.map(\.name)).isSuperset(of: [
          "readings.lost", "windows.closed", "expectations.0.actual",
        ]))
      // The manifest knows it, and the same files give the same bytes.
      try await judge("\(folder)/run")
      let again = try await SondeProgram.run(["report", "\(folder)/run"])
      #expect(again.status == 0, "\(again.errors)")
      #expect(again.output.hasPrefix("\(folder)/run/report.html  ") && again.output.hasSuffix(" bytes\n"))
      #expect(try page("\(folder)/run") == html)
      try await judge("\(folder)/run")

      try await damage(folder, html)
      try await compare(folder)
    }
  }

  private func judge(_ folder: String) async throws {
    let outcome = try await SondeProgram.run(["verify", folder])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
  }

  /// A page that is not the run's is found, and put right.
  private func damage(_ folder: String, _ html: String) async throws {
    let path = "\(folder)/run/report.html"
    try AtomicFile.write(
      html.replacing("Passed", with: "Passed?", maxReplacements: 1), to: path, existing: .replace)
    let found = try await SondeProgram.run(["verify", "\(folder)/run"])
    #expect(
      found.status == 1 && found.output.contains("manifest.json: report.html: sha256"), "\(found.output)")
    #expect(try await SondeProgram.run(["report", "\(folder)/run"]).status == 0)
    try await judge("\(folder)/run")
    // A run of a version that wrote no page gets one, and has nothing to answer for.
    let manifest = try TextFile.text(of: "\(folder)/run/manifest.json")
    let without = manifest.replacing(#/\s*"report.html" : "[0-9a-f]*",/#, with: "")
    #expect(without != manifest)
    try AtomicFile.write(without, to: "\(folder)/run/manifest.json", existing: .replace)
    try await judge("\(folder)/run")
    try AtomicFile.write(html + " ", to: path, existing: .replace)
    let strange = try await SondeProgram.run(["verify", "\(folder)/run"])
    #expect(strange.status == 1 && strange.output.contains("report.html is not in the manifest"))
    try AtomicFile.write(html, to: path, existing: .replace)
    try AtomicFile.write(manifest, to: "\(folder)/run/manifest.json", existing: .replace)
    // A page that cannot be written is said, and is no other exit code than that of the folder.
    let elsewhere = try await SondeProgram.run([
      "report", "\(folder)/run", "--out", "\(folder)/none/page.html",
    ])
    #expect(elsewhere.status == 70 && elsewhere.errors.contains("page.html"), "\(elsewhere.errors)")
    let kept = try await SondeProgram.run(["report", "\(folder)/run", "--out", "\(folder)/page.html"])
    #expect(kept.status == 0)
    #expect(try TextFile.text(of: "\(folder)/page.html") == html)
  }

  private func compare(_ folder: String) async throws {
    let second = try await run("\(folder)/other", ["--seed", "7", "--set", "expect=[readings.lost == 1]"])
    #expect(second.status == 1, "\(second.errors)")
    let failed = try page("\(folder)/other")
    #expect(failed.contains("<title>Failed: quickstart</title>"))
    #expect(failed.contains("the one expectation did not hold: readings.lost is 0, wanted == 1"))
    #expect(PageFigures(failed).differences(from: try report(of: "\(folder)/other")).isEmpty)
    try await judge("\(folder)/other")
    let outcome = try await SondeProgram.run([
      "report", "\(folder)/run", "\(folder)/other", "--out", "\(folder)/both.html",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let both = try TextFile.text(of: "\(folder)/both.html")
    #expect(both.contains("2 runs of quickstart") && both.contains("1 of 2 runs passed"))
    #expect(both.contains("<th scope=\"row\">seed</th>"))
  }

  @Test func whatIsNoRunIsRefused() async throws {
    try await withTemporaryFolder { folder in
      for (arguments, words) in [
        ([folder], "no folder of a finished run"), (["\(folder)/none"], "no such folder"), ([], "run-dirs"),
        ([folder, folder], "no folder of a finished run"),
        (Array(repeating: folder, count: 13), "do not fit side by side"),
      ] {
        let outcome = try await SondeProgram.run(["report"] + arguments)
        #expect(outcome.status == 64 && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
      }
      try AtomicFile.write("{", to: "\(folder)/report.json")
      let damaged = try await SondeProgram.run(["report", folder])
      #expect(damaged.status == 64 && damaged.errors.contains("report.json"), "\(damaged.errors)")
    }
  }

  @Test func aRunThatBreaksHasAPage() async throws {
    try await withTemporaryFolder { folder in
      let broken = try await SondeProgram.run(
        ["run", "Scenarios/quickstart.yaml", "--out", "\(folder)/broken"],
        environment: ["SONDE_MOSQUITTO": "\(folder)/mosquitto"])
      #expect(broken.status == 69, "\(broken.errors)")
      #expect(try page("\(folder)/broken").contains("<title>Broke off: quickstart</title>"))
      // A page that cannot be written changes nothing of the end of a run.
      let blocked = "\(folder)/blocked"
      let service = try await interrupted(blocked) {
        try FileManager.default.createDirectory(
          atPath: "\(blocked)/report.html/in-the-way", withIntermediateDirectories: true)
      }
      #expect(service == .exited(code: 130))
      #expect(try TextFile.text(of: "\(blocked).log").contains("the page of the run could not be written"))
      #expect(FileStamp("\(blocked)/manifest.json") != nil)
    }
  }

  @Test func anInterruptedRunHasAPage() async throws {
    try await withTemporaryFolder { folder in
      let exit = try await interrupted("\(folder)/run") {}
      #expect(exit == .exited(code: 130))
      let html = try page("\(folder)/run")
      #expect(html.contains("<title>Interrupted: quickstart</title>"))
      // Interrupted within its first second, as it nearly always is, it has a line of the beginning and one of the end.
      let course = try TextFile.text(of: "\(folder)/run/timeline.csv").split(separator: "\n")
      #expect(course.count >= 3, "\(course)")
      #expect(PageFigures(html).differences(from: try report(of: "\(folder)/run")).isEmpty)
      let again = try await SondeProgram.run(["report", "\(folder)/run"])
      #expect(again.status == 0, "\(again.errors)")
      #expect(try page("\(folder)/run") == html)
      try await judge("\(folder)/run")
    }
  }

  /// Starts a run, waits until readings are stored, does `meanwhile`, and interrupts it.
  private func interrupted(_ folder: String, _ meanwhile: () throws -> Void) async throws -> ServiceExit {
    let run = try await Service.start(
      name: "run", executable: SondeProgram.path,
      // Slow enough to be caught in the middle, whatever the machine.
      arguments: [
        "run", "\(SondeProgram.packageRoot)/Scenarios/quickstart.yaml", "--out", folder, "--set",
        "clock.speed=x100",
      ], log: "\(folder).log")
    try await waitForFleet(of: folder)
    try meanwhile()
    run.send(signal: SIGINT)
    return try await run.exit()
  }

  @Test func severalSeedsHaveAPageAboveTheirs() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await run("\(folder)/seeds", ["--seeds", "1,2"])
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
      let html = try page("\(folder)/seeds")
      #expect(html.contains("<title>Passed: quickstart, 2 seeds</title>"))
      #expect(PageFigures(html).differences(from: try report(of: "\(folder)/seeds")).isEmpty)
      let first = try page("\(folder)/seeds/seed-1")
      try await judge("\(folder)/seeds")
      let again = try await SondeProgram.run(["report", "\(folder)/seeds"])
      #expect(
        again.status == 0 && again.output.split(separator: "\n").count == 3, "\(again.output)\(again.errors)")
      #expect(try page("\(folder)/seeds") == html)
      #expect(try page("\(folder)/seeds/seed-1") == first)
      try await judge("\(folder)/seeds")
      try AtomicFile.write(html + " ", to: "\(folder)/seeds/report.html", existing: .replace)
      let found = try await SondeProgram.run(["verify", "\(folder)/seeds"])
      #expect(
        found.status == 1 && found.output.contains("manifest.json: report.html: sha256"), "\(found.output)")
    }
  }
}
