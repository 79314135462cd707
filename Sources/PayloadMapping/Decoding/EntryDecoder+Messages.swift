import Telemetry
import Wording

/// What a topic says about its messages.
struct TopicFacts: Sendable {
  /// The texts of the names in the pattern.
  var names: [[UInt8]]
  /// Nil where the topic alone does not say it, or where its name is no id.
  var device: DeviceID?
}

extension EntryDecoder {
  /// Why a record cannot be taken.
  private struct RecordFault: Error {
    var reason: String
  }

  /// Whether the payload that was read last has what ``MessageMapping/conditions`` ask for.
  func fulfilsConditions(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    for condition in plan.conditions {
      let found = found[condition.slot]
      guard found.isThere else { return false }
      if condition.isAny { continue }
      guard !found.isContainer, withBytes(of: found.text, bytes, { condition.text.matches($0) }) else {
        return false
      }
    }
    return true
  }

  /// What became of a payload.
  enum Outcome {
    /// It does not have what ``MessageMapping/conditions`` ask for.
    case notMine
    /// It is not of the entry's format, so nothing can be said of what is in it. The same for every entry of this format.
    case unreadable(PayloadError)
    case decoded(MappingDecoder.Outcome)
  }

  /// Reads `payload`, without a byte order mark, and appends its messages. Throws ``PayloadError``.
  mutating func decode(
    _ payload: UnsafeBufferPointer<UInt8>, _ topic: TopicFacts, received: Timestamp,
    into messages: inout [Message]
  ) throws(PayloadError) -> Outcome {
    do throws(MalformedPayload) {
      try read(payload)
    } catch {
      return .unreadable(PayloadCodec.fault(in: payload) ?? .malformed("it is not valid JSON"))
    }
    guard plan.conditions.isEmpty || fulfilsConditions(payload) else { return .notMine }
    guard !plan.mapping.isIgnored,
      let refused = try self.messages(payload, topic, received: received, into: &messages)
    else { return .decoded(.ignored) }
    return .decoded(.messages(refused))
  }

  /// Appends the messages of the payload that was read last, in order of time. Throws ``PayloadError`` where nothing of it can be
  /// taken; returns the values that cannot, where others can. Nil: it has no values, and need not have any.
  mutating func messages(
    _ bytes: UnsafeBufferPointer<UInt8>, _ topic: TopicFacts, received: Timestamp,
    into messages: inout [Message]
  ) throws(PayloadError) -> RefusedValues? {
    guard !hasTooManyRecords else {
      throw .malformed("it has more than \(Self.maximumRecords) records")
    }
    var refused = RefusedValues()
    let before = messages.count
    if plan.isSplit {
      appendRecords(bytes, topic, received, &refused, into: &messages)
    } else if !records.isEmpty {
      appendWhole(bytes, topic, received, &refused, into: &messages)
    }
    guard messages.count == before else { return refused }
    guard refused.count == 0 else { throw .noSoundValue(refused) }
    guard plan.mapping.ignoresWithoutValues else { throw .noValues }
    return nil
  }

  /// The payload is one record.
  private mutating func appendWhole(
    _ bytes: UnsafeBufferPointer<UInt8>, _ topic: TopicFacts, _ received: Timestamp,
    _ refused: inout RefusedValues, into messages: inout [Message]
  ) {
    guard records[0].readings > 0 || records[0].refused > 0 else { return }
    let group: GatheredGroups.Key
    do throws(RecordFault) {
      group = try self.group(0, bytes, topic, received)
    } catch {
      refused.add(Int(records[0].readings + records[0].refused), error.reason)
      return
    }
    addRefusals(of: 0..<1, &refused) { _, _ in true }
    messageCount += 1
    var values: [Message.Value] = []
    values.reserveCapacity(readings.count)
    for reading in readings {
      guard let place = sensor(of: reading, bytes, topic, &refused) else { continue }
      if lastSeen[place] == messageCount {
        refuseSecond(reading, place, &refused)
      } else {
        lastSeen[place] = messageCount
        append(reading, place, to: &values, &refused)
      }
    }
    guard !values.isEmpty, let device = self.device(group, topic) else { return }
    Self.sort(&values)
    messages.append(
      Message(device: device, position: group.position, timestamp: group.timestamp, values: values))
  }

  private mutating func appendRecords(
    _ bytes: UnsafeBufferPointer<UInt8>, _ topic: TopicFacts, _ received: Timestamp,
    _ refused: inout RefusedValues, into messages: inout [Message]
  ) {
    gathered.clear()
    for index in records.indices where records[index].readings > 0 || records[index].refused > 0 {
      guard !records[index].isBroken else { continue }
      do throws(RecordFault) {
        let group = try self.group(index, bytes, topic, received)
        guard gathered.isTimeOfPosition(group) else {
          throw RecordFault(
            reason: "\(label(ofRecord: index))has the epoch and sequence of another time in this payload")
        }
        records[index].group = Int32(gathered.place(of: group))
      } catch {
        refused.add(Int(records[index].readings + records[index].refused), error.reason)
      }
    }
    addRefusals(of: records.indices, &refused) { records[$0].group >= 0 || $1 }
    for index in readings.indices {
      let reading = readings[index]
      let group = Int(records[Int(reading.record)].group)
      guard group >= 0, let place = sensor(of: reading, bytes, topic, &refused) else { continue }
      switch gathered.add(reading.value, of: place, to: group) {
      case .added: break
      case .isSecond: refuseSecond(reading, place, &refused)
      case .isBeyond: refuseBeyond(place, &refused)
      }
    }
    // In order of time: a device's watermark goes by the newest that came.
    gathered.arrange()
    for rank in gathered.groups.indices {
      let group = gathered.group(rank)
      guard group.count > 0, let device = device(group.key, topic) else { continue }
      var values: [Message.Value] = []
      values.reserveCapacity(group.count)
      gathered.forEachValue(of: group) { place, value in
        guard let sensor = sensors.ids[place] else { return }
        values.append(Message.Value(sensor: sensor, value: value))
      }
      Self.sort(&values)
      messages.append(
        Message(
          device: device, position: group.key.position, timestamp: group.key.timestamp, values: values))
    }
  }

  private func append(
    _ reading: Reading, _ place: Int, to values: inout [Message.Value], _ refused: inout RefusedValues
  ) {
    guard let sensor = sensors.ids[place] else { return }
    guard values.count < PayloadCodec.maximumValues else { return refuseBeyond(place, &refused) }
    values.append(Message.Value(sensor: sensor, value: reading.value))
  }

  private func refuseBeyond(_ place: Int, _ refused: inout RefusedValues) {
    refused.add(
      "“\(sensors.ids[place]?.name ?? "")” is beyond the \(PayloadCodec.maximumValues) values of one time")
  }

  private func refuseSecond(_ reading: Reading, _ place: Int, _ refused: inout RefusedValues) {
    refused.add(
      "\(label(ofRecord: Int(reading.record)))“\(sensors.ids[place]?.name ?? "")” is there twice; "
        + "the first value is taken, \(reading.value) is not")
  }

  /// The order of every other decoder: by name.
  private static func sort(_ values: inout [Message.Value]) {
    for index in values.indices.dropFirst() where values[index].sensor < values[index - 1].sensor {
      values.sort { $0.sensor < $1.sensor }
      return
    }
  }

  /// Adds what was refused while `records` were read, of those that can be taken.
  private func addRefusals(
    of records: Range<Int>, _ refused: inout RefusedValues, _ isTold: (Int, _ isBroken: Bool) -> Bool
  ) {
    var count = 0
    for index in records where isTold(index, self.records[index].isBroken) {
      count += Int(self.records[index].refused)
    }
    guard count > 0 else { return }
    for refusal in refusals where isTold(Int(refusal.record), self.records[Int(refusal.record)].isBroken) {
      refused.add(refusal.reason)
      count -= 1
    }
    refused.add(count, "further values of other records cannot be taken")
  }

  // MARK: - Records

  private mutating func group(
    _ record: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ topic: TopicFacts, _ received: Timestamp
  ) throws(RecordFault) -> GatheredGroups.Key {
    GatheredGroups.Key(
      device: Int32(try device(of: record, bytes, topic)), position: try position(of: record, bytes),
      timestamp: try time(of: record, bytes, received))
  }

  func found(_ slot: Int, of record: Int) -> Found {
    found[plan.slots[slot].isFromRoot ? slot : (record + 1) * plan.slots.count + slot]
  }

  /// The device of a group; never nil for one that ``group(_:_:_:_:)`` has made.
  private func device(_ group: GatheredGroups.Key, _ topic: TopicFacts) -> DeviceID? {
    group.device < 0 ? topic.device : devices.ids[Int(group.device)]
  }

  /// The place of the device of `record` in ``devices``; −1: that of the topic.
  private mutating func device(
    of record: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ topic: TopicFacts
  ) throws(RecordFault) -> Int {
    if plan.isDeviceOfTopic, topic.device != nil { return -1 }
    // Mostly a member's text is the name, and nothing has to be put together.
    if let member = plan.deviceMember, let text = text(ofFirst: member, of: record) {
      let place = place(ofDevice: text, bytes)
      if devices.ids[place] != nil { return place }
    }
    nameBuffer.removeAll(keepingCapacity: true)
    let node = Int(records[record].node)
    if let missing = write(plan.device, of: record, node, bytes, topic) {
      throw RecordFault(
        reason: label(ofRecord: record)
          + (isTwice(missing, plan.device, of: record)
            ? "“\(missing)”, which names the device, is there twice"
            : "there is no “\(missing)” to name the device by"))
    }
    let place = nameBuffer.withUnsafeBufferPointer { devices.place(of: $0) }
    guard devices.ids[place] != nil else {
      throw RecordFault(reason: "\(label(ofRecord: record))the device \(nameFault)")
    }
    return place
  }

  private func position(of record: Int, _ bytes: UnsafeBufferPointer<UInt8>) throws(RecordFault)
    -> Message.Position?
  {
    guard let epochSlot = plan.epoch, let sequenceSlot = plan.sequence else { return nil }
    let epoch = try number(epochSlot, of: record, bytes)
    let sequence = try number(sequenceSlot, of: record, bytes)
    guard epoch != nil || sequence != nil else { return nil }
    guard let epoch, let sequence else {
      let missing = epoch == nil ? epochSlot : sequenceSlot
      throw RecordFault(
        reason: "\(label(ofRecord: record))\(absence([missing], of: record)); "
          + "epoch and sequence are given both or neither")
    }
    return Message.Position(epoch: epoch, sequence: sequence)
  }

  /// A whole number from 0, also one that is a text.
  private func number(_ slot: Int, of record: Int, _ bytes: UnsafeBufferPointer<UInt8>) throws(RecordFault)
    -> Int64?
  {
    let found = try single(slot, of: record)
    guard found.isThere else { return nil }
    guard !found.isContainer, found.kind == .number || found.kind == .text,
      let number = whole(found, bytes)
    else {
      throw RecordFault(
        reason: "\(label(ofRecord: record))“\(plan.slots[slot].path)” is \(phrase(found, bytes)); "
          + "a whole number from 0 to \(Int64.max) was expected")
    }
    return number
  }

  /// The whole number from 0 that `found` is; nil where it is none, or beyond 64 bits.
  private func whole(_ found: Found, _ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
    // `1e-400` is no whole number, and 0 as a double.
    if let whole = found.whole,
      whole > 0 || !withBytes(of: found.text, bytes, { $0.contains(where: Self.isExponent) })
    {
      return whole
    }
    return withBytes(of: found.text, bytes) { DecimalInstant.floor($0, shift: 0, mayCut: false) }
  }

  private static func isExponent(_ byte: UInt8) -> Bool { byte | 0x20 == 0x65 }

  private func single(_ slot: Int, of record: Int) throws(RecordFault) -> Found {
    let found = found(slot, of: record)
    guard !found.isTwice else {
      throw RecordFault(reason: "\(label(ofRecord: record))“\(plan.slots[slot].path)” is there twice")
    }
    return found
  }

  private func time(
    of record: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ received: Timestamp
  ) throws(RecordFault) -> Timestamp {
    for slot in plan.time {
      let found = try single(slot, of: record)
      guard found.isThere else { continue }
      if let whole = found.whole, let time = plan.mapping.time.instant(whole) { return time }
      let isText = found.kind == .text
      guard !found.isContainer, isText || found.kind == .number,
        let time = withBytes(of: found.text, bytes, { plan.mapping.time.instant($0, isText: isText) })
      else {
        throw RecordFault(
          reason: "\(label(ofRecord: record))“\(plan.slots[slot].path)” is \(phrase(found, bytes)); "
            + "\(plan.mapping.time.expectation) was expected")
      }
      return time
    }
    guard plan.mapping.time.isOtherwiseArrival else {
      throw RecordFault(
        reason: "\(label(ofRecord: record))there is no time: \(absence(plan.time, of: record))")
    }
    return received
  }

  /// What is said of members of which none has a value.
  private func absence(_ slots: [Int], of record: Int) -> String {
    func part(_ slots: [Int], _ state: String) -> String? {
      guard !slots.isEmpty else { return nil }
      let paths = slots.map { "“\(plan.slots[$0].path)”" }.joined(separator: " and ")
      return "\(paths) \(slots.count == 1 ? "is" : "are") \(state)"
    }
    let nulls = slots.filter { found($0, of: record).node >= 0 }
    return [part(nulls, "null"), part(slots.filter { !nulls.contains($0) }, "missing")].compactMap(\.self)
      .joined(separator: ", and ")
  }

  private func phrase(_ found: Found, _ bytes: UnsafeBufferPointer<UInt8>) -> String {
    if found.isContainer { return "an object or a list" }
    return phrase(found.text, isText: found.kind == .text, bytes)
  }

  /// What is no object and no list, in a sentence.
  func phrase(_ span: PayloadSpan, isText: Bool, _ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let text = text(span, bytes)
    return isText ? "the text \(text.quoted)" : text.excerpt
  }
}
