import Telemetry

/// Reads the payloads of one entry of a mapping.
///
/// A payload is gone through once. What paths ask for is noted: readings, and the members that names, times and numbers are
/// made of. ``EntryDecoder/messages(_:_:_:_:)`` makes messages of these when the end was reached.
struct EntryDecoder: Sendable {
  /// The most records of a payload.
  static let maximumRecords = 4096
  /// Bounds the memory where names do not repeat.
  static let maximumNames = 1 << 12

  struct Record: Sendable {
    var node: Int32
    /// Its number in the payload, or that of its line, from 1.
    var place: Int32
    /// Values of it that are refused.
    var refused: Int32 = 0
    var readings: Int32 = 0
    /// Whether it could not be read at all, so that nothing is to be said of its device and time.
    var isBroken = false
    /// Its place in ``EntryDecoder/gathered``; −1: none.
    var group: Int32 = -1
  }

  struct Reading: Sendable {
    var record: Int32
    var node: Int32
    var value: Double
  }

  /// A value that is refused, before it is known whether its record is.
  struct Refusal: Sendable {
    var record: Int32
    var reason: String
  }

  /// What was found for a slot.
  struct Found: Sendable {
    /// −1: nothing.
    var node: Int32 = -1
    var kind = PayloadScalar.Kind.null
    /// An object or a list.
    var isContainer = false
    var isTwice = false
    /// Of a number.
    var number = 0.0
    var text = PayloadSpan(0..<0)
  }

  let plan: EntryPlan
  let slotCount: Int
  var tree: PathTree
  var records: [Record] = []
  var readings: [Reading] = []
  var refusals: [Refusal] = []
  /// A row of slots for the payload, and then one for each record.
  var found: [Found] = []
  /// Texts that had escapes.
  var own: [UInt8] = []
  /// The record that is gone through; −1 outside.
  var current = -1
  var hasTooManyRecords = false

  var sensors = NameTable<SensorID>()
  var devices = NameTable<DeviceID>()
  /// The sensors of values whose names are made of members.
  var knownSensors = KnownNames()
  /// The messages of a payload of records that are being put together; kept for its memory.
  var gathered = GatheredGroups()
  /// The line of line protocol that is gone through; kept for its memory.
  var line = Line()
  /// A name that is being made; kept for its memory.
  var nameBuffer: [UInt8] = []
  /// The message in which a sensor was seen last.
  var lastSeen: [Int] = []
  var messageCount = 0

  init(_ plan: EntryPlan) {
    self.plan = plan
    slotCount = plan.slots.count
    tree = PathTree(plan)
  }

  /// Goes through `payload`, without a byte order mark.
  mutating func read(_ payload: UnsafeBufferPointer<UInt8>) throws(MalformedPayload) {
    // Mostly there is nothing to remove, and looking costs less.
    if !records.isEmpty { records.removeAll(keepingCapacity: true) }
    if !readings.isEmpty { readings.removeAll(keepingCapacity: true) }
    if !refusals.isEmpty { refusals.removeAll(keepingCapacity: true) }
    if !own.isEmpty { own.removeAll(keepingCapacity: true) }
    current = -1
    hasTooManyRecords = false
    knownSensors.begin()
    if tree.isFull || sensors.count >= Self.maximumNames {
      tree.clear()
      sensors = NameTable()
      knownSensors = KnownNames()
      lastSeen = []
    } else if knownSensors.count >= Self.maximumNames {
      knownSensors = KnownNames()
    }
    if devices.count >= TopicTable.maximumTopics { devices = NameTable() }
    clearSlots(row: 0)
    switch plan.mapping.format {
    case .json:
      var cursor = PayloadCursor(payload)
      cursor.skipSpace()
      try value(&cursor, PathTree.root, depth: 0)
      cursor.skipSpace()
      guard cursor.offset == payload.count else { throw MalformedPayload() }
    case .text: text(payload)
    case .lineProtocol: lines(payload)
    }
  }

  private mutating func value(_ cursor: inout PayloadCursor, _ node: Int, depth: Int) throws(MalformedPayload)
  {
    let isRecord = tree.nodes[node].isRecord
    if isRecord { beginRecord(node) }
    switch cursor.next {
    case 0x7B:
      if tree.nodes[node].slotCount > 0 { noteContainer(node) }
      if tree.nodes[node].hasInterest {
        try object(&cursor, node, depth: depth)
      } else {
        try cursor.skipValue(depth: depth, &own)
      }
    case 0x5B:
      if tree.nodes[node].slotCount > 0 { noteContainer(node) }
      noteList(node)
      if isRecord { refuseRecord(node, nil, cursor.bytes) }
      if tree.nodes[node].hasThreads || tree.nodes[node].takesElements {
        try list(&cursor, node, depth: depth)
      } else {
        try cursor.skipValue(depth: depth, &own)
      }
    default:
      let scalar = try cursor.scalar(&own)
      take(scalar, node, cursor.bytes)
      if isRecord, scalar.kind != .null { refuseRecord(node, scalar, cursor.bytes) }
    }
    if isRecord { current = -1 }
  }

  private mutating func object(_ cursor: inout PayloadCursor, _ node: Int, depth: Int)
    throws(MalformedPayload)
  {
    guard depth < JSONText.maximumDepth else { throw MalformedPayload() }
    cursor.offset += 1
    cursor.skipSpace()
    if cursor.skip(0x7D) { return }
    var before = -1
    while true {
      cursor.skipSpace()
      let member = try self.member(&cursor, node, after: before)
      before = member
      cursor.skipSpace()
      guard cursor.skip(0x3A) else { throw MalformedPayload() }
      cursor.skipSpace()
      if !tree.nodes[member].isOfUse {
        try cursor.skipValue(depth: depth + 1, &own)
      } else if tree.nodes[member].isRecord || cursor.isAtBracket {
        try value(&cursor, member, depth: depth + 1)
      } else {
        take(try cursor.scalar(&own), member, cursor.bytes)
      }
      cursor.skipSpace()
      if cursor.skip(0x7D) { return }
      guard cursor.skip(0x2C) else { throw MalformedPayload() }
    }
  }

  /// Reads the name of a member of `node`.
  @inline(__always)
  private mutating func member(_ cursor: inout PayloadCursor, _ node: Int, after before: Int)
    throws(MalformedPayload) -> Int
  {
    let expected = tree.expected(in: node, after: before)
    if expected >= 0, tree.isQuoted(expected, cursor.bytes, at: cursor.offset) {
      cursor.offset += Int(tree.nodes[expected].nameLength) + 2
      return expected
    }
    let key = try cursor.string(&own)
    guard key.isOwn else {
      return tree.member(node, UnsafeBufferPointer(rebasing: cursor.bytes[key.range]), after: before)
    }
    let name = Array(own[key.range])
    return name.withUnsafeBufferPointer { tree.member(node, $0, after: before) }
  }

  private mutating func list(_ cursor: inout PayloadCursor, _ node: Int, depth: Int) throws(MalformedPayload)
  {
    guard depth < JSONText.maximumDepth else { throw MalformedPayload() }
    cursor.offset += 1
    cursor.skipSpace()
    if cursor.skip(0x5D) { return }
    var number = 0
    while true {
      cursor.skipSpace()
      let element = tree.element(node, number)
      number += 1
      if tree.nodes[element].isOfUse {
        try value(&cursor, element, depth: depth + 1)
      } else {
        try cursor.skipValue(depth: depth + 1, &own)
      }
      cursor.skipSpace()
      if cursor.skip(0x5D) { return }
      guard cursor.skip(0x2C) else { throw MalformedPayload() }
    }
  }
}

extension PathTree.Node {
  /// Whether anybody asks for it, or for something below it.
  @inline(__always)
  var isOfUse: Bool { hasInterest || slotCount > 0 || isRecord }
}
