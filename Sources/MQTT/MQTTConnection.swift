import CMosquitto
import Files
import Foundation
import Wording

/// One MQTT connection through libmosquitto, driven by its owner: nothing happens between calls, and no thread is
/// started. To be used from one thread at a time.
final class MQTTConnection {
  /// What a connection asks of the broker.
  struct Options {
    var clientID: String
    /// Forget what the broker kept for this client id.
    var cleanStart: Bool
    /// How long the broker keeps the session of a client that has gone.
    var sessionExpirySeconds: UInt32
    /// How many unacknowledged messages the broker may send.
    var receiveMaximum: Int32 = 65_535
    /// Queue outgoing packets until ``flush()``, so that an acknowledgement leaves only when its message is stored.
    var queuesWrites: Bool
    var version = ProtocolVersion.five
    /// What the broker publishes when the connection breaks.
    var will: StatusPublication?
    /// At which the last will is published.
    var willQuality = QualityOfService.atLeastOnce
  }

  /// What the broker answered to CONNECT.
  enum ConnectAnswer {
    case none
    case accepted(sessionPresent: Bool)
    case refused(reason: String)
    /// It does not take the version of MQTT.
    case refusedVersion(reason: String)

    var isRefusal: Bool {
      switch self {
      case .none, .accepted: false
      case .refused, .refusedVersion: true
      }
    }
  }

  /// Seconds without traffic after which the broker gives a client up.
  static let keepAliveSeconds: Int32 = 60
  /// How long a broker may take to answer CONNECT.
  static let connectTimeout = Duration.seconds(10)
  /// How long it may take to read what we have sent when we disconnect.
  static let disconnectTimeout = Duration.seconds(5)

  let address: BrokerAddress
  let version: ProtocolVersion
  private let sessionExpirySeconds: UInt32
  /// How a line of the library's log begins that says of a message that it has come.
  let publishPrefix: String
  var connectAnswer = ConnectAnswer.none
  var disconnection: String?
  var subscriptions = Subscriptions()
  /// Whether the broker said of the message that is handed over that it may have come before (the flag DUP). Known between
  /// ``watchRepetitions()`` and ``ignoreRepetitions()``.
  var isRepetition = false
  /// Called for every message, inside ``read(upTo:)``, with ``isRepetition``.
  var onMessage:
    ((UnsafePointer<mosquitto_message>, _ properties: OpaquePointer?, _ isRepetition: Bool) -> Void)?
  /// Called with the packet id of every publication that the broker has acknowledged.
  var onPublished: ((Int32) -> Void)?

  let handle: OpaquePointer
  /// Messages of this connection.
  var messageCount = 0
  /// TLS may hold bytes of its own that no poll speaks of.
  private let isEncrypted: Bool

  /// Once a process, before any other call of the library.
  private static let library: Int32 = mosquitto_lib_init()

  init(address: BrokerAddress, options: Options) throws {
    _ = Self.library
    self.address = address
    version = options.version
    sessionExpirySeconds = options.sessionExpirySeconds
    publishPrefix = "Client \(options.clientID) received PUBLISH (d"
    isEncrypted = address.isEncrypted
    guard let handle = mosquitto_new(options.clientID, options.cleanStart, nil) else {
      throw MQTTError.library(
        operation: "client \(options.clientID.quoted)", reason: String(cString: strerror(errno)))
    }
    self.handle = handle
    // The callbacks find their connection through this pointer; the handle is destroyed in deinit, so it never dangles.
    mosquitto_user_data_set(handle, Unmanaged.passUnretained(self).toOpaque())
    mosquitto_int_option(
      handle, MOSQ_OPT_PROTOCOL_VERSION, options.version == .five ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311)
    mosquitto_int_option(handle, MOSQ_OPT_RECEIVE_MAXIMUM, options.receiveMaximum)
    mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1)
    // A client marked as threaded queues its packets; any other writes acknowledgements before the message is seen.
    if options.queuesWrites { try MQTTError.check(mosquitto_threaded_set(handle, true), "set-up") }
    try present(address)
    if let will = options.will { try setWill(will, options.willQuality) }
    mosquitto_connect_v5_callback_set(handle, Self.connectCallback)
    mosquitto_disconnect_v5_callback_set(handle, Self.disconnectCallback)
    mosquitto_message_v5_callback_set(handle, Self.messageCallback)
    mosquitto_publish_v5_callback_set(handle, Self.publishCallback)
    mosquitto_subscribe_v5_callback_set(handle, Self.subscribeCallback)
  }

  deinit {
    // Closes the socket without DISCONNECT: to the broker we look dead, and it keeps what was not acknowledged.
    mosquitto_destroy(handle)
  }

  /// Has the broker publish `will` when a connection that is made from now on breaks.
  func setWill(_ will: StatusPublication, _ quality: QualityOfService) throws {
    try will.payload.withUnsafeBytes { payload in
      try MQTTError.check(
        mosquitto_will_set(
          handle, will.topic, Int32(payload.count), payload.baseAddress, quality.rawValue, will.isRetained),
        "last will")
    }
  }

  // MARK: - Opening

  /// Connects and waits for the broker's CONNACK. Throws ``MQTTError``. Returns whether the broker had kept a session.
  ///
  /// - Parameters:
  ///   - patience: How long the answer may take.
  ///   - isStopped: Asked while the answer is to come; where it says so, ``MQTTError/stopped`` is thrown.
  @discardableResult
  func open(within patience: Duration = connectTimeout, until isStopped: () -> Bool = { false }) throws
    -> Bool
  {
    guard !isStopped() else { throw MQTTError.stopped }
    try startOpening()
    let deadline = ContinuousClock.now + patience
    while true {
      if let sessionPresent = try opened() { return sessionPresent }
      guard !isStopped() else { throw MQTTError.stopped }
      guard ContinuousClock.now < deadline else {
        throw MQTTError.timedOut(address, waitingFor: "answer to CONNECT")
      }
      if try waitUntilReadable(.milliseconds(100)) { try readOnePacket() }
      // The library has closed the socket of a refused connection; what follows would only say so.
      if connectAnswer.isRefusal { continue }
      // Until the TLS handshake is done, which only reading moves on, CONNECT waits in the queue.
      try flush()
      try maintain()
    }
  }

  /// Makes the TCP connection and sends CONNECT.
  func startOpening() throws {
    connectAnswer = .none
    disconnection = nil
    var properties: OpaquePointer?
    defer { mosquitto_property_free_all(&properties) }
    if version == .five {
      try MQTTError.check(
        mosquitto_property_add_int32(
          &properties, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), sessionExpirySeconds),
        "set-up")
    }
    let code = mosquitto_connect_bind_v5(
      handle, address.host, Int32(address.port), Self.keepAliveSeconds, nil, properties)
    guard code == MOSQ_ERR_SUCCESS.rawValue.signed else {
      throw code == MOSQ_ERR_TLS.rawValue.signed
        ? MQTTError.handshakeFailed(address, reason: MQTTError.reason(code))
        : MQTTError.unreachable(address, reason: MQTTError.reason(code))
    }
    try flush()
  }

  /// Nil while the answer is still to come; then whether the broker had kept a session.
  func opened() throws -> Bool? {
    switch connectAnswer {
    case .accepted(let sessionPresent): return sessionPresent
    case .refused(let reason): throw MQTTError.refused(address, reason: reason)
    case .refusedVersion(let reason): throw MQTTError.versionRefused(address, version, reason: reason)
    case .none: break
    }
    if let disconnection { throw MQTTError.disconnected(address, reason: disconnection) }
    return nil
  }

  // MARK: - Traffic

  /// The socket, for polling; -1 while there is none.
  var socket: Int32 { mosquitto_socket(handle) }

  var wantsWrite: Bool { mosquitto_want_write(handle) }

  /// Waits until there is something to read. False where the time passed first.
  func waitUntilReadable(_ timeout: Duration) throws -> Bool {
    let descriptor = socket
    guard descriptor >= 0 else {
      throw MQTTError.disconnected(address, reason: disconnection ?? "the socket is closed")
    }
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let count = poll(&entry, 1, Int32(clamping: timeout.milliseconds))
    return count > 0
  }

  /// Reads until `limit` messages were taken or the socket is empty, and returns how many. Messages are handed to
  /// ``onMessage``. Throws ``MQTTError``.
  func read(upTo limit: Int) throws -> Int {
    let before = messageCount
    while messageCount - before < limit {
      let seen = messageCount
      try readOnePacket()
      // While messages come one after another there is no need to ask whether there is something to read.
      guard messageCount == seen, !isEncrypted else {
        if isEncrypted, errno == EAGAIN { break }
        continue
      }
      guard try waitUntilReadable(.zero) else { break }
    }
    return messageCount - before
  }

  private func readOnePacket() throws {
    errno = 0
    let code = mosquitto_loop_read(handle, 1)
    guard code == MOSQ_ERR_SUCCESS.rawValue.signed else {
      // CONNACK with a refusal also ends here; the answer to CONNECT says more than the code.
      if connectAnswer.isRefusal { return }
      if case .none = connectAnswer, code == MOSQ_ERR_TLS.rawValue.signed {
        throw MQTTError.handshakeFailed(address, reason: MQTTError.reason(code))
      }
      throw MQTTError.disconnected(address, reason: disconnection ?? reason(code))
    }
    if let refusal = subscriptions.refusal { throw refusal }
  }

  /// Writes all that is queued.
  func flush() throws {
    while mosquitto_want_write(handle) {
      let code = mosquitto_loop_write(handle, 1)
      guard code == MOSQ_ERR_SUCCESS.rawValue.signed else {
        throw MQTTError.disconnected(address, reason: disconnection ?? MQTTError.reason(code))
      }
      if mosquitto_want_write(handle) { try waitUntilWritable() }
    }
  }

  /// Writes all that is queued, in as few segments as it fits: the library makes a system call of every packet, and
  /// without this each acknowledgement of four bytes would be a segment of its own.
  func flushInFullSegments() throws {
    setCork(true)
    defer { setCork(false) }
    try flush()
  }

  /// While a socket is corked, the kernel sends full segments only (Linux, tcp(7)).
  private func setCork(_ isCorked: Bool) {
    var value: Int32 = isCorked ? 1 : 0
    _ = setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Writes what the socket takes now.
  func writeSome() throws {
    let code = mosquitto_loop_write(handle, 1)
    guard code == MOSQ_ERR_SUCCESS.rawValue.signed else {
      throw MQTTError.disconnected(address, reason: disconnection ?? MQTTError.reason(code))
    }
  }

  private func waitUntilWritable() throws {
    var entry = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    guard entry.fd >= 0 else {
      throw MQTTError.disconnected(address, reason: disconnection ?? "the socket is closed")
    }
    _ = poll(&entry, 1, 1000)
  }

  /// Keep-alive and time-outs; to be called every few seconds.
  func maintain() throws {
    let code = mosquitto_loop_misc(handle)
    guard code == MOSQ_ERR_SUCCESS.rawValue.signed else {
      throw MQTTError.disconnected(address, reason: disconnection ?? MQTTError.reason(code))
    }
  }

  /// Hands a message to the library and returns its packet id.
  ///
  /// - Parameters:
  ///   - topic: NUL-terminated, so that callers who publish often convert once.
  ///   - intended: When it was meant to be sent, to be told to the receiver; MQTT 5 alone can.
  func publish(
    topic: UnsafePointer<CChar>, payload: UnsafeRawBufferPointer, quality: QualityOfService,
    isRetained: Bool = false, intended: IntendedTime? = nil
  ) throws -> Int32 {
    var packetID: Int32 = 0
    var properties = try intended.flatMap { try $0.properties() }
    defer { mosquitto_property_free_all(&properties) }
    let code = mosquitto_publish_v5(
      handle, &packetID, topic, Int32(payload.count), payload.baseAddress, quality.rawValue, isRetained,
      properties)
    guard code == MOSQ_ERR_SUCCESS.rawValue.signed else {
      // ERRNO: the socket refuses, as it does once the other side is gone; the library has kept the message as for the others.
      let isBroken = [MOSQ_ERR_NO_CONN, MOSQ_ERR_CONN_LOST, MOSQ_ERR_ERRNO].contains {
        $0.rawValue.signed == code
      }
      if isBroken {
        throw MQTTError.disconnected(address, reason: MQTTError.reason(code))
      }
      throw MQTTError.library(operation: "publication", reason: MQTTError.reason(code))
    }
    return packetID
  }
}

extension Duration {
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
