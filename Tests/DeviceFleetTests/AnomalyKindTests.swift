import Detection
import DeviceFleet
import Telemetry
import Testing

/// Each kind's defining property: what it changes, and that it changes nothing else.
@Suite struct AnomalyKindTests {
  private static let load = SensorID("load")!
  private static let heat = SensorID("heat")!
  private static let period = 3600.0

  /// A sensor with waves and noise, and one that follows it at once.
  private func plan(
    _ kind: (any Anomaly.Type)?, severity: Double? = nil, sensor: SensorID? = load, seed: UInt64,
    noise: Double = 0.1, at begin: Duration = hours(10), length: Duration = hours(2)
  ) throws -> FleetPlan {
    let placement = kind.map {
      AnomalyPlacement(
        $0, severity: severity, sensor: $0.origin == .clock ? nil : sensor,
        between: begin...(begin + length + .seconds(10) - .milliseconds(1)), length: length)
    }
    return try Fleets.plan(
      seed: seed,
      DeviceGroup(
        name: "machine", count: 1, every: .seconds(10),
        sensors: [
          SensorPlan(
            id: Self.load,
            signal: [
              SineSignal(offset: 50, amplitude: 10, period: .seconds(3600)),
              NoiseSignal(standardDeviation: Varied(noise)),
            ], resolution: Resolution(step: 1e-9)!),
          SensorPlan(
            id: Self.heat, signal: [FollowSignal(Self.load, offset: 20, gain: 0.5)],
            resolution: Resolution(step: 1e-9)!),
        ], anomalies: placement.map { [$0] } ?? []))
  }

  private struct Pair {
    var time: Timestamp
    var clean: Double
    var value: Double
    var cleanHeat: Double
    var heat: Double
    var isInside: Bool
  }

  /// Readings with and without the anomaly. Outside of it there must be no difference.
  private func pairs(
    _ kind: any Anomaly.Type, severity: Double? = nil, seed: UInt64, noise: Double = 0.1
  ) throws -> [Pair] {
    let plan = try plan(kind, severity: severity, seed: seed, noise: noise)
    let label = try #require(plan.labels.first)
    #expect(plan.labels.count == 1)
    #expect(label.kind == kind.name && label.sensor == Self.load)
    let readings = zip(
      try self.plan(nil, seed: seed, noise: noise).devices[0].messages(), plan.devices[0].messages()
    )
    .map { clean, wrong in
      Pair(
        time: wrong.timestamp, clean: clean.values[0].value, value: wrong.values[0].value,
        cleanHeat: clean.values[1].value, heat: wrong.values[1].value,
        isInside: label.start <= wrong.timestamp && wrong.timestamp < label.end)
    }
    #expect(readings.filter { !$0.isInside }.allSatisfy { $0.clean == $0.value && $0.cleanHeat == $0.heat })
    #expect(readings.contains { $0.isInside && $0.time == label.start }, "seed \(seed)")
    let inside = readings.filter(\.isInside)
    // Sensors that follow show what goes wrong with the process, and nothing of what goes wrong with its sensor.
    for reading in inside {
      let followed = kind.origin == .process ? reading.value : reading.clean
      #expect(abs(reading.heat - (20 + 0.5 * followed)) < 1e-6, "\(kind.name), seed \(seed)")
    }
    return inside
  }

  private func spread(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }

  /// The sensor's spread, in which severities count.
  private let scale = (50.0 + 0.01).squareRoot()

  @Test(arguments: UInt64(1)...3) func meanAndBias(seed: UInt64) throws {
    for kind in [MeanAnomaly.self, BiasAnomaly.self] as [any Anomaly.Type] {
      for reading in try pairs(kind, severity: -2, seed: seed) {
        #expect(abs(reading.value - reading.clean + 2 * scale) < 1e-6, "seed \(seed)")
      }
    }
  }

  @Test(arguments: UInt64(1)...3) func trendAndDrift(seed: UInt64) throws {
    for kind in [TrendAnomaly.self, DriftAnomaly.self] as [any Anomaly.Type] {
      let readings = try pairs(kind, severity: 4, seed: seed)
      for (index, reading) in readings.enumerated() {
        let share = Double(index + 1) / Double(readings.count)
        #expect(abs(reading.value - reading.clean - 4 * scale * share) < 1e-6, "seed \(seed)")
      }
    }
  }

  @Test(arguments: UInt64(1)...3) func platform(seed: UInt64) throws {
    for reading in try pairs(PlatformAnomaly.self, severity: 3, seed: seed) {
      #expect(abs(reading.value - (50 + 3 * scale)) < 1e-6)
    }
  }

  @Test(arguments: UInt64(1)...3) func extremum(seed: UInt64) throws {
    let readings = try pairs(ExtremumAnomaly.self, severity: 6, seed: seed)
    #expect(readings.count == 1)
    #expect(abs(readings[0].value - readings[0].clean - 6 * scale) < 1e-6)
  }

  @Test(arguments: UInt64(1)...3) func amplitude(seed: UInt64) throws {
    for reading in try pairs(AmplitudeAnomaly.self, severity: 3, seed: seed, noise: 0) {
      #expect(abs(reading.value - 50 - 3 * (reading.clean - 50)) < 1e-6)
    }
  }

  @Test(arguments: UInt64(1)...3) func modeCorrelation(seed: UInt64) throws {
    for reading in try pairs(ModeCorrelationAnomaly.self, seed: seed, noise: 0) {
      #expect(abs(reading.value + reading.clean - 100) < 1e-6)
    }
    // On the follower it breaks the correlation: one goes down as the other goes up.
    let plan = try plan(ModeCorrelationAnomaly.self, sensor: Self.heat, seed: seed)
    let label = plan.labels[0]
    for message in plan.devices[0].messages()
    where label.start <= message.timestamp && message.timestamp < label.end {
      #expect(abs(message.values[1].value - (20 + 0.5 * (100 - message.values[0].value))) < 1e-6)
    }
  }

  @Test(arguments: UInt64(1)...3) func frequency(seed: UInt64) throws {
    func crossings(_ values: [Double]) -> Int {
      zip(values, values.dropFirst()).count { ($0 - 50) * ($1 - 50) < 0 }
    }
    let readings = try pairs(FrequencyAnomaly.self, severity: 4, seed: seed, noise: 0)
    // Two hours hold two swings, and eight at four times the pace.
    #expect(abs(crossings(readings.map(\.clean)) - 4) <= 1)
    #expect(abs(crossings(readings.map(\.value)) - 16) <= 1)
    #expect(abs(readings[0].value - readings[0].clean) < 1e-6)
  }

  @Test(arguments: UInt64(1)...3) func patternShift(seed: UInt64) throws {
    let readings = try pairs(PatternShiftAnomaly.self, severity: 0.25, seed: seed, noise: 0)
    // Early by a quarter of 360 readings.
    for index in 0..<(readings.count - 90) {
      #expect(abs(readings[index].value - readings[index + 90].clean) < 1e-6)
    }
  }

  @Test(arguments: UInt64(1)...3) func pattern(seed: UInt64) throws {
    for reading in try pairs(PatternAnomaly.self, severity: 8, seed: seed, noise: 0) {
      let was = (reading.clean - 50) / 10
      let isNow = (reading.value - 50) / 10
      #expect(abs(isNow) <= 1 + 1e-6 && abs(isNow) >= abs(was) - 1e-6 && isNow * was >= -1e-9)
      if abs(was) > 0.5 { #expect(abs(isNow) > 0.89) }
    }
  }

  @Test(arguments: UInt64(1)...3) func variance(seed: UInt64) throws {
    let readings = try pairs(VarianceAnomaly.self, severity: 5, seed: seed)
    let swing = try pairs(VarianceAnomaly.self, severity: 5, seed: seed, noise: 0).map(\.clean)
    for (reading, wave) in zip(readings, swing) {
      #expect(abs((reading.value - wave) - 5 * (reading.clean - wave)) < 1e-6)
    }
  }

  @Test(arguments: UInt64(1)...3) func noiseBurst(seed: UInt64) throws {
    let readings = try pairs(NoiseBurstAnomaly.self, severity: 2, seed: seed)
    let added = spread(readings.map { $0.value - $0.clean })
    #expect(abs(added / (2 * scale) - 1) < 0.15, "seed \(seed): \(added)")
  }

  @Test(arguments: UInt64(1)...3) func dropout(seed: UInt64) throws {
    for (severity, isLost) in [(1.0, { (share: Double) in share == 1 }), (0.5, { abs($0 - 0.5) < 0.1 })] {
      let plan = try plan(DropoutAnomaly.self, severity: severity, seed: seed)
      let label = plan.labels[0]
      let messages = Array(plan.devices[0].messages())
      let missing = messages.filter { message in !message.values.contains { $0.sensor == Self.load } }
      #expect(missing.allSatisfy { label.start <= $0.timestamp && $0.timestamp < label.end })
      #expect(isLost(Double(missing.count) / 720), "seed \(seed)")
      // The other sensor goes on, and what is planned is what is published.
      #expect(messages.allSatisfy { $0.values.last?.sensor == Self.heat })
      #expect(plan.messageCount == messages.count)
      #expect(plan.readingCount == messages.reduce(0) { $0 + $1.values.count })
    }
  }

  @Test(arguments: [90.0, -90]) func clockSkew(severity: Double) throws {
    let plan = try plan(ClockSkewAnomaly.self, severity: severity, seed: 5)
    let clean = try self.plan(nil, seed: 5)
    let label = plan.labels[0]
    #expect(label.sensor == nil)
    var wrong = 0
    for (message, right) in zip(plan.messagesInEventOrder(), clean.messagesInEventOrder()) {
      #expect(message.values == right.values && message.position == right.position)
      let ahead = (message.timestamp - right.timestamp).seconds
      if ahead == 0 { continue }
      #expect(ahead == severity)
      #expect(label.start <= message.timestamp && message.timestamp < label.end)
      wrong += 1
    }
    #expect(wrong == 720)
  }

  @Test func aKindThatWouldNotShowIsRefused() {
    func reason(_ kind: any Anomaly.Type, _ signal: any Signal, severity: Double? = nil) -> String {
      do {
        _ = try Fleets.plan(
          DeviceGroup(
            name: "m", count: 1, every: .seconds(10),
            sensors: [SensorPlan(id: Self.load, signal: [signal])],
            anomalies: [
              AnomalyPlacement(
                kind, severity: severity, sensor: Self.load, between: hours(1)...hours(3), length: hours(1))
            ]))
        return ""
      } catch { return "\(error)" }
    }
    let noise = NoiseSignal(standardDeviation: 1)
    let sine = SineSignal(amplitude: 1, period: .seconds(3600))
    #expect(reason(FrequencyAnomaly.self, noise).contains("no pattern that repeats"))
    #expect(reason(PatternShiftAnomaly.self, noise).contains("no pattern that repeats"))
    #expect(reason(AmplitudeAnomaly.self, noise).contains("no wave"))
    #expect(reason(VarianceAnomaly.self, sine).contains("no noise"))
    #expect(reason(MeanAnomaly.self, ConstantSignal(value: 1)).contains("no spread"))
    #expect(reason(DropoutAnomaly.self, sine).contains("only sensor"))
    #expect(reason(ClockSkewAnomaly.self, sine).contains("the whole device"))
    #expect(reason(FrequencyAnomaly.self, sine, severity: -1).contains("a severity of -1"))
  }

  @Test func aRateDrawsItsNumberForEachDevice() throws {
    let plan = try Fleets.plan(
      duration: hours(240),
      Fleets.pumps(
        30, every: .seconds(60),
        anomalies: [
          AnomalyPlacement(
            SpikeAnomaly.self, sensor: Fleets.temperature, between: .zero...hours(240), count: .perDay(1.5))
        ]))
    let counts = Dictionary(grouping: plan.labels, by: \.device).mapValues(\.count)
    // 15 a device on average, so 450 in all, with a standard deviation of 21.
    #expect(abs(plan.labels.count - 450) < 85)
    #expect(Set(counts.values).count > 5)
  }
}
