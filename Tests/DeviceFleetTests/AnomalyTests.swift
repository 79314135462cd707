import Detection
import DeviceFleet
import Telemetry
import Testing

@Suite struct AnomalyTests {
  private func placement(
    _ kind: any Anomaly.Type, severity: Double? = nil, devices: AnomalyPlacement.Devices = .all,
    between: ClosedRange<Duration> = hours(14)...hours(22), length: Duration? = minutes(45),
    count: AnomalyPlacement.Count = 1,
    allowsOverlap: Bool = false
  ) -> AnomalyPlacement {
    AnomalyPlacement(
      kind, severity: severity, sensor: Fleets.temperature, devices: devices, between: between,
      length: length,
      count: count, allowsOverlap: allowsOverlap)
  }

  /// The temperatures of the first pump with and without `anomalies`, paired, each with its time.
  private func pairs(
    seed: UInt64, _ anomalies: AnomalyPlacement...
  ) throws -> (labels: [Label], readings: [(time: Timestamp, clean: Double, value: Double)]) {
    let clean = try Fleets.plan(seed: seed, Fleets.pumps(1))
    let plan = try Fleets.plan(seed: seed, Fleets.pumps(1, anomalies: anomalies))
    let readings = zip(clean.devices[0].messages(), plan.devices[0].messages()).map {
      (time: $1.timestamp, clean: $0.values[0].value, value: $1.values[0].value)
    }
    return (plan.labels, readings)
  }

  @Test(arguments: UInt64(1)...5) func meanShiftsEveryReadingOfItsLabelAndNoOther(seed: UInt64) throws {
    let (labels, readings) = try pairs(seed: seed, placement(MeanAnomaly.self, severity: 6))
    let label = try #require(labels.first)
    #expect(labels.count == 1)
    #expect(label.kind == "mean" && label.severity == 6 && label.sensor == Fleets.temperature)
    #expect(label.end - label.start == minutes(45))
    #expect(label.start >= Fleets.start + hours(14) && label.end <= Fleets.start + hours(22))
    let shift = 6 * Fleets.pumps(1).sensors[0].scale
    for reading in readings {
      let inside = reading.time >= label.start && reading.time < label.end
      #expect(abs(reading.value - reading.clean - (inside ? shift : 0)) < 0.0011, "seed \(seed)")
    }
    #expect(readings.contains { $0.time == label.start })
  }

  @Test(arguments: UInt64(1)...5) func stuckAtHoldsTheFirstValue(seed: UInt64) throws {
    let (labels, readings) = try pairs(seed: seed, placement(StuckAtAnomaly.self))
    let label = try #require(labels.first)
    #expect(label.kind == "stuck-at" && label.severity == nil)
    let inside = readings.filter { $0.time >= label.start && $0.time < label.end }
    #expect(inside.count == 270)
    #expect(Set(inside.map(\.value)) == [inside[0].clean], "seed \(seed)")
    #expect(
      readings.filter { $0.time < label.start || $0.time >= label.end }.allSatisfy { $0.clean == $0.value })
  }

  @Test(arguments: UInt64(1)...5) func spikesAreSingleReadingsOneInTen(seed: UInt64) throws {
    let (labels, readings) = try pairs(seed: seed, placement(SpikeAnomaly.self, severity: 4))
    let label = try #require(labels.first)
    let height = 4 * Fleets.pumps(1).sensors[0].scale
    let inside = readings.filter { $0.time >= label.start && $0.time < label.end }
    for ten in stride(from: 0, to: inside.count, by: 10) {
      let spikes = inside[ten..<min(ten + 10, inside.count)].filter { $0.value != $0.clean }
      #expect(spikes.count == 1, "seed \(seed)")
      #expect(abs(abs(spikes[spikes.startIndex].value - spikes[spikes.startIndex].clean) - height) < 0.0011)
    }
    #expect(inside[0].value != inside[0].clean)
    #expect(
      readings.filter { $0.time < label.start || $0.time >= label.end }.allSatisfy { $0.clean == $0.value })
  }

  @Test func withoutALengthASpikeIsOneReading() throws {
    let (labels, readings) = try pairs(seed: 3, placement(SpikeAnomaly.self, length: nil, count: 4))
    #expect(labels.count == 4)
    #expect(labels.allSatisfy { $0.end - $0.start == .milliseconds(1) && $0.severity == 8 })
    #expect(readings.filter { $0.clean != $0.value }.map(\.time) == labels.map(\.start))
  }

  @Test(arguments: [
    (AnomalyPlacement.Devices.all, 20), (.share(0.1), 2), (.share(0.001), 1), (.share(0), 0), (.count(3), 3),
    (.named([DeviceID("pump-0007")!]), 1),
  ])
  func theChosenDevices(devices: AnomalyPlacement.Devices, expected: Int) throws {
    let plan = try Fleets.plan(Fleets.pumps(20, anomalies: [placement(MeanAnomaly.self, devices: devices)]))
    #expect(Set(plan.labels.map(\.device)).count == expected)
    #expect(plan.labels.count == expected)
  }

  @Test(arguments: UInt64(1)...20) func anomaliesOfOneSensorKeepApart(seed: UInt64) throws {
    let plan = try Fleets.plan(
      seed: seed,
      Fleets.pumps(
        3,
        anomalies: [
          placement(MeanAnomaly.self, between: hours(1)...hours(7), length: hours(1), count: 3),
          placement(StuckAtAnomaly.self, between: hours(1)...hours(7), length: minutes(40), count: 1),
        ]))
    for (first, second) in zip(plan.labels, plan.labels.dropFirst()) where first.device == second.device {
      #expect(first.end <= second.start, "seed \(seed)")
    }
  }

  @Test func anOverlapIsRefusedUnlessAllowedAndThenSaidSo() throws {
    let tight = hours(1)...hours(2)
    let first = placement(MeanAnomaly.self, between: tight, length: minutes(50))
    #expect {
      try Fleets.plan(
        Fleets.pumps(
          1, anomalies: [first, placement(SpikeAnomaly.self, between: tight, length: minutes(30))]))
    } throws: { error in
      let error = error as? FleetPlanError
      return error?.anomaly == 1 && error?.reason.contains("no room on temperature of pump-0001") == true
    }
    let plan = try Fleets.plan(
      Fleets.pumps(
        1,
        anomalies: [
          first, placement(SpikeAnomaly.self, between: tight, length: minutes(30), allowsOverlap: true),
        ]))
    #expect(plan.labels.map { $0.parameters["overlaps"] }.compactMap(\.self) == ["true"])
  }

  @Test func impossiblePlansSayWhy() {
    func reason(_ group: DeviceGroup) -> String? {
      do {
        _ = try Fleets.plan(group)
        return nil
      } catch { return String(describing: error) }
    }
    #expect(
      reason(Fleets.pumps(1, anomalies: [placement(MeanAnomaly.self, between: hours(20)...hours(25))]))
        == "fleet[0].anomalies[0]: it lies outside the clock")
    #expect(
      reason(Fleets.pumps(1, anomalies: [placement(MeanAnomaly.self, devices: .count(2))]))
        == "fleet[0].anomalies[0]: 2 devices were asked for, and there are 1")
    var group = Fleets.pumps(1)
    group.sensors[0].signal = [ConstantSignal(value: 3)]
    group.anomalies = [placement(MeanAnomaly.self)]
    #expect(reason(group)?.contains("temperature has no spread") == true)
    group.anomalies = [placement(StuckAtAnomaly.self)]
    #expect(reason(group) == nil)
    #expect(reason(Fleets.pumps(-1)) == "fleet[0]: a count of -1 devices")
  }

  @Test func labelsSurviveTheirFile() throws {
    let plan = try Fleets.plan(
      Fleets.pumps(
        4, anomalies: [placement(MeanAnomaly.self, severity: 2.5), placement(SpikeAnomaly.self, length: nil)])
    )
    let text = LabelFile.text(of: plan.labels)
    #expect(text.hasPrefix("device,sensor,kind,start,end,severity,parameters\npump-0001,temperature,"))
    #expect(try LabelFile.read(.init(bytes: Array(text.utf8), path: "labels.csv")) == plan.labels)
  }
}
