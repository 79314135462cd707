import BatchScoring
import Detection
import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry
import WindowStore

/// The alarms of a run, read from what its jobs have written; while jobs go on, what is new.
package struct AlarmLog {
  /// What a job has said.
  private struct Job {
    var id: String
    var endedAt: Timestamp?
    var deployment: Deployment
  }

  private let folder: RunFolder
  private let gap: Duration
  private let store: JobStore
  private var jobs: [Job] = []
  private var read: Set<String> = []
  private var windows = AnomalousWindows()
  private var alarms: [DeviceID: [Alarm]] = [:]
  /// What could not be read, a sentence each; cleared by nobody.
  package private(set) var notices: [String] = []

  /// Opens the folder of a run. Throws ``ScoringError`` where no job has been run there.
  ///
  /// - Parameter gap: How long after an anomalous window the next one may begin and still be of the same alarm.
  package init(_ folder: RunFolder, gap: Duration = .zero) throws {
    self.folder = folder
    self.gap = gap
    store = try JobStore(reading: folder.jobs)
  }

  /// Reads the jobs that have completed since the last time. Returns the alarms of the devices of which they say something.
  /// Throws `FileError`, `CSVError` and `StoreError`.
  @discardableResult
  package mutating func refresh() throws -> [Alarm] {
    var changed: Set<DeviceID> = []
    for record in try store.jobs() where record.state == .completed && read.insert(record.cut.id).inserted {
      guard let rows = try predictions(of: record) else { continue }
      changed.formUnion(windows.add(rows, job: jobs.count - 1))
    }
    guard !changed.isEmpty else { return [] }
    let reader = try WindowStoreReader(path: folder.store)
    return try changed.sorted().flatMap { device in
      let found = try explained(device, reader)
      alarms[device] = found
      return found
    }
  }

  /// All alarms known, the strongest first.
  package var all: [Alarm] { alarms.values.flatMap(\.self).sorted(by: Alarm.isStronger) }

  /// The rows of the job, which is then the last of ``jobs``; nil where it has none of windows.
  private mutating func predictions(of record: JobRecord) throws -> [ScoredWindow]? {
    guard let deployment = try store.deployment(of: record.cut.id) else {
      notices.append(
        "job \(record.cut.id) was run by a version that did not keep its settings; it is left out")
      return nil
    }
    guard deployment.outputAction == .appendRow else {
      notices.append(
        "job \(record.cut.id) wrote a row a model (output_action summary_only), and none of a window; it is left out"
      )
      return nil
    }
    let path = folder.job(record.cut.id, output: deployment.outputFileName).predictions
    guard FileManager.default.fileExists(atPath: path) else {
      notices.append("\(path) is gone, so the alarms of its job are not known")
      return nil
    }
    jobs.append(Job(id: record.cut.id, endedAt: record.endedAt, deployment: deployment))
    return try ScoredWindow.read(path)
  }

  /// The alarms of `device`, by start.
  private func explained(_ device: DeviceID, _ reader: WindowStoreReader) throws -> [Alarm] {
    let groups = windows.groups(of: device, gap: gap)
    guard let first = groups.first else { return [] }
    // By the models: jobs of several deployments may have theirs. The windows of the device are read once for each.
    var explainers: [RunFolder: (explainer: AlarmExplainer, found: DeviceWindows?)] = [:]
    return try groups.map { span, windows in
      let job = jobs[windows.map(\.job).min() ?? 0]
      let models = folder.with(modelsOf: job.deployment)
      var known =
        try explainers[models] ?? explainer(of: job, models.models, device, from: first.span.start, reader)
      var alarm = Alarm(
        device: device, sensors: [], from: span.start, to: span.end, windows: span.windows, job: job.id,
        knownAt: job.endedAt, strength: 0, reasons: [])
      known.explainer.explain(&alarm, windows: windows, found: known.found)
      explainers[models] = known
      return alarm
    }
  }

  /// What explains the alarms of `device` by the models in a folder, and the windows that it looks at.
  private func explainer(
    of job: Job, _ models: String, _ device: DeviceID, from start: Timestamp, _ reader: WindowStoreReader
  ) throws -> (explainer: AlarmExplainer, found: DeviceWindows?) {
    let explainer = AlarmExplainer(layout: job.deployment.layout) {
      try? ModelFile.read(folder: models, stem: $0.stem)
    }
    let found = try reader.windows(
      visibleAfter: nil, through: nil, devices: [device], columns: explainer.columns, from: start)
    return (explainer, found.first)
  }
}
