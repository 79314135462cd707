import Compute
import Files
import Foundation
import Modelling
import Supervision
import WindowStore

/// What a worker of a scoring job does. A request's input is the path of a ``JobDescription``, its task one of the
/// description's tasks; the task's part file goes into the folder of the description.
///
/// Keeps the description, the store and models open between requests; used from one thread.
package final class ScoringWorker {
  private var current: (path: String, scorer: TaskScorer)?

  private let level: LoggingLevel
  private let detectors: DetectorSource

  /// - Parameter keepsModels: Whether more than one job will come, which need the same models.
  package init(loggingLevel: LoggingLevel = .info, keepsModels: Bool = true) {
    level = loggingLevel
    detectors = DetectorSource(keptModels: keepsModels ? ScoringDefaults.cachedModels : 0) {
      try? FileHandle.standardError.write(contentsOf: Data($0))
    }
  }

  /// The worker process: answers the requests on standard input until it ends.
  package static func run(loggingLevel: LoggingLevel, keepsModels: Bool) {
    let worker = ScoringWorker(loggingLevel: loggingLevel, keepsModels: keepsModels)
    WorkerLoop.run(isQuiet: loggingLevel == .warning) { try worker.perform($0) }
  }

  /// Does one task and counts its rows. Throws where the store or the files fail; a fault of a model or of a window
  /// fails its rows only.
  package func perform(_ request: WorkerRequest) throws -> TaskCounts {
    let scorer = try open(request.input)
    guard scorer.job.tasks.indices.contains(request.task) else {
      throw TaskFailure("\(request.input) has no task \(request.task)", retry: false)
    }
    let file = try AtomicFileWriter(
      path: JobFolder.part(request.task, of: request.input), survivesPowerCut: false)
    var part = try scorer.score(task: request.task) { try $0.flush(to: file) }
    try part.finish(file)
    CrashPoint.partWritten.pass()
    return TaskCounts(items: part.predictions + part.failed, failedItems: part.failed)
  }

  private func open(_ path: String) throws -> TaskScorer {
    if let current, current.path == path { return current.scorer }
    let job = try JobDescription(path: path)
    let reader =
      if let open = current?.scorer.reader, open.path == job.store { open } else {
        try WindowStoreReader(path: job.store)
      }
    let isDebugging = level == .debug
    let scorer = try TaskScorer(job: job, reader: reader, detector: job.detector(of: detectors, path: path)) {
      text in
      if isDebugging { WorkerLoop.log(text()) }
    }
    current = (path, scorer)
    return scorer
  }
}
