import Files
import Foundation
import HTTP
import Modelling
import Supervision
import Wording

/// Serves batch endpoints over HTTP until it is stopped. Jobs are processes of their own: they go on when the server ends, however it does,
/// and the next one finds them.
package struct BatchServer: Sendable {
  package struct Settings: Sendable {
    package var http: HTTPServerSettings
    /// The file of the keys; nil where everybody may ask.
    package var keys: String?
    /// Where jobs are kept; made where it is not there.
    package var folder: String
    package var jobsAtATime: Int
    /// How long requests may go on after the end was asked for.
    package var drain: Duration
    /// Of the program, as it tells clients.
    package var version: String

    package init(
      http: HTTPServerSettings, keys: String? = nil, folder: String,
      jobsAtATime: Int = BatchDefaults.jobsAtATime, drain: Duration, version: String
    ) {
      self.http = http
      self.keys = keys
      self.folder = folder
      self.jobsAtATime = jobsAtATime
      self.drain = drain
      self.version = version
    }
  }

  /// What it tells while it runs.
  package enum Event: Sendable {
    /// It takes requests.
    case ready(ListenAddress, endpoints: [String])
    /// So many jobs of an earlier server are not at their end.
    case tookUp(jobs: Int)
    /// What a person should know.
    case notice(String)
    /// It has ended; so many requests were cut off, and so many jobs go on.
    case ended(cutOff: Int, jobs: Int)
  }

  private let settings: Settings
  private let parts: BatchService.Parts
  private let report: @Sendable (Event) -> Void

  /// - Parameter parts: What it serves; its folder, keys, version and number of jobs are those of `settings`.
  package init(_ settings: Settings, _ parts: BatchService.Parts, report: @escaping @Sendable (Event) -> Void)
  {
    self.settings = settings
    self.report = report
    var parts = parts
    parts.folder = JobsFolder(settings.folder)
    parts.version = settings.version
    parts.jobsAtATime = settings.jobsAtATime
    parts.notice = { report(.notice($0)) }
    self.parts = parts
  }

  /// Serves until `end` is finished. Throws where it cannot begin: ``ScoringError`` where another server has its folder, `KeyFileError`,
  /// `HTTPServerError`, `FileError`.
  package func run(until end: AsyncStream<Void>) async throws {
    let report = report
    try Folder.make(settings.folder)
    let lock = try held()
    var parts = parts
    parts.keys = try settings.keys.map { try KeyRing($0, notice: { report(.notice($0)) }) }
    let service = try BatchService(parts)
    let left = service.unfinishedJobs
    let server = try HTTPServer(settings.http, handler: service)
    if left > 0 { report(.tookUp(jobs: left)) }
    report(.ready(server.address, endpoints: parts.endpoints.names))
    let looking = Task {
      while !Task.isCancelled {
        service.look()
        try await Task.sleep(for: BatchDefaults.lookInterval)
      }
    }
    for await _ in end {}
    looking.cancel()
    _ = await looking.result
    let cutOff = server.stop(within: settings.drain)
    service.stop()
    parts.log.flush()
    report(.ended(cutOff: cutOff, jobs: service.unfinishedJobs))
    withExtendedLifetime(lock) {}
  }

  private func held() throws -> DatabaseLock {
    do throws(DatabaseLock.Failure) {
      return try DatabaseLock(path: "\(settings.folder)/lock")
    } catch {
      switch error {
      case .heldByAnother:
        throw ScoringError(
          "another server has the jobs in \(settings.folder); stop it, or give another --state")
      case .cannotOpen(let reason):
        throw ScoringError("\(settings.folder)/lock cannot be opened: \(reason)")
      }
    }
  }
}

extension BatchService {
  /// How many jobs are not at their end.
  package var unfinishedJobs: Int { registry.withLock { $0.unfinished.count } }
}
