import CLinux
import CMosquitto
import Foundation

/// Many MQTT connections that publish, driven from one thread by one epoll.
///
/// Each client keeps a bounded number of publications unacknowledged; a publication beyond that waits. A connection
/// that breaks is made again, and the library sends again what was not acknowledged. To be used from one thread.
package final class PublisherPool {
  /// What a publication is to be counted as.
  package enum Content: Hashable, Sendable {
    /// Messages of one sender; `sender` is the caller's number for it, nil where nobody asks for an account of it.
    case messages(Int, readings: Int, sender: Int? = nil)
    /// Repeats an earlier publication.
    case repeated
  }

  /// Bounds, each with its reason.
  enum Limits {
    /// Unacknowledged messages a client. The library searches a list of them at each acknowledgement.
    static let windowPerClient = 20
    /// How often everything that is readable is read, in publications: acknowledgements come in groups.
    static let publicationsBetweenPolls = 64
    /// How long a broken connection is tried again before the pool gives up.
    static let reconnectFor = Duration.seconds(30)
    /// The same once the publisher has been told to stop: a broker that is coming back, and not one that is gone.
    static let reconnectForWhenStopped = Duration.seconds(3)
    static let reconnectPause = Duration.milliseconds(100)
    /// How long the broker keeps the session of a client that was cut off.
    static let sessionExpirySeconds: UInt32 = 3600
  }

  /// As ``Limits/windowPerClient``, for messages.
  package static var windowPerClient: Int { Limits.windowPerClient }

  package private(set) var counters = Counters()

  /// A publication on its way.
  private struct Outstanding {
    var messages: Int32
    var readings: Int32
    /// −1 for none.
    var sender: Int32
    /// Its place in ``PublisherPool/underWay``.
    var number = 0

    static let uncounted = Outstanding(messages: -1, readings: 0, sender: -1)
  }

  private struct Client {
    var connection: MQTTConnection
    var quality: QualityOfService
    var isRetained: Bool
    /// Whether its version of MQTT has properties.
    var tellsIntendedTime: Bool
    var watchesWrite = false
    /// A broker acknowledges in the order of publication (MQTT 5, 4.6).
    var unacknowledged: [Outstanding] = []
  }

  private let address: BrokerAddress
  private let isStopped: () -> Bool
  private var clients: [Client] = []
  private var underWay = UnderWay()
  /// By client.
  private var births: [Int: [StatusPublication]] = [:]
  private let greeting: (Int) -> ClientGreeting?
  private let poller: Int32
  private var events: [epoll_event]
  private var sinceLastPoll = 0
  private var lastMaintenance = ContinuousClock.now

  /// Connects every client. Throws ``MQTTError``.
  ///
  /// - Parameters:
  ///   - perSecond: How many connections are made a second at most; nil: as many as can be.
  ///   - greeting: Asked, for a client, before each of its connections; nil: what the client itself has is said each time.
  ///   - isStopped: Asked between connections; where it says so, the pool throws ``MQTTError/stopped``. Asked later while a
  ///     broken connection is made again, which is then given up sooner.
  package init(
    address: BrokerAddress, clients wanted: [PublisherClient], perSecond: Double? = nil,
    greeting: @escaping (Int) -> ClientGreeting? = { _ in nil },
    until isStopped: @escaping () -> Bool = { false }
  ) throws {
    DescriptorLimit.raise()
    try DescriptorLimit.check(connections: wanted.count)
    self.address = address
    self.isStopped = isStopped
    self.greeting = greeting
    events = Array(repeating: epoll_event(), count: min(max(wanted.count, 1), 1024))
    poller = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard poller >= 0 else {
      throw MQTTError.library(operation: "epoll", reason: String(cString: strerror(errno)))
    }
    let begin = ContinuousClock.now
    clients.reserveCapacity(wanted.count)
    for (index, client) in wanted.enumerated() {
      guard !isStopped() else { throw MQTTError.stopped }
      if let perSecond {
        // Those that are connected already are kept alive meanwhile.
        let due = begin + .seconds(Double(index) / perSecond)
        while due > .now, !isStopped() { try pump(min(due - .now, .milliseconds(50))) }
      }
      clients.append(
        Client(
          connection: try connection(of: client, index), quality: client.quality,
          isRetained: client.isRetained, tellsIntendedTime: client.version == .five))
      births[index] = client.birth.map { [$0] }
      try prepareGreeting(index)
      try clients[index].connection.open()
      try greet(index)
      try watch(index)
    }
  }

  deinit { Foundation.close(poller) }

  private func connection(of client: PublisherClient, _ index: Int) throws -> MQTTConnection {
    // Without a session that outlives a connection, QoS 2 could not hold what it promises. MQTT 3.1.1 has no sessions that
    // end by themselves: there only QoS 2 leaves one behind.
    let forgets = client.version == .threeOneOne && client.quality != .exactlyOnce
    let connection = try MQTTConnection(
      address: address,
      options: .init(
        clientID: client.id, cleanStart: forgets, sessionExpirySeconds: Limits.sessionExpirySeconds,
        queuesWrites: false, version: client.version, will: client.will, willQuality: client.quality))
    connection.onPublished = { [unowned self] _ in
      guard !self.clients[index].unacknowledged.isEmpty else { return }
      counters.outstanding -= 1
      let first = self.clients[index].unacknowledged.removeFirst()
      guard first.messages >= 0 else { return }
      underWay.finish(first.number)
      counters.acknowledged += Int(first.messages)
      counters.acknowledgedReadings += Int(first.readings)
    }
    return connection
  }

  /// Publishes `payload` with client `index`; waits while that client's window is full. Throws ``MQTTError`` where the broker
  /// has gone and does not come back.
  ///
  /// - Parameters:
  ///   - topic: NUL-terminated.
  ///   - intended: When it was meant to be sent; the receiver is told, where MQTT 5 is spoken.
  ///   - due: The caller's time of it, for ``oldestDue``.
  package func publish(
    client index: Int, topic: UnsafePointer<CChar>, payload: UnsafeRawBufferPointer, as content: Content,
    intended: IntendedTime? = nil, due: Int64 = 0
  ) throws {
    try waitForRoom(index)
    try send(index, topic, payload, as: content, intended, due)
    sinceLastPoll += 1
    if clients[index].connection.wantsWrite { try watch(index) }
    if sinceLastPoll >= Limits.publicationsBetweenPolls { try pump(.zero) }
  }

  /// As above, with a topic in a string.
  package func publish(client index: Int, topic: String, payload: UnsafeRawBufferPointer, as content: Content)
    throws
  {
    try topic.withCString { try publish(client: index, topic: $0, payload: payload, as: content) }
  }

  /// Waits while the window of client `index` is full. What is published at once then needs no waiting, in which its connection could
  /// be made again. Throws ``MQTTError`` as ``publish(client:topic:payload:as:intended:due:)`` does.
  package func awaitRoom(client index: Int) throws { try waitForRoom(index) }

  /// Without acknowledgements only the socket says that there is too much: then nothing waits in memory.
  private func waitForRoom(_ index: Int) throws {
    guard isFull(index) else { return }
    let begin = ContinuousClock.now
    defer { counters.waited += ContinuousClock.now - begin }
    while isFull(index) { try pump(.milliseconds(100)) }
  }

  private func isFull(_ index: Int) -> Bool {
    clients[index].quality == .atMostOnce
      ? clients[index].connection.wantsWrite
      : clients[index].unacknowledged.count >= Limits.windowPerClient
  }

  private func send(
    _ index: Int, _ topic: UnsafePointer<CChar>, _ payload: UnsafeRawBufferPointer, as content: Content,
    _ intended: IntendedTime?, _ due: Int64
  ) throws {
    let quality = clients[index].quality
    do {
      _ = try clients[index].connection.publish(
        topic: topic, payload: payload, quality: quality, isRetained: clients[index].isRetained,
        intended: clients[index].tellsIntendedTime ? intended : nil)
    } catch MQTTError.disconnected {
      // The library has kept the message and sends it with the next connection; at QoS 0 it is gone, as QoS 0 has it.
      try reconnect(index)
    }
    count(index, content, quality, due)
  }

  private func count(_ index: Int, _ content: Content, _ quality: QualityOfService, _ due: Int64) {
    var outstanding = Outstanding.uncounted
    switch content {
    case .messages(let messages, let readings, let sender):
      counters.published += messages
      counters.publishedReadings += readings
      counters.publications += 1
      if quality == .atMostOnce { counters.unconfirmed += messages }
      outstanding = Outstanding(
        messages: Int32(messages), readings: Int32(readings), sender: Int32(sender ?? -1))
      if quality != .atMostOnce { outstanding.number = underWay.begin(due) }
    case .repeated: counters.repeated += 1
    }
    guard quality != .atMostOnce else { return }
    counters.outstanding += 1
    clients[index].unacknowledged.append(outstanding)
  }

  /// To be called before client `index` connects.
  private func prepareGreeting(_ index: Int) throws {
    guard let greeting = greeting(index) else { return }
    births[index] = greeting.births
    try clients[index].connection.setWill(greeting.will, clients[index].quality)
  }

  /// Says that client `index` is there.
  private func greet(_ index: Int) throws {
    for birth in births[index] ?? [] { try say(birth, index) }
  }

  /// Publishes what is none of the messages, and is counted with the births.
  package func say(_ birth: StatusPublication, _ index: Int) throws {
    counters.births += 1
    // Counted first: where the connection breaks at once, the library has kept the message all the same.
    if clients[index].quality != .atMostOnce {
      counters.outstanding += 1
      clients[index].unacknowledged.append(.uncounted)
    }
    _ = try birth.payload.withUnsafeBytes {
      try clients[index].connection.publish(
        topic: birth.topic, payload: $0, quality: clients[index].quality, isRetained: birth.isRetained)
    }
  }

  /// How many messages of each sender are unacknowledged: the last ones that it published, because a broker acknowledges in
  /// the order of publication. Senders without any are left out.
  package var unacknowledgedBySender: [Int: Int] {
    var counts: [Int: Int] = [:]
    for client in clients {
      for outstanding in client.unacknowledged where outstanding.sender >= 0 {
        counts[Int(outstanding.sender), default: 0] += Int(outstanding.messages)
      }
    }
    return counts
  }

  /// The `due` of the first publication of messages that waits for its acknowledgement; nil where none does.
  package var oldestDue: Int64? { underWay.oldest }

  /// Whether every publication has been acknowledged.
  package var isDrained: Bool { counters.outstanding == 0 }

  /// Breaks the connection of client `index` without a word to the broker, and makes it again; what was not acknowledged is
  /// sent again. Throws ``MQTTError`` where the broker does not come back.
  package func cut(client index: Int) throws {
    // A connection that is opened anew closes its old socket first, and sends no DISCONNECT on it.
    try reconnect(index)
  }

  /// Reads and writes what is ready, waiting at most `timeout` for something to be.
  package func pump(_ timeout: Duration) throws {
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
  package func close() {
    for client in clients { client.connection.close(forgetsSession: true) }
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
    let begin = ContinuousClock.now
    try prepareGreeting(index)
    while true {
      do {
        try connection.open()
        try greet(index)
        break
      } catch {
        let patience = isStopped() ? Limits.reconnectForWhenStopped : Limits.reconnectFor
        guard ContinuousClock.now - begin < patience else { throw error }
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
