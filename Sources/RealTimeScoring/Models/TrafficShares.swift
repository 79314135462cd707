/// Which deployment answers a request that names none: each gets its share of the traffic exactly, evenly spread (smooth weighted
/// round-robin, as nginx has it).
package struct TrafficShares: Hashable, Sendable {
  private var entries: [Entry]
  private let total: Int

  private struct Entry: Hashable, Sendable {
    var name: String
    var share: Int
    var credit = 0
  }

  /// - Parameter shares: In percent or any other whole numbers of at least 0; one is above 0.
  package init(_ shares: [(name: String, share: Int)]) {
    entries = shares.map { Entry(name: $0.name, share: $0.share) }
    total = shares.reduce(0) { $0 + $1.share }
    precondition(total > 0, "no deployment has a share of the traffic")
  }

  /// The name of the deployment that the next request goes to.
  package mutating func next() -> String {
    guard entries.count > 1 else { return entries[0].name }
    var best = 0
    for index in entries.indices {
      entries[index].credit += entries[index].share
      if entries[index].credit > entries[best].credit { best = index }
    }
    entries[best].credit -= total
    return entries[best].name
  }
}
