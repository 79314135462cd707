import Synchronization

/// The connections that are open. A connection is taken out before the library closes its descriptor, and so whatever is done to one under
/// the table's lock is done to the right one.
final class ConnectionTable: Sendable {
  private struct State {
    var open: [ObjectIdentifier: HTTPConnection] = [:]
    var counts = HTTPServerCounts()
  }

  private let state = Mutex(State())

  func add(_ connection: HTTPConnection) {
    state.withLock {
      $0.open[ObjectIdentifier(connection)] = connection
      $0.counts.accepted += 1
    }
  }

  func remove(_ connection: HTTPConnection) {
    _ = state.withLock { $0.open.removeValue(forKey: ObjectIdentifier(connection)) }
  }

  var counts: HTTPServerCounts {
    state.withLock { state in
      var counts = state.counts
      counts.connections = state.open.count
      return counts
    }
  }

  var isEmpty: Bool { state.withLock { $0.open.isEmpty } }

  /// How many have a request that is not answered.
  var unanswered: Int { state.withLock { $0.open.values.count { !$0.sight.phase.isIdle } } }

  /// Cuts those that are too slow.
  func cut(_ watch: ConnectionWatch, now: Int64) {
    state.withLock { state in
      let open = Array(state.open.values)
      for cut in watch.cuts(open.map(\.sight), now: now) {
        open[cut.position].cut()
        switch cut.reason {
        case .tooSlow: state.counts.cutForSlowness += 1
        case .makesRoom: state.counts.cutForRoom += 1
        }
      }
    }
  }

  /// Cuts those whose client has closed its side, and so will never send what is waited for. Mostly the library sees that by itself; but where the
  /// client's last bytes and its end come at once, it reads the bytes, and the kernel tells of the end but once.
  ///
  /// - Parameter since: Those that have changed later are left to the library.
  func cutDeserted(since: Int64) {
    state.withLock { state in
      for connection in state.open.values {
        let sight = connection.sight
        guard sight.since < since else { continue }
        if sight.phase == .streaming {
          // It is suspended, and the library does not look at it.
          if connection.isReadToItsEnd { connection.endStream() }
        } else if sight.phase.isIdle || sight.phase == .receiving, connection.isReadToItsEnd {
          connection.cut()
        }
      }
    }
  }

  /// Closes those that have no request.
  func closeIdle() {
    state.withLock { state in
      for connection in state.open.values where connection.sight.phase.isIdle { connection.closeForReading() }
    }
  }

  /// Ends the answers that are being streamed, after what has left of them.
  func endStreams() {
    for connection in state.withLock({ Array($0.open.values) }) { connection.endStream() }
  }

  /// Waits for no answer any longer.
  func abandonAll(_ answer: HTTPAnswer) {
    for connection in state.withLock({ Array($0.open.values) }) { connection.abandon(answer) }
  }
}
