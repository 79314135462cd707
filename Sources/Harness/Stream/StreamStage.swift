import Files
import Foundation
import MQTT
import RealTimeScoring
import Scenario
import StreamScoring
import Supervision
import Synchronization
import Telemetry
import WindowStore

/// Scoring inside the stream as a part of a run: the scoring service, and the process that sends it what has closed.
///
/// Both are started when there are models, as a user would start them: `sonde serve`, `sonde stream`. Used by the one task that carries the
/// run.
final class StreamStage {
  private let settings: StreamScoringSettings
  /// Windows visible at this time are not scored; nil: all are.
  private let from: Timestamp?
  private let executable: String
  private let folder: RunFolder
  private let hasRelay: Bool

  private(set) var service: RunPart?
  private(set) var scorer: RunPart?
  private(set) var relay: ByteRelay?
  private var url: String?
  /// Faults that keep the scorer from running.
  private var holds = 0
  /// The scorer that was told that nothing more closes, and whether it has scored everything.
  private var told: RunPart?
  private var isDone = false
  /// Deaths that nobody planned.
  private var unplannedDeaths = 0
  /// Why it has given up; nil where it has not.
  private var failure: String?
  private let said = Said()
  private var record: StreamRecord?

  init(
    _ settings: StreamScoringSettings, from: Timestamp?, executable: String, folder: RunFolder,
    hasRelay: Bool
  ) {
    self.settings = settings
    self.from = from
    self.executable = executable
    self.folder = folder
    self.hasRelay = hasRelay
  }

  /// How far it is.
  var state: StreamState { said.state.withLock { $0 } }

  /// What the scorer has said last; written by the task that reads its lines.
  private final class Said: Sendable {
    let state = Mutex(StreamState())

    func hear(_ line: String) {
      guard let event = try? JSONDecoder().decode(StreamEvent.self, from: Data(line.utf8)) else { return }
      switch event {
      case .progress(let new), .drained(let new): state.withLock { $0 = new }
      }
    }
  }

  // MARK: - Starting

  /// Starts what can be started, and sees to what has ended.
  ///
  /// - Parameter hasModels: Whether the models that the run trains are there.
  func step(hasModels: Bool, at now: Duration) async throws {
    if service == nil {
      guard hasModels || !settings.awaitsTraining else { return }
      try Folder.make(folder.stream)
      service = try await RunPart.start(
        "serve", executable: executable, arguments: serviceArguments, log: folder.log("serve")
      ) { _ in }
      record = try StreamRecord(path: folder.streamRecord)
    }
    if let exit = service?.exit, let service { throw service.failure(exit) }
    if url == nil {
      guard FileManager.default.fileExists(atPath: addressFile) else { return }
      url = try serviceURL()
    }
    try look()
    if scorer == nil, failure == nil, !isDone, holds == 0 { try await startScorer() }
    try record?.note(state, at: now)
  }

  private var addressFile: String { "\(folder.stream)/address" }

  private func serviceURL() throws -> String {
    var address = try TextFile.text(of: addressFile).trimmingCharacters(in: .whitespacesAndNewlines)
    if hasRelay, let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) {
      let relay = try ByteRelay(to: BrokerAddress(host: "127.0.0.1", port: port), framing: .bytes)
      self.relay = relay
      address = "127.0.0.1:\(relay.address.port)"
    }
    return "http://\(address)/v2/models/\(settings.model)/infer"
  }

  private var serviceArguments: [String] {
    var service = ServiceArguments(run: folder, files: folder.stream, address: addressFile)
    service.endpoint = settings.endpoint
    service.models = settings.models
    service.threads = settings.threads
    service.queue = settings.queue
    if settings.needsHAProxy {
      service.instances = (settings.scale?.minInstances ?? 1, settings.scale?.maxInstances ?? 1)
    }
    return service.arguments
  }

  private func startScorer() async throws {
    var settings = StreamSettings(run: folder.path, service: url ?? "")
    settings.models = self.settings.models
    settings.script = self.settings.script
    settings.from = from
    settings.maxBatchCount = self.settings.maxBatchCount
    settings.parallelRequests = self.settings.parallelRequests
    settings.fatalCodes = self.settings.fatalCodes
    try JSONFile.write(settings, to: folder.streamSettings)
    scorer = try await RunPart.start(
      "stream", executable: executable,
      arguments: ["stream", "--config", folder.streamSettings, "--until-stdin-closes", "--events"],
      log: folder.log("stream")
    ) { [said] in said.hear($0) }
  }

  /// Sees whether the scorer has ended, and why.
  private func look() throws {
    guard let scorer, let exit = scorer.exit else { return }
    self.scorer = nil
    switch exit {
    case .exited(code: 0) where scorer === told: isDone = true
    case .killed where unplannedDeaths < RunDefaults.unplannedRestarts: unplannedDeaths += 1
    // It has met an answer that is fatal, and says so in the store.
    case .exited(code: 1):
      failure = try WindowStoreReader(path: folder.store).streamFigures()?.failure ?? "it gave up"
    default: throw scorer.failure(exit)
    }
  }

  // MARK: - Breaking

  /// A process of the service: haproxy, or one of the replicas. Nil where there is none.
  func process(of target: FaultTarget) -> Int32? {
    guard let service, service.exit == nil else { return nil }
    let children = ProcessTable().children(of: service.processID)
    return children.first { process in
      let words = (try? TextFile.text(of: "/proc/\(process)/cmdline")) ?? ""
      let isProxy = words.contains("-db\0-f\0")
      return target == .haproxy ? isProxy : !isProxy && words.contains("serve")
    }
  }

  func kill() async {
    holds += 1
    scorer?.send(signal: SIGKILL)
    await scorer?.finish()
    scorer = nil
  }

  func mayRun() { holds -= 1 }

  // MARK: - The end

  /// Lets the scorer score what is left once ingestion has ended, and stops the service. Returns what came of it; nil where it never
  /// began.
  ///
  /// - Parameters:
  ///   - hasModels: As in ``step(hasModels:at:)``.
  ///   - clock: The time since the fleet was started.
  func finish(hasModels: Bool, until stop: StopFlag, clock: () -> Duration, tell: () -> Void) async throws
    -> StreamFigures?
  {
    var patience = StreamPatience(limit: RunDefaults.streamSilence, from: clock())
    while true {
      guard !stop.isSet else { throw RunError.interrupted }
      try await step(hasModels: hasModels, at: clock())
      guard service != nil, failure == nil, !isDone else { break }
      if let scorer, scorer !== told {
        scorer.closeInput()
        told = scorer
      }
      tell()
      guard !patience.isOver(state, at: clock()) else {
        throw RunError.notReady(name: "stream", log: folder.log("stream"))
      }
      try await Task.sleep(for: RunDefaults.pollInterval)
    }
    try record?.note(state, at: clock(), isLast: true)
    await stopAll()
    var figures = try WindowStoreReader(path: folder.store).streamFigures()
    figures?.backlogged = state.backloggedWindows
    return figures
  }

  /// Leaves nothing running.
  func stopAll() async {
    if let scorer, scorer.exit == nil { await scorer.stop(grace: .seconds(10)) }
    if let service, service.exit == nil { await service.stop() }
    scorer = nil
    service = nil
    relay?.stop()
  }
}
