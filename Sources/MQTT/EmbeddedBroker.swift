import Files
import Foundation
import Supervision

/// A mosquitto of our own, on a free loopback port, with a configuration that does not lose data.
public final class EmbeddedBroker: Sendable {
  public let address: BrokerAddress
  /// The child process.
  public let service: Service

  /// The program, and the Debian package that brings it.
  public static let program = "mosquitto"
  /// Names another mosquitto than the one on `PATH`.
  public static let programVariable = "SONDE_MOSQUITTO"
  public static let package = "mosquitto"
  /// How long the broker may take until it answers.
  static let startTimeout = Duration.seconds(10)

  private init(address: BrokerAddress, service: Service) {
    self.address = address
    self.service = service
  }

  /// Starts a broker whose configuration, log and persistence live in `folder`. Throws ``MQTTError/brokerFailed(reason:)``.
  ///
  /// - Parameter log: The file that takes its log.
  public static func start(folder: String, log: String) async throws -> EmbeddedBroker {
    let program = ProcessInfo.processInfo.environment[programVariable] ?? program
    guard let executable = ExecutablePath.find(program) else {
      throw MQTTError.brokerFailed(
        reason: "the broker “\(program)” is not installed; on Debian: apt-get install \(package)")
    }
    // The broker inherits the limit, and takes a descriptor a connection.
    DescriptorLimit.raise()
    let lastAttempt = 5
    for attempt in 1...lastAttempt {
      // Between finding a free port and the broker's taking it, another process may take it: then try the next.
      let port = try freePort()
      let configuration = "\(folder)/mosquitto.conf"
      try AtomicFile.write(
        BrokerConfiguration(port: port, folder: folder).text, to: configuration, existing: .replace)
      let service = try await Service.start(
        name: "broker", executable: executable, arguments: ["-c", configuration], log: log)
      let broker = EmbeddedBroker(address: BrokerAddress(host: "127.0.0.1", port: port), service: service)
      if await broker.answers() { return broker }
      let exit = try await service.stop(grace: .seconds(1))
      if attempt == lastAttempt {
        throw MQTTError.brokerFailed(reason: "the broker did not start (\(exit)); its log is \(log)")
      }
    }
    preconditionFailure("the loop above returns or throws")
  }

  /// Stops the broker, whatever state it is in.
  public func stop() async {
    _ = try? await service.stop(grace: .seconds(5))
  }

  private func answers() async -> Bool {
    let deadline = ContinuousClock.now + Self.startTimeout
    let gone = Task { try? await service.exit() }
    defer { gone.cancel() }
    while ContinuousClock.now < deadline {
      if Self.accepts(port: address.port) { return true }
      if kill(service.processID, 0) != 0 { return false }
      try? await Task.sleep(for: .milliseconds(5))
    }
    return false
  }

  /// A loopback TCP port that nobody listens on at this moment.
  public static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else {
      throw MQTTError.brokerFailed(reason: "no socket: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
      }
    }
    guard result == 0 else {
      throw MQTTError.brokerFailed(reason: "no free port: \(String(cString: strerror(errno)))")
    }
    return UInt16(bigEndian: address.sin_port)
  }

  private static func accepts(port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = loopback(port: port)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  private static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
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
  /// The largest packet. The client library has no limit of its own.
  static let maximumPacketBytes = 1 << 20
  /// Sessions and queues are saved this often, so that a broker that is restarted knows them. (Saving at every change
  /// would also survive its being killed, and costs most of its throughput.)
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
    persistence_file mosquitto.db
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
