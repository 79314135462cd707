import Files
import Synchronization

/// The keys of a file, while a service runs: what the file has now counts, and nothing has to be started again.
package final class KeyRing: Sendable {
  private struct Entry {
    var client: Int
    var digest: KeyDigest
    var firstDigits: String
  }

  private struct State {
    var clients: [AccessKeys.Client]
    var entries: [Entry]
    /// By client.
    var limits: [RateLimit?]
    var stamp: FileStamp?
    var lastLook: ContinuousClock.Instant

    mutating func put(_ keys: AccessKeys) {
      let former = Dictionary(zip(clients.map(\.name), limits)) { first, _ in first }
      clients = keys.clients
      entries = clients.enumerated().flatMap { index, client in
        [client.primary, client.secondary].compactMap { $0 }.map {
          Entry(client: index, digest: $0, firstDigits: $0.firstDigits)
        }
      }
      // A client keeps what it has used up, unless its rate is another one.
      limits = clients.map { client in
        guard let rate = client.requestsPerSecond else { return nil }
        if let limit = former[client.name] ?? nil, limit.perSecond == rate { return limit }
        return RateLimit(perSecond: rate)
      }
    }
  }

  /// How often the file is looked at, while requests come.
  package static let lookInterval = Duration.seconds(1)

  private let path: String
  private let notice: @Sendable (String) -> Void
  private let state: Mutex<State>

  /// Reads the file at `path`. Throws ``KeyFileError``.
  ///
  /// - Parameter notice: Told in a sentence when the file was read again, and why it could not be. It is called inside the ring's lock.
  package init(
    _ path: String, now: ContinuousClock.Instant = .now,
    notice: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(KeyFileError) {
    self.path = path
    self.notice = notice
    // Its stamp first: what is written meanwhile is then seen as a change.
    let stamp = FileStamp(path)
    var state = State(clients: [], entries: [], limits: [], stamp: stamp, lastLook: now)
    state.put(try KeyFile.read(path))
    self.state = Mutex(state)
  }

  /// Says whether a request may be answered, by its `Authorization` header: `Bearer KEY` (RFC 6750, 2.1).
  package func check(authorization: String?, now: ContinuousClock.Instant = .now) -> KeyVerdict {
    guard let key = authorization.flatMap(Self.key) else { return .missing }
    let digest = KeyDigest(of: key)
    return state.withLock { state in
      look(&state, now)
      // All of them, so that the time says nothing of which it was.
      var found: Entry?
      for entry in state.entries where entry.digest.isSame(digest) { found = entry }
      guard let found else { return .wrong }
      let client = state.clients[found.client].name
      if let wait = state.limits[found.client]?.take(at: now) {
        return .tooFast(client: client, digest: found.firstDigits, retryAfter: wait)
      }
      return .accepted(client: client, digest: found.firstDigits)
    }
  }

  /// The client whose key a request has; nil where it is nobody's. Unlike ``check(authorization:now:)`` it counts nothing.
  package func client(authorization: String?) -> String? {
    guard let key = authorization.flatMap(Self.key) else { return nil }
    let digest = KeyDigest(of: key)
    return state.withLock { state in
      var found: Entry?
      for entry in state.entries where entry.digest.isSame(digest) { found = entry }
      return found.map { state.clients[$0.client].name }
    }
  }

  /// The first digits of the digest of the key in an `Authorization` header, for logs, whoever's it is; nil where there is none.
  package static func firstDigits(authorization: String?) -> String? {
    authorization.flatMap(key).map { KeyDigest(of: $0).firstDigits }
  }

  /// What follows `Bearer`, which may be spelled in any case; nil where the header says anything else.
  private static func key(_ header: String) -> Substring.UTF8View? {
    let scheme = "bearer".utf8
    let start = header.utf8.prefix(scheme.count)
    let rest = header.utf8.dropFirst(scheme.count)
    // Setting a letter's bit makes it a small one.
    guard start.count == scheme.count, zip(start, scheme).allSatisfy({ $0 | 0x20 == $1 }), rest.first == 0x20
    else { return nil }
    let key = rest.drop { $0 == 0x20 }
    return key.isEmpty ? nil : key
  }

  /// Reads the file again where it has changed. One that is broken changes nothing, and is told of once.
  private func look(_ state: inout State, _ now: ContinuousClock.Instant) {
    guard now - state.lastLook >= Self.lookInterval else { return }
    state.lastLook = now
    let stamp = FileStamp(path)
    guard stamp != state.stamp else { return }
    state.stamp = stamp
    do {
      state.put(try KeyFile.read(path))
      notice("the keys were read again: \(state.clients.count) client\(state.clients.count == 1 ? "" : "s")")
    } catch {
      notice("the keys stay as they were: \(error)")
    }
  }
}
