import CEpoll
import CMosquitto
import Foundation

/// Many MQTT connections that publish at QoS 1, driven from one thread by one epoll.
///
/// Each client keeps a bounded number of publications unacknowledged; a publication beyond that waits. A connection
/// that breaks is made again, and the library sends again what was not acknowledged. To be used from one thread.
public final class PublisherPool {
  /// What was handed to the broker, and what it has acknowledged.
  public struct Counters: Hashable, Sendable {
    public var published = 0
    public var acknowledged = 0
    /// Readings in the messages acknowledged.
    public var acknowledgedReadings = 0
    public var reconnects = 0
    /// Publications that repeat an earlier one; in none of the counts above.
    public var repeated = 0
    /// Publications that wait for their acknowledgement, repeated ones too.
    public var outstanding = 0
  }

  /// Bounds, each with its reason.
  enum Limits {
    /// Unacknowledged messages a client. The library searches a list of them at each acknowledgement.
    static let windowPerClient = 20
    /// How often everything that is readable is read, in publications: acknowledgements come in groups.
    static let publicationsBetweenPolls = 64
    /// How long a broken connection is tried again before the pool gives up.
    static let reconnectFor = Duration.seconds(30)
    static let reconnectPause = Duration.milliseconds(100)
    /// How long the broker keeps the session of a client that was cut off.
    static let sessionExpirySeconds: UInt32 = 3600
  }

  public private(set) var counters = Counters()

  private struct Client {
    var connection: MQTTConnection
    var topic: [CChar]
    /// Readings of each unacknowledged message, −1 for a repeated one; a broker acknowledges in the order of publication
    /// (MQTT 5, 4.6).
    var unacknowledged: [Int] = []
    var watchesWrite = false
  }

  private let address: BrokerAddress
  private var clients: [Client] = []
  private let poller: Int32
  private var events: [epoll_event]
  private var sinceLastPoll = 0
  private var lastMaintenance = ContinuousClock.now

  /// Connects one client for each of `clients`, by id and the topic it publishes on. Throws ``MQTTError``.
  public init(address: BrokerAddress, clients: [(id: String, topic: String)]) throws {
    DescriptorLimit.raise()
    try DescriptorLimit.check(connections: clients.count)
    self.address = address
    events = Array(repeating: epoll_event(), count: min(max(clients.count, 1), 1024))
    poller = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard poller >= 0 else {
      throw MQTTError.library(operation: "epoll", reason: String(cString: strerror(errno)))
    }
    for (index, client) in clients.enumerated() {
      let connection = try MQTTConnection(
        address: address,
        options: .init(
          clientID: client.id, cleanStart: false, sessionExpirySeconds: Limits.sessionExpirySeconds,
          queuesWrites: false))
      connection.onPublished = { [unowned self] _ in
        guard !self.clients[index].unacknowledged.isEmpty else { return }
        counters.outstanding -= 1
        let readings = self.clients[index].unacknowledged.removeFirst()
        if readings >= 0 {
          counters.acknowledged += 1
          counters.acknowledgedReadings += readings
        }
      }
      try connection.open()
      self.clients.append(Client(connection: connection, topic: Array(client.topic.utf8CString)))
      try watch(index)
    }
  }

  deinit { Foundation.close(poller) }

  /// Publishes `payload`, which carries `readings` readings, on the topic of client `index`; waits while that client's
  /// window is full. Throws ``MQTTError`` where the broker has gone and does not come back.
  ///
  /// - Parameters:
  ///   - isRepeated: Whether it repeats an earlier publication, and is to be counted apart.
  ///   - intended: When it was meant to be sent, in microseconds since 1970; the receiver is told.
  public func publish(
    client index: Int, payload: UnsafeRawBufferPointer, readings: Int, isRepeated: Bool = false,
    intended: Int64? = nil
  ) throws {
    while clients[index].unacknowledged.count >= Limits.windowPerClient { try pump(.milliseconds(100)) }
    do {
      _ = try clients[index].connection.publish(
        topic: clients[index].topic, payload: payload, qos: 1, intended: intended)
    } catch MQTTError.disconnected {
      // The library has kept the message and sends it with the next connection.
      try reconnect(index)
    }
    if isRepeated { counters.repeated += 1 } else { counters.published += 1 }
    counters.outstanding += 1
    clients[index].unacknowledged.append(isRepeated ? -1 : readings)
    sinceLastPoll += 1
    if clients[index].connection.wantsWrite { try watch(index) }
    if sinceLastPoll >= Limits.publicationsBetweenPolls { try pump(.zero) }
  }

  /// Whether every publication has been acknowledged.
  public var isDrained: Bool { counters.outstanding == 0 }

  /// Breaks the connection of client `index` without a word to the broker, and makes it again; what was not acknowledged is
  /// sent again. Throws ``MQTTError`` where the broker does not come back.
  public func cut(client index: Int) throws {
    // A connection that is opened anew closes its old socket first, and sends no DISCONNECT on it.
    try reconnect(index)
  }

  /// Reads and writes what is ready, waiting at most `timeout` for something to be.
  public func pump(_ timeout: Duration) throws {
    sinceLastPoll = 0
    let count = epoll_wait(poller, &events, Int32(events.count), Int32(clamping: timeout.milliseconds))
    for event in events.prefix(Int(max(0, count))) {
      try serve(Int(event.data.u32), event.events)
    }
    if ContinuousClock.now - lastMaintenance > .seconds(1) {
      lastMaintenance = .now
      for index in clients.indices {
        do { try clients[index].connection.maintain() } catch MQTTError.disconnected { try reconnect(index) }
      }
    }
  }

  /// Takes leave of the broker with every client.
  public func close() {
    for client in clients { client.connection.close() }
  }

  private func serve(_ index: Int, _ ready: UInt32) throws {
    let connection = clients[index].connection
    do {
      if ready & EPOLLOUT.rawValue != 0 { try connection.writeSome() }
      if ready & ~EPOLLOUT.rawValue != 0 { _ = try connection.read(upTo: Limits.windowPerClient) }
      if connection.wantsWrite != clients[index].watchesWrite { try watch(index) }
    } catch MQTTError.disconnected {
      try reconnect(index)
    }
  }

  private func reconnect(_ index: Int) throws {
    let connection = clients[index].connection
    counters.reconnects += 1
    let deadline = ContinuousClock.now + Limits.reconnectFor
    while true {
      do {
        try connection.open()
        break
      } catch {
        guard ContinuousClock.now < deadline else { throw error }
        Thread.sleep(forTimeInterval: Double(Limits.reconnectPause.milliseconds) / 1000)
      }
    }
    try watch(index)
  }

  /// Tells epoll what client `index` waits for.
  private func watch(_ index: Int) throws {
    let connection = clients[index].connection
    let descriptor = connection.socket
    guard descriptor >= 0 else { return }
    let wantsWrite = connection.wantsWrite
    var event = epoll_event()
    event.events = EPOLLIN.rawValue | (wantsWrite ? EPOLLOUT.rawValue : 0)
    event.data.u32 = UInt32(index)
    // A new socket may have the number of the old one, which the kernel has already forgotten.
    if epoll_ctl(poller, EPOLL_CTL_MOD, descriptor, &event) != 0,
      epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0
    {
      throw MQTTError.library(operation: "epoll", reason: String(cString: strerror(errno)))
    }
    clients[index].watchesWrite = wantsWrite
  }
}
