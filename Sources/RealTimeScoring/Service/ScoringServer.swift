import Files
import Foundation
import HTTP
import Modelling
import Supervision
import Synchronization
import Telemetry
import Wording

/// Serves an endpoint over HTTP until it is stopped: reads the models, listens, takes over what changes in the files, and ends when all that
/// was begun is answered.
package struct ScoringServer: Sendable {
  package struct Settings: Sendable {
    package var http: HTTPServerSettings
    /// The file of the keys; nil where everybody may ask.
    package var keys: String?
    /// Whether everybody may ask whether it lives and is ready.
    package var opensHealth = false
    /// How many threads answer long requests.
    package var threads: Int
    /// How many requests may wait for them.
    package var queued: Int
    /// How long requests may go on after the end was asked for.
    package var drain: Duration
    /// Of the program, as it tells clients.
    package var version: String

    package init(
      http: HTTPServerSettings, keys: String? = nil, threads: Int = 1,
      queued: Int = ServingDefaults.queuedRequests, drain: Duration = ServingDefaults.drain, version: String
    ) {
      self.http = http
      self.keys = keys
      self.threads = threads
      self.queued = queued
      self.drain = drain
      self.version = version
    }
  }

  /// What it tells while it runs.
  package enum Event: Sendable {
    /// It takes requests.
    case ready(ListenAddress, endpoint: String, deployments: [(name: String, models: Int)])
    /// What has changed in the files is taken over.
    case reloaded
    /// What a person should know: a model that cannot be read, a change that is not taken over.
    case notice(String)
    /// It has ended; so many requests were cut off.
    case ended(cutOff: Int)
  }

  private let settings: Settings
  private let source: String?
  private let plan: @Sendable () async throws -> ServingPlan
  private let log: AccessLog
  private let scriptLog: @Sendable ([UInt8]) -> Void
  private let report: @Sendable (Event) -> Void

  /// - Parameters:
  ///   - source: The file that `plan` reads, where there is one: it is looked at for changes.
  ///   - plan: What is to be served, as that file is now.
  ///   - scriptLog: Takes what scripts print, as bytes.
  package init(
    _ settings: Settings, source: String?, log: AccessLog,
    plan: @escaping @Sendable () async throws -> ServingPlan,
    scriptLog: @escaping @Sendable ([UInt8]) -> Void, report: @escaping @Sendable (Event) -> Void
  ) {
    self.settings = settings
    self.source = source
    self.plan = plan
    self.log = log
    self.scriptLog = scriptLog
    self.report = report
  }

  /// Serves until `end` is finished. Throws where it cannot begin: ``ServingError``, `HTTPServerError`, `FileError` and what `plan` throws.
  package func run(until end: AsyncStream<Void>) async throws {
    let report = report
    let loader = ModelLoader(
      queued: settings.queued, report: { report(.notice($0)) }, scriptLog: scriptLog)
    var stamp = source.flatMap { FileStamp($0) }
    var plan = try await plan()
    let keys = try settings.keys.map { try KeyRing($0, notice: { report(.notice($0)) }) }
    let open = OpenConnections()
    let service = try ScoringService(
      plan, loader, keys: keys, opensHealth: settings.opensHealth, log: log, version: settings.version,
      threads: settings.threads,
      queued: settings.queued, openConnections: { open.count })
    let server = try HTTPServer(settings.http, handler: service)
    open.set { server.counts.connections }
    report(
      .ready(
        server.address, endpoint: plan.name,
        deployments: service.current.deployments.map { ($0.name, $0.models.count) }))
    let (events, sink) = AsyncStream.makeStream(of: Happening.self)
    let waiting = Task {
      for await _ in end {}
      sink.yield(.end)
    }
    defer { waiting.cancel() }
    let clock = Task {
      while !Task.isCancelled {
        try await Task.sleep(for: ServingDefaults.reloadInterval)
        sink.yield(.look)
      }
    }
    defer { clock.cancel() }
    var nextLook = ContinuousClock.now
    for await event in events {
      if event == .end { break }
      log.flush()
      guard ContinuousClock.now >= nextLook else { continue }
      let began = ContinuousClock.now
      let newStamp = source.flatMap { FileStamp($0) }
      if newStamp != stamp || loader.hasChanged(plan) {
        do {
          let isOther = newStamp != stamp
          stamp = newStamp
          // From now on the files of this plan are looked at, even where it cannot be taken over yet.
          if isOther { plan = try await self.plan() }
          try service.reload(plan, loader)
          report(.reloaded)
        } catch {
          report(.notice("what has changed is not taken over: \(error)"))
        }
      }
      // A folder with many models takes long to look at, and is looked at less often.
      nextLook = .now + (ContinuousClock.now - began) * ServingDefaults.reloadShare
    }
    service.beginEnding()
    let cutOff = server.stop(within: settings.drain)
    service.stop()
    log.flush()
    report(.ended(cutOff: cutOff))
  }

  /// What wakes it: nothing else costs anything while nobody asks.
  private enum Happening: Hashable, Sendable {
    case look, end
  }

  /// How many connections a server has that is made after who asks.
  private final class OpenConnections: Sendable {
    private let read = Mutex<(@Sendable () -> Int)?>(nil)

    func set(_ read: @escaping @Sendable () -> Int) { self.read.withLock { $0 = read } }

    var count: Int { read.withLock { $0 }?() ?? 0 }
  }
}
