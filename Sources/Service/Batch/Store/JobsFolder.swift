import Files
import Foundation
import Modelling
import Telemetry

/// The jobs of a server on disk: a folder for each, so that they outlive the server.
///
/// `job.json` (what was asked for, written by the server before it answers), `progress.json` (how far it is, written by the job's process),
/// `cancel` (there where its end was asked for), `lock` (held by its process while that lives), `log` (what that says), `outputs/` (of plain
/// files).
package struct JobsFolder: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// The folder of one job.
  package func job(_ name: String) -> JobPaths { JobPaths("\(path)/jobs/\(name)") }

  /// Keeps `job`, and is done when it is on disk. Throws `FileError`.
  func add(_ job: BatchJob) throws {
    try Folder.make(self.job(job.name).path)
    try JSONFile.write(job, to: self.job(job.name).job, keys: .asDeclared)
    try AtomicFile.flushFolder(of: self.job(job.name).path)
  }

  /// All jobs, in the order in which they were asked for. What a server has left that was killed before it answered is removed.
  ///
  /// - Parameter notice: Told of jobs that cannot be read.
  func load(_ notice: (String) -> Void) throws -> [JobEntry] {
    try Folder.make("\(path)/jobs")
    var entries: [JobEntry] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(path)/jobs") {
      let paths = job(name)
      guard FileManager.default.fileExists(atPath: paths.job) else {
        try? FileManager.default.removeItem(atPath: paths.path)
        continue
      }
      do {
        let job = try JSONFile.read(BatchJob.self, paths.job, keys: .asDeclared)
        var entry = JobEntry(job: job)
        refresh(&entry)
        entries.append(entry)
      } catch {
        notice("the job \(name) is left out: \(error)")
      }
    }
    return entries.sorted { ($0.job.createdAt, $0.job.name) < ($1.job.createdAt, $1.job.name) }
  }

  /// How far the job is now, whether its end was asked for, and whether a process is at it.
  func refresh(_ entry: inout JobEntry) {
    let paths = job(entry.job.name)
    // Asked for before the progress is read: what a process did before its end is then seen.
    let isAlive = paths.isLocked
    if let progress = paths.progress { entry.progress = progress }
    entry.isCancelAsked = paths.isCancelAsked
    entry.isAlive = isAlive
  }

  /// Forgets a job that has ended.
  func remove(_ name: String) { try? FileManager.default.removeItem(atPath: job(name).path) }
}

/// The files of one job of a server.
package struct JobPaths: Hashable, Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  package var job: String { "\(path)/job.json" }
  package var progressFile: String { "\(path)/progress.json" }
  package var cancel: String { "\(path)/cancel" }
  package var lock: String { "\(path)/lock" }
  package var log: String { "\(path)/log" }
  package var inputs: String { "\(path)/inputs" }
  package var outputs: String { "\(path)/outputs" }

  /// Nil before its process has begun.
  package var progress: BatchProgress? {
    try? JSONFile.read(BatchProgress.self, progressFile, keys: .asDeclared)
  }

  /// Throws `FileError`.
  func write(_ progress: BatchProgress) throws {
    try JSONFile.write(progress, to: progressFile, keys: .asDeclared)
  }

  package var isCancelAsked: Bool { FileManager.default.fileExists(atPath: cancel) }

  /// Asks its process to end it. Throws `FileError`.
  func askForCancel() throws { try AtomicFile.write("", to: cancel, existing: .replace) }

  /// Whether a process is at it.
  var isLocked: Bool { DatabaseLockProbe(path: lock)?.isHeld ?? false }
}
