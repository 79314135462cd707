import BatchScoring
import Detection
import Files
import Foundation
import GRDB
import HTMLReport
import Telemetry
import WindowStore

/// The folder of a run that has scored windows of five minutes, as far as the sections of detection read it.
struct DetectionRun {
  static let start = Timestamp(iso8601: "2026-01-01T12:00:00Z")!
  static let heat = SensorID("heat")!

  var windows: [ScoredWindow] = []
  var labels: [Label] = []
  /// `detection` of the report; nil for the figures of an evaluation of ``windows``.
  var detection: JSONValue?
  /// How many windows a job scores of each device.
  var windowsPerJob = 12
  /// What the store holds; nil where there is no store.
  var stored: [WindowRow]?

  static func minute(_ minute: Int) -> Timestamp { start + .seconds(60 * minute) }

  static func window(
    _ device: String, _ index: Int, flagged: Bool = false, score: Double? = nil, sensor: SensorID? = nil
  ) -> ScoredWindow {
    ScoredWindow(
      device: DeviceID(device)!, sensor: sensor, start: minute(index * 5), end: minute(index * 5 + 5),
      score: score ?? (flagged ? -0.1 : 0.1), isFlagged: flagged)
  }

  static func label(
    _ device: String, _ from: Int, _ to: Int, kind: String = "mean", severity: Double? = 4
  ) -> Label {
    Label(
      device: DeviceID(device)!, sensor: heat, kind: kind, start: minute(from), end: minute(to),
      severity: severity)
  }

  /// An hour of quiet windows of `device`, but for the given ones.
  mutating func add(_ device: String, flagged: Set<Int> = [], windows count: Int = 24) {
    windows += (0..<count).map { Self.window(device, $0, flagged: flagged.contains($0)) }
  }

  /// Writes the folder. The job of the last windows is the one that closes the stream.
  func write(to folder: String) throws -> FinishedRun {
    let run = RunFolder(folder)
    try Folder.make(folder)
    try LabelFile.write(labels, to: run.labels)
    let perJob = Dictionary(grouping: windows) {
      Int(($0.start - Self.start).milliseconds / 300_000) / windowsPerJob
    }
    let last = perJob.keys.max() ?? 0
    _ = try JobStore(path: run.jobs)
    let jobs = try DatabaseQueue(path: run.jobs)
    for (number, windows) in perJob.sorted(by: { $0.key < $1.key }) {
      let through = number == last ? nil : Self.minute((number + 1) * windowsPerJob * 5)
      let cut =
        through.map { JobCut(after: Self.start, fire: $0) } ?? JobCut(closingAfter: Self.start)
      try jobs.write { db in
        try db.execute(
          sql: """
            INSERT INTO jobs (id, deployment, after_ms, through_ms, state, queued_ms)
              VALUES (?, 'default', ?, ?, 'completed', 0)
            """, arguments: [cut.id, cut.after.milliseconds, through?.milliseconds])
      }
      let rows = windows.sorted {
        ($0.device, $0.sensor?.name ?? "", $0.start) < ($1.device, $1.sensor?.name ?? "", $1.start)
      }
      try Folder.make(run.job(cut.id).path)
      try AtomicFile.write(
        PredictionFile.header + rows.map(Self.line).joined(), to: run.job(cut.id).predictions)
    }
    if let stored { try Self.write(stored, to: run.store) }
    let detection = try self.detection ?? JSONValue(encoding: evaluated)
    return try RunFiles(folder, report: .object(["detection": detection])).run()
  }

  var evaluated: DetectionMetrics { Evaluation(windows: windows, labels: labels).metrics() }

  private static func line(_ window: ScoredWindow) -> String {
    "\(window.device),\(window.sensor?.name ?? "*"),\(window.start),\(window.end),\(window.score),"
      + "\(window.isFlagged ? 1 : 0),v1,\(window.revision)\n"
  }

  private static func write(_ rows: [WindowRow], to path: String) throws {
    let writer = try WindowStoreWriter(
      path: path,
      settings: WindowSettings(
        window: .seconds(300), outOfOrderness: .seconds(30), allowedLateness: .seconds(300)))
    var batch = StoreBatch()
    batch.windows = rows
    try writer.commit(batch)
    try writer.close()
  }

  /// A window of the store.
  static func stored(_ device: String, _ index: Int, mean: Double, sensor: SensorID = heat) -> WindowRow {
    WindowRow(
      device: DeviceID(device)!, sensor: sensor, start: minute(index * 5), end: minute(index * 5 + 5),
      aggregates: Aggregates(count: 30, mean: mean, stddev: 1, min: mean - 2, max: mean + 3), revision: 1,
      visibleFrom: minute(index * 5 + 5))
  }
}
