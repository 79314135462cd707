import Telemetry

/// What a topic says about its messages.
struct TopicFacts: Sendable {
  /// The texts of the names in the pattern.
  var names: [[UInt8]]
  /// Nil where the topic alone does not say it, or where its name is no id.
  var device: DeviceID?
}

extension EntryDecoder {
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
}
