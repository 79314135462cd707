import Detection
import Modelling
import OneClassSVM
import Telemetry
import WindowStore

/// Scores the devices of one task: windows from the store, scores from the detector of the deployment, lines out.
struct TaskScorer {
  let job: JobDescription
  let reader: WindowStoreReader
  private let detector: any Detector
  private let selection: RowSelection?
  /// What only somebody who looks for a fault wants to read.
  private let log: (() -> String) -> Void

  init(
    job: JobDescription, reader: WindowStoreReader, detector: any Detector,
    log: @escaping (() -> String) -> Void = { _ in }
  ) throws {
    self.job = job
    self.reader = reader
    self.detector = detector
    self.log = log
    selection = try job.onlyRowsOf.map { try RowSelection(failedFile: $0) }
  }

  /// Does a task of the job. A fault of a model or a window fails its rows; what is thrown fails the attempt.
  ///
  /// - Parameter flush: Is called every few devices, and may take the lines so far.
  func score(task: Int, flush: (inout TaskPart) throws -> Void) throws -> TaskPart {
    detector.forget()
    var part = TaskPart()
    try forEachFewDevices(of: task, into: &part) { devices, part in
      for windows in devices { try detector.take(input(windows)) { add($0, to: &part) } }
      try flush(&part)
    }
    try detector.finish { add($0, to: &part) }
    part.endDevice()
    return part
  }

  /// Fails every window of a task with `reason`: what is left of one whose attempts have all failed.
  func fail(task: Int, reason: String) throws -> TaskPart {
    var part = TaskPart()
    try forEachFewDevices(of: task, into: &part) { devices, part in
      for (key, rows) in devices.flatMap(detector.rows) {
        for row in rows where selection?.meets(key, row.start) ?? true {
          part.add(FailedRow(of: key, row, reason: reason))
        }
      }
    }
    return part
  }

  /// Reads a few devices at a time: what was read is still in the processor's cache when it is looked at. What the job is about and
  /// was not met among them has failed.
  private func forEachFewDevices(
    of task: Int, into part: inout TaskPart, _ body: ([DeviceWindows], inout TaskPart) throws -> Void
  ) throws {
    let devices = job.tasks[task]
    for start in stride(from: 0, to: devices.count, by: ScoringDefaults.devicesPerRead) {
      let next = devices[start..<min(start + ScoringDefaults.devicesPerRead, devices.count)]
      try body(
        try reader.windows(
          visibleAfter: job.visibleAfter, through: job.visibleThrough, devices: Array(next),
          columns: detector.columns, from: job.firstStarts?[task]), &part)
      for row in selection?.unmet(of: next) ?? [] { part.add(row) }
    }
  }

  private func input(_ windows: DeviceWindows) -> DetectorInput {
    DetectorInput(
      windows: windows, isWanted: selection.map { selection in { selection.meets($0, $1) } },
      completed: { try completed(windows) })
  }

  /// All windows that start when one of `windows` does, as they were visible at this cut.
  private func completed(_ windows: DeviceWindows) throws -> DeviceWindows {
    let starts = Set(windows.rows.map(\.start))
    let all = try reader.windows(
      visibleAfter: nil, through: job.visibleThrough, devices: [windows.device], columns: windows.columns,
      from: starts.min())
    return all.first.map { all in
      all.selecting(all.rows.indices.filter { starts.contains(all.rows[$0].start) })
    }
      ?? windows
  }

  private func add(_ table: ScoredTable, to part: inout TaskPart) {
    part.begin(device: table.key.device)
    let (rows, scores, flags) = (table.rows, table.scores, table.flags)
    let sound = scores.contains(where: \.isNaN) ? scores.filter { !$0.isNaN } : scores
    part.predictions += sound.count
    // What is not a number is no anomaly.
    func isAnomaly(_ index: Int) -> Bool { flags?[index] ?? OneClassModel.isAnomaly(scores[index]) }
    // Most windows are normal, and their rows are not looked at here.
    for index in scores.indices where isAnomaly(index) {
      part.anomalous.append(AnomalousSpan(start: rows[index].start, end: rows[index].end))
    }
    switch job.outputAction {
    case .appendRow:
      part.lines.begin(table.key, modelVersion: table.modelVersion)
      for (index, row) in rows.enumerated() where !scores[index].isNaN {
        part.lines.add(row, score: scores[index], isAnomaly: isAnomaly(index))
      }
    case .summaryOnly:
      if !sound.isEmpty {
        part.lines.addSummary(
          table.key, windows: sound.count, anomalies: scores.indices.count(where: isAnomaly),
          lowest: sound.min(), modelVersion: table.modelVersion)
      }
    }
    log { "\(table.key.stem) \(table.modelVersion): \(rows.count) windows, \(table.failures.count) failed" }
    for failure in table.failures.sorted(by: { $0.start < $1.start }) { part.add(failure) }
  }
}
