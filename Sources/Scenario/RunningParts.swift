import Files
import Foundation
import MQTT
import Supervision
import WindowStore

/// The processes of a run, and what lies between them. Used by the one task that carries the run.
final class RunningParts {
  let layout: RunLayout
  /// Where the broker is.
  let brokerAddress: BrokerAddress
  /// Our own; nil where the scenario names a foreign one, and while it is dead.
  var broker: EmbeddedBroker?
  /// Our own while it is dead and to be started again.
  var deadBroker: EmbeddedBroker?
  /// What is halted at this moment.
  var paused: Set<FaultTarget> = []
  var ingestion: RunPart?
  var scheduler: RunPart?
  var fleet: RunPart?
  var storeLock: StoreWriteLock?
  /// Connections cut so far on purpose.
  var cutsOrdered = 0

  private let ingestionRelay: ByteRelay?
  private let fleetRelay: ByteRelay?
  private let isControlled: Bool
  /// Faults that keep ingestion from running.
  private var ingestionHolds = 0
  private var store: WindowStoreReader?

  /// Puts in place what the faults of `document` need. Throws `MQTTError`, `FileError`.
  init(_ document: ScenarioDocument, layout: RunLayout, broker: EmbeddedBroker?, address: BrokerAddress)
    throws
  {
    self.layout = layout
    self.broker = broker
    brokerAddress = address
    let needs = document.faults.reduce(into: FaultNeeds()) { $0.formUnion($1.kind.needs($1)) }
    ingestionRelay = needs.contains(.ingestionRelay) ? try ByteRelay(to: address) : nil
    fleetRelay = needs.contains(.fleetRelay) ? try ByteRelay(to: address) : nil
    isControlled = needs.contains(.control)
    if isControlled {
      try Folder.make(layout.faults)
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
  var ingestionEnvironment: [String: String] { isControlled ? [FaultControl.variable: layout.faults] : [:] }

  func relay(of target: FaultTarget) -> ByteRelay? { target == .fleet ? fleetRelay : ingestionRelay }

  /// The path of a file of ``FaultControl``.
  func control(_ file: String) -> String { "\(layout.faults)/\(file)" }

  /// What the store holds.
  func progress() throws -> IngestionProgress {
    let reader = try store ?? WindowStoreReader(path: layout.store)
    store = reader
    return try reader.progress()
  }

  /// Kills ingestion, which stays dead until ``ingestionMayRun()``.
  func killIngestion() async {
    ingestionHolds += 1
    ingestion?.send(signal: SIGKILL)
    await ingestion?.finish()
    ingestion = nil
  }

  func ingestionMayRun() { ingestionHolds -= 1 }

  /// Whether ingestion is dead and nothing keeps it from being started again.
  var wantsIngestion: Bool { ingestion == nil && ingestionHolds == 0 }

  /// Closes our connection to the store and removes the index that SQLite's processes share in memory.
  func forgetSharedMemory() {
    store = nil
    try? FileManager.default.removeItem(atPath: "\(layout.store)-shm")
  }

  /// Leaves nothing running: first those who write, the broker last.
  func stopAll() async {
    for part in [fleet, scheduler, ingestion].compactMap({ $0 }) where part.exit == nil {
      await part.stop(grace: .seconds(10))
    }
    await broker?.stop()
    ingestionRelay?.stop()
    fleetRelay?.stop()
    store = nil
    if isControlled { try? FileManager.default.removeItem(atPath: layout.faults) }
  }
}
