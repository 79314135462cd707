import Telemetry

/// A value of the last payload, and what was known of its metric before. Small, for there is one for each value that is read.
struct ToldReading: Sendable {
  /// The message of the reading that it is in.
  let place: Int32
  /// Where its metric stands in the table of its entity.
  let metric: Int32
  let isCurrent: Bool
  let number: Double
  let milliseconds: Int64
  var former = ToldValues()
}

/// The values that were told last. They change with every message, and would be much to write with each: they are kept with births and at
/// checkpoints, and what was stored since the last tells the rest.
extension SparkplugState {
  /// To be called before the readings of a payload of this entity are noted.
  mutating func beginTelling(_ entity: Int) {
    told.removeAll(keepingCapacity: true)
    tellingEntity = entity
  }

  mutating func note(_ reading: ToldReading) {
    var reading = reading
    reading.former = entities[tellingEntity].metrics.entries[Int(reading.metric)].told
    var next = reading.former
    next.note(reading.number, at: reading.milliseconds, isCurrent: reading.isCurrent)
    entities[tellingEntity].metrics.entries[Int(reading.metric)].told = next
    told.append(reading)
  }

  /// Values of the payload that was read last are not taken after all, and count as never told: nobody believes their time, or another
  /// value is known of the same instant.
  ///
  /// - Parameter isMeant: Of a message's place in the reading, and a sensor.
  package mutating func takeBack(where isMeant: (Int, SensorID) -> Bool) {
    for reading in told.reversed() {
      entities[tellingEntity].metrics.entries[Int(reading.metric)].told = reading.former
    }
    let all = told
    told.removeAll(keepingCapacity: true)
    for reading in all {
      let sensor = entities[tellingEntity].metrics.entries[Int(reading.metric)].sensor
      if let sensor, !isMeant(Int(reading.place), sensor) { note(reading) }
    }
  }

  /// What has changed since it was kept last, to be kept with a checkpoint.
  package mutating func takeTimes() -> [SparkplugLife] {
    defer { renewed.removeAll(keepingCapacity: true) }
    return renewed.compactMap { index in
      guard entities[index].isRenewed else { return nil }
      entities[index].isRenewed = false
      var life = life(ofEntityAt: index)
      life.times = entities[index].metrics.times
      return life
    }
  }

  mutating func renew(_ entity: Int) {
    guard !entities[entity].isRenewed else { return }
    entities[entity].isRenewed = true
    renewed.append(entity)
  }

  /// Readings that were stored after the checkpoint, and the time that they came with.
  package mutating func replay(_ message: Message, original: Timestamp) {
    guard let index = owners[message.device] else { return }
    // What came before the last birth is in what was kept with it.
    let isCurrent = (message.position?.epoch ?? 0) >= entities[index].epoch
    for value in message.values {
      let name = EscapedName.name(of: value.sensor.name, separator: UInt8(ascii: "/"))
      entities[index].metrics.note(
        name ?? value.sensor.name, value.value, at: original.milliseconds, isCurrent: isCurrent)
    }
    renew(index)
  }
}
