import Telemetry

/// What of a life survives a restart.
extension SparkplugState {
  /// The form of ``SparkplugLife/state``.
  private static let version: UInt64 = 2

  func life(ofEntityAt index: Int) -> SparkplugLife {
    let entity = entities[index]
    let node = nodes[entity.node]
    var bytes: [UInt8] = []
    bytes.appendWire(varint: Self.version)
    bytes.appendWire(varint: UInt64(bitPattern: entity.nodeLife))
    bytes.appendWire(
      varint: (entity.hasBirth ? 1 : 0) | (entity.isNamed ? 2 : 0) | (entity.doubt == .sessionLost ? 4 : 0)
        | (entity.doubt == .gap ? 8 : 0) | (entity.doubt == .unread ? 16 : 0))
    bytes.appendWire(varint: UInt64(entity.bornAt))
    bytes.appendWire(varint: UInt64(entity.diedAt + 1))
    let isNode = node.entity == index
    if isNode {
      bytes.appendWire(varint: node.bdSeq == nil ? 0 : 1)
      bytes.appendWire(varint: node.bdSeq ?? 0)
      bytes.appendWire(varint: node.birthDigest)
      node.numbers.write(into: &bytes)
    }
    return SparkplugLife(
      path: entity.path, epoch: entity.epoch, isAlive: entity.isAlive, missing: isNode ? node.missing : 0,
      state: bytes, birth: entity.newBirth, times: entity.newBirth == nil ? nil : entity.metrics.times)
  }

  mutating func restore(_ index: Int, _ life: SparkplugLife) throws(SparkplugDamage) {
    let damage = SparkplugDamage(path: life.path)
    var reader = DurableReader(life.state)
    do throws(DurableReader.Damage) {
      guard try reader.varint() == Self.version else { throw DurableReader.Damage() }
      entities[index].epoch = life.epoch
      entities[index].isAlive = life.isAlive
      entities[index].nodeLife = Int64(bitPattern: try reader.varint())
      let flags = try reader.varint()
      entities[index].hasBirth = flags & 1 != 0
      entities[index].doubt =
        flags & 4 != 0 ? .sessionLost : flags & 8 != 0 ? .gap : flags & 16 != 0 ? .unread : nil
      let bornAt = try reader.varint()
      let diedAt = try reader.varint()
      guard bornAt < 1 << 62, diedAt < 1 << 62 else { throw DurableReader.Damage() }
      entities[index].bornAt = Int64(bornAt)
      entities[index].diedAt = Int64(diedAt) - 1
      if flags & 2 != 0 { _ = device(ofEntityAt: index) }
      let node = entities[index].node
      if nodes[node].entity == index {
        let hasSequence = try reader.varint() == 1
        let bdSeq = try reader.varint()
        nodes[node].bdSeq = hasSequence ? bdSeq : nil
        nodes[node].birthDigest = try reader.varint()
        nodes[node].numbers = try NodeNumbers(from: &reader)
        nodes[node].missing = life.missing
      }
      guard reader.isAtEnd else { throw DurableReader.Damage() }
      if let times = life.times { entities[index].metrics = try MetricTable(times: times) }
    } catch {
      throw damage
    }
    let former = entities[index].metrics
    guard entities[index].hasBirth, let birth = life.birth else {
      entities[index].hasBirth = false
      return
    }
    do throws(WireFault) {
      entities[index].metrics = try birth.withUnsafeBufferPointer { bytes throws(WireFault) in
        MetricTable(birth: try WirePayload(bytes).metrics(), former: former)
      }
    } catch {
      throw damage
    }
  }
}

/// What was kept of a life cannot be read.
package struct SparkplugDamage: Error, CustomStringConvertible {
  package let path: String

  package var description: String { "what the store keeps of “\(path)” is damaged" }
}
