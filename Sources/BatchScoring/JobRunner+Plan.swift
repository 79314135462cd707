import Compute
import Files
import Foundation
import Modelling
import Supervision
import Telemetry
import WindowStore

/// The first step of a job: its windows are counted, and devices are dealt out to tasks.
extension JobRunner {
  /// Makes the plan of the job, or takes up the one that an earlier life has written, and notes its tasks.
  func plan(_ job: inout JobRecord, _ files: JobFolder) async throws -> JobDescription {
    let known = try knownDescription(of: job.cut, files)
    if known == nil {
      // Without a description, parts cannot be matched to a task.
      try files.unpublish()
      try? FileManager.default.removeItem(atPath: files.tasks)
      if job.tasks > 0 { try jobs.forgetTasks(of: job.cut.id) }
    }
    try files.prepare()
    await target.prepare(for: worker)
    job.state = .provisioning
    let start = now()
    job.startedAt = start
    try jobs.beginAttempt(of: job.cut.id, at: start)
    let script = try await deployment.scriptSetup(in: folder) { [id = job.cut.id] in
      report(ScoringEvent(.notice, job: id, reason: $0))
    }
    let description: JobDescription
    if let known {
      try refuseOtherScript(script, known)
      // The parts that are there belong to these tasks, also if the number of nodes is another one now.
      description = known
    } else {
      let onlyRowsOf = job.cut.failedRowsOf.map { folder.job($0).failed }
      let (counts, loads) = try await Self.loads(
        of: folder, job.cut, devices: try onlyRowsOf.map { try RowSelection(failedFile: $0).devices })
      let tasks = MiniBatchPlan.tasks(
        for: loads, size: deployment.miniBatchSize, slots: target.slots, cost: try measuredCost())
      description = JobDescription(
        job: job.cut.id, store: folder.store, models: folder.models, layout: deployment.layout,
        script: script, visibleAfter: job.cut.after, visibleThrough: job.cut.through,
        tasks: tasks, firstStarts: Self.firstStarts(of: tasks, counts), onlyRowsOf: onlyRowsOf,
        outputAction: deployment.outputAction)
      job.weight = loads.reduce(0) { $0 + $1.weight }
      try jobs.save(job)
      try description.write(to: files.description)
    }
    CrashPoint.jobPlanned.pass()
    job.tasks = description.tasks.count
    try jobs.save(job)
    try jobs.add(tasks: description.tasks.map(\.count), to: job.cut.id)
    return description
  }

  /// Parts that are there were scored with the script as it was: its others must be too.
  private func refuseOtherScript(_ script: ScriptSetup?, _ begun: JobDescription) throws(DetectorError) {
    guard script?.version != begun.script?.version else { return }
    throw DetectorError(
      reason:
        "the script or its model has changed since the job began, from \(begun.script?.version ?? "none") to "
        + "\(script?.version ?? "none"); put it back, or remove \(folder.job(begun.job).tasks) and run the job again"
    )
  }

  /// What there is to score in the cut, device by device, in byte order.
  ///
  /// - Parameter devices: Those alone that are looked at; nil for all.
  static func loads(of folder: RunFolder, _ cut: JobCut, devices: Set<DeviceID>? = nil) async throws -> (
    counts: [WindowStoreReader.WindowCount], loads: [MiniBatchPlan.Load]
  ) {
    // Side by side with the counting of windows: of a large fleet both take a while.
    async let supportVectors = ModelCatalog.supportVectors(of: folder)
    let reader = try WindowStoreReader(path: folder.store)
    let counts = Self.counts(
      try reader.windowCounts(visibleAfter: cut.after, through: cut.through), of: devices)
    let vectors = try await supportVectors
    let loads = counts.map {
      MiniBatchPlan.Load(device: $0.device, rows: $0.count, supportVectors: vectors[$0.device] ?? 0)
    }
    return (counts, loads)
  }

  /// Of `counts` those of `devices`, also of such that have no windows any more; nil for all.
  private static func counts(_ counts: [WindowStoreReader.WindowCount], of devices: Set<DeviceID>?)
    -> [WindowStoreReader.WindowCount]
  {
    guard let devices else { return counts }
    let without = devices.subtracting(counts.map(\.device)).map {
      WindowStoreReader.WindowCount(device: $0, count: 0, firstStart: Timestamp(milliseconds: .max))
    }
    return (counts.filter { devices.contains($0.device) } + without).sorted { $0.device < $1.device }
  }

  /// The description that an earlier life has written, if it can be read and is the one of `cut`; in this folder, which may have
  /// been moved since.
  private func knownDescription(of cut: JobCut, _ files: JobFolder) throws -> JobDescription? {
    guard FileStamp(files.description) != nil, let found = try? JobDescription(path: files.description),
      (found.job, found.visibleAfter, found.visibleThrough) == (cut.id, cut.after, cut.through),
      (found.onlyRowsOf == nil) == (cut.failedRowsOf == nil)
    else { return nil }
    var description = found
    description.store = folder.store
    description.models = folder.models
    description.onlyRowsOf = cut.failedRowsOf.map { folder.job($0).failed }
    if description != found { try description.write(to: files.description) }
    return description
  }

  /// The start of the first window of each task. `counts` are of the devices of all `tasks`, in their order.
  private static func firstStarts(of tasks: [[DeviceID]], _ counts: [WindowStoreReader.WindowCount])
    -> [Timestamp]
  {
    var rest = counts[...]
    return tasks.map { devices in
      let own = rest.prefix(devices.count)
      rest = rest.dropFirst(devices.count)
      return own.dropFirst().reduce(own[own.startIndex].firstStart) { min($0, $1.firstStart) }
    }
  }

  /// What the newest job that measured all of its tasks has shown.
  private func measuredCost() throws -> MiniBatchPlan.Cost? {
    guard deployment.miniBatchSize == .auto else { return nil }
    return try jobs.chain(of: deployment).last { $0.state == .completed && $0.busySeconds != nil }
      .flatMap(MiniBatchPlan.Cost.init)
  }
}
