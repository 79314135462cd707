import Files
import Foundation
import GRDB
import Modelling
import OneClassSVM
import Telemetry
import TestSupport
import Testing
import Verdict
import WindowStore

/// The scores of the stream held against windows and models: what is right passes, and the smallest damage does not.
@Suite struct StreamOracleTests {
  private static let layoutFeatures: [Aggregate] = [.mean, .max]
  private static let windows = 6
  private static let minute: Int64 = 60_000
  /// Of this window sensor “a” has a second revision, which came later.
  private static let revised = 3
  /// Of this one two more, which became visible at one time with two commits.
  private static let twice = 4
  /// Of this one the second device has no reading of “b”.
  private static let partial = 5
  private static let devices = ["fan", "pump"]

  private static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

  /// A revision of a window of a sensor, in the order of the commits.
  private struct Revision: Hashable {
    var device: Int
    var sensor: Int
    var window: Int
    var revision: Int
    var visibleFrom: Int64

    var mean: Double { Double(10 * device + sensor) + Double((7 * window + 3 * revision) % 5) / 3 }

    var row: WindowRow {
      WindowRow(
        device: DeviceID(devices[device])!, sensor: SensorID(["a", "b"][sensor])!,
        start: at(minute * Int64(window)), end: at(minute * Int64(window + 1)),
        aggregates: .init(count: 3, mean: mean, stddev: 1, min: mean - 1, max: mean + 1),
        revision: revision, visibleFrom: at(visibleFrom))
    }
  }

  /// What ingestion commits, a list a commit.
  private static var commits: [[Revision]] {
    var commits: [[Revision]] = (0..<windows).map { window in
      [0, 1].flatMap { device in
        [0, 1].filter { !(window == partial && device == 1 && $0 == 1) }.map { sensor in
          Revision(
            device: device, sensor: sensor, window: window, revision: 1,
            visibleFrom: minute * Int64(window + 1))
        }
      }
    }
    let late = minute * Int64(windows)
    for (window, revision, after) in [(revised, 2, Int64(10)), (twice, 2, 20), (twice, 3, 20)] {
      commits.append([
        Revision(device: 0, sensor: 0, window: window, revision: revision, visibleFrom: late + after)
      ])
    }
    return commits
  }

  private struct Run {
    let folder: String
    let layout: ModelLayout

    func findings(from: Timestamp? = nil) throws -> [String] {
      try RunAudit.streamDifferences(RunFolder(folder), layout, from: from).map(\.text)
    }

    func execute(_ sql: String, _ arguments: StatementArguments = []) throws {
      try DatabaseQueue(path: "\(folder)/sonde.sqlite").write {
        try $0.execute(sql: sql, arguments: arguments)
      }
    }

    /// A row that nothing is special of.
    var plain: String {
      "device = 1 AND start_ms = \(minute) AND sensor = (SELECT max(sensor) FROM stream_scores)"
    }

    func flipLastBit() throws {
      let score = try DatabaseQueue(path: "\(folder)/sonde.sqlite").read { db in
        try Double.fetchOne(db, sql: "SELECT score FROM stream_scores WHERE \(plain)")
      }
      let other = Double(bitPattern: try #require(score).bitPattern ^ 1)
      try execute("UPDATE stream_scores SET score = ? WHERE \(plain)", [other])
    }
  }

  /// Runs `body` with a run whose windows were all scored as they became visible.
  private func withRun(_ per: ModelScope, _ body: (Run) throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let layout = ModelLayout(per: per, features: Self.layoutFeatures)
      let models = try Self.train(layout, in: "\(folder)/models")
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(
        path: path,
        settings: WindowSettings(
          window: .seconds(60), outOfOrderness: .zero, allowedLateness: .seconds(600)))
      let store = try StreamScoreStore(path: path)
      for (number, commit) in Self.commits.enumerated() {
        var batch = StoreBatch()
        batch.windows = commit.map(\.row)
        try writer.commit(batch)
        try store.commit(
          try Self.outcomes(Array(Self.commits[...number]), layout, models), StreamProgress(), at: Self.at(1))
      }
      try store.close()
      try writer.close()
      try body(Run(folder: folder, layout: layout))
    }
  }

  private static func key(_ device: Int, _ sensor: Int?) -> ModelKey {
    ModelKey(device: DeviceID(devices[device])!, sensor: sensor.flatMap { SensorID(["a", "b"][$0]) })
  }

  /// Trains a model a device, or a device and sensor, on rows around what the windows have.
  private static func train(_ layout: ModelLayout, in folder: String) throws -> [ModelKey: DecisionFunction] {
    try Folder.make(folder)
    var functions: [ModelKey: DecisionFunction] = [:]
    for device in devices.indices {
      for sensors in layout.per == .device ? [[0, 1]] : [[0], [1]] {
        let key = key(device, layout.per == .device ? nil : sensors[0])
        var random = SeededGenerator(seed: 1, stream: key.stem)
        let rows = (0..<40).map { _ in
          sensors.flatMap { sensor in
            let mean = Double(10 * device + sensor) + random.uniform(in: 0...1.5)
            return [mean, mean + 1]
          }
        }
        let model = try OneClassModel.train(
          rows: FeatureMatrix(rows: rows),
          featureNames: layout.featureNames(sensors: sensors.map { SensorID(["a", "b"][$0])! }),
          provenance: ModelMetadata(device: key.device.name, sensor: key.sensor?.name)
        ).model
        try ModelFile.write(model, folder: folder, stem: key.stem)
        functions[key] = try ModelFile.read(folder: folder, stem: key.stem).decisionFunction
      }
    }
    return functions
  }

  /// What the last of `commits` has changed, scored by hand.
  private static func outcomes(
    _ commits: [[Revision]], _ layout: ModelLayout, _ models: [ModelKey: DecisionFunction]
  ) throws -> [StreamScoreStore.Outcome] {
    let last = commits[commits.count - 1]
    func outcome(_ revision: Revision, sensor: Int?, _ features: [Double]?, number: Int) throws
      -> StreamScoreStore.Outcome
    {
      var result = StreamScoreStore.Outcome.Result.failed(reason: "the window has no reading of b")
      if let features {
        var scores: [Double] = []
        try models[key(revision.device, sensor)]?.decide(FeatureMatrix(rows: [features]), into: &scores)
        let score = try #require(scores.first)
        result = .scored(score: score, isAnomaly: OneClassModel.isAnomaly(score), modelVersion: "v")
      }
      return .init(
        key: .init(
          device: Int64(revision.device + 1), sensor: sensor.map { Int64($0 + 1) } ?? 0,
          start: revision.row.start, revision: number),
        batch: Int64(commits.count), end: revision.row.end, visibleFrom: revision.row.visibleFrom,
        result: result)
    }
    func features(_ revision: Revision) -> [Double] { [revision.mean, revision.mean + 1] }
    guard layout.per == .device else {
      return try last.map {
        try outcome($0, sensor: $0.sensor, features($0), number: $0.revision)
      }
    }
    return try [0, 1].compactMap { device in
      guard let one = last.first(where: { $0.device == device }) else { return nil }
      let newest = [0, 1].map { sensor in
        commits.joined().last { $0.device == device && $0.window == one.window && $0.sensor == sensor }
      }
      let present = newest.compactMap(\.self)
      return try outcome(
        one, sensor: nil, present.count == 2 ? present.flatMap(features) : nil,
        number: present.map(\.revision).max() ?? 0)
    }
  }

  @Test(arguments: [ModelScope.device, .sensor]) func whatIsRightPasses(per: ModelScope) async throws {
    try await withRun(per) { run in
      let scored = try WindowStoreReader(path: "\(run.folder)/sonde.sqlite").streamFigures()?.scored
      // Six windows of two devices, one of which cannot be scored, or 23 of their sensors; and three revisions that came late.
      #expect(scored == (per == .device ? 11 + 3 : 23 + 3))
      #expect(try run.findings() == [])
    }
  }

  @Test(arguments: [ModelScope.device, .sensor]) func theSmallestDamageIsFound(per: ModelScope) async throws {
    let damages: [(sql: String, finding: String)] = [
      ("UPDATE stream_scores SET prediction = 1 - prediction WHERE PLAIN", "though its score is"),
      ("UPDATE stream_scores SET revision = revision + 1 WHERE PLAIN", "there is no such revision"),
      ("DELETE FROM stream_scores WHERE PLAIN", "revision 1: missing"),
      ("UPDATE stream_scores SET end_ms = end_ms + 1 WHERE PLAIN", "window_end"),
      (
        "UPDATE stream_scores SET visible_from_ms = visible_from_ms + 1 WHERE PLAIN",
        "there is no such revision"
      ),
      // A number beyond those that there are, where the newest keeps its row.
      (
        """
        INSERT INTO stream_scores SELECT device, start_ms, sensor, revision + 2, end_ms, visible_from_ms, closing_id, score,
          prediction, model_version, reason, scored_ms, watermark_ms FROM stream_scores
          WHERE revision = 1 AND start_ms = \(Self.minute * Int64(Self.revised)) AND sensor <= 1 AND device = 1
        """, "revision 3: scored, and there is no such revision"
      ),
    ]
    for damage in damages {
      try await withRun(per) { run in
        try run.execute(damage.sql.replacing("PLAIN", with: run.plain))
        let findings = try run.findings()
        #expect(findings.contains { $0.contains(damage.finding) }, "\(damage.sql): \(findings)")
      }
    }
    try await withRun(per) { run in
      try run.flipLastBit()
      let findings = try run.findings()
      #expect(findings.count == 1 && findings[0].contains(", expected "), "\(findings)")
    }
    try await withRun(per) { run in
      for stem in try ModelFile.stems(in: "\(run.folder)/models") where stem.hasPrefix("device_fan") {
        try FileManager.default.removeItem(atPath: "\(run.folder)/models/\(stem).model")
      }
      let findings = try run.findings()
      #expect(findings.contains { $0.contains("scored, and there is no model") }, "\(findings)")
    }
  }

  /// Of a sensor every revision is scored, of a device only the newest must be.
  @Test(arguments: [ModelScope.device, .sensor]) func anOlderRevisionOfASensorIsMissed(per: ModelScope)
    async throws
  {
    try await withRun(per) { run in
      try run.execute(
        "DELETE FROM stream_scores WHERE device = 1 AND sensor <= 1 AND revision = 1 AND start_ms = ?",
        [Self.minute * Int64(Self.revised)])
      let findings = try run.findings()
      #expect(findings.count == (per == .sensor ? 1 : 0), "\(findings)")
      #expect(findings.allSatisfy { $0.hasSuffix("revision 1: missing") }, "\(findings)")
    }
  }

  @Test func aScoreOfAWindowThatCannotHaveOneIsFound() async throws {
    try await withRun(.device) { run in
      try run.execute(
        "UPDATE stream_scores SET score = 0.5, prediction = 0, model_version = 1, reason = NULL WHERE score IS NULL"
      )
      let findings = try run.findings()
      #expect(
        findings.count == 1 && findings[0].contains("though the window has no reading of b"), "\(findings)")
    }
  }

  /// What was visible before the stream began need not be scored.
  @Test func whatWasThereBeforeIsNotMissed() async throws {
    try await withRun(.device) { run in
      try run.execute("DELETE FROM stream_scores WHERE visible_from_ms <= ?", [2 * Self.minute])
      #expect(try run.findings().count == 4)
      #expect(try run.findings(from: Self.at(2 * Self.minute)) == [])
      #expect(try run.findings(from: Self.at(2 * Self.minute - 1)).count == 2)
    }
  }
}
