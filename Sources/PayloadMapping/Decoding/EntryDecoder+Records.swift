import Telemetry
import Wording

/// Whose and of when a record is.
extension EntryDecoder {
  /// Why a record cannot be taken.
  struct RecordFault: Error {
    var reason: String
  }

  mutating func group(
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
  func device(_ group: GatheredGroups.Key, _ topic: TopicFacts) -> DeviceID? {
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
