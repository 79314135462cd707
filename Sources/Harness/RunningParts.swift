import Files
import Foundation
import MQTT
import Scenario
import Supervision
import WindowStore

/// The processes of a run, and what lies between them. Used by the one task that carries the run.
final class RunningParts {
  let folder: RunFolder
  /// Where the broker is.
  let brokerAddress: BrokerAddress
  /// Which version of MQTT is spoken with it.
  let version: ProtocolVersion
  /// Our own; nil where the scenario names a foreign one, and while it is dead.
  var broker: EmbeddedBroker?
  /// Our own while it is dead and to be started again.
  private var deadBroker: EmbeddedBroker?
  /// What is halted at this moment.
  var halted: Set<FaultTarget> = []
  var ingestion: RunPart?
  var scheduler: RunPart?
  var fleet: RunPart?
  /// Scoring inside the stream; nil where the scenario asks for none.
  var stream: StreamStage?
  private var storeLock: StoreWriteLock?
  /// Connections cut so far on purpose.
  var cutsOrdered = 0

  private let ingestionRelay: ByteRelay?
  private let fleetRelay: ByteRelay?
  private let isControlled: Bool
  /// Faults that keep ingestion from running.
  private var ingestionHolds = 0
  private var store: WindowStoreReader?

  /// Puts in place what the faults of `document` need. Throws `MQTTError`, `FileError`.
  init(
    _ document: ScenarioDocument, folder: RunFolder, broker: EmbeddedBroker?, address: BrokerAddress,
    version: ProtocolVersion
  ) throws {
    self.folder = folder
    self.broker = broker
    brokerAddress = address
    self.version = version
    let needs = document.faults.reduce(into: FaultNeeds()) { $0.formUnion($1.needs) }
    ingestionRelay = needs.contains(.ingestionRelay) ? try ByteRelay(to: address) : nil
    fleetRelay = needs.contains(.fleetRelay) ? try ByteRelay(to: address) : nil
    isControlled = needs.contains(.control)
    if isControlled {
      try Folder.make(folder.faults)
    }
    if needs.contains(.heldWrites) {
      try AtomicFile.write(
        "\(Int64(bitPattern: document.seed))\n", to: control(FaultControl.powerCutFile), existing: .replace)
    }
  }

  /// Where ingestion and the fleet find the broker.
  var addressForIngestion: BrokerAddress { ingestionRelay?.address ?? brokerAddress }
  var addressForFleet: BrokerAddress { fleetRelay?.address ?? brokerAddress }

  /// What ingestion's environment says of faults.
  var ingestionEnvironment: [String: String] { isControlled ? [FaultControl.variable: folder.faults] : [:] }

  /// What the store holds.
  func progress() throws -> IngestionProgress {
    let reader = try store ?? WindowStoreReader(path: folder.store)
    store = reader
    return try reader.progress()
  }

  /// What each part uses by now, with the processes that it has started.
  func usage(_ table: ProcessTable) -> [TimelineEntry.Part: ProcessUsage] {
    let processes: [(TimelineEntry.Part, Int32?)] = [
      (.broker, broker?.service.processID), (.ingest, ingestion?.processID), (.simulate, fleet?.processID),
      (.schedule, scheduler?.processID), (.serve, stream?.service?.processID),
      (.stream, stream?.scorer?.processID),
    ]
    var usage: [TimelineEntry.Part: ProcessUsage] = [:]
    for (part, process) in processes { usage[part] = process.flatMap { table.usage(of: $0) } }
    return usage
  }

  /// Whether ingestion is dead and nothing keeps it from being started again.
  var wantsIngestion: Bool { ingestion == nil && ingestionHolds == 0 }

  /// Leaves nothing running: first those who write, the broker last.
  func stopAll() async {
    await stream?.stopAll()
    for part in [fleet, scheduler, ingestion].compactMap({ $0 }) where part.exit == nil {
      await part.stop(grace: .seconds(10))
    }
    await broker?.stop()
    ingestionRelay?.stop()
    fleetRelay?.stop()
    store = nil
    if isControlled { try? FileManager.default.removeItem(atPath: folder.faults) }
  }
}

/// What faults can do.
extension RunningParts: BreakableParts {
  private func part(_ target: FaultTarget) -> RunPart? {
    switch target {
    case .ingestion, .store: ingestion
    case .fleet: fleet
    case .stream: stream?.scorer
    case .broker, .replica, .haproxy: nil
    }
  }

  func isPresent(_ target: FaultTarget) -> Bool {
    switch target {
    case .broker: broker != nil
    case .replica, .haproxy: stream?.process(of: target) != nil
    case .ingestion, .fleet, .store, .stream: part(target).map { $0.exit == nil } ?? false
    }
  }

  func processID(of target: FaultTarget) -> Int32? {
    switch target {
    case .broker: broker?.service.processID
    case .replica, .haproxy: stream?.process(of: target)
    case .ingestion, .fleet, .store, .stream: part(target)?.processID
    }
  }

  func halt(_ target: FaultTarget) -> (@Sendable () -> Void)? {
    if target == .broker {
      guard let service = broker?.service else { return nil }
      service.send(signal: SIGSTOP)
      return { service.send(signal: SIGCONT) }
    }
    if target == .replica || target == .haproxy {
      guard let process = stream?.process(of: target) else { return nil }
      kill(process, SIGSTOP)
      return { kill(process, SIGCONT) }
    }
    guard let part = part(target) else { return nil }
    part.send(signal: SIGSTOP)
    return { part.send(signal: SIGCONT) }
  }

  func killIngestion() async {
    ingestionHolds += 1
    ingestion?.send(signal: SIGKILL)
    await ingestion?.finish()
    ingestion = nil
  }

  func ingestionMayRun() { ingestionHolds -= 1 }

  func killStream() async { await stream?.kill() }

  func streamMayRun() { stream?.mayRun() }

  func saveBroker() async throws -> String { try await broker?.save() ?? "" }

  func killBroker() async throws {
    broker?.service.send(signal: SIGKILL)
    _ = try await broker?.service.exit()
    deadBroker = broker
    broker = nil
  }

  func restartBroker() async throws {
    broker = try await deadBroker?.restarted()
    deadBroker = nil
  }

  func relay(of target: FaultTarget) -> ByteRelay? {
    switch target {
    case .fleet: fleetRelay
    case .stream: stream?.relay
    case .ingestion, .broker, .store, .replica, .haproxy: ingestionRelay
    }
  }

  func control(_ file: String) -> String { "\(folder.faults)/\(file)" }

  func log(_ part: String) -> String { folder.log(part) }

  func lockStore() throws { storeLock = try StoreWriteLock(path: folder.store) }

  func unlockStore() throws {
    let lock = storeLock
    storeLock = nil
    try lock?.release()
  }

  func forgetSharedMemory() {
    store = nil
    try? FileManager.default.removeItem(atPath: "\(folder.store)-shm")
  }
}
