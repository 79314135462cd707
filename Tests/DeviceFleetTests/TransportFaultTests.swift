import Detection
import DeviceFleet
import Telemetry
import Testing

/// Each transport fault's defining property, and that none changes what was planned.
@Suite struct TransportFaultTests {
  private func plan(
    _ kind: any TransportFault.Type, seed: UInt64, devices: Int = 1, share: Double? = nil
  ) throws -> FleetPlan {
    var group = Fleets.pumps(devices)
    group.transport = [
      TransportPlacement(kind, between: hours(1)...hours(5), length: hours(1), share: share)
    ]
    return try Fleets.plan(seed: seed, duration: hours(6), group)
  }

  private struct Traffic {
    var label: Label
    var planned: [Message]
    var deliveries: [Delivery]

    var messages: [Message] {
      deliveries.flatMap(\.messages)
    }
    var again: [Message] {
      deliveries.flatMap { if case .again(let messages) = $0.parcel { messages } else { [Message]() } }
    }
    var waste: [[UInt8]] {
      deliveries.compactMap { if case .waste(let bytes) = $0.parcel { bytes } else { nil } }
    }
    var cuts: [Timestamp] { deliveries.filter { $0.parcel == .cut }.map(\.due) }
    func isInside(_ message: Message) -> Bool {
      label.start <= message.timestamp && message.timestamp < label.end
    }
  }

  private func traffic(_ kind: any TransportFault.Type, seed: UInt64, share: Double? = nil) throws -> Traffic
  {
    let plan = try plan(kind, seed: seed, share: share)
    let label = try #require(plan.transportLabels.first)
    #expect(plan.transportLabels.count == 1 && plan.labels.isEmpty)
    #expect(label.kind == kind.name && label.sensor == nil && label.end - label.start == hours(1))
    let traffic = Traffic(
      label: label, planned: Array(plan.messages(ofDeviceAt: 0)),
      deliveries: Array(plan.deliveries(ofDeviceAt: 0)))
    // The plan is the same with and without.
    #expect(
      traffic.planned
        == Array(try Fleets.plan(seed: seed, duration: hours(6), Fleets.pumps(1)).messages(ofDeviceAt: 0)))
    #expect(plan.messageCount == traffic.planned.count)
    #expect(zip(traffic.deliveries, traffic.deliveries.dropFirst()).allSatisfy { $0.due <= $1.due })
    let outside = traffic.messages.filter { !traffic.isInside($0) }
    #expect(outside == traffic.planned.filter { !traffic.isInside($0) }, "seed \(seed)")
    return traffic
  }

  private func expectWhole(_ traffic: Traffic) {
    #expect(traffic.messages.map(\.position!.sequence).sorted() == traffic.planned.map(\.position!.sequence))
  }

  @Test(arguments: UInt64(1)...3) func loss(seed: UInt64) throws {
    let traffic = try traffic(LossFault.self, seed: seed, share: 0.25)
    let missing = traffic.planned.count - traffic.messages.count
    #expect(abs(missing - 90) < 30, "seed \(seed): \(missing)")
  }

  @Test(arguments: UInt64(1)...3) func silent(seed: UInt64) throws {
    let traffic = try traffic(SilentFault.self, seed: seed)
    #expect(!traffic.messages.contains { traffic.isInside($0) })
    #expect(abs(traffic.planned.count - traffic.messages.count - 360) <= 1)
  }

  @Test(arguments: UInt64(1)...3) func duplicates(seed: UInt64) throws {
    let traffic = try traffic(DuplicatesFault.self, seed: seed, share: 0.5)
    #expect(traffic.messages == traffic.planned)
    #expect(abs(traffic.again.count - 180) < 45)
    #expect(traffic.again.allSatisfy { traffic.isInside($0) })
  }

  @Test(arguments: UInt64(1)...3) func reordering(seed: UInt64) throws {
    let traffic = try traffic(ReorderingFault.self, seed: seed)
    expectWhole(traffic)
    let overtaken = zip(traffic.messages, traffic.messages.dropFirst()).count { $0.timestamp > $1.timestamp }
    #expect(overtaken > 20)
    for delivery in traffic.deliveries {
      guard let message = delivery.messages.first else { continue }
      #expect(delivery.due >= message.timestamp && delivery.due - message.timestamp <= .seconds(25))
    }
  }

  @Test(arguments: UInt64(1)...3) func lateness(seed: UInt64) throws {
    let traffic = try traffic(LatenessFault.self, seed: seed)
    #expect(traffic.messages == traffic.planned)
    for delivery in traffic.deliveries {
      guard let message = delivery.messages.first else { continue }
      #expect(delivery.due == (traffic.isInside(message) ? traffic.label.end : message.timestamp))
    }
  }

  @Test(arguments: UInt64(1)...3) func halfOpen(seed: UInt64) throws {
    let traffic = try traffic(HalfOpenFault.self, seed: seed)
    #expect(traffic.messages == traffic.planned)
    #expect(traffic.cuts == [traffic.label.end])
    // First the connection is made again, then everything leaves.
    let cut = try #require(traffic.deliveries.firstIndex { $0.parcel == .cut })
    #expect(traffic.deliveries[cut + 1].due == traffic.label.end)
    #expect(cut == traffic.planned.firstIndex { traffic.isInside($0) })
  }

  @Test(arguments: UInt64(1)...3) func flapping(seed: UInt64) throws {
    let traffic = try traffic(FlappingFault.self, seed: seed, share: 0.2)
    #expect(traffic.messages == traffic.planned)
    #expect(abs(traffic.cuts.count - 72) < 30)
  }

  @Test func aReconnectStormComesToAllAtOnce() throws {
    let plan = try plan(ReconnectStormFault.self, seed: 3, devices: 12)
    #expect(plan.transportLabels.count == 12)
    #expect(Set(plan.transportLabels.map(\.start)).count == 1)
    for device in 0..<12 {
      let cuts = plan.deliveries(ofDeviceAt: device).filter { $0.parcel == .cut }
      #expect(cuts.count == 1)
      #expect(cuts.allSatisfy { $0.due - plan.transportLabels[device].start <= .seconds(10) })
    }
  }

  @Test(arguments: UInt64(1)...3) func garbageAndOversized(seed: UInt64) throws {
    for (kind, isLong) in [(GarbageFault.self, false), (OversizedFault.self, true)]
      as [(any TransportFault.Type, Bool)]
    {
      let traffic = try traffic(kind, seed: seed, share: 0.2)
      #expect(traffic.messages == traffic.planned)
      #expect(abs(traffic.waste.count - 72) < 30)
      for bytes in traffic.waste {
        #expect((bytes.count > PayloadCodec.maximumBytes) == isLong)
        #expect(throws: PayloadError.self) {
          try bytes.withUnsafeBufferPointer { try PayloadCodec.decode($0, topicDevice: nil) }
        }
      }
    }
  }

  /// An anomaly of which no message leaves is no ground truth; one of which some leave is.
  @Test func whatNobodySeesIsNotLabelled() throws {
    for seed in UInt64(1)...4 {
      var group = Fleets.pumps(
        4,
        anomalies: [
          AnomalyPlacement(
            MeanAnomaly.self, sensor: Fleets.temperature, between: hours(1)...hours(2), length: minutes(30)),
          AnomalyPlacement(
            MeanAnomaly.self, sensor: Fleets.vibration, between: hours(3)...hours(4), length: minutes(30)),
        ])
      group.transport = [
        TransportPlacement(SilentFault.self, devices: .count(2), between: hours(1)...hours(2)),
        TransportPlacement(SilentFault.self, between: hours(3)...hours(3.5)),
        TransportPlacement(SilentFault.self, between: hours(3.6)...hours(4)),
      ]
      let plan = try Fleets.plan(seed: seed, duration: hours(5), group)
      for (index, device) in plan.devices.enumerated() {
        let left = plan.deliveries(ofDeviceAt: index).flatMap(\.messages)
        for label in device.labels {
          #expect(left.contains { label.start <= $0.timestamp && $0.timestamp < label.end }, "seed \(seed)")
        }
      }
      #expect(plan.labels.count { $0.sensor == Fleets.temperature } == 2, "seed \(seed)")
      #expect(plan.labels.count { $0.sensor == Fleets.vibration } >= 1, "seed \(seed)")
    }
  }

  /// Whatever faults lie over one another, what is repeated leaves at some time by itself.
  @Test func whatNeverLeavesIsNotRepeated() throws {
    var repeated = 0
    for seed in UInt64(1)...20 {
      var group = Fleets.pumps(2)
      group.transport = TransportCatalogue.kinds.map {
        TransportPlacement($0, between: hours(1)...hours(3), length: hours(1), share: 0.3)
      }
      let plan = try Fleets.plan(seed: seed, duration: hours(4), group)
      for index in plan.deviceIDs.indices {
        let deliveries = Array(plan.deliveries(ofDeviceAt: index))
        let left = Set(deliveries.flatMap(\.messages).map { $0.position?.sequence })
        for case .again(let messages) in deliveries.map(\.parcel) {
          repeated += messages.count
          let strangers = messages.count { !left.contains($0.position?.sequence) }
          #expect(strangers == 0, "seed \(seed)")
        }
      }
    }
    #expect(repeated > 100)
  }

  /// Where one fault repeats and another puts off, what leaves first is the message, and what leaves later repeats it.
  @Test(arguments: [true, false]) func nothingIsRepeatedBeforeItHasLeft(repeatsFirst: Bool) throws {
    let kinds: [any TransportFault.Type] = [DuplicatesFault.self, ReorderingFault.self]
    var putOff = 0
    for seed in UInt64(1)...5 {
      var group = Fleets.pumps(1)
      group.transport = (repeatsFirst ? kinds : kinds.reversed()).map {
        TransportPlacement($0, between: hours(1)...hours(3), length: hours(2), share: 0.5)
      }
      let plan = try Fleets.plan(seed: seed, duration: hours(4), group)
      var left: [Int64: Timestamp] = [:]
      for delivery in plan.deliveries(ofDeviceAt: 0) {
        for message in delivery.messages {
          #expect(left.updateValue(delivery.due, forKey: message.position!.sequence) == nil, "seed \(seed)")
        }
        guard case .again(let messages) = delivery.parcel else { continue }
        for message in messages {
          let first = left[message.position!.sequence]
          #expect(first != nil, "seed \(seed): \(message.position!.sequence)")
          if let first, first < delivery.due { putOff += 1 }
        }
      }
      #expect(left.count == plan.messageCount)
    }
    #expect(!repeatsFirst || putOff > 100)
  }

  @Test func equalSeedsGiveEqualTraffic() throws {
    for kind in TransportCatalogue.kinds {
      let first = try plan(kind, seed: 9, devices: 3)
      let second = try plan(kind, seed: 9, devices: 3)
      #expect(Array(first.deliveries(ofDeviceAt: 1)) == Array(second.deliveries(ofDeviceAt: 1)))
      var ordered = first.deliveriesInOrder()
      var last = Timestamp(milliseconds: 0)
      var count = 0
      while let (delivery, _) = ordered.next() {
        #expect(last <= delivery.due)
        last = delivery.due
        count += 1
      }
      #expect(count == (0..<3).reduce(0) { $0 + Array(first.deliveries(ofDeviceAt: $1)).count })
    }
  }
}
