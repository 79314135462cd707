import Files
import Foundation
import GRDB
import TestSupport
import Testing

/// A finished run, and copies of it that are damaged in the smallest way.
@Suite(.serialized) struct VerifyTests {
  private static let scenario = """
    name: judged
    seed: 5
    clock: { duration: 3h, speed: max }
    fleet:
      - device: d
        count: 3
        every: 10s
        sensors:
          a: { signal: [{ sine: { offset: 10, amplitude: 2, period: 20m } }, { noise: { stddev: 1 } }] }
          b: { signal: [{ noise: { stddev: 1 } }] }
        anomalies: [{ kind: mean, sensor: a, devices: [d-0002], at: 2h, for: 20m, severity: 8 }]
        transport: [{ kind: reordering, devices: [d-0003], between: [80m, 110m], by: 15m, share: 10% }]
    ingestion: { window: 5m, out_of_orderness: 30s, allowed_lateness: 5m }
    model: { nu: 0.05, train_on: [0h, 1h] }
    scoring: { from: 1h, cron: "*/30 * * * *" }
    expect: [readings.lost == 0, readings.late > 0, readings.misfiled == 0, windows.mismatched == 0]
    """

  /// One change of a finished run, and what must be found of it.
  private struct Damage: Sendable {
    let name: String
    /// The beginnings of lines, each of which must be there.
    let findings: [String]
    let change: @Sendable (_ folder: String) throws -> Void

    /// Changes the store, or `database`.
    static func sql(
      _ name: String, _ sql: String, in database: String = "sonde.sqlite", finds findings: String...
    )
      -> Damage
    {
      Damage(name: name, findings: findings) { folder in
        try DatabaseQueue(path: "\(folder)/\(database)").write { try $0.execute(sql: sql) }
      }
    }

    /// Changes a text file.
    static func text(
      _ name: String, _ file: String, finds findings: String...,
      change: @escaping @Sendable (String) -> String
    ) -> Damage {
      Damage(name: name, findings: findings) { folder in
        let before = try TextFile.text(of: "\(folder)/\(file)")
        let after = change(before)
        guard after != before else { throw NothingChanged(file: file) }
        try AtomicFile.write(after, to: "\(folder)/\(file)", existing: .replace)
      }
    }
  }

  private struct NothingChanged: Error { let file: String }

  private static let job = "predictions/2026-01-01T01-30-00Z/predictions.csv"

  private static func line(_ text: String, _ number: Int, _ change: (String) -> [String]) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines.replaceSubrange(number...number, with: change(lines[number]))
    return lines.joined(separator: "\n")
  }

  /// Says of the fleet that it had not sent, or not got acknowledged, all of what it sent.
  private static func incomplete(_ published: Int, _ acknowledged: Int) -> @Sendable (String) -> String {
    { text in
      let entry = #"{ "device": "d-0001", "published": \#(published), "acknowledged": \#(acknowledged) }"#
      return text.replacing(#/"incomplete" : \[\s*\]/#, with: #""incomplete" : [\#(entry)]"#)
    }
  }

  private static let lastOfFirstDevice =
    "(SELECT max(id) FROM journal WHERE device = \(firstDevice))"
  private static let firstDevice = "(SELECT id FROM devices WHERE name = 'd-0001')"

  private static let damages: [Damage] = [
    .sql(
      "a window's mean by one unit in the last place",
      // The nearest double above: a mean of this size has a unit in the last place of 2^-49 or less.
      """
      UPDATE windows SET mean = mean + 1.7763568394002505e-15 WHERE (device, start_ms, sensor) = (
        SELECT device, start_ms, sensor FROM windows WHERE mean BETWEEN 8 AND 15 AND device = \(firstDevice) ORDER BY start_ms LIMIT 1)
      """, finds: "window: d-0001 a at",
      "report.json: windows.mismatched is 0, and the files of the run give 1"),
    .sql(
      "a window's slope",
      """
      UPDATE windows SET slope = slope * 2 WHERE (device, start_ms, sensor) = (SELECT device, start_ms, sensor FROM windows WHERE device = \(firstDevice) ORDER BY start_ms, sensor LIMIT 1)
      """, finds: "window: d-0001", "report.json: windows.mismatched is 0"),
    .sql(
      "a window gone",
      """
      DELETE FROM windows WHERE (device, start_ms, sensor) = (
        SELECT device, start_ms, sensor FROM windows WHERE device = \(firstDevice) ORDER BY start_ms, sensor LIMIT 1)
      """, finds: "window: d-0001 a at 2026-01-01T00:00:00.000Z: missing",
      "report.json: windows.mismatched is 0"),
    .sql(
      "a window too many",
      """
      INSERT INTO windows SELECT device, start_ms + 36000000, sensor, revision, visible_from_ms, end_ms + 36000000, count,
        mean, stddev, min, max, first, last, slope, p05, p25, median, p75, p95 FROM windows WHERE device = \(firstDevice) ORDER BY start_ms, sensor LIMIT 1
      """, finds: "window: d-0001 a at 2026-01-01T10:00:00.000Z: should not be there",
      "report.json: windows.mismatched is 0"),
    .sql(
      "a reading doubled",
      """
      INSERT INTO journal (device, epoch, seq, ts_ms, sensor_set, v0, v1)
        SELECT device, epoch, seq, ts_ms, sensor_set, v0, v1 FROM journal WHERE device = \(firstDevice) ORDER BY id LIMIT 1
      """, finds: "doubled: d-0001 seq", "report.json: readings.doubled is 0"),
    .sql(
      "a reading that the broker lost", "DELETE FROM journal WHERE id = \(lastOfFirstDevice)",
      finds: "lost: d-0001 seq", "report.json: readings.lost is 0",
      "report.json: readings.lost_at.broker is 0",
      "report.json: readings.unaccounted is 0"),
    Damage(
      name: "a reading lost on its way",
      findings: ["lost: d-0001 seq", "report.json: readings.lost_at.published is 0"]
    ) { folder in
      try DatabaseQueue(path: "\(folder)/sonde.sqlite").write {
        try $0.execute(sql: "DELETE FROM journal WHERE id = \(lastOfFirstDevice)")
      }
      let account = "\(folder)/account.json"
      let text = try TextFile.text(of: account)
      try AtomicFile.write(incomplete(1080, 1079)(text), to: account, existing: .replace)
    },
    Damage(
      name: "a reading that never left",
      findings: ["lost: d-0001 seq", "report.json: readings.lost_at.planned is 0"]
    ) { folder in
      try DatabaseQueue(path: "\(folder)/sonde.sqlite").write {
        try $0.execute(sql: "DELETE FROM journal WHERE id = \(lastOfFirstDevice)")
      }
      let account = "\(folder)/account.json"
      let text = try TextFile.text(of: account)
      try AtomicFile.write(incomplete(1079, 1079)(text), to: account, existing: .replace)
    },
    .sql(
      "a late reading that was stored",
      """
      INSERT INTO journal (device, epoch, seq, ts_ms, sensor_set, v0, v1)
        SELECT device, epoch, seq, ts_ms, (SELECT min(sensor_set) FROM journal), value, value FROM late ORDER BY id LIMIT 1;
      DELETE FROM late WHERE (device, epoch, seq) = (SELECT device, epoch, seq FROM late ORDER BY id LIMIT 1);
      """, finds: "late reading: d-0003 seq", "report.json: readings.misfiled is 0"),
    .sql(
      "a reading in time among the late ones",
      """
      INSERT INTO late (device, epoch, seq, ts_ms, sensor, value, late_by_ms)
        SELECT device, epoch, seq, ts_ms, 1, v0, 1 FROM journal WHERE device = \(firstDevice) ORDER BY id LIMIT 1;
      DELETE FROM journal WHERE id = (SELECT min(id) FROM journal WHERE device = \(firstDevice));
      """, finds: "late reading: d-0001 seq", "report.json: readings.misfiled is 0"),
    .sql(
      "a counter of the store", "UPDATE progress SET stored_readings = stored_readings + 1",
      finds: "report.json: readings.stored is", "report.json: readings.unaccounted is 0"),
    .text("a prediction missing", job, finds: "prediction: \(job): d-0001 * at") { line($0, 1) { _ in [] } },
    .text("a prediction doubled", job, finds: "prediction: \(job): d-0001 * at") {
      line($0, 1) { [$0, $0] }
    },
    .text(
      "a prediction flipped", job,
      finds: "prediction: \(job): d-0001 * at 2026-01-01T01:00:00.000Z: prediction "
    ) {
      line($0, 1) { row in
        var fields = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        fields[5] = fields[5] == "0" ? "1" : "0"
        return [fields.joined(separator: ",")]
      }
    },
    .text(
      "a score by its last digit", job,
      finds: "prediction: \(job): d-0001 * at 2026-01-01T01:00:00.000Z: score"
    ) {
      line($0, 1) { row in
        var fields = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        fields[4] = (Double(fields[4]) ?? 0).nextUp.description
        return [fields.joined(separator: ",")]
      }
    },
    .text(
      "a prediction of a window that is none", job,
      finds: "prediction: \(job): d-0001 * at 2026-01-01T01:01:00.000Z"
    ) {
      line($0, 1) { [$0, $0.replacing("T01:00:00.000Z", with: "T01:01:00.000Z")] }
    },
    .text(
      "the word of a finished job", "predictions/closing/_SUCCESS",
      finds: "prediction: predictions/closing/_SUCCESS: sha256"
    ) {
      $0.replacing(#/"sha256":"./#, with: #""sha256":"x"#)
    },
    .text(
      "a figure of the report", "report.json",
      finds: "report.json: readings.lost is 1, and the files of the run give 0"
    ) {
      $0.replacing(#/"lost" : 0/#, with: #""lost" : 1"#)
    },
    .text(
      "the verdict", "report.json",
      finds: "report.json: verdict is failed, and the files of the run give passed"
    ) {
      $0.replacing(#""verdict" : "passed""#, with: #""verdict" : "failed""#)
    },
    .text("a figure of detection", "report.json", finds: "report.json: detection.recall is 0.123") {
      let start = $0.range(of: #""events" : "#)?.lowerBound ?? $0.startIndex
      return String($0[..<start]) + $0[start...].replacing(#/"recall" : [0-9.]+/#, with: #""recall" : 0.123"#)
    },
    .text(
      "a label", "labels.csv", finds: "labels.csv: it is not what scenario and seed give",
      "manifest.json: labels.csv"
    ) {
      $0.replacing("mean", with: "trend")
    },
    .text("a model", "models/device_d-0001.model", finds: "manifest.json: models/device_d-0001.model: sha256")
    {
      $0 + "\n"
    },
    Damage(name: "a file gone", findings: ["manifest.json: junit.xml is missing"]) {
      try FileManager.default.removeItem(atPath: "\($0)/junit.xml")
    },
    Damage(name: "a file too many", findings: ["manifest.json: notes.txt is not in the manifest"]) {
      try AtomicFile.write("mine", to: "\($0)/notes.txt")
    },
  ]

  @Test func everySmallestDamageIsFoundByName() async throws {
    try await withTemporaryFolder { folder in
      try Self.scenario.write(toFile: "\(folder)/judged.yaml", atomically: true, encoding: .utf8)
      let run = try await SondeProgram.run(["run", "\(folder)/judged.yaml", "--out", "\(folder)/run"])
      #expect(run.status == 0, "\(run.output)\n\(run.errors)")
      // The file may change, or go: what was run is in the manifest.
      try FileManager.default.removeItem(atPath: "\(folder)/judged.yaml")
      let whole = try await SondeProgram.run(["verify", "\(folder)/run"])
      #expect(
        whole.status == 0 && whole.output == "judged: nothing differs\n", "\(whole.output)\(whole.errors)")
      for (number, damage) in Self.damages.enumerated() {
        let copy = "\(folder)/copy-\(number)"
        try FileManager.default.copyItem(atPath: "\(folder)/run", toPath: copy)
        try damage.change(copy)
        let outcome = try await SondeProgram.run(["verify", copy])
        #expect(outcome.status == 1, "\(damage.name): \(outcome.output)\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        for finding in damage.findings {
          #expect(lines.contains { $0.hasPrefix(finding) }, "\(damage.name): \(finding)\n\(outcome.output)")
        }
        try FileManager.default.removeItem(atPath: copy)
      }
      let json = try await SondeProgram.run(["verify", "\(folder)/run", "--format", "json"])
      #expect(json.status == 0 && json.output.contains(#""differences" : ["#), "\(json.output)")
    }
  }

  /// More than can be named: which ones are, is the same each time.
  @Test func theSameDifferencesAreNamedEachTime() async throws {
    try await withTemporaryFolder { folder in
      try Self.scenario.write(toFile: "\(folder)/judged.yaml", atomically: true, encoding: .utf8)
      let run = try await SondeProgram.run(["run", "\(folder)/judged.yaml", "--out", "\(folder)/run"])
      #expect(run.status == 0, "\(run.output)\n\(run.errors)")
      try await DatabaseQueue(path: "\(folder)/run/sonde.sqlite").write {
        try $0.execute(sql: "DELETE FROM windows")
      }
      let first = try await SondeProgram.run(["verify", "\(folder)/run"])
      let named = first.output.split(separator: "\n").filter { $0.hasPrefix("window: d-0001 ") }
      #expect(
        first.status == 1 && named.count > 50 && first.output.contains(": missing; "), "\(first.output)")
      let times = named.compactMap { $0.split(separator: " ").dropFirst(4).first }
      #expect(times == times.sorted())
      for _ in 0..<3 {
        let again = try await SondeProgram.run(["verify", "\(folder)/run"])
        #expect(again.output == first.output)
      }
    }
  }

  @Test func whatIsNoRunIsRefused() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run(["verify", folder])
      #expect(outcome.status == 64 && outcome.errors.contains("manifest.json"), "\(outcome.errors)")
      let absent = try await SondeProgram.run(["verify", "\(folder)/absent"])
      #expect(absent.status == 64 && absent.errors.contains("there is no such folder"), "\(absent.errors)")
    }
  }
}
