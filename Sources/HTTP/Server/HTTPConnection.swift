import CMicroHTTPD
import Foundation
import Synchronization

/// A connection, and the request that it carries at present.
///
/// Unchecked, and safe for this reason: what is in `exchange` is touched on the server's thread alone, `handle`, `descriptor` and
/// `client` never change, and everything else is atomic or behind a mutex.
final class HTTPConnection: @unchecked Sendable {
  /// The request of the connection, from its head to the end of its answer.
  struct Exchange {
    /// Nil before its head has come, and from when the handler is asked.
    var request: HTTPRequest?
    /// What the request is answered with, whatever its body says; the body is thrown away.
    var refusal: HTTPAnswer?
    /// How much of the body was thrown away.
    var discarded = 0
    /// Whether the handler has asked for time.
    var hasPromised = false
    /// Whether its answer is a stream.
    var isStreamed = false
  }

  /// The library's. It lives as long as the connection is in the table, and while it is suspended.
  let handle: OpaquePointer
  let descriptor: Int32
  let client: String
  var exchange = Exchange()

  private let phase = Atomic<UInt8>(ConnectionPhase.opened.rawValue)
  private let since: Atomic<Int64>
  private let later = Mutex(LaterAnswer())
  /// The answer that is being streamed.
  private let streamed = Mutex<HTTPStream?>(nil)

  init(_ handle: OpaquePointer) {
    self.handle = handle
    descriptor = mhd_descriptor(handle)
    client = ClientAddress.text(mhd_address(handle))
    since = Atomic(Self.now())
  }

  /// The time of deadlines: a clock that costs next to nothing, and is right to some milliseconds.
  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  func enter(_ phase: ConnectionPhase) {
    since.store(Self.now(), ordering: .relaxed)
    self.phase.store(phase.rawValue, ordering: .relaxed)
  }

  var sight: ConnectionWatch.Sight {
    ConnectionWatch.Sight(
      ConnectionPhase(rawValue: phase.load(ordering: .relaxed)) ?? .answering,
      since: since.load(ordering: .relaxed))
  }

  /// Ends the connection for both sides; the server's thread then finds it closed. Only while the table has it: its descriptor may be
  /// another's afterwards.
  func cut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Reads no more than what has come already. A request among that is answered still; without one the server's thread finds the
  /// connection closed.
  func closeForReading() { shutdown(descriptor, Int32(SHUT_RD)) }

  /// Whether the client has closed its side, and everything has been read that it sent before.
  var isReadToItsEnd: Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
  }

  // MARK: An answer that comes later

  /// What takes the answer, on whatever thread it comes. To be called on the server's thread, by the handler.
  func makeReply() -> HTTPReply {
    exchange.hasPromised = true
    let promise = later.withLock { $0.promise() }
    return HTTPReply { [self] answer in
      later.withLock { later in
        // Inside the lock: what is awaited is suspended, and has not been resumed yet.
        if later.arrive(answer, for: promise) { MHD_resume_connection(handle) }
      }
    }
  }

  /// What the server's thread does where the handler has not answered. It has suspended the connection where that is to wait.
  ///
  /// - Parameter ending: What is answered in place of waiting, where the server ends; asked inside the lock, so that nothing is
  ///   suspended behind the back of ``abandon(_:)``.
  func awaitAnswer(ending: () -> HTTPAnswer?) -> LaterAnswer.Step {
    later.withLock { later in
      let step = later.next(ending: ending())
      if case .wait = step {
        enter(.answering)
        MHD_suspend_connection(handle)
      }
      return step
    }
  }

  /// Waits for its answer no longer.
  func abandon(_ answer: HTTPAnswer) {
    later.withLock { later in
      if later.abandon(answer) { MHD_resume_connection(handle) }
    }
  }

  // MARK: An answer that is streamed

  /// Its answer is `stream` from now on.
  func stream(_ stream: HTTPStream) { streamed.withLock { $0 = stream } }

  /// Ends the answer that is being streamed, if one is.
  func endStream() { streamed.withLock { $0 }?.end() }

  /// Lets it stand still until ``resume()``. On the server's thread.
  func suspend() {
    enter(.streaming)
    MHD_suspend_connection(handle)
  }

  /// Only where it was suspended.
  func resume() { MHD_resume_connection(handle) }

  /// The request is over, answered or not.
  func endExchange() {
    if exchange.hasPromised { later.withLock { $0.forget() } }
    if exchange.isStreamed { streamed.withLock { $0 = nil } }
    exchange = Exchange()
    enter(.kept)
  }
}

/// What logs call a client.
enum ClientAddress {
  static func text(_ address: UnsafePointer<sockaddr>?) -> String {
    guard let address else { return "unknown" }
    let family = Int32(address.pointee.sa_family)
    if family == AF_UNIX { return "unix" }
    let raw = UnsafeRawPointer(address)
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let written: UnsafePointer<CChar>?
    switch family {
    case AF_INET:
      var number = raw.assumingMemoryBound(to: sockaddr_in.self).pointee.sin_addr
      written = inet_ntop(family, &number, &text, socklen_t(text.count))
    case AF_INET6:
      var number = raw.assumingMemoryBound(to: sockaddr_in6.self).pointee.sin6_addr
      written = inet_ntop(family, &number, &text, socklen_t(text.count))
    default: written = nil
    }
    guard written != nil else { return "unknown" }
    let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return name.hasPrefix("::ffff:") && name.contains(".") ? String(name.dropFirst(7)) : name
  }
}
