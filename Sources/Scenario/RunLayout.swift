import Files
import Foundation
import Telemetry

/// Where the files of a run are.
package struct RunLayout: Hashable, Sendable {
  /// Absolute.
  package let folder: String

  /// Makes the folder for a run. Throws ``RunError`` where it exists and is not empty, also where another run is making it
  /// at the same time, and `FileError` where it cannot be made.
  package static func create(at path: String) throws -> RunLayout {
    let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
    let manager = FileManager.default
    if let contents = try? manager.contentsOfDirectory(atPath: absolute) {
      guard contents.isEmpty else { throw RunError.outputExists(path) }
    } else if manager.fileExists(atPath: absolute) {
      throw RunError.outputIsFile(path)
    }
    let layout = RunLayout(folder: absolute)
    try Folder.make(absolute)
    // Of two runs that have found it empty, one makes this.
    guard try Folder.makeNew(layout.logs) else { throw RunError.outputExists(path) }
    for folder in [layout.broker, layout.models, layout.predictions] { try Folder.make(folder) }
    return layout
  }

  /// How many runs of one scenario that begin within one second find a folder of their own: far more than a machine carries.
  package static let mostOfASecond = 100

  /// `runs/<scenario>-<UTC time>`, and of runs that begin within one second `…-2` for the second.
  package static func standardFolder(scenario: String, now: Timestamp, number: Int = 1) -> String {
    let time = now.description.prefix(19).filter { $0 != "-" && $0 != ":" }
    return "runs/\(scenario)-\(time)Z" + (number == 1 ? "" : "-\(number)")
  }

  package var store: String { "\(folder)/sonde.sqlite" }
  package var jobs: String { "\(folder)/jobs.sqlite" }
  package var labels: String { "\(folder)/labels.csv" }
  /// The faults of transport, in the form of the labels.
  package var transport: String { "\(folder)/transport.csv" }
  package var models: String { "\(folder)/models" }
  package var predictions: String { "\(folder)/predictions" }
  package var report: String { "\(folder)/report.json" }
  package var junit: String { "\(folder)/junit.xml" }
  package var manifest: String { "\(folder)/manifest.json" }
  package var logs: String { "\(folder)/logs" }
  var schedule: String { "\(folder)/schedule.json" }
  /// When the messages of the fleet arrive, as ingestion is told.
  var arrivals: String { "\(folder)/arrivals.json" }
  /// What faults tell ingestion, while the run goes on.
  var faults: String { "\(folder)/faults" }
  /// Configuration and persistence of the embedded broker.
  var broker: String { "\(folder)/broker" }

  /// The log of one part of the run.
  package func log(_ part: String) -> String { "\(logs)/\(part).log" }
}
