import Detection
import Foundation
import TestSupport
import Testing

/// `sonde evaluate` over files and folders, as people have them.
@Suite struct EvaluateTests {
  private static let header =
    "device,sensor,window_start,window_end,score,prediction,model_version,revision\n"

  /// The row of the window that begins at `minute` and lasts ten.
  private func row(_ minute: Int, flagged: Bool = false, revision: Int = 1, device: String = "pump") -> String
  {
    func time(_ minute: Int) -> String {
      String(format: "2026-01-01T%02d:%02d:00.000Z", minute / 60, minute % 60)
    }
    return
      "\(device),*,\(time(minute)),\(time(minute + 10)),\(flagged ? -1 : 1),\(flagged ? 1 : 0),v1,\(revision)\n"
  }

  private func write(_ text: String, to path: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// A folder with labels: minutes 20 to 40 of the pump.
  private func withLabels(_ body: (String) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      try write(
        "device,sensor,kind,start,end,severity,parameters\n"
          + "pump,*,mean,2026-01-01T00:20:00.000Z,2026-01-01T00:40:00.000Z,,\n",
        to: "\(folder)/labels.csv")
      try await body(folder)
    }
  }

  private func figures(_ arguments: [String]) async throws -> (metrics: DetectionMetrics, errors: String) {
    let outcome = try await SondeProgram.run(["evaluate"] + arguments + ["--format", "json"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    return (try JSONDecoder().decode(DetectionMetrics.self, from: Data(outcome.output.utf8)), outcome.errors)
  }

  @Test func filesAndFoldersOfAnyNameCountAsOne() async throws {
    try await withLabels { folder in
      try write(Self.header + row(0) + row(10, flagged: true), to: "\(folder)/one.txt")
      try write(Self.header + row(20), to: "\(folder)/jobs/a/pumps.csv")
      try write(Self.header + row(30), to: "\(folder)/jobs/b/scores")
      // A later job has scored two windows again.
      try write(
        Self.header + row(10, revision: 2) + row(30, flagged: true, revision: 2),
        to: "\(folder)/jobs/c/again.csv")
      try write("device,sensor,window_start,window_end,revision,reason\n", to: "\(folder)/jobs/a/failed.csv")
      try write("{\"rows\":1}\n", to: "\(folder)/jobs/a/_SUCCESS")
      try write(Self.header + row(90, flagged: true), to: "\(folder)/jobs/d/tasks/rows")
      try write(Self.header + row(90, flagged: true), to: "\(folder)/jobs/d/predictions.csv")
      try write("name,about\nx,y\n", to: "\(folder)/jobs/notes.csv")
      try write(
        "device,sensor,windows,anomalies,lowest_score,model_version\n", to: "\(folder)/jobs/e/summary")
      for order in [["\(folder)/one.txt", "\(folder)/jobs"], ["\(folder)/jobs/", "\(folder)/one.txt"]] {
        let (metrics, errors) = try await figures(order + ["\(folder)/labels.csv"])
        #expect(metrics.windows == 4 && metrics.anomalousWindows == 2)
        #expect(metrics.precision == 1 && metrics.recall == 0.5)
        #expect(metrics.detectedEvents == 1)
        let lines = errors.split(separator: "\n")
        #expect(lines.count == 3, "\(errors)")
        #expect(errors.contains("jobs/notes.csv: it has no column “device”"))
        #expect(errors.contains("jobs/e/summary: it has a row a model"))
        #expect(errors.contains("jobs/d/predictions.csv: its job has not completed"))
      }
    }
  }

  @Test func windowsThatHopAreHeldAgainstTheirUnion() async throws {
    try await withLabels { folder in
      let rows = stride(from: 60, to: 60 + 112, by: 2).map { row($0, flagged: true, device: "fan") }
      try write(Self.header + rows.joined(), to: "\(folder)/p.csv")
      let (metrics, _) = try await figures(["\(folder)/p.csv", "\(folder)/labels.csv"])
      // 56 false alarms in two hours.
      #expect(metrics.falseAlarmsPerDeviceDay == 56 / (2.0 / 24))
    }
  }

  @Test func aContradictionIsTold() async throws {
    try await withLabels { folder in
      try write(Self.header + row(0), to: "\(folder)/a.csv")
      try write(Self.header + row(0, flagged: true), to: "\(folder)/b.csv")
      let (metrics, errors) = try await figures([
        "\(folder)/a.csv", "\(folder)/b.csv", "\(folder)/labels.csv",
      ])
      #expect(metrics.windows == 1 && metrics.precision == 0)
      #expect(errors.hasPrefix("1 row contradicts"))
      // The labels lie in the same folder, and are no stranger there.
      #expect(try await figures([folder, "\(folder)/labels.csv"]).errors == errors)
    }
  }

  @Test func whatIsMissingOrForeignIsNamed() async throws {
    try await withLabels { folder in
      try write(Self.header + row(0), to: "\(folder)/p.csv")
      try write("a,b\n1,2\n", to: "\(folder)/others/x.csv")
      let labels = "\(folder)/labels.csv"
      for (arguments, named) in [
        (["\(folder)/p.csv", "\(folder)/q.csv", labels], "\(folder)/q.csv"),
        (
          ["\(folder)/p.csv", "\(folder)/others", labels], "\(folder)/others/x.csv: it has no column “device”"
        ),
        (["\(folder)/others/x.csv", labels], "\(folder)/others/x.csv:1: there is no column “device”"),
        ([labels, "\(folder)/p.csv"], "\(folder)/p.csv:1: there is no column “kind”"),
      ] {
        let outcome = try await SondeProgram.run(["evaluate"] + arguments)
        #expect(outcome.status != 0 && outcome.output.isEmpty)
        #expect(outcome.errors.contains(named), "\(outcome.errors)")
      }
      #expect(try await SondeProgram.run(["evaluate", labels]).status == 64)
    }
  }
}
