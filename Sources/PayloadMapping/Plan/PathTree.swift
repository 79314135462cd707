import Foundation

/// What the paths of an entry mean for the members of its payloads: a node for each place that was met, so that a member's name
/// is compared with the paths once, and from then on only with the name that came here before.
///
/// The tree is an automaton of the paths (each part of a path that may go on is a thread), made as payloads ask for it.
struct PathTree: Sendable {
  /// Bounds the memory where names do not repeat; the tree then begins again with the next payload.
  static let maximumNodes = 1 << 12

  /// A place in payloads.
  struct Node: Sendable {
    /// Where its name stands in ``PathTree/names``.
    var nameStart: Int32
    var nameLength: Int32
    var parent: Int32
    /// The member that came first, and the one after this, the last time: mostly they come again.
    var firstMember: Int32 = -1
    var nextMember: Int32 = -1
    /// The one node of all elements of a list, where their numbers mean nothing.
    var elements: Int32 = -1
    /// The places in ``PathTree/slots`` that read it.
    var slotStart: Int32 = 0
    var slotCount: Int16 = 0
    /// Which path of values it is under; −1: none.
    var rule: Int16 = -1
    /// How many names above it are of that path, and how many there are in all.
    var ruleDepth: Int16 = 0
    var depth: Int16 = 0
    /// The depth of its record; −1 outside.
    var recordDepth: Int16 = -1
    /// Whether its name is written in JSON as it is.
    var isPlain = false
    /// An element of a list, called by its number.
    var isElement = false
    var isRecord = false
    /// Whether anything below it matters.
    var hasInterest = false
    /// Whether a path goes on below it.
    var hasThreads = false
    /// Whether it stands for the same member of many elements, outside of records.
    var isShared = false
    var isLeftOut = false
    /// Read as something else, and therefore no value.
    var isRead = false
    /// Whether a list here has values as elements.
    var takesElements = false
    /// The place in ``sensors``; −1 where it was not looked for.
    var sensor: Int32 = -1
  }

  private struct Thread: Sendable {
    var path: Int
    /// The part that comes next.
    var part: Int
    /// The names that `{name}` has got.
    var captured: [[UInt8]]
  }

  private let plan: EntryPlan
  private(set) var nodes: [Node] = []
  private(set) var names: [UInt8] = []
  private(set) var slots: [Int] = []
  private var threads: [[Thread]] = []
  /// What `{name}` got in the path of records, and in that of the values.
  private(set) var recordNames: [[[UInt8]]] = []
  private(set) var ruleNames: [[[UInt8]]] = []
  /// Open addressing over (parent, name): nodes, −1 where free. A power of two, at most half full.
  private var table: [Int32] = []

  static let root = 0

  init(_ plan: EntryPlan) {
    self.plan = plan
    clear()
  }

  var isFull: Bool { nodes.count >= Self.maximumNodes }

  /// Forgets every place but the root.
  mutating func clear() {
    nodes = []
    names = []
    slots = []
    threads = []
    recordNames = []
    ruleNames = []
    table = [Int32](repeating: -1, count: 64)
    let started = plan.paths.indices.filter { plan.paths[$0].isFromRoot || !plan.isSplit }
    var node = Node(nameStart: 0, nameLength: 0, parent: -1)
    if !plan.isSplit || plan.mapping.format == .lineProtocol {
      node.isRecord = true
      node.recordDepth = 0
    }
    // Lines are records that begin at the root.
    let all = plan.mapping.format == .lineProtocol ? Array(plan.paths.indices) : started
    add(node, all.map { Thread(path: $0, part: 0, captured: []) }, recordNames: [], ruleNames: [])
  }

  mutating func setNext(_ member: Int, after before: Int, in parent: Int) {
    if before < 0 {
      nodes[parent].firstMember = Int32(member)
    } else {
      nodes[before].nextMember = Int32(member)
    }
  }

  /// What a place is called in the one above it.
  func name(of node: Int) -> ArraySlice<UInt8> {
    let start = Int(nodes[node].nameStart)
    return names[start..<start + Int(nodes[node].nameLength)]
  }

  mutating func setSensor(_ sensor: Int, of node: Int) { nodes[node].sensor = Int32(sensor) }

  /// The member of `parent` that is called `name`.
  ///
  /// - Parameter before: The member that came before it; −1 where it is the first.
  @inline(__always)
  mutating func member(
    _ parent: Int, _ name: UnsafeBufferPointer<UInt8>, after before: Int
  ) -> Int {
    let expected = expected(in: parent, after: before)
    if expected >= 0, isNamed(expected, name) { return expected }
    let member = find(parent, name, isElement: false)
    setNext(member, after: before, in: parent)
    return member
  }

  /// The member that came next the last time; −1: none.
  @inline(__always)
  func expected(in parent: Int, after before: Int) -> Int {
    Int(before < 0 ? nodes[parent].firstMember : nodes[before].nextMember)
  }

  /// Whether the name of `node` stands at `offset` in quotation marks, so that it need not be looked at character by character.
  @inline(__always)
  func isQuoted(_ node: Int, _ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> Bool {
    guard nodes[node].isPlain else { return false }
    let count = Int(nodes[node].nameLength)
    guard bytes.count - offset >= count + 2, bytes[offset] == 0x22, bytes[offset + count + 1] == 0x22 else {
      return false
    }
    let start = Int(nodes[node].nameStart)
    return count == 0
      || names.withUnsafeBufferPointer {
        memcmp($0.baseAddress! + start, bytes.baseAddress! + offset + 1, count) == 0
      }
  }

  /// The element `number` of the list that is `parent`.
  mutating func element(_ parent: Int, _ number: Int) -> Int {
    if nodes[parent].elements >= 0 { return Int(nodes[parent].elements) }
    if nodes[parent].recordDepth < 0, areElementsAlike(parent) {
      let element = add(parent, UnsafeBufferPointer(start: nil, count: 0), isElement: true)
      nodes[parent].elements = Int32(element)
      return element
    }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { text in
      var start = text.count
      var rest = number
      repeat {
        start -= 1
        text[start] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      } while rest > 0
      return find(parent, UnsafeBufferPointer(rebasing: text[start...]), isElement: true)
    }
  }

  /// Whether no path asks for the number of an element.
  private func areElementsAlike(_ parent: Int) -> Bool {
    threads[parent].allSatisfy { thread in
      switch plan.paths[thread.path].parts[thread.part] {
      case .deep: true
      case .pattern(let pattern): pattern.isAny
      case .key, .name: false
      }
    }
  }

  @inline(__always)
  private func isNamed(_ node: Int, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = Int(nodes[node].nameStart)
    guard Int(nodes[node].nameLength) == name.count else { return false }
    return name.isEmpty
      || names.withUnsafeBufferPointer { memcmp($0.baseAddress! + start, name.baseAddress!, name.count) == 0 }
  }

  // MARK: - Places that are new

  private mutating func find(_ parent: Int, _ name: UnsafeBufferPointer<UInt8>, isElement: Bool) -> Int {
    var slot = Self.hash(parent, isElement, name) & (table.count - 1)
    while table[slot] >= 0 {
      let node = Int(table[slot])
      if Int(nodes[node].parent) == parent, nodes[node].isElement == isElement, isNamed(node, name) {
        return node
      }
      slot = (slot + 1) & (table.count - 1)
    }
    let node = add(parent, name, isElement: isElement)
    guard nodes.count * 2 > table.count else {
      table[slot] = Int32(node)
      return node
    }
    table = [Int32](repeating: -1, count: table.count * 2)
    for node in nodes.indices.dropFirst() { enter(node) }
    return node
  }

  private mutating func enter(_ node: Int) {
    let start = Int(nodes[node].nameStart)
    let end = start + Int(nodes[node].nameLength)
    var slot = names.withUnsafeBufferPointer {
      Self.hash(
        Int(nodes[node].parent), nodes[node].isElement, UnsafeBufferPointer(rebasing: $0[start..<end]))
    }
    slot &= table.count - 1
    while table[slot] >= 0 { slot = (slot + 1) & (table.count - 1) }
    table[slot] = Int32(node)
  }

  /// FNV-1a (Fowler, Noll, Vo).
  private static func hash(_ parent: Int, _ isElement: Bool, _ name: UnsafeBufferPointer<UInt8>) -> Int {
    var hash = (0xcbf2_9ce4_8422_2325 ^ UInt64(parent) << 1 ^ (isElement ? 1 : 0)) &* 0x100_0000_01b3
    for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: (hash ^ (hash >> 32)) & 0x7fff_ffff)
  }

  private mutating func add(_ parent: Int, _ name: UnsafeBufferPointer<UInt8>, isElement: Bool) -> Int {
    let above = nodes[parent]
    var node = Node(nameStart: Int32(names.count), nameLength: Int32(name.count), parent: Int32(parent))
    names.append(contentsOf: name)
    node.depth = above.depth + 1
    node.isPlain = name.allSatisfy { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }
    node.isElement = isElement
    node.isShared = above.isShared || (isElement && name.isEmpty)
    node.recordDepth = above.recordDepth
    node.isLeftOut = above.isLeftOut
    if !isElement || above.takesElements {
      node.rule = above.rule
      node.ruleDepth = above.ruleDepth
    }
    var moved: [Thread] = []
    for thread in threads[parent] {
      switch plan.paths[thread.path].parts[thread.part] {
      case .deep: moved.append(thread)
      case .key(let key):
        guard name.elementsEqual(key.utf8) else { continue }
        moved.append(Thread(path: thread.path, part: thread.part + 1, captured: thread.captured))
      case .pattern(let pattern):
        guard pattern.matches(name) else { continue }
        moved.append(Thread(path: thread.path, part: thread.part + 1, captured: thread.captured))
      case .name:
        moved.append(
          Thread(path: thread.path, part: thread.part + 1, captured: thread.captured + [Array(name)]))
      }
    }
    return add(node, moved, recordNames: recordNames[parent], ruleNames: ruleNames[parent])
  }

  /// - Parameter reached: Threads that lead here, of which some may end.
  @discardableResult
  private mutating func add(
    _ node: Node, _ reached: [Thread], recordNames: [[UInt8]], ruleNames: [[UInt8]]
  ) -> Int {
    var (node, recordNames, ruleNames) = (node, recordNames, ruleNames)
    var open = reached
    var going: [Thread] = []
    var known = Set<Int>()
    var read: [Int] = []
    var isNamedAsValue = false
    node.slotStart = Int32(slots.count)
    // Grows while it is gone through: `**` may stand for nothing, and records begin paths of their own.
    var index = 0
    while index < open.count {
      let thread = open[index]
      index += 1
      guard known.insert(thread.path * (PayloadPath.maximumParts + 1) + thread.part).inserted else {
        continue
      }
      let path = plan.paths[thread.path]
      guard thread.part == path.parts.count else {
        going.append(thread)
        if case .deep = path.parts[thread.part] {
          open.append(Thread(path: thread.path, part: thread.part + 1, captured: thread.captured))
        }
        continue
      }
      switch path.purpose {
      case .records:
        guard node.recordDepth < 0 else { continue }
        node.isRecord = true
        node.recordDepth = node.depth
        node.isShared = false
        recordNames = thread.captured
        for path in plan.paths.indices where !plan.paths[path].isFromRoot {
          open.append(Thread(path: path, part: 0, captured: []))
        }
      case .slot(let slot): read.append(slot)
      case .value(let rule):
        if path.endsWithKey { isNamedAsValue = true }
        guard node.rule < 0 || rule < Int(node.rule) else { continue }
        node.rule = Int16(rule)
        node.ruleDepth = node.depth
        ruleNames = thread.captured
      case .leaveOut: node.isLeftOut = true
      }
    }
    going.removeAll { thread in
      switch plan.paths[thread.path].purpose {
      case .records: node.recordDepth >= 0
      case .slot: false
      case .value, .leaveOut: node.isLeftOut
      }
    }
    if node.isLeftOut { node.rule = -1 }
    slots += read
    node.slotCount = Int16(read.count)
    node.isRead = !read.isEmpty && !isNamedAsValue
    node.hasThreads = !going.isEmpty
    node.hasInterest = node.rule >= 0 || !going.isEmpty
    node.takesElements = going.contains { isForElements($0) }
    if node.rule >= 0, plan.values[Int(node.rule)].lists == .number { node.takesElements = true }
    nodes.append(node)
    threads.append(going)
    self.recordNames.append(recordNames)
    self.ruleNames.append(ruleNames)
    return nodes.count - 1
  }

  /// Whether a part of a value's path stands for elements of a list.
  private func isForElements(_ thread: Thread) -> Bool {
    guard case .value = plan.paths[thread.path].purpose else { return false }
    switch plan.paths[thread.path].parts[thread.part] {
    case .key(let key): return !key.isEmpty && key.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    case .pattern, .name, .deep: return true
    }
  }
}
