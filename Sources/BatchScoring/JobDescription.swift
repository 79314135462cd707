import Files
import Foundation
import Modelling
import Telemetry
import Wording

/// What a job scores, as a file that every worker reads.
package struct JobDescription: Hashable, Sendable, Codable {
  package var job: String
  package var store: String
  package var models: String
  package var layout: ModelLayout
  /// The script that scores; nil for the one-class SVMs of ``models``.
  package var script: ScriptSetup?
  /// The cut: window revisions that became visible after `visibleAfter` and not after `visibleThrough` (nil: to the end).
  package var visibleAfter: Timestamp
  package var visibleThrough: Timestamp?
  /// The devices of each task, in byte order within and across tasks.
  @DeviceLists package var tasks: [[DeviceID]]
  /// The start of the first window of each task; nil where that is not known.
  package var firstStarts: [Timestamp]?
  /// The `failed.csv` of an earlier job, whose rows alone are scored; nil for all.
  package var onlyRowsOf: String?
  package var outputAction: OutputAction

  package init(
    job: String, store: String, models: String, layout: ModelLayout, script: ScriptSetup? = nil,
    visibleAfter: Timestamp,
    visibleThrough: Timestamp?, tasks: [[DeviceID]], firstStarts: [Timestamp]? = nil,
    onlyRowsOf: String? = nil, outputAction: OutputAction = .appendRow
  ) {
    self.onlyRowsOf = onlyRowsOf
    self.outputAction = outputAction
    self.job = job
    self.store = store
    self.models = models
    self.layout = layout
    self.script = script
    self.visibleAfter = visibleAfter
    self.visibleThrough = visibleThrough
    self.tasks = tasks
    self.firstStarts = firstStarts
  }

  /// Reads the file at `path`.
  package init(path: String) throws {
    self = try JSONFile.read(JobDescription.self, path)
  }

  /// The detector that does its tasks.
  ///
  /// - Parameter path: Where the description lies, beside which there is room for the files of a task.
  func detector(of source: DetectorSource, path: String) -> any Detector {
    source.detector(
      models: models, layout: layout, script: script, scratch: (path as NSString).deletingLastPathComponent)
  }

  /// Writes it to `path`, whole or not at all.
  package func write(to path: String) throws { try JSONFile.write(self, to: path) }
}

/// The devices of tasks. As JSON, those of one task are one string with spaces between them: every worker reads those of all
/// tasks before its first one.
@propertyWrapper package struct DeviceLists: Hashable, Sendable, Codable {
  package var wrappedValue: [[DeviceID]]

  package init(wrappedValue: [[DeviceID]]) { self.wrappedValue = wrappedValue }

  /// Throws `DecodingError`.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    // An earlier version wrote the devices one by one.
    guard let lists = try? container.decode([String].self) else {
      wrappedValue = try container.decode([[DeviceID]].self)
      return
    }
    wrappedValue = try lists.map { list in
      try list.utf8.split(separator: UInt8(ascii: " ")).map { name in
        guard let device = DeviceID(Substring(name)) else {
          throw DecodingError.dataCorruptedError(
            in: container, debugDescription: "\(Substring(name).quoted) is not a device id")
        }
        return device
      }
    }
  }

  /// Throws `EncodingError`.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue.map { $0.map(\.name).joined(separator: " ") })
  }
}
