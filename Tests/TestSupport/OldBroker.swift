import Foundation
import MQTT
import Synchronization

/// A broker of MQTT 3.1.1 alone: it stands before a real one, lets clients of that version through, and treats those of MQTT 5
/// as brokers do that do not know it. It can also forge what the real one answers to subscriptions.
package final class OldBroker: Sendable {
  /// What becomes of a client that asks for MQTT 5.
  package enum Manner: String, CaseIterable, Sendable {
    /// CONNACK of MQTT 5, “unsupported protocol version”.
    case refuses
    /// CONNACK of MQTT 3.1.1, “unacceptable protocol version”.
    case refusesInItsOwnVersion
    /// CONNACK of MQTT 3.1.1 that takes the connection.
    case answersInItsOwnVersion
    case closes
    case isSilent
    /// CONNACK of MQTT 5, “not authorized”: it knows MQTT 5 well.
    case turnsAway
  }

  private struct State {
    var sockets: Set<Int32> = []
    var versions: [UInt8] = []
    var isStopped = false
  }

  package let address: BrokerAddress
  private let manner: Manner?
  private let broker: BrokerAddress?
  private let answers: ForgedAnswers?
  private let lastWords: [UInt8]?
  private let delayMilliseconds: UInt32
  private let listener: Int32
  private let state = Mutex(State())

  /// The protocol levels that clients asked for: 4 is MQTT 3.1.1.
  package var versions: [UInt8] { state.withLock { $0.versions } }

  /// - Parameters:
  ///   - manner: Nil: clients of MQTT 5 are let through like the others.
  ///   - broker: Where clients of MQTT 3.1.1 are let through to, on loopback; nil: they are hung up on.
  ///   - delayMilliseconds: By how much later everything after CONNECT comes to the broker.
  ///   - answers: What stands in place of the broker's answers to subscriptions.
  ///   - lastWords: What clients that are hung up on get before that.
  package init(
    _ manner: Manner?, before broker: BrokerAddress?, delayMilliseconds: UInt32 = 0,
    answers: ForgedAnswers? = nil, lastWords: [UInt8]? = nil
  ) throws {
    self.manner = manner
    self.broker = broker
    self.answers = answers
    self.lastWords = lastWords
    self.delayMilliseconds = delayMilliseconds
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = Self.loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && getsockname(listener, address, &length) == 0
      }
    }
    guard isBound, listen(listener, 64) == 0 else { throw POSIXError(.EADDRINUSE) }
    self.address = BrokerAddress(host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { self.acceptAll() }
  }

  package func stop() {
    state.withLock { state in
      state.isStopped = true
      for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
    }
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private func acceptAll() {
    while true {
      let client = accept(listener, nil, nil)
      guard client >= 0, take(client) else {
        if client >= 0 { close(client) }
        close(listener)
        return
      }
      Thread.detachNewThread {
        self.serve(client)
        self.leave(client)
      }
    }
  }

  private func take(_ socket: Int32) -> Bool {
    state.withLock { state in
      guard !state.isStopped else { return false }
      state.sockets.insert(socket)
      return true
    }
  }

  /// Under the lock, so that nobody shuts down another's socket of the same number.
  private func leave(_ socket: Int32) {
    state.withLock { state in
      state.sockets.remove(socket)
      close(socket)
    }
  }

  private func serve(_ client: Int32) {
    var connect = [UInt8](repeating: 0, count: 1 << 16)
    var count = 0
    // Packet type, length, the name “MQTT” with its length, level.
    var level: Int? { connect[1..<max(2, count)].firstIndex { $0 < 0x80 }.map { $0 + 7 } }
    while level.map({ count <= $0 }) ?? true {
      let more = connect.withUnsafeMutableBytes { recv(client, $0.baseAddress! + count, $0.count - count, 0) }
      guard more > 0 else { return }
      count += more
    }
    guard let level else { return }
    state.withLock { $0.versions.append(connect[level]) }
    if connect[level] == 5, let manner { return treat(client, manner) }
    pass(client, Array(connect[..<count]))
  }

  private func treat(_ client: Int32, _ manner: Manner) {
    let answer: [UInt8]? =
      switch manner {
      case .refuses: [0x20, 0x03, 0x00, 0x84, 0x00]
      case .turnsAway: [0x20, 0x03, 0x00, 0x87, 0x00]
      case .refusesInItsOwnVersion: [0x20, 0x02, 0x00, 0x01]
      case .answersInItsOwnVersion: [0x20, 0x02, 0x00, 0x00]
      case .closes: nil
      case .isSilent: []
      }
    guard let answer else { return }
    if !answer.isEmpty { _ = send(client, answer, answer.count, Int32(MSG_NOSIGNAL)) }
    var byte: UInt8 = 0
    while recv(client, &byte, 1, 0) > 0 {}
  }

  private func pass(_ client: Int32, _ begin: [UInt8]) {
    guard let broker else {
      if let lastWords { _ = send(client, lastWords, lastWords.count, Int32(MSG_NOSIGNAL)) }
      return
    }
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.loopback(port: broker.port)
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected, take(server) else {
      close(server)
      return
    }
    _ = send(server, begin, begin.count, Int32(MSG_NOSIGNAL))
    let answered = DispatchSemaphore(value: 0)
    let forger = answers.flatMap { $0.spares(connect: begin) ? nil : AnswerForger($0) }
    Thread.detachNewThread {
      Self.copy(server, client, forger: forger)
      shutdown(client, Int32(SHUT_RDWR))
      answered.signal()
    }
    Self.copy(client, server, delayMilliseconds)
    // Half of the connection alone: the broker still reads what is under way, and the client sees its end when the broker has.
    shutdown(server, Int32(SHUT_WR))
    answered.wait()
    leave(server)
  }

  /// Until either side ends.
  private static func copy(
    _ source: Int32, _ sink: Int32, _ delayMilliseconds: UInt32 = 0, forger: AnswerForger? = nil
  ) {
    var forger = forger
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(source, &bytes, bytes.count, 0)
      guard count > 0 else { return }
      if delayMilliseconds > 0 { usleep(delayMilliseconds * 1000) }
      let passed = forger?.pass(bytes[..<count]) ?? Array(bytes[..<count])
      var sent = 0
      while sent < passed.count {
        let more = passed.withUnsafeBytes {
          send(sink, $0.baseAddress! + sent, passed.count - sent, Int32(MSG_NOSIGNAL))
        }
        guard more > 0 else { return }
        sent += more
      }
    }
  }
}

/// Runs `body` with an ``OldBroker``, which is stopped afterwards.
package func withOldBroker<Value>(
  _ manner: OldBroker.Manner?, before broker: BrokerAddress?, delayMilliseconds: UInt32 = 0,
  answers: ForgedAnswers? = nil, lastWords: [UInt8]? = nil, _ body: (OldBroker) async throws -> Value
) async throws -> Value {
  let old = try OldBroker(
    manner, before: broker, delayMilliseconds: delayMilliseconds, answers: answers,
    lastWords: lastWords)
  defer { old.stop() }
  return try await body(old)
}
