import Files
import Foundation
import Supervision
import Wording

/// A mosquitto of our own, on a free loopback port, with a configuration that does not lose data.
package final class EmbeddedBroker: Sendable {
  package let address: BrokerAddress
  /// The child process.
  package let service: Service

  /// The program, and the Debian package that brings it.
  package static let program = "mosquitto"
  /// Names another mosquitto than the one on `PATH`.
  package static let programVariable = "SONDE_MOSQUITTO"
  package static let package = "mosquitto"
  private static var executable: String {
    ProcessInfo.processInfo.environment[programVariable] ?? program
  }
  private static var notInstalled: MQTTError {
    .brokerFailed(
      reason: "the broker \(executable.quoted) is not installed; on Debian: apt-get install \(package)")
  }
  /// How long the broker may take until it answers.
  static let startTimeout = Duration.seconds(10)

  private let folder: String
  private let log: String

  private init(address: BrokerAddress, service: Service, folder: String, log: String) {
    self.address = address
    self.service = service
    self.folder = folder
    self.log = log
  }

  /// Starts a broker whose configuration, log and persistence live in `folder`. Throws ``MQTTError/brokerFailed(reason:)``.
  ///
  /// - Parameter log: The file that takes its log.
  package static func start(folder: String, log: String) async throws -> EmbeddedBroker {
    guard let executable = ExecutablePath.find(executable) else { throw notInstalled }
    // The broker inherits the limit, and takes a descriptor a connection.
    DescriptorLimit.raise()
    let lastAttempt = 5
    for attempt in 1...lastAttempt {
      // Between finding a free port and the broker's taking it, another process may take it, perhaps the broker of another run: then
      // try the next.
      let port = try ListeningPort.free()
      do {
        return try await start(executable: executable, port: port, folder: folder, log: log)
      } catch is MQTTError where attempt < lastAttempt {
        continue
      }
    }
    preconditionFailure("the loop above returns or throws")
  }

  private static func start(executable: String, port: UInt16, folder: String, log: String) async throws
    -> EmbeddedBroker
  {
    let configuration = "\(folder)/mosquitto.conf"
    try AtomicFile.write(
      BrokerConfiguration(port: port, folder: folder).text, to: configuration, existing: .replace)
    let service = try await Service.start(
      name: "broker", executable: executable, arguments: ["-c", configuration], log: log)
    let broker = EmbeddedBroker(
      address: BrokerAddress(host: "127.0.0.1", port: port), service: service, folder: folder, log: log)
    if await broker.answers() { return broker }
    let exit = try await service.stop(grace: .seconds(1))
    throw MQTTError.brokerFailed(reason: "the broker did not start (\(exit)); its log is \(log)")
  }

  /// Starts this broker once more after its end, at the same address and with what it had saved. Throws ``MQTTError``.
  package func restarted() async throws -> EmbeddedBroker {
    guard let executable = ExecutablePath.find(Self.executable) else { throw Self.notInstalled }
    return try await Self.start(executable: executable, port: address.port, folder: folder, log: log)
  }

  /// The file that holds sessions and queues, as last saved.
  private var persistence: String { "\(folder)/\(BrokerConfiguration.persistenceFile)" }

  /// Has the broker save its sessions and queues, and returns the digest of what it saved. Throws ``MQTTError`` where that
  /// takes too long.
  @discardableResult
  package func save() async throws -> String {
    func identity() -> UInt64? {
      (try? FileManager.default.attributesOfItem(atPath: persistence))?[.systemFileNumber] as? UInt64
    }
    // Every save makes a new file and renames it.
    let before = identity()
    service.send(signal: SIGUSR1)
    let deadline = ContinuousClock.now + Self.startTimeout
    while ContinuousClock.now < deadline {
      if let now = identity(), now != before, let digest = try? Digest.sha256(file: persistence) {
        return digest
      }
      try await Task.sleep(for: .milliseconds(2))
    }
    throw MQTTError.brokerFailed(reason: "the broker did not save its state; its log is \(log)")
  }

  /// Stops the broker, whatever state it is in.
  package func stop() async {
    _ = try? await service.stop(grace: .seconds(5))
  }

  private func answers() async -> Bool {
    let deadline = ContinuousClock.now + Self.startTimeout
    let gone = Task { try? await service.exit() }
    defer { gone.cancel() }
    while ContinuousClock.now < deadline {
      if Self.accepts(port: address.port), ListeningPort.isHeld(address.port, by: service.processID) {
        return true
      }
      if kill(service.processID, 0) != 0 { return false }
      try? await Task.sleep(for: .milliseconds(5))
    }
    // Where the kernel does not tell who listens, a broker that lives for so long is taken for it.
    return Self.accepts(port: address.port)
  }

  private static func accepts(port: UInt16) -> Bool {
    guard let descriptor = LoopbackSocket.connect(LoopbackSocket.address(port: port)) else { return false }
    close(descriptor)
    return true
  }
}

/// What the embedded broker is told. Every line that differs from mosquitto's defaults does so because the default loses
/// messages or time.
struct BrokerConfiguration {
  var port: UInt16
  var folder: String

  /// Messages kept for a subscriber that is away. The default of 1000 drops the rest in silence; 0 ("no limit") is
  /// broken in some versions.
  static let maximumQueuedMessages = 1_000_000
  static let persistenceFile = "mosquitto.db"
  /// The largest packet. The client library has no limit of its own.
  static let maximumPacketBytes = 1 << 20
  /// Sessions and queues are saved this often, so that a broker that is killed knows most of them. (Saving at every change
  /// costs most of its throughput and still leaves a gap: the save follows the acknowledgements it is to cover.)
  static let autosaveSeconds = 1

  /// `user root` only speaks to a broker started by root: it would else become another user, who may not write our folder,
  /// and the kernel would forget that it is to die with us.
  var text: String {
    """
    listener \(port) 127.0.0.1
    allow_anonymous true
    user root
    persistence true
    persistence_location \(folder)/
    persistence_file \(Self.persistenceFile)
    autosave_interval \(Self.autosaveSeconds)
    max_queued_messages \(Self.maximumQueuedMessages)
    max_packet_size \(Self.maximumPacketBytes)
    set_tcp_nodelay true
    connection_messages true
    log_dest stderr
    log_type error
    log_type warning
    log_type notice
    log_timestamp_format %Y-%m-%dT%H:%M:%S

    """
  }
}
