import Telemetry

/// The topics that were seen, level by level. Bounded: names beyond the bounds share a level that has none.
struct TopicTree: Sendable {
  struct Node: Sendable {
    let name: String
    let parent: Int
    var children: [String: Int] = [:]
    /// The level that stands for the names that are not told apart.
    var others = -1
    var tally: TopicTally?
  }

  /// The first is the root, which is no level.
  private(set) var nodes = [Node(name: "", parent: -1)]
  /// How many nodes have a ``Node/tally``.
  private(set) var topics = 0

  /// The node of `topic`; nil where it is too long or too deep, or there is no more room and no level without a name on its way.
  mutating func node(of topic: String) -> Int? {
    guard topic.utf8.count <= DiscoveryDefaults.maximumTopicBytes else { return nil }
    let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
    guard levels.count <= DiscoveryDefaults.maximumLevels else { return nil }
    var node = 0
    for level in levels {
      if let child = nodes[node].children[String(level)] {
        node = child
      } else if nodes[node].others >= 0 {
        node = nodes[node].others
      } else {
        // The last places are for levels without a name, without which nothing more could be counted by its place.
        let isFull = nodes.count >= DiscoveryDefaults.maximumNodes - 256
        if nodes[node].children.count < DiscoveryDefaults.maximumNamesOfALevel, !isFull {
          node = add(String(level), below: node)
        } else {
          guard nodes.count < DiscoveryDefaults.maximumNodes else { return nil }
          node = add(nil, below: node)
        }
      }
    }
    if nodes[node].tally == nil {
      nodes[node].tally = TopicTally()
      topics += 1
    }
    return node
  }

  private mutating func add(_ name: String?, below parent: Int) -> Int {
    nodes.append(Node(name: name ?? "+", parent: parent))
    let node = nodes.count - 1
    if let name { nodes[parent].children[name] = node } else { nodes[parent].others = node }
    return node
  }

  subscript(tally node: Int) -> TopicTally {
    get { nodes[node].tally ?? TopicTally() }
    _modify {
      var tally = nodes[node].tally ?? TopicTally()
      nodes[node].tally = nil
      yield &tally
      nodes[node].tally = tally
    }
  }
}

/// What is counted of one topic.
struct TopicTally: Sendable {
  var messages = 0
  var retained = 0
  /// Longer than ingestion reads.
  var tooLarge = 0
  var bytes = 0
  var sample = TopicSample()

  mutating func add(_ other: TopicTally) {
    messages += other.messages
    retained += other.retained
    tooLarge += other.tooLarge
    bytes += other.bytes
  }
}
