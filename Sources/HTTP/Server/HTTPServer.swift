import CMicroHTTPD
import Dispatch
import Foundation
import Glibc
import Synchronization

/// An HTTP/1.1 server over libmicrohttpd: one thread that waits for all connections at once and asks a handler for each answer. A second
/// one looks now and then for connections that are too slow.
///
/// It listens from its `init` to ``stop(within:)``, or until it is let go, which must not happen on its own thread.
///
/// Unchecked, and safe for this reason: the library's functions that are used may be called from any thread, and the last of them is
/// called once, by ``stop(within:)``, after which `daemon` is used no more.
package final class HTTPServer: @unchecked Sendable {
  private let core: ServerCore
  private let socket: ListeningSocket
  private let daemon: OpaquePointer
  private let complaints: UnsafeMutablePointer<mhd_complaints>
  private let watcher: Watcher
  private let isStopped = Atomic<Bool>(false)

  /// Listens at once: requests may come before this returns. Throws where it cannot.
  package init(_ settings: HTTPServerSettings, handler: any HTTPHandler) throws(HTTPServerError) {
    let tls = try settings.tls.map { files throws(HTTPServerError) in try TLSTexts(files) }
    let socket = try ListeningSocket(settings.address, mode: settings.socketFileMode)
    let core = ServerCore(settings, handler: handler)
    let complaints = UnsafeMutablePointer<mhd_complaints>.allocate(capacity: 1)
    complaints.initialize(to: mhd_complaints())
    guard let daemon = Self.start(settings.limits, tls, socket, core, complaints) else {
      socket.close()
      socket.removeFile()
      let reason = String(cString: mhd_first_complaint(complaints))
      complaints.deallocate()
      if let files = settings.tls { throw .badTLSFile(path: files.certificate, reason: reason) }
      throw .library(reason)
    }
    self.core = core
    self.socket = socket
    self.daemon = daemon
    self.complaints = complaints
    watcher = Watcher(ConnectionWatch(settings.limits), core.table)
  }

  deinit {
    stop(within: .zero)
    complaints.deallocate()
  }

  private static func start(
    _ limits: ServerLimits, _ tls: TLSTexts?, _ socket: ListeningSocket, _ core: ServerCore,
    _ complaints: UnsafeMutablePointer<mhd_complaints>
  ) -> OpaquePointer? {
    var settings = mhd_settings()
    // A descriptor of its own: where it does not start, the library closes it, or forgets to.
    let listening = socket.duplicate()
    settings.listening_socket = listening
    settings.connection_bytes = limits.headerBytes
    settings.connections = UInt32(clamping: limits.connections)
    settings.connections_per_client = UInt32(clamping: limits.connectionsPerClient ?? 0)
    settings.stack_bytes = HTTPDefaults.stackBytes
    settings.complaints = complaints
    let daemon =
      if let tls {
        tls.certificate.withCString { certificate in
          tls.key.withCString { key in
            TLSTexts.priorities.withCString { priorities in
              settings.certificate = certificate
              settings.key = key
              settings.priorities = priorities
              return ServerCallbacks.start(&settings, core)
            }
          }
        }
      } else {
        ServerCallbacks.start(&settings, core)
      }
    if daemon == nil { socket.close(duplicate: listening) }
    return daemon
  }

  /// The port that it listens on, also where any free one was asked for; nil for a socket file.
  package var port: Int? {
    if case .network(_, let port) = socket.address.place { port } else { nil }
  }

  /// Where it listens, with that port.
  package var address: ListenAddress { socket.address }

  /// What has come to pass so far, for metrics.
  package var counts: HTTPServerCounts {
    var counts = core.table.counts
    counts.complaints = Int(clamping: mhd_complaint_count(complaints))
    return counts
  }

  /// That of libmicrohttpd, as it is loaded: 0.9.75.
  package static var libraryVersion: String { String(cString: MHD_get_version()) }

  // MARK: The end

  /// Ends the server, and waits for it: it stops listening, closes connections that wait, and answers every request whose head has come,
  /// those of connections too that nobody has accepted yet. After `patience` it ends anyway: what has no answer then gets 503. The first call
  /// alone does anything. Not to be called from the handler.
  ///
  /// - Returns: How many requests were cut off without their answer.
  @discardableResult
  package func stop(within patience: Duration) -> Int {
    guard !isStopped.exchange(true, ordering: .sequentiallyConsistent) else { return 0 }
    let deadline = ContinuousClock.now + patience
    socket.removeFile()
    core.drain()
    wakeThread()
    waitUntilEmpty(deadline)
    let cut = core.table.unanswered
    core.end()
    if cut > 0 { waitUntilEmpty(ContinuousClock.now + HTTPDefaults.farewell) }
    watcher.stop()
    MHD_stop_daemon(daemon)
    if let listening = core.abandonedSocket { close(listening) }
    socket.close()
    return cut
  }

  /// Gives the library's thread something to do: a connection that is closed already. Where all are taken it is refused, and the end of the
  /// next one does the same.
  private func wakeThread() {
    var pair: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else { return }
    close(pair[1])
    var address = sockaddr()
    address.sa_family = sa_family_t(AF_UNIX)
    mhd_add_connection(daemon, pair[0], &address, socklen_t(MemoryLayout<sockaddr>.size))
  }

  private func waitUntilEmpty(_ deadline: ContinuousClock.Instant) {
    var isListening = true
    // How many connections there must have been before none counts as the end, and how often that is waited for.
    var expected = 0
    var rounds = HTTPDefaults.mostRoundsForThoseWhoWait
    repeat {
      if isListening, let abandoned = core.abandonedSocket {
        isListening = false
        expected = core.table.counts.accepted + acceptWaiting(abandoned)
        // It must not be closed while the library's thread lives, but nobody should wait there for nothing.
        shutdown(abandoned, Int32(SHUT_RDWR))
      }
      core.table.closeIdle()
      if !isListening, core.table.isEmpty {
        if core.table.counts.accepted >= expected || rounds == 0 { return }
        rounds -= 1
      }
      Thread.sleep(forTimeInterval: HTTPDefaults.drainPauseSeconds)
    } while ContinuousClock.now < deadline
  }

  /// Hands to the library whom the kernel has let in, and returns how many: closing the socket would break their connections.
  private func acceptWaiting(_ listening: Int32) -> Int {
    for count in 0..<Int(HTTPDefaults.backlog) {
      var address = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let isDone = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
          let accepted = accept(listening, pointer, &length)
          guard accepted >= 0 else { return true }
          _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
          mhd_add_connection(daemon, accepted, pointer, length)
          return false
        }
      }
      if isDone { return count }
    }
    return Int(HTTPDefaults.backlog)
  }
}

/// What a server has counted since it started.
package struct HTTPServerCounts: Hashable, Sendable {
  /// Connections that are open now.
  package var connections = 0
  /// Connections that were ever opened.
  package var accepted = 0
  /// Connections that were cut since they took too long.
  package var cutForSlowness = 0
  /// Connections that were cut since all were taken and others waited.
  package var cutForRoom = 0
  /// What the library complained of: broken requests, connections that ended in the middle of something, failed TLS handshakes.
  package var complaints = 0
}
