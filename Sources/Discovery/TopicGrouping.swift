/// A level of the topics of a pattern.
package enum TopicLevel: Hashable, Sendable {
  case text(String)
  /// Every topic may have another name here.
  case varies
}

/// Topics that differ only where their pattern varies.
struct TopicGroup {
  var levels: [TopicLevel]
  /// Nodes of the tree, each a topic, or the topics that are not told apart.
  var nodes: [Int]
  /// Whether other topics that only these levels tell from them have payloads of another shape: none of the levels may be taken to vary.
  var isApart = false
}

/// Finds which levels of topics vary.
///
/// A level varies among names whose topics below, and payloads, are alike: `tele/plug-1/SENSOR` and `tele/plug-2/SENSOR` are, `tele/plug-1/SENSOR`
/// and `tele/plug-1/STATE` are not. What is alike is told by features: how far below, the last level's name, and the kind of payload with
/// its outer members.
struct TopicGrouping {
  private let tree: TopicTree
  /// Of the payloads of each topic.
  private let features: [Int: Set<String>]
  private var signatures: [Int: Set<String>] = [:]
  private var found: [[TopicLevel]: Int] = [:]
  private(set) var groups: [TopicGroup] = []

  /// Sets of features have so many at most.
  private static let mostFeatures = 96
  /// So many sorts of names of one level are told apart; the others are of the largest.
  private static let mostSorts = 32
  /// So many names of one level, each with payloads of its own, are still one level that varies.
  private static let manyNames = 12

  init(_ tree: TopicTree, features: [Int: Set<String>], shapes: [Int: PayloadShape]) {
    self.tree = tree
    self.features = features
    walk([0], [])
    let shaped = ShapedGroups(tree, shapes: shapes)
    groups = groups.flatMap(shaped.split)
  }

  private mutating func walk(_ nodes: [Int], _ levels: [TopicLevel]) {
    let topics = nodes.filter { tree.nodes[$0].tally != nil }
    if !topics.isEmpty { add(topics, levels) }
    var byName: [String: [Int]] = [:]
    var nameless: [Int] = []
    for node in nodes {
      for (name, child) in tree.nodes[node].children { byName[name, default: []].append(child) }
      if tree.nodes[node].others >= 0 { nameless.append(tree.nodes[node].others) }
    }
    guard nameless.isEmpty else {
      // More names than are told apart: no list of them could be literal.
      return walk(byName.sorted { $0.key < $1.key }.flatMap(\.value) + nameless, levels + [.varies])
    }
    for sort in sorts(of: byName, parents: nodes.count) {
      let children = sort.flatMap { byName[$0] ?? [] }
      walk(children, levels + [sort.count == 1 ? .text(sort[0]) : .varies])
    }
  }

  private mutating func add(_ topics: [Int], _ levels: [TopicLevel]) {
    if let place = found[levels] {
      groups[place].nodes += topics
    } else {
      found[levels] = groups.count
      groups.append(TopicGroup(levels: levels, nodes: topics))
    }
  }

  private struct Sort {
    var names: [String]
    var signature: Set<String>
    var stems: Set<String>
  }

  /// The names of a level, those together that are alike. A sort of one name is that name and no other.
  private mutating func sorts(of byName: [String: [Int]], parents: Int) -> [[String]] {
    var sorts: [Sort] = []
    var more: [String] = []
    for name in byName.keys.sorted() {
      var signature: Set<String> = []
      for node in byName[name] ?? [] where signature.count < Self.mostFeatures {
        signature.formUnion(self.signature(node))
      }
      let stem = TopicWords.stem(name)
      let place = sorts.firstIndex { sort in
        if let stem, sort.stems.contains(stem) { return true }
        guard !TopicWords.isFixed(name), !sort.names.allSatisfy(TopicWords.isFixed) else {
          // Words such as SENSOR are one level only where they name what is measured.
          return signature == sort.signature && signature.allSatisfy { $0.hasSuffix("|number") }
        }
        return Self.areAlike(signature, sort.signature)
      }
      if let place {
        sorts[place].names.append(name)
        if sorts[place].signature.count < Self.mostFeatures { sorts[place].signature.formUnion(signature) }
        if let stem { sorts[place].stems.insert(stem) }
      } else if sorts.count < Self.mostSorts {
        sorts.append(Sort(names: [name], signature: signature, stems: stem.map { [$0] } ?? []))
      } else {
        more.append(name)
      }
    }
    if !more.isEmpty, let largest = sorts.indices.max(by: { sorts[$0].names.count < sorts[$1].names.count }) {
      sorts[largest].names += more
    }
    return joined(sorts, byName, parents: parents).map(\.names)
  }

  /// Names that are of no sort, with those that are.
  private func joined(_ sorts: [Sort], _ byName: [String: [Int]], parents: Int) -> [Sort] {
    var sorts = sorts
    // The same few names below most of several devices are kinds of messages, however alike these are.
    if parents > 1 {
      sorts = sorts.flatMap { sort -> [Sort] in
        let isRepeated = sort.names.allSatisfy { (byName[$0]?.count ?? 0) * 2 > parents }
        guard sort.names.count > 1, sort.names.count <= 8, isRepeated, sort.stems.isEmpty,
          sort.signature.allSatisfy({ $0.hasPrefix("0||json") })
        else { return [sort] }
        return sort.names.map { Sort(names: [$0], signature: sort.signature, stems: []) }
      }
      return sorts
    }
    func isPlain(_ sort: Sort) -> Bool {
      sort.signature.allSatisfy { $0.hasPrefix("0||json") } && !sort.names.contains(where: TopicWords.isFixed)
    }
    // Messages of JSON with other members: another kind of device. Lists beside objects are not.
    let shapes = Set(sorts.filter(isPlain).map { Self.shapes($0.signature) })
    for shape in shapes.sorted(by: { $0.sorted().lexicographicallyPrecedes($1.sorted()) }) {
      let alike = sorts.indices.filter { isPlain(sorts[$0]) && Self.shapes(sorts[$0].signature) == shape }
      let single = alike.filter { sorts[$0].names.count == 1 }
      if let several = alike.first(where: { sorts[$0].names.count > 1 }), !single.isEmpty {
        for index in single { sorts[several].names += sorts[index].names }
        for index in single.reversed() { sorts.remove(at: index) }
      } else if single.count >= Self.manyNames {
        let names = single.flatMap { sorts[$0].names }
        for index in single.reversed() { sorts.remove(at: index) }
        sorts.append(Sort(names: names, signature: [], stems: []))
      }
    }
    return sorts
  }

  private static func areAlike(_ a: Set<String>, _ b: Set<String>) -> Bool {
    func share(_ a: Set<String>, _ b: Set<String>) -> Bool {
      let least = min(a.count, b.count)
      return least > 0 && a.intersection(b).count * 2 >= least
    }
    return share(a, b) || share(structure(a), structure(b))
  }

  /// Of topics below a level, what they are called and whether they are JSON, without its members: two devices may have other sensors. Names
  /// with numbers are those of devices, and say nothing of what is sent there.
  private static func structure(_ signature: Set<String>) -> Set<String> {
    shapes(
      signature.filter { feature in
        guard !feature.hasPrefix("0|"), let end = feature.firstRange(of: "|json") else { return false }
        let last = feature[..<end.lowerBound].drop { $0 != "|" }.dropFirst()
        return TopicWords.stem(String(last)) == nil
      })
  }

  /// The features of JSON without its members.
  private static func shapes(_ signature: Set<String>) -> Set<String> {
    Set(signature.map { String($0.prefix { $0 != ":" }) })
  }

  /// The features of the topics at `node` and below.
  private mutating func signature(_ node: Int) -> Set<String> {
    if let known = signatures[node] { return known }
    var signature: Set<String> = []
    collect(node, depth: 0, last: "", into: &signature)
    signatures[node] = signature
    return signature
  }

  private func collect(_ node: Int, depth: Int, last: String, into signature: inout Set<String>) {
    if tree.nodes[node].tally != nil {
      for feature in features[node] ?? [] where signature.count < Self.mostFeatures {
        signature.insert("\(depth)|\(last)|\(feature)")
        // What a number is called need not be the same: pumps and motors are both devices.
        if depth > 0, feature == "number" { signature.insert("\(depth)||number") }
      }
    }
    guard signature.count < Self.mostFeatures else { return }
    for (name, child) in tree.nodes[node].children.sorted(by: { $0.key < $1.key }).prefix(64) {
      collect(child, depth: depth + 1, last: name, into: &signature)
    }
    if tree.nodes[node].others >= 0 {
      collect(tree.nodes[node].others, depth: depth + 1, last: "+", into: &signature)
    }
  }
}
