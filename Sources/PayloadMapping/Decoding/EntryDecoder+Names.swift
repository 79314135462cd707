import Telemetry
import Wording

/// Names of devices and sensors, and of values in reasons.
extension EntryDecoder {
  /// The place of the sensor that a reading is of, in ``sensors``; nil where it has none, which is then told.
  mutating func sensor(
    of reading: Reading, _ bytes: UnsafeBufferPointer<UInt8>, _ topic: TopicFacts,
    _ refused: inout RefusedValues
  ) -> Int? {
    let node = Int(reading.node)
    let known = Int(tree.nodes[node].sensor)
    if known >= 0 { return known }
    let record = Int(reading.record)
    let rule = Int(tree.nodes[node].rule)
    let isFixed = plan.values[rule].isFixed
    let variant = isFixed ? 0 : variant(of: record, bytes, topic)
    if !isFixed, let place = knownSensors.place(node, variant) { return place }
    nameBuffer.removeAll(keepingCapacity: true)
    if let missing = write(plan.values[rule].sensor, of: record, node, bytes, topic) {
      let isTwice = isTwice(missing, plan.values[rule].sensor, of: record)
      refused.add(
        isTwice
          ? "\(label(of: node, record)) is named by “\(missing)”, which is there twice"
          : "\(label(of: node, record)) has no “\(missing)” to be named by")
      return nil
    }
    let place = nameBuffer.withUnsafeBufferPointer { sensors.place(of: $0) }
    while lastSeen.count <= place { lastSeen.append(0) }
    guard sensors.ids[place] != nil else {
      refused.add("\(label(of: node, record)): the sensor \(nameFault)")
      return nil
    }
    if isFixed { tree.setSensor(place, of: node) } else { knownSensors.set(place, node, variant) }
    return place
  }

  /// The number of what the names of a record's sensors are made of, but for the keys of their values: texts of members, and names
  /// of the topic.
  private mutating func variant(
    of record: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ topic: TopicFacts
  ) -> Int {
    if let variant = knownSensors.variant(of: record) { return variant }
    if plan.sensorTopicNames.isEmpty, plan.sensorSlots.count == 1,
      let text = text(of: plan.sensorSlots[0], record),
      !text.isOwn
    {
      return knownSensors.setVariant(of: record, UnsafeBufferPointer(rebasing: bytes[text.range]))
    }
    // What has no text is told apart from one of no characters: neither byte is of UTF-8.
    nameBuffer.removeAll(keepingCapacity: true)
    for name in plan.sensorTopicNames {
      nameBuffer.append(contentsOf: topic.names[name])
      nameBuffer.append(0xFF)
    }
    for slot in plan.sensorSlots {
      if let text = text(of: slot, record) { append(text, bytes) } else { nameBuffer.append(0xFE) }
      nameBuffer.append(0xFF)
    }
    return nameBuffer.withUnsafeBufferPointer { knownSensors.setVariant(of: record, $0) }
  }

  /// The text that a slot gives to a name; nil where it gives none.
  @inline(__always)
  private func text(of slot: Int, _ record: Int) -> PayloadSpan? {
    let found = found(slot, of: record)
    guard found.isThere, !found.isContainer, !found.isTwice else { return nil }
    switch found.kind {
    case .number, .text, .isTrue, .isFalse: return found.text
    case .tooLarge, .notFinite, .null: return nil
    }
  }

  /// The text of the first of `slots` that has one.
  func text(ofFirst slots: [Int], of record: Int) -> PayloadSpan? {
    for slot in slots {
      if let text = text(of: slot, record) { return text }
    }
    return nil
  }

  private mutating func append(_ text: PayloadSpan, _ bytes: UnsafeBufferPointer<UInt8>) {
    if text.isOwn {
      nameBuffer.append(contentsOf: own[text.range])
    } else {
      nameBuffer.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[text.range]))
    }
  }

  /// The place of the device whose name is `text`.
  mutating func place(ofDevice text: PayloadSpan, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    guard text.isOwn else { return devices.place(of: UnsafeBufferPointer(rebasing: bytes[text.range])) }
    let own = own
    return own.withUnsafeBufferPointer { devices.place(of: UnsafeBufferPointer(rebasing: $0[text.range])) }
  }

  /// What a topic says, with the device that it names alone.
  mutating func naming(_ topic: TopicFacts) -> TopicFacts {
    var topic = topic
    let nothing = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    guard write(plan.device, of: 0, PathTree.root, nothing, topic) == nil else { return topic }
    let place = nameBuffer.withUnsafeBufferPointer { devices.place(of: $0) }
    topic.device = devices.ids[place]
    return topic
  }

  /// What is wrong with the name in ``nameBuffer``.
  var nameFault: String {
    nameBuffer.isEmpty
      ? "has a name of no characters"
      : "\(String(decoding: nameBuffer, as: UTF8.self).quoted) makes an id of more than "
        + "\(IdentifierRule.maximumLength) characters"
  }

  /// Appends a name to ``nameBuffer``. Returns the first name in the template that is not there.
  mutating func write(
    _ pieces: [EntryPlan.Piece], of record: Int, _ node: Int, _ bytes: UnsafeBufferPointer<UInt8>,
    _ topic: TopicFacts
  ) -> String? {
    for piece in pieces {
      switch piece {
      case .text(let text): nameBuffer.append(contentsOf: text)
      case .source(let source, let name):
        guard write(source, of: record, node, bytes, topic) else { return name }
      case .optional(let part):
        let before = nameBuffer.count
        if write(part, of: record, node, bytes, topic) != nil {
          nameBuffer.removeLast(nameBuffer.count - before)
        }
      }
    }
    return nil
  }

  /// Whether a name that ``write(_:of:_:_:_:)`` has missed is there, but twice.
  func isTwice(_ name: String, _ pieces: [EntryPlan.Piece], of record: Int) -> Bool {
    pieces.contains { piece in
      guard case .source(.slots(let slots), name) = piece else { return false }
      return slots.contains { found($0, of: record).isTwice }
    }
  }

  private mutating func write(
    _ source: EntryPlan.Source, of record: Int, _ node: Int, _ bytes: UnsafeBufferPointer<UInt8>,
    _ topic: TopicFacts
  ) -> Bool {
    switch source {
    case .topic(let place):
      guard place < topic.names.count else { return false }
      nameBuffer.append(contentsOf: topic.names[place])
    case .record(let place):
      guard place < tree.recordNames[node].count else { return false }
      nameBuffer.append(contentsOf: tree.recordNames[node][place])
    case .value(let place):
      guard place < tree.ruleNames[node].count else { return false }
      nameBuffer.append(contentsOf: tree.ruleNames[node][place])
    case .keys: return writeKeys(of: node)
    case .slots(let slots):
      guard let text = text(ofFirst: slots, of: record) else { return false }
      append(text, bytes)
    }
    return true
  }

  /// Appends the keys from the path of a value down to it; false where it has none.
  private mutating func writeKeys(of node: Int) -> Bool {
    let place = tree.nodes[node]
    guard place.depth > place.recordDepth else { return false }
    let rule = Int(place.rule)
    let above = place.depth > place.ruleDepth ? Int(place.ruleDepth) : Int(place.depth) - 1
    let start = nameBuffer.count
    writeKeys(of: node, below: above, rule)
    let prefix = plan.values[rule].dropPrefix
    if !prefix.isEmpty, nameBuffer[start...].starts(with: prefix) {
      nameBuffer.removeSubrange(start..<start + prefix.count)
    }
    return true
  }

  private mutating func writeKeys(of node: Int, below depth: Int, _ rule: Int) {
    let place = tree.nodes[node]
    if Int(place.depth) > depth + 1 {
      writeKeys(of: Int(place.parent), below: depth, rule)
      nameBuffer.append(contentsOf: plan.values[rule].separator)
    }
    nameBuffer.append(contentsOf: tree.name(of: node))
  }

  /// A value in a sentence: its keys within the record.
  func label(of node: Int, _ record: Int? = nil) -> String {
    var keys: [String] = []
    var place = node
    while tree.nodes[place].depth > max(0, tree.nodes[node].recordDepth) {
      keys.append(String(decoding: tree.name(of: place), as: UTF8.self))
      place = Int(tree.nodes[place].parent)
    }
    let path = keys.reversed().joined(separator: ".")
    return label(ofRecord: record ?? current) + (keys.isEmpty ? "the value" : path.quoted)
  }

  /// What stands before a sentence about a record; nothing where the payload is one.
  func label(ofRecord record: Int) -> String {
    guard plan.isSplit else { return "" }
    return "\(plan.mapping.format == .lineProtocol ? "line" : "record") \(records[record].place): "
  }
}
