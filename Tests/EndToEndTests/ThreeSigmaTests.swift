import Detection
import Files
import Foundation
import GRDB
import TestSupport
import Testing

/// The floor `three_sigma` of a run, beside one that is computed from the public view of its store.
@Suite struct ThreeSigmaTests {
  private static let scenario = """
    name: floored
    seed: 3
    clock: { duration: 6h, speed: max }
    fleet:
      - device: d
        count: 3
        every: 30s
        sensors:
          a: { signal: [{ noise: { stddev: 1 } }] }
          b: { signal: [{ sine: { offset: 10, amplitude: 2, period: 40m } }, { noise: { stddev: 1 } }] }
        anomalies:
          - { kind: mean, sensor: a, devices: [d-0002], at: 4h, for: 40m, severity: 3 }
          - { kind: mean, sensor: a, devices: [d-0003], at: 5h, for: 20m, severity: 2 }
    ingestion: { window: 5m }
    model: { nu: 0.05, train_on: [0h, 3h] }
    scoring: { from: 3h, cron: "0 * * * *" }
    expect:
      - readings.lost == 0
      - detection.floors.three_sigma.vus_pr > 0
      - detection.auc_roc > 0.5
      - detection.vus_roc > 0.5
      - detection.range_f1 > 0
      - detection.event_f1 > 0
      - detection.affiliation_f1 > 0
    """

  private struct NoObject: Error {}

  private func member(_ value: JSONValue, _ names: String...) throws -> JSONValue {
    try names.reduce(value) { value, name in
      guard case .object(let members) = value, let member = members[name] else { throw NoObject() }
      return member
    }
  }

  private func json(_ arguments: [String]) async throws -> JSONValue {
    let outcome = try await SondeProgram.run(arguments + ["--format", "json"])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    return try JSONDecoder().decode(JSONValue.self, from: Data(outcome.output.utf8))
  }

  /// A prediction file of the floor, by its definition and SQLite.
  private func floor(of run: String) throws -> String {
    let noon: Int64 = 1_767_225_600_000 + 3 * 3_600_000
    let rows = try DatabaseQueue(path: "\(run)/sonde.sqlite").read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT a.device, a.window_start_ms, a.window_end_ms, a.mean, a.stddev, a.min, a.max, b.mean, b.stddev, b.min, b.max
          FROM window_values a JOIN window_values b USING (device, window_start_ms)
          WHERE a.sensor = 'a' AND b.sensor = 'b' ORDER BY 1, 2
          """)
    }
    var csv = "device,window_start_ms,window_end_ms,score,prediction\n"
    for (device, rows) in Dictionary(grouping: rows, by: { $0[0] as String }) {
      func values(_ row: Row) -> [Double] { (3..<11).map { row[$0] } }
      let training = rows.filter { ($0[2] as Int64) <= noon }.map(values)
      let count = Double(training.count)
      let mean = (0..<8).map { feature in training.reduce(0) { $0 + $1[feature] } / count }
      let deviation = (0..<8).map { feature in
        (training.reduce(0) { $0 + ($1[feature] - mean[feature]) * ($1[feature] - mean[feature]) } / count)
          .squareRoot()
      }
      for row in rows where (row[1] as Int64) >= noon {
        let deviations = values(row).enumerated().map { abs($1 - mean[$0]) / deviation[$0] }
        let score = 3 - (deviations.max() ?? 0)
        csv += "\(device),\(row[1] as Int64),\(row[2] as Int64),\(score),\(score < 0 ? 1 : 0)\n"
      }
    }
    return csv
  }

  @Test func theFloorIsThatOfItsDefinition() async throws {
    try await withTemporaryFolder { folder in
      try Self.scenario.write(toFile: "\(folder)/s.yaml", atomically: true, encoding: .utf8)
      let run = "\(folder)/run"
      let outcome = try await SondeProgram.run(["run", "\(folder)/s.yaml", "--out", run])
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
      let detection = try member(
        JSONDecoder().decode(JSONValue.self, from: Data(TextFile.bytes(of: "\(run)/report.json"))),
        "detection")
      // What evaluates the folder by itself says the same, and knows of no deployments beside it.
      guard case .object(var members) = detection else { throw NoObject() }
      #expect(members.removeValue(forKey: "deployments") == .array([]))
      #expect(try await json(["evaluate", run, "\(run)/labels.csv"]) == .object(members))
      // The predictions alone do not say what training was.
      let alone = try await json(["evaluate", "\(run)/predictions", "\(run)/labels.csv"])
      #expect(try member(alone, "floors", "three_sigma") == .null)

      try floor(of: run).write(toFile: "\(folder)/floor.csv", atomically: true, encoding: .utf8)
      let expected = try await json(["evaluate", "\(folder)/floor.csv", "\(run)/labels.csv"])
      let floor = try member(detection, "floors", "three_sigma")
      guard case .object(let members) = floor else { throw NoObject() }
      #expect(members.count == 14)
      for (name, value) in members {
        guard case .number(let number) = value, case .number(let other) = try member(expected, name) else {
          throw NoObject()
        }
        #expect(abs(number - other) < 1e-9, "\(name)")
      }
      #expect(try await SondeProgram.run(["verify", run]).status == 0)
    }
  }

  /// A model that learns only how many readings there are tells nothing apart; the floor looks at the same feature, and is no worse.
  @Test func aModelThatIsNotBetterIsToldSo() async throws {
    try await withTemporaryFolder { folder in
      try Self.scenario.write(toFile: "\(folder)/s.yaml", atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run([
        "run", "\(folder)/s.yaml", "--out", "\(folder)/run", "--expect", "none", "--set",
        "model.features=[count]",
      ])
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
      let sentence = "the detector is no better than floors.three_sigma: vus_pr "
      #expect(outcome.output.contains(sentence), "\(outcome.output)")
      let evaluated = try await SondeProgram.run([
        "evaluate", "\(folder)/run", "\(folder)/run/labels.csv",
      ])
      #expect(evaluated.output.contains(sentence), "\(evaluated.output)")
      #expect(evaluated.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }
  }
}
