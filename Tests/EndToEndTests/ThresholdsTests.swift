import Detection
import Files
import Foundation
import GRDB
import TestSupport
import Testing

/// `sonde thresholds`, and what a number of its table gives in a scenario.
@Suite struct ThresholdsTests {
  /// Four devices for six hours, two of which go wrong; few windows to learn from, so that there are false alarms.
  private static let scenario = """
    name: looked-at
    seed: 11
    clock: { duration: 6h, speed: max }
    fleet:
      - device: d
        count: 4
        every: 30s
        sensors:
          a: { signal: [{ sine: { offset: 10, amplitude: 2, period: 40m } }, { noise: { stddev: 1 } }] }
        anomalies:
          - { kind: mean, sensor: a, devices: [d-0002], at: 4h, for: 40m, severity: 3 }
          - { kind: mean, sensor: a, devices: [d-0003], at: 5h, for: 20m, severity: 2 }
    ingestion: { window: 5m }
    model: { nu: 0.05, train_on: [0h, 3h] }
    scoring: { from: 3h, cron: "0 * * * *" }
    expect: [readings.lost == 1]
    """

  private func write(_ folder: String) throws -> String {
    try Self.scenario.write(toFile: "\(folder)/s.yaml", atomically: true, encoding: .utf8)
    return "\(folder)/s.yaml"
  }

  private func run(_ file: String, _ out: String, threshold: String) async throws {
    let outcome = try await SondeProgram.run(
      ["run", file, "--expect", "none", "--out", out, "--set", "model.threshold=\(threshold)"])
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  private func table(_ arguments: [String]) async throws -> JSONValue {
    let outcome = try await SondeProgram.run(["thresholds"] + arguments + ["--format", "json"])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    return try JSONDecoder().decode(JSONValue.self, from: Data(outcome.output.utf8))
  }

  private func rows(_ table: JSONValue) throws -> [[String: JSONValue]] {
    guard case .object(let members) = table, case .array(let rows)? = members["rows"] else { throw NoTable() }
    return rows.compactMap { if case .object(let row) = $0 { row } else { nil } }
  }

  private struct NoTable: Error {}

  private static let figures = ["recall", "precision", "f1", "event_recall", "false_alarms_per_device_day"]

  /// The figures of `detection` in a run's report.
  private func detection(_ folder: String) throws -> [JSONValue] {
    let report = try JSONDecoder().decode(
      JSONValue.self, from: Data(TextFile.bytes(of: "\(folder)/report.json")))
    guard case .object(let members) = report, case .object(let detection)? = members["detection"] else {
      throw NoTable()
    }
    return figures(detection)
  }

  private func figures(_ row: [String: JSONValue]?) -> [JSONValue] { Self.figures.map { row?[$0] ?? .null } }

  /// The way of a user: look at the table, put a number of it into the scenario, get its row; from a run with LIBSVM's own threshold,
  /// and from one whose models have thresholds of their own.
  @Test(arguments: ["training", "cross_validated"]) func aNumberOfTheTableGivesItsRow(first: String)
    async throws
  {
    try await withTemporaryFolder { folder in
      let file = try write(folder)
      try await run(file, "\(folder)/first", threshold: first)
      let table = try await table(["\(folder)/first"])
      let rows = try rows(table)
      let inUse = rows.filter { $0["in_use"] == .bool(true) }
      let measured = try detection("\(folder)/first")
      #expect(inUse.count == 1 && figures(inUse[0]) == measured)
      #expect(inUse[0]["threshold"] == (first == "training" ? .number(0) : .null))
      let best = rows.filter { $0["best_f1_oracle"] == .bool(true) }
      #expect(best.count == 1)
      let others = rows.filter { $0["in_use"] == .bool(false) && $0["best_f1_oracle"] == .bool(false) }
      #expect(others.count > 8 && rows.count < 30)
      for (number, row) in [best[0], others[others.count / 3]].enumerated() {
        guard case .number(let threshold)? = row["threshold"] else { throw NoTable() }
        let again = "\(folder)/again-\(number)"
        try await run(file, again, threshold: "\(threshold)")
        #expect(try detection(again) == figures(row), "\(threshold)")
        // The same table, with another row in use.
        let second = try await self.rows(self.table([again]))
        let now = second.filter { $0["in_use"] == .bool(true) }
        #expect(
          now.count == 1 && figures(now[0]) == figures(row) && now[0]["threshold"] == .number(threshold))
        #expect(figures(second.first { $0["best_f1_oracle"] == .bool(true) }) == figures(best[0]))
        let card = try TextFile.text(of: "\(again)/models/device_d-0001.json")
        #expect(card.contains("\"threshold\" : \"\(threshold)\""))
      }
    }
  }

  @Test func theTableIsShownAndDrawnAndItsMessagesSayTheWay() async throws {
    try await withTemporaryFolder { folder in
      let file = try write(folder)
      let out = "\(folder)/run"
      try await run(file, out, threshold: "training")
      let text = try await SondeProgram.run(
        ["thresholds", out, "--svg", "\(folder)/t.svg"], environment: ["NO_COLOR": "1"])
      #expect(text.status == 0, "\(text.errors)")
      let lines = text.output.split(separator: "\n").map(String.init)
      #expect(
        lines.count { $0.contains("  in use") } == 1 && lines.count { $0.contains("best F1 (oracle)") } == 1)
      #expect(text.output.contains("as model.threshold in the scenario, a number gives its row"))
      #expect(text.output.contains("chosen with the labels, which nobody has before"))
      // The first line has the path.
      #expect(lines.dropFirst().allSatisfy { $0.count <= 100 })
      #expect(try TextFile.text(of: "\(folder)/t.svg").hasPrefix("<svg"))
      let csv = try await SondeProgram.run(["thresholds", out, "--format", "csv"])
      let header =
        "threshold,flagged,recall,precision,f1,event_recall,false_alarms_per_device_day,in_use,best_f1_oracle\n"
      #expect(csv.output.hasPrefix(header) && csv.output.split(separator: "\n").count == lines.count - 5)
      // Nothing of the run is changed.
      #expect(try await SondeProgram.run(["verify", out]).status == 0)

      // Labels that one has by oneself.
      try FileManager.default.moveItem(atPath: "\(out)/labels.csv", toPath: "\(folder)/mine.csv")
      let without = try await SondeProgram.run(["thresholds", out])
      #expect(
        without.status != 0
          && without.errors.contains("there are no labels; give those that you have with --labels FILE"))
      let mine = try await SondeProgram.run([
        "thresholds", out, "--labels", "\(folder)/mine.csv", "--format", "csv",
      ])
      #expect(mine.output == csv.output)
      try "device,start,end\nd-0001,2020-01-01,2020-01-02\n".write(
        toFile: "\(folder)/none.csv", atomically: true, encoding: .utf8)
      let none = try await SondeProgram.run(["thresholds", out, "--labels", "\(folder)/none.csv"])
      #expect(none.status == 0 && none.errors.contains("no scored window is anomalous by the labels"))

      // Models that are not there any more.
      try FileManager.default.removeItem(atPath: "\(out)/models/device_d-0002.model")
      let fewer = try await SondeProgram.run(["thresholds", out, "--labels", "\(folder)/mine.csv"])
      #expect(fewer.status == 0 && fewer.errors.contains("the folder has not the models of 1 of 4 versions"))

      // A folder with prediction files is enough, and one without is refused.
      try FileManager.default.moveItem(atPath: "\(out)/predictions", toPath: "\(folder)/scores")
      let scores = try await SondeProgram.run(
        ["thresholds", "\(folder)/scores", "--labels", "\(folder)/mine.csv", "--format", "csv"])
      #expect(scores.output == csv.output, "\(scores.errors)")
      let empty = try await SondeProgram.run([
        "thresholds", "\(folder)/run/models", "--labels", "\(folder)/mine.csv",
      ])
      #expect(empty.status != 0 && empty.errors.contains("no file in it has the columns"))
    }
  }

  /// A run whose point is to look passes whatever its scenario expects, says so, and is still failed by what it finds of itself.
  @Test func whatIsNotExpectedIsStillFound() async throws {
    try await withTemporaryFolder { folder in
      let file = try write(folder)
      let judged = try await SondeProgram.run(["run", file, "--out", "\(folder)/judged"])
      #expect(judged.status == 1)
      let out = "\(folder)/run"
      let outcome = try await SondeProgram.run([
        "run", file, "--expect", "none", "--out", out, "--set", "faults=[{ at: 1h, kill: ingestion }]",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("no expectation was judged (expect: none)"))
      let found = try report(of: out)
      #expect(found["verdict"] as? String == "passed" && (found["expectations"] as? [Any])?.isEmpty == true)
      #expect(found["reason"] as? String == "no expectation was judged (expect: none)")
      #expect(try TextFile.text(of: "\(out)/junit.xml").contains("skipped=\"1\""))
      #expect(try await SondeProgram.run(["verify", out]).status == 0)
      let wrong = try await SondeProgram.run(["run", file, "--expect", "all"])
      #expect(wrong.status == 64 && wrong.errors.contains("none"))

      // The smallest damages of what a run finds wrong of itself.
      for (number, damage) in Self.damages.enumerated() {
        let copy = "\(folder)/copy-\(number)"
        try FileManager.default.copyItem(atPath: out, toPath: copy)
        try await damage.change(copy)
        let verified = try await SondeProgram.run(["verify", copy])
        #expect(verified.status == 1)
        #expect(
          verified.output.contains("verdict is passed, and the files of the run give failed"),
          "\(verified.output)")
        #expect(verified.output.contains(damage.finding), "\(damage.finding): \(verified.output)")
      }
    }
  }

  private struct Damage: Sendable {
    let finding: String
    let change: @Sendable (_ folder: String) async throws -> Void

    static func sql(_ sql: String, in database: String = "sonde.sqlite", finds finding: String) -> Damage {
      Damage(finding: finding) { folder in
        try await DatabaseQueue(path: "\(folder)/\(database)").write { try $0.execute(sql: sql) }
      }
    }
  }

  private static let damages: [Damage] = [
    .sql("DELETE FROM journal WHERE id = (SELECT max(id) FROM journal)", finds: "1 reading is lost"),
    .sql(
      """
      INSERT INTO journal (device, epoch, seq, ts_ms, sensor_set, v0)
        SELECT device, epoch, seq, ts_ms, sensor_set, v0 FROM journal ORDER BY id LIMIT 1
      """, finds: "1 reading is doubled"),
    .sql(
      "UPDATE progress SET stored_readings = stored_readings + 1", finds: "1 reading is unaccounted for"),
    .sql(
      "UPDATE windows SET mean = mean + 1 WHERE (device, start_ms) = (SELECT device, min(start_ms) FROM windows)",
      finds: "1 window is mismatched"),
    .sql(
      "UPDATE jobs SET state = 'failed' WHERE id = (SELECT min(id) FROM jobs)", in: "jobs.sqlite",
      finds: "1 job failed"),
    Damage(finding: "1 fault was not seen") { folder in
      let path = "\(folder)/account.json"
      let text = try TextFile.text(of: path)
      try AtomicFile.write(
        text.replacing(#/"what" *: *"[^"]*"/#, with: "\"what\": null"), to: path, existing: .replace)
    },
  ]
}
