import BatchScoring
import Detection
import Files
import Foundation
import GRDB
import HTMLReport
import Telemetry
import TestSupport

/// The folder of a run that had everything: its page has every section. What a person or another program may name has one name.
struct WholeRun {
  let files: RunFiles

  /// The sections of its page.
  static let sections = [
    "verdict", "lost", "found", "quality", "why", "when", "throughput", "latency", "jobs", "cluster-sizes",
    "capacity", "serving", "provenance",
  ]

  /// - Parameters:
  ///   - path: The folder.
  ///   - name: Of the scenario, kinds of anomalies, deployments, machines, faults and what else has a name; of a device and a sensor too
  ///     where it can be the name of one.
  init(_ path: String, name: String = "plain") throws {
    let run = Self.detection(name)
    _ = try run.write(to: path)
    files = try RunFiles(path, report: Self.named(Self.report(with: run, name), name), manifest: nil)
    try files.write(Self.named(Self.json(Self.manifestText), name).indented(), to: files.folder.manifest)
    try files.write(Self.named(Self.json(Self.accountText), name).indented(), to: files.folder.account)
    let quoted = "\"\(name.replacing("\"", with: "\"\""))\""
    try files.write(Self.timeline.replacing("NAME", with: quoted), to: files.folder.timeline)
    try files.write(Self.clusters.replacing("NAME", with: quoted), to: "\(path)/clusters.csv")
    try DatabaseQueue(path: files.folder.jobs).write { db in
      for statement in Self.jobs {
        try db.execute(sql: statement, arguments: statement.contains(":name") ? ["name": name] : [])
      }
    }
  }

  /// What `report.json` says, for ``PageFigures``.
  func report() throws -> Any {
    try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: files.folder.report)))
  }

  // MARK: - Values

  private static func json(_ text: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }

  /// `value` with `name` in place of every NAME.
  private static func named(_ value: JSONValue, _ name: String) -> JSONValue {
    switch value {
    case .text(let text): .text(text.replacing("NAME", with: name))
    case .array(let entries): .array(entries.map { named($0, name) })
    case .object(let members):
      .object(
        Dictionary(
          members.map { ($0.key.replacing("NAME", with: name), named($0.value, name)) },
          uniquingKeysWith: { first, _ in first }))
    default: value
    }
  }

  /// Two devices: of the first an anomaly is found and one is missed, of the second a window is flagged for nothing.
  private static func detection(_ name: String) -> DetectionRun {
    var run = DetectionRun()
    let device = (DeviceID(name) ?? DeviceID("pump-1")!).name
    let sensor = SensorID(name) ?? DetectionRun.heat
    run.add(device, flagged: [7, 8])
    run.add("valve", flagged: [3])
    run.labels = [(30, 60), (80, 110)].map { from, to in
      Label(
        device: DeviceID(device)!, sensor: sensor, kind: name, start: DetectionRun.minute(from),
        end: DetectionRun.minute(to), severity: 4)
    }
    run.stored = (0..<24).flatMap { index in
      [device, "valve"].map {
        DetectionRun.stored($0, index, mean: Double(50 + index % 5), sensor: sensor)
      }
    }
    return run
  }

  private static func report(with run: DetectionRun, _ name: String) throws -> JSONValue {
    guard case .object(var report) = try json(reportText),
      case .object(var detection) = try JSONValue(encoding: run.evaluated)
    else { return .null }
    let own = JSONValue.object(detection)
    detection["floors"] = .object(["random": own, "null": own, "three_sigma": own, "always_alarm": own])
    detection["deployments"] = .array(
      [("NAME", 0.5), ("other", 0.25)].map { deployment, value in
        var members = detection
        members["deployment"] = .text(deployment)
        members["detector"] = .text("NAME")
        members["vus_pr"] = .number(value)
        members["us_per_window"] = .number(12.5)
        members["floors"] = nil
        return .object(members)
      })
    report["detection"] = .object(detection)
    return .object(report)
  }
}
