import DeviceFleet
import Telemetry
import Testing

/// When devices publish, and in how many messages.
@Suite struct LoadTests {
  private func times(
    every: Duration = .seconds(10), devices: Int = 20, hours duration: Double = 2,
    _ rhythm: PublishingRhythm?,
    seed: UInt64 = 42
  ) throws -> [[Double]] {
    var group = Fleets.pumps(devices, every: every)
    group.rhythm = rhythm
    let plan = try Fleets.plan(seed: seed, duration: hours(duration), group)
    return plan.devices.map { device in device.messages().map { ($0.timestamp - Fleets.start).seconds } }
  }

  private func count(_ times: [[Double]], minutes range: Range<Double>) -> Int {
    times.joined().count { range.contains($0 / 60) }
  }

  @Test func stagesShapeTheRate() throws {
    let profile = LoadProfile([
      .ramp(to: 1, over: minutes(20)), .hold(for: minutes(20)), .step(to: 0.5, for: minutes(20)),
      .burst(to: 3, for: minutes(10)),
    ])
    let times = try times(PublishingRhythm(profile: profile))
    // 20 devices, 6 publications a minute each at level 1; after the burst the level is that of the step.
    #expect(count(times, minutes: 0..<10) == 300)
    #expect(count(times, minutes: 10..<20) == 900)
    #expect(count(times, minutes: 20..<40) == 2400)
    #expect(count(times, minutes: 40..<60) == 1200)
    #expect(count(times, minutes: 60..<70) == 3600)
    #expect(count(times, minutes: 70..<120) == 3000)
    for device in times { #expect(zip(device, device.dropFirst()).allSatisfy { $0 < $1 }) }
  }

  @Test func theWorkOfAProfileIsTheAreaUnderItsLevel() {
    let profile = LoadProfile([
      .step(to: 2, for: .seconds(10)), .ramp(to: 0, over: .seconds(10)), .hold(for: .seconds(10)),
      .ramp(to: 1, over: .seconds(20)),
    ])
    #expect(profile.length == .seconds(50))
    #expect(profile.peak == 2)
    // The level a tenth of a millisecond apart, summed up.
    func level(_ time: Double) -> Double {
      switch time {
      case ..<10: 2
      case ..<20: 2 - (time - 10) / 5
      case ..<30: 0
      case ..<50: (time - 30) / 20
      default: 1
      }
    }
    var group = Fleets.pumps(1, every: .seconds(1))
    group.rhythm = PublishingRhythm(profile: profile)
    for seed in UInt64(1)...3 {
      guard let plan = try? Fleets.plan(seed: seed, duration: .seconds(60), group) else { continue }
      let times = plan.devices[0].messages().map { ($0.timestamp - Fleets.start).seconds }
      var previous = 0.0
      for (index, time) in times.enumerated() {
        let steps = 20_000
        let area = (0..<steps).reduce(0.0) { sum, step in
          sum + level(previous + (Double(step) + 0.5) / Double(steps) * (time - previous))
        }
        // Between two publications lies one interval of work.
        if index > 0 { #expect(abs(area * (time - previous) / Double(steps) - 1) < 0.01, "seed \(seed)") }
        previous = time
      }
      // 20 + 10 + 0 + 10 + 10 seconds of work.
      #expect(abs(times.count - 50) <= 1)
    }
  }

  @Test func jitterPutsOffByLessThanItsShareAndIsSeeded() throws {
    let even = try times(nil)
    let jittered = try times(PublishingRhythm(jitter: 0.4))
    var delays: [Double] = []
    for (device, other) in zip(even, jittered) {
      for (time, late) in zip(device, other) { delays.append(late - time) }
      #expect(zip(other, other.dropFirst()).allSatisfy { $0 < $1 })
    }
    #expect(delays.allSatisfy { $0 >= 0 && $0 < 4 })
    #expect(abs(delays.reduce(0, +) / Double(delays.count) - 2) < 0.1)
    #expect(try times(PublishingRhythm(jitter: 0.4)) == jittered)
    #expect(try times(PublishingRhythm(jitter: 0.4), seed: 43) != jittered)
  }

  @Test func labelsCoverReadingsUnderAnyRhythm() throws {
    for seed in UInt64(1)...5 {
      var group = Fleets.pumps(
        6,
        anomalies: [
          AnomalyPlacement(
            MeanAnomaly.self, severity: 8, sensor: Fleets.temperature, between: minutes(30)...hours(2),
            length: minutes(9), count: 2)
        ])
      group.rhythm = PublishingRhythm(
        jitter: 0.9, profile: LoadProfile([.ramp(to: 2, over: hours(1)), .ramp(to: 0.2, over: hours(1))]))
      let plan = try Fleets.plan(seed: seed, duration: hours(2), group)
      #expect(plan.labels.count == 12)
      for label in plan.labels {
        let device = try #require(plan.devices.first { $0.id == label.device })
        let covered = device.messages().filter { label.start <= $0.timestamp && $0.timestamp < label.end }
        #expect(covered.first?.timestamp == label.start, "seed \(seed)")
      }
    }
  }

  @Test func batchesGatherInstantsAndLeaveWithTheLast() throws {
    var group = Fleets.pumps(3)
    group.style.payload = .senML(units: [:])
    group.style.batch = 7
    let plan = try Fleets.plan(duration: hours(1), group)
    for device in 0..<3 {
      let deliveries = Array(plan.deliveries(ofDeviceAt: device))
      #expect(deliveries.flatMap(\.messages) == Array(plan.messages(ofDeviceAt: device)))
      #expect(deliveries.dropLast().allSatisfy { $0.messages.count == 7 })
      #expect(deliveries.allSatisfy { $0.due == $0.messages.last?.timestamp })
    }
    group.style.payload = .canonical
    #expect(throws: FleetPlanError.self) { try Fleets.plan(duration: hours(1), group) }
  }

  @Test func transportFaultsBefallWholeBatches() throws {
    var group = Fleets.pumps(1)
    group.style.payload = .senML(units: [:])
    group.style.batch = 5
    group.transport = [TransportPlacement(LossFault.self, between: .zero...hours(2), share: 0.3)]
    let plan = try Fleets.plan(duration: hours(2), group)
    let planned = Array(plan.messages(ofDeviceAt: 0))
    let left = plan.deliveries(ofDeviceAt: 0).map(\.messages)
    #expect(left.allSatisfy { $0.count == 5 })
    #expect(left.count < planned.count / 5 && left.count > planned.count / 10)
  }

  @Test func gatewaysCarryNeighboursAndPartsShareConnections() throws {
    var carried = Fleets.pumps(103)
    carried.style.gateways = 10
    var few = DeviceGroup(name: "fan", count: 3, every: .seconds(10), sensors: carried.sensors)
    few.style.gateways = 5
    let plan = try Fleets.plan(
      duration: hours(1), carried, few,
      DeviceGroup(name: "own", count: 4, every: .seconds(10), sensors: carried.sensors))
    let connections = plan.connections.all
    #expect(connections.count == 10 + 3 + 4)
    #expect(connections.flatMap(\.devices) == Array(plan.deviceIDs.indices))
    #expect(connections[0].name == "pump-gateway-0001" && connections[16].name == "own-0004")
    #expect(connections.prefix(10).allSatisfy { (10...11).contains($0.devices.count) })
    for count in 1...20 {
      let parts = (0..<count).compactMap { FleetShare(index: $0, count: count) }
      #expect(parts.flatMap { plan.connections.of($0) }.count == connections.count)
      #expect(Set(parts.flatMap { plan.connections.of($0) }) == Set(connections))
    }
  }

  /// Whether a delivery's time is known before it is made or not, the order is that of the times.
  @Test func deliveriesOfAllDevicesComeInOrder() throws {
    for seed in UInt64(1)...4 {
      var plain = Fleets.pumps(7)
      plain.rhythm = PublishingRhythm(jitter: 0.5)
      var batched = DeviceGroup(name: "fan", count: 5, every: .seconds(7), sensors: plain.sensors)
      batched.style.payload = .senML(units: [:])
      batched.style.batch = 4
      var silent = DeviceGroup(name: "cut", count: 3, every: .seconds(9), sensors: plain.sensors)
      silent.anomalies = [Fleets.temperature, Fleets.vibration].map {
        AnomalyPlacement(DropoutAnomaly.self, sensor: $0, between: .zero...hours(1), length: minutes(25))
      }
      var faulty = DeviceGroup(name: "bad", count: 4, every: .seconds(8), sensors: plain.sensors)
      faulty.transport = [TransportPlacement(ReorderingFault.self, between: .zero...hours(1))]
      let plan = try Fleets.plan(seed: seed, duration: hours(1), plain, batched, silent, faulty)
      let wanted = plan.deviceIDs.indices.flatMap { device in
        plan.deliveries(ofDeviceAt: device).map { (device: device, delivery: $0) }
      }.sorted { ($0.delivery.due, $0.device) < ($1.delivery.due, $1.device) }
      var ordered = plan.deliveriesInOrder()
      for (device, delivery) in wanted {
        let next = ordered.next()
        #expect(next?.device == device && next?.delivery == delivery, "seed \(seed)")
      }
      #expect(ordered.next() == nil)
    }
  }

  @Test func moreOftenThanEveryMillisecondIsRefused() throws {
    var group = Fleets.pumps(1, every: .milliseconds(10))
    group.rhythm = PublishingRhythm(jitter: 0.5, profile: LoadProfile([.step(to: 6, for: .seconds(1))]))
    let error = #expect(throws: FleetPlanError.self) { try Fleets.plan(duration: .seconds(5), group) }
    #expect(error?.reason.contains("more often than every millisecond") == true)
  }
}
