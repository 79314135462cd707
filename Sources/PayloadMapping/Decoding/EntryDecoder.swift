import Telemetry
import Wording

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
  private let slotCount: Int
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

  // MARK: - JSON

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

  // MARK: - What was met

  /// To be called before what stands in a record.
  ///
  /// - Parameter place: The number of its line; nil: records are counted.
  mutating func beginRecord(_ node: Int, place: Int? = nil) {
    guard records.count < Self.maximumRecords else {
      hasTooManyRecords = true
      return
    }
    current = records.count
    records.append(Record(node: Int32(node), place: Int32(place ?? records.count + 1)))
    clearSlots(row: records.count)
  }

  private mutating func clearSlots(row: Int) {
    for place in row * slotCount..<(row + 1) * slotCount {
      if place < found.count { found[place] = Found() } else { found.append(Found()) }
    }
  }

  private func place(of slot: Int) -> Int? {
    if plan.slots[slot].isFromRoot { return slot }
    return current < 0 ? nil : (current + 1) * slotCount + slot
  }

  mutating func note(_ news: Found, _ node: Int) {
    let start = Int(tree.nodes[node].slotStart)
    for index in start..<start + Int(tree.nodes[node].slotCount) {
      guard let place = place(of: tree.slots[index]) else { continue }
      if found[place].node < 0 || (found[place].isNull && Int(found[place].node) != node) {
        found[place] = news
      } else if Int(found[place].node) == node, !tree.nodes[node].isShared {
        found[place].isTwice = true
      }
    }
  }

  mutating func noteContainer(_ node: Int) {
    note(Found(node: Int32(node), kind: .text, isContainer: true), node)
  }

  private mutating func noteList(_ node: Int) {
    let place = tree.nodes[node]
    guard place.rule >= 0, !place.takesElements, !place.isRead,
      plan.values[Int(place.rule)].lists == .refuse
    else { return }
    refuse(node) { "\($0) is a list, which is no number" }
  }

  /// Refuses the record at `node` where it is of a kind that can have none of the values: no object, and no list of whose elements
  /// the paths speak.
  ///
  /// - Parameter scalar: Nil: it is a list.
  private mutating func refuseRecord(
    _ node: Int, _ scalar: PayloadScalar?, _ bytes: UnsafeBufferPointer<UInt8>
  ) {
    let place = tree.nodes[node]
    guard plan.mapping.records != nil, current >= 0, place.rule < 0, !place.isLeftOut else { return }
    if scalar == nil, place.takesElements { return }
    // Members beside the records may be what is read of the whole payload, such as its time.
    let read = tree.slots[Int(place.slotStart)..<Int(place.slotStart) + Int(place.slotCount)]
    guard !read.contains(where: { plan.slots[$0].isFromRoot }) else { return }
    let found = scalar.map { phrase($0.text, isText: $0.kind == .text, bytes) } ?? "a list"
    let start = label(ofRecord: current)
    // There is nothing in it that could name its device and time.
    records[current].isBroken = true
    refuse(node) { _ in
      "\(start)is \(found), which is no object\(place.takesElements ? " and no list" : "")"
    }
  }

  /// Refuses the value at `node`.
  mutating func refuse(_ node: Int, _ reason: (String) -> String) {
    guard current >= 0 else { return }
    records[current].refused += 1
    // Further ones are counted; nobody reads them.
    guard refusals.count < RefusedValues.namedReasons else { return }
    refusals.append(Refusal(record: Int32(current), reason: reason(label(of: node))))
  }

  mutating func take(_ scalar: PayloadScalar, _ node: Int, _ bytes: UnsafeBufferPointer<UInt8>) {
    if tree.nodes[node].slotCount > 0 {
      note(Found(node: Int32(node), kind: scalar.kind, number: scalar.number, text: scalar.text), node)
    }
    guard tree.nodes[node].rule >= 0, !tree.nodes[node].isRead, current >= 0 else { return }
    switch scalar.kind {
    case .number: add(scalar.number, node)
    case .null: return
    case .tooLarge: refuseTooLarge(scalar.text, node, bytes)
    case .notFinite:
      let word = text(scalar.text, bytes)
      refuse(node) { "\($0) is \(word), which is no number" }
    case .text, .isTrue, .isFalse: takeWord(scalar, node, bytes)
    }
  }

  mutating func add(_ value: Double, _ node: Int) {
    readings.append(Reading(record: Int32(current), node: Int32(node), value: value))
    records[current].readings += 1
  }
}

extension EntryDecoder.Found {
  /// Whether a member that is `null` was found, which counts as none.
  var isNull: Bool { kind == .null && !isContainer }
  var isThere: Bool { node >= 0 && !isNull }

  /// A double has all of a whole number of so many digits.
  static let mostWholeDigits = 15

  /// The whole number from 0 that it is, where it has no more than ``mostWholeDigits`` and no exponent.
  var whole: Int64? {
    guard kind == .number, text.length <= Self.mostWholeDigits, number >= 0,
      let whole = Int64(exactly: number)
    else {
      return nil
    }
    // As `1e14` it has few characters and many digits.
    return whole < 1_000_000_000_000_000 ? whole : nil
  }
}

extension PathTree.Node {
  /// Whether anybody asks for it, or for something below it.
  @inline(__always)
  var isOfUse: Bool { hasInterest || slotCount > 0 || isRecord }
}
