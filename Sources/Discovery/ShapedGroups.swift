/// Takes apart what is one pattern by its topics, and is not by its payloads: where the names of one level have payloads that no entry reads
/// along with those of the others, each of these names becomes a pattern of its own.
struct ShapedGroups {
  private let tree: TopicTree
  /// Of the payloads of each topic; none where they say nothing.
  private let shapes: [Int: PayloadShape]

  init(_ tree: TopicTree, shapes: [Int: PayloadShape]) {
    self.tree = tree
    self.shapes = shapes
  }

  /// `group`, and before it those that are taken out of it.
  func split(_ group: TopicGroup) -> [TopicGroup] {
    var main = group
    var apart: [TopicGroup] = []
    guard let shape = mainShape(of: group.nodes),
      group.nodes.contains(where: { shapes[$0].map { !$0.isLike(shape) } ?? false })
    else { return [group] }
    while apart.count < DiscoveryDefaults.maximumNamesApart, let (level, names) = best(main, shape) {
      let out = Set(names.prefix(DiscoveryDefaults.maximumNamesApart - apart.count))
      for name in out.sorted() {
        var one = TopicGroup(
          levels: main.levels, nodes: main.nodes.filter { self.name($0, level, main) == name })
        one.levels[level] = .text(name)
        one.isApart = true
        apart += split(one)
      }
      main.nodes = main.nodes.filter { !out.contains(self.name($0, level, main)) }
      let left = Set(main.nodes.map { self.name($0, level, main) })
      // A name that is like no other is none of many any more.
      if left.count == 1, let name = left.first, TopicWords.stem(name) == nil, !isNameless(main, level) {
        main.levels[level] = .text(name)
      }
    }
    return apart + [main]
  }

  /// That of most messages, and of readings where there are any.
  private func mainShape(of nodes: [Int]) -> PayloadShape? {
    var counts: [PayloadShape: Int] = [:]
    for node in nodes {
      guard let shape = shapes[node] else { continue }
      counts[shape, default: 0] += tree.nodes[node].tally?.sample.kept.count ?? 0
    }
    let most = counts.max { a, b in
      let (isA, isB) = (a.key.isOfReadings ? 1 : 0, b.key.isOfReadings ? 1 : 0)
      return (isA, a.value, b.key.rawValue) < (isB, b.value, a.key.rawValue)
    }
    return most?.key
  }

  /// The level whose names take the most topics out of `group` that are not like `shape`, and these names.
  private func best(_ group: TopicGroup, _ shape: PayloadShape) -> (level: Int, names: [String])? {
    var best: (level: Int, names: [String], topics: Int)?
    for level in group.levels.indices where group.levels[level] == .varies && !isNameless(group, level) {
      var strange: [String: Int] = [:]
      var firm: Set<String> = []
      var known: Set<String> = []
      for node in group.nodes {
        let name = name(node, level, group)
        guard let other = shapes[node], !other.isLike(shape) else {
          known.insert(name)
          continue
        }
        strange[name, default: 0] += 1
        if other.isOfReadings { firm.insert(name) }
      }
      let stems = Set(known.compactMap(TopicWords.stem))
      let names = strange.keys.filter { name in
        // Of one of many that are alike a word or a fault is no other kind.
        !known.contains(name) && (firm.contains(name) || TopicWords.stem(name).map(stems.contains) != true)
      }
      let topics = names.reduce(0) { $0 + (strange[$1] ?? 0) }
      guard topics > 0, !known.isEmpty, names.count <= DiscoveryDefaults.maximumNamesApart else { continue }
      if let best, (topics, best.names.count) <= (best.topics, names.count) { continue }
      best = (level, names.sorted(), topics)
    }
    return best.map { ($0.level, $0.names) }
  }

  /// Whether the level stands for names that are not told apart.
  private func isNameless(_ group: TopicGroup, _ level: Int) -> Bool {
    group.nodes.contains { node in
      let place = place(node, level, group)
      return tree.nodes[tree.nodes[place].parent].others == place
    }
  }

  private func name(_ node: Int, _ level: Int, _ group: TopicGroup) -> String {
    tree.nodes[place(node, level, group)].name
  }

  /// The level of the topic at `node`.
  private func place(_ node: Int, _ level: Int, _ group: TopicGroup) -> Int {
    var place = node
    for _ in level + 1..<group.levels.count { place = tree.nodes[place].parent }
    return place
  }
}
