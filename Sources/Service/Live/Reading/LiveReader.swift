import BatchScoring
import Files
import Foundation
import Telemetry
import WindowStore

/// Looks at the files of a run again and again. Each file is opened, read and closed at each look: nothing of the run waits for it, and
/// no lock or transaction of it stays.
struct LiveReader {
  let folder: RunFolder
  private var timeline: LineTail
  private var log: LineTail
  private var predictions = PredictionTail()
  private var storeStamps: [FileStamp?] = []
  private var jobStamps: [FileStamp?] = []
  private var lastNodeState = 0
  /// Since when there has been a report and no manifest.
  private var reportSince: ContinuousClock.Instant?
  private var hasEnd = false

  init(_ folder: RunFolder) {
    self.folder = folder
    timeline = LineTail(folder.timeline)
    log = LineTail(folder.runLog)
  }

  /// What is new.
  ///
  /// - Parameters:
  ///   - isFull: Whether the databases and prediction files are looked at too.
  ///   - bounds: What is wanted of the store; asked for where it is read.
  ///   - hasParentGone: Whether the run's process has gone.
  mutating func look(isFull: Bool, hasParentGone: Bool, bounds: () -> StoreLookBounds) -> LiveLook {
    var look = LiveLook()
    // First, so that what is read afterwards is the last there will be.
    let end = hasEnd ? nil : end(hasParentGone: hasParentGone)
    look.timeline = timeline.next()
    look.log = log.next().compactMap { RunLogEntry(line: $0.utf8) }
    if isFull || end != nil {
      do {
        try readStore(&look, bounds)
        try readJobs(&look)
      } catch {
        // A file that is being made, or is locked for long; the next look finds it.
        look.trouble = LiveState.cut("\(error)")
      }
      look.replicas = replicas()
    }
    look.end = end
    if end != nil { hasEnd = true }
    return look
  }

  /// What a run that has ended has left, piece by piece: its devices, the newest windows of those that `bounds` asks for, and its last
  /// scores. Its databases do not change any more.
  mutating func rest(_ bounds: StoreLookBounds) -> LiveLook {
    var look = LiveLook()
    look.store = try? WindowStoreReader.look(at: folder.store, bounds)
    while predictions.hasMore { look.scores += predictions.next() }
    return look
  }

  private mutating func readStore(_ look: inout LiveLook, _ bounds: () -> StoreLookBounds) throws {
    let stamps = Self.stamps(folder.store)
    guard stamps != storeStamps else { return }
    look.store = try WindowStoreReader.look(at: folder.store, bounds())
    storeStamps = stamps
  }

  private mutating func readJobs(_ look: inout LiveLook) throws {
    let stamps = Self.stamps(folder.jobs)
    if stamps != jobStamps {
      look.jobs = try JobStore.look(
        at: folder.jobs, jobs: LiveDefaults.jobs, afterNodeState: lastNodeState,
        nodeStates: LiveDefaults.nodeStatesPerLook)
      if let jobs = look.jobs {
        lastNodeState = jobs.lastNodeState
        predictions.add(
          jobs.jobs.filter { $0.state == .completed }
            .map { "\(folder.predictions)/\($0.cut.id)/predictions.csv" })
      }
      jobStamps = stamps
    }
    look.scores = predictions.next()
  }

  private static func stamps(_ path: String) -> [FileStamp?] { [FileStamp(path), FileStamp(path + "-wal")] }

  /// The replicas of the trial that was begun last, by the file in which the service notes them.
  private func replicas() -> [(replica: Int, state: String)]? {
    let trials = (try? FileManager.default.contentsOfDirectory(atPath: folder.serving)) ?? []
    let files = trials.map { "\(folder.serving)/\($0)/replicas.csv" }
    func changed(_ path: String) -> Int64 {
      var status = stat()
      return stat(path, &status) == 0 ? Int64(status.st_mtim.tv_sec) : .min
    }
    guard let newest = files.max(by: { changed($0) < changed($1) }), changed(newest) > .min else {
      return nil
    }
    let bytes = FilePiece.read(newest, from: 0, most: LiveDefaults.tailBytesPerLook)
    var states: [Int: String] = [:]
    for line in bytes.split(separator: 0x0A).dropFirst() {
      let fields = line.split(separator: 0x2C, omittingEmptySubsequences: false)
      guard fields.count > 3, let replica = Int(String(decoding: fields[1], as: UTF8.self)) else { continue }
      states[replica] = String(decoding: fields[3], as: UTF8.self)
    }
    return states.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  // MARK: - The end

  /// A run has ended with its manifest, which is its last file; with its report alone where the manifest does not come.
  private mutating func end(hasParentGone: Bool) -> LiveEnd? {
    guard FileStamp(folder.report) != nil else { return hasParentGone ? .gone : nil }
    if FileStamp(folder.manifest) == nil, !hasParentGone {
      let since = reportSince ?? .now
      reportSince = since
      guard ContinuousClock.now - since > LiveDefaults.manifestPatience else { return nil }
    }
    let bytes = FilePiece.read(folder.report, from: 0, most: LiveDefaults.reportBytes)
    var end: LiveEnd
    if let report = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) {
      end = LiveEnd(report: report)
    } else {
      end = LiveEnd(verdict: "error", reason: "report.json cannot be read")
    }
    end.hasPage = HeldFolder(folder.path)?.kind(of: LiveRoute.reportFile) == .file
    return end
  }
}
