import CLinux
import Foundation
import Synchronization

/// Passes bytes between clients and a broker on loopback, and can break their connections: in the middle of a packet, as a
/// network does, and for a time.
///
/// One thread and one epoll carry all connections. A side that does not read holds up only its own connection, and no more
/// than ``Limits/buffer`` bytes wait in either direction.
package final class ByteRelay: Sendable {
  /// Where clients find it.
  package let address: BrokerAddress

  /// A connection that was broken inside a packet.
  package struct Cut: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of the packet that had passed, and its length.
    package var passed: Int
    package var total: Int
    /// Whether the packet was on its way to the broker.
    package var isTowardsBroker: Bool

    package var description: String {
      "after \(passed) of \(total) bytes of a packet to the \(isTowardsBroker ? "broker" : "client")"
    }
  }

  /// What passes through the relay.
  package enum Framing: Hashable, Sendable {
    case mqtt
    case bytes
  }

  /// Bounds, each with its reason.
  enum Limits {
    /// What waits in one direction of one connection: several reads' worth.
    static let buffer = 1 << 18
    static let read = 1 << 16
    static let backlog: Int32 = 1024
    /// How often orders are looked at while nothing passes.
    static let tick: Int32 = 5
  }

  struct Orders {
    var isStopped = false
    /// Connections that were open at the last order to cut have a lower number than this, and are broken at their next packet.
    var cutsBelow = 0
    var towardsBroker = false
    /// Whether nothing has been cut since the last order: then the next connection will do.
    var isPending = false
    var refusesConnections = false
    /// Whether connections are refused from the first cut on.
    var refusesAfterCut = false
    var cuts: [Cut] = []
    var nextConnection = 0
  }

  private let orders: OrdersBox

  /// Mutex is not copyable, so the thread and this class share it in a class.
  final class OrdersBox: Sendable {
    let state = Mutex(Orders())
  }

  /// Listens on a free loopback port, and connects every client to `broker`, whose host must be an IPv4 address or
  /// `localhost`. Throws ``MQTTError``.
  ///
  /// - Parameter framing: What passes. Of anything but MQTT, a connection is cut within the next piece that arrives.
  package init(to broker: BrokerAddress, framing: Framing = .mqtt) throws {
    let orders = OrdersBox()
    self.orders = orders
    let host = broker.host == "localhost" ? "127.0.0.1" : broker.host
    var target = LoopbackSocket.address(port: broker.port)
    guard inet_pton(AF_INET, host, &target.sin_addr) == 1 else {
      throw MQTTError.library(operation: "relay", reason: "\(broker.host) is no IPv4 address")
    }
    let listener = try LoopbackSocket.listen(backlog: Limits.backlog)
    address = BrokerAddress(host: "127.0.0.1", port: listener.port)
    let loop = RelayLoop(
      listener: listener.descriptor, target: target, orders: orders, framing: framing)
    Thread.detachNewThread { loop.run() }
  }

  deinit { stop() }

  /// Breaks every connection that is open now, each inside the next packet that passes in the given direction; where none is open,
  /// the next that is made.
  ///
  /// - Parameter refusing: Whether nobody is let in from the first cut on, until ``refuseConnections(_:)`` says otherwise.
  package func cutConnections(towardsBroker: Bool, refusing: Bool = false) {
    orders.state.withLock { orders in
      orders.cutsBelow = orders.nextConnection
      orders.towardsBroker = towardsBroker
      orders.isPending = true
      orders.refusesAfterCut = refusing
    }
  }

  /// The connections broken so far.
  package var cuts: [Cut] { orders.state.withLock { $0.cuts } }

  /// Whether who connects is turned away at once.
  package func refuseConnections(_ refuses: Bool) {
    orders.state.withLock { $0.refusesConnections = refuses }
  }

  /// Closes everything.
  package func stop() { orders.state.withLock { $0.isStopped = true } }
}

/// The relay's thread. Handed to that thread when it is made, and used by nobody else.
private struct RelayLoop: Sendable {
  let listener: Int32
  let target: sockaddr_in
  let orders: ByteRelay.OrdersBox
  let framing: ByteRelay.Framing

  /// One direction of a connection.
  private struct Direction {
    var buffer: [UInt8] = []
    var sent = 0
    var framing = PacketFraming()
    var isAtEnd = false

    var waiting: Int { buffer.count - sent }
  }

  private struct Connection {
    var number: Int
    var client: Int32
    var broker: Int32
    /// From the client, and from the broker.
    var outward = Direction()
    var inward = Direction()
  }

  func run() {
    let poller = epoll_create1(Int32(EPOLL_CLOEXEC))
    defer {
      close(listener)
      if poller >= 0 { close(poller) }
    }
    guard poller >= 0 else { return }
    watch(poller, listener, EPOLLIN.rawValue, isNew: true)
    var connections: [Int32: Connection] = [:]
    var owner: [Int32: Int32] = [:]
    var events = Array(repeating: epoll_event(), count: 256)
    var scratch = [UInt8](repeating: 0, count: ByteRelay.Limits.read)
    while !orders.state.withLock({ $0.isStopped }) {
      let count = epoll_wait(poller, &events, Int32(events.count), ByteRelay.Limits.tick)
      for event in events.prefix(Int(max(0, count))) {
        let descriptor = event.data.fd
        if descriptor == listener {
          accept(poller, &connections, &owner)
          continue
        }
        guard let key = owner[descriptor], var connection = connections[key] else { continue }
        let isAlive = serve(&connection, poller, &scratch)
        connections[key] = isAlive ? connection : nil
        if !isAlive {
          owner[connection.client] = nil
          owner[connection.broker] = nil
          close(connection.client)
          close(connection.broker)
        }
      }
    }
    for connection in connections.values {
      close(connection.client)
      close(connection.broker)
    }
  }

  private func accept(
    _ poller: Int32, _ connections: inout [Int32: Connection], _ owner: inout [Int32: Int32]
  ) {
    while true {
      let client = Foundation.accept(listener, nil, nil)
      guard client >= 0 else { return }
      let (refuses, number) = orders.state.withLock { orders in
        orders.nextConnection += 1
        return (orders.refusesConnections, orders.nextConnection - 1)
      }
      guard !refuses, let broker = LoopbackSocket.connect(target) else {
        close(client)
        continue
      }
      LoopbackSocket.prepare(client)
      LoopbackSocket.prepare(broker)
      connections[client] = Connection(number: number, client: client, broker: broker)
      owner[client] = client
      owner[broker] = client
      watch(poller, client, EPOLLIN.rawValue, isNew: true)
      watch(poller, broker, EPOLLIN.rawValue, isNew: true)
    }
  }

  /// Moves what can be moved. False where the connection is over.
  private func serve(_ connection: inout Connection, _ poller: Int32, _ scratch: inout [UInt8]) -> Bool {
    let number = connection.number
    guard
      move(connection.client, connection.broker, &connection.outward, number, true, &scratch),
      move(connection.broker, connection.client, &connection.inward, number, false, &scratch)
    else { return false }
    func wanted(reads direction: Direction, writes other: Direction) -> UInt32 {
      let reads = !direction.isAtEnd && direction.waiting < ByteRelay.Limits.buffer
      return (reads ? EPOLLIN.rawValue : 0) | (other.waiting > 0 ? EPOLLOUT.rawValue : 0)
    }
    watch(
      poller, connection.client, wanted(reads: connection.outward, writes: connection.inward), isNew: false)
    watch(
      poller, connection.broker, wanted(reads: connection.inward, writes: connection.outward), isNew: false)
    return true
  }

  private func move(
    _ source: Int32, _ sink: Int32, _ direction: inout Direction, _ number: Int, _ isTowardsBroker: Bool,
    _ scratch: inout [UInt8]
  ) -> Bool {
    if !direction.isAtEnd, direction.waiting < ByteRelay.Limits.buffer {
      let count = recv(source, &scratch, scratch.count, Int32(MSG_DONTWAIT))
      if count == 0 { direction.isAtEnd = true }
      if count < 0, errno != EAGAIN, errno != EINTR { return false }
      if count > 0 {
        let isCut = scratch.withUnsafeBytes { bytes in
          take(UnsafeRawBufferPointer(rebasing: bytes[..<count]), &direction, number, isTowardsBroker)
        }
        if isCut {
          // What had passed arrives, and then the connection is gone.
          _ = send(sink, &direction)
          return false
        }
      }
    }
    guard send(sink, &direction) else { return false }
    return !(direction.isAtEnd && direction.waiting == 0)
  }

  /// Takes over `bytes`, or a part of them where the connection is to be cut; says whether it is.
  private func take(
    _ bytes: UnsafeRawBufferPointer, _ direction: inout Direction, _ number: Int, _ isTowardsBroker: Bool
  ) -> Bool {
    let isOrdered = orders.state.withLock {
      (number < $0.cutsBelow || $0.isPending) && isTowardsBroker == $0.towardsBroker
    }
    if framing == .bytes {
      guard isOrdered else {
        direction.buffer.append(contentsOf: bytes)
        return false
      }
      let place = bytes.count / 2
      direction.buffer.append(contentsOf: bytes[..<place])
      note(ByteRelay.Cut(passed: place, total: bytes.count, isTowardsBroker: isTowardsBroker))
      return true
    }
    if isOrdered, let place = direction.framing.cut(in: bytes) {
      let part = UnsafeRawBufferPointer(rebasing: bytes[..<place])
      direction.framing.pass(part)
      direction.buffer.append(contentsOf: part)
      let cut = ByteRelay.Cut(
        passed: direction.framing.passed, total: direction.framing.total ?? 0,
        isTowardsBroker: isTowardsBroker)
      note(cut)
      return true
    }
    direction.framing.pass(bytes)
    direction.buffer.append(contentsOf: bytes)
    return false
  }

  private func note(_ cut: ByteRelay.Cut) {
    orders.state.withLock {
      $0.cuts.append(cut)
      if $0.isPending, $0.refusesAfterCut { $0.refusesConnections = true }
      $0.isPending = false
    }
  }

  /// Sends what waits, as far as the socket takes it. False where the connection is over.
  private func send(_ sink: Int32, _ direction: inout Direction) -> Bool {
    while direction.waiting > 0 {
      let count = direction.buffer.withUnsafeBytes { bytes in
        Foundation.send(
          sink, bytes.baseAddress?.advanced(by: direction.sent), direction.waiting,
          Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      direction.sent += count
    }
    direction.buffer.removeAll(keepingCapacity: true)
    direction.sent = 0
    return true
  }

  private func watch(_ poller: Int32, _ descriptor: Int32, _ wanted: UInt32, isNew: Bool) {
    var event = epoll_event()
    event.events = wanted
    event.data.fd = descriptor
    _ = epoll_ctl(poller, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event)
  }
}
