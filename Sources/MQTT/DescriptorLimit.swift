import Foundation

/// How many files and sockets this process may have open, and how many connections that is.
package enum DescriptorLimit {
  /// What a connection of the client library takes: its socket, and the pair by which a thread would be woken.
  package static let perConnection = 3
  /// What a process needs beside its connections: logs, pipes, databases.
  static let reserve = 64

  /// The limit in force.
  package static var current: Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
    return Int(clamping: limit.rlim_cur)
  }

  /// Raises the limit in force as far as it may be raised without being root; children inherit it. Debian starts programs
  /// with 1,024 of more than half a million that are allowed.
  package static func raise() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
    else { return }
    limit.rlim_cur = limit.rlim_max
    // Where this fails, the limit that was in force still is, and the check below speaks of that.
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  /// How many connections this process may open.
  package static var mostConnections: Int { max(0, current - reserve) / perConnection }

  /// How many processes it takes to open `connections`.
  package static func processes(for connections: Int) -> Int {
    let most = max(1, mostConnections)
    return max(1, (connections + most - 1) / most)
  }

  /// Throws ``MQTTError/tooFewDescriptors(connections:needed:limit:)`` where `connections` are more than can be opened.
  static func check(connections: Int) throws(MQTTError) {
    let needed = connections * perConnection + reserve
    let limit = current
    guard needed <= limit else {
      throw .tooFewDescriptors(connections: connections, needed: needed, limit: limit)
    }
  }
}
