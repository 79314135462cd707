import DeviceFleet
import Telemetry
import Testing

@Suite struct SignalTests {
  private static let fine = Resolution(step: 1e-9)!

  /// The values of `parts` on the first of `count` devices, a reading each `every`.
  private func values(
    _ parts: [any Signal], seed: UInt64 = 42, device: Int = 0, count: Int = 1, every: Duration = .seconds(60),
    for duration: Duration = hours(24)
  ) throws -> [Double] {
    let plan = try Fleets.plan(
      seed: seed, duration: duration,
      DeviceGroup(
        name: "s", count: count, every: every,
        sensors: [SensorPlan(id: Fleets.temperature, signal: parts, resolution: Self.fine)]))
    return plan.devices[device].messages().map { $0.values[0].value }
  }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  private func spread(_ values: [Double]) -> Double {
    let mean = mean(values)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }

  /// Every signal with a stationary level and spread, which must be those that it says it has.
  private static let stationary: [(String, any Signal)] = [
    ("constant", ConstantSignal(value: 3)),
    ("sine", SineSignal(offset: 5, amplitude: 2, period: .seconds(3600))),
    ("square", SquareSignal(offset: 1, amplitude: 2, period: .seconds(3600), duty: 0.25)),
    ("sawtooth", SawtoothSignal(offset: -1, amplitude: 3, period: .seconds(3600))),
    ("diurnal", DiurnalSignal(offset: 10, amplitude: 4)),
    ("weekly", WeeklySignal(levels: [1, 2, 3, 4, 5, 9, 11])),
    ("ecg", ECGSignal(offset: 2, amplitude: 5, period: .seconds(2400))),
    ("gaussian", NoiseSignal(standardDeviation: 2)),
    ("uniform", NoiseSignal(standardDeviation: 2, distribution: .uniform)),
    (
      "random walk", RandomWalkSignal(perHour: 2, memory: .seconds(1800))
    ),
    (
      "states",
      MachineStatesSignal(states: [
        .init(name: "off", level: 0, dwell: .seconds(600)),
        .init(name: "idle", level: 5, dwell: .seconds(300)),
        .init(name: "load", level: 20, dwell: .seconds(900)),
      ])
    ),
    ("recorded", RecordedSignal(values: (0..<90).map { Double($0 / 10) }, every: .seconds(60))),
    (
      "sum", SumSignal([ConstantSignal(value: 1), SineSignal(amplitude: 2, period: .seconds(7200))])
    ),
    (
      "product",
      ProductSignal([
        SineSignal(offset: 3, amplitude: 1, period: .seconds(3600)),
        SquareSignal(offset: 2, amplitude: 1, period: .seconds(86_400)),
      ])
    ),
    (
      "delay", DelaySignal(by: .seconds(900), [SineSignal(offset: 5, amplitude: 2, period: .seconds(3600))])
    ),
  ]

  @Test(arguments: stationary.indices) func levelAndSpreadAreWhatTheSignalSays(index: Int) throws {
    let (name, signal) = Self.stationary[index]
    let values = try values([signal], every: .seconds(30), for: hours(24 * 14))
    let expected = signal.statistics { _ in SignalStatistics() }
    let slack = 0.06 * max(expected.standardDeviation, 0.001) + 0.001
    #expect(abs(mean(values) - expected.level) < slack * 2, "\(name): \(mean(values)), \(expected)")
    #expect(
      abs(spread(values) - expected.standardDeviation) < slack, "\(name): \(spread(values)), \(expected)")
  }

  @Test func heavyTailsAreFurtherOutThanGauss() throws {
    let heavy = try values(
      [NoiseSignal(standardDeviation: 1, distribution: .heavyTailed)], every: .seconds(1))
    let normal = try values([NoiseSignal(standardDeviation: 1)], every: .seconds(1))
    #expect(heavy.count { abs($0) > 5 } > 100)
    #expect(normal.count { abs($0) > 5 } <= 1)
    #expect(heavy.count { abs($0) < 0.5 } > normal.count { abs($0) < 0.5 })
    let even = try values([NoiseSignal(standardDeviation: 1, distribution: .uniform)])
    #expect(even.allSatisfy { abs($0) <= 3.0.squareRoot() })
  }

  @Test func shapesFollowTheirFormulas() throws {
    let square = try values([SquareSignal(amplitude: 2, period: .seconds(3600), duty: 0.25, phase: 0)])
    #expect(Set(square) == [2, -2])
    #expect(square.count { $0 == 2 } == square.count / 4)
    let saw = try values([SawtoothSignal(amplitude: 1, period: .seconds(3600), phase: 0)])
    for (a, b) in zip(saw, saw.dropFirst()) { #expect(abs(b - a - 2.0 / 60) < 1e-6 || b < a - 1.9) }
    let polynomial = try values([PolynomialSignal(coefficients: [1, 0, 3])])
    #expect(abs(polynomial[0] - 1) < 1e-4 && abs((polynomial.last ?? 0) - 4) < 0.02)
    let clamped = try values([
      ClampSignal(minimum: -1, maximum: 0.5, [SineSignal(amplitude: 2, period: .seconds(3600))])
    ])
    #expect(clamped.min() == -1 && clamped.max() == 0.5)
    // Readings lie a few seconds after the full minute.
    let delayed = try values([
      DelaySignal(by: .seconds(600), [SawtoothSignal(amplitude: 1, period: .seconds(3600), phase: 0)])
    ])
    for (index, value) in delayed.enumerated().dropFirst(10) { #expect(abs(value - saw[index - 10]) < 1e-9) }
  }

  @Test func daysAndWeeksFollowTheCalendar() throws {
    // 2026-01-01 was a Thursday.
    let weekly = try values(
      [WeeklySignal(levels: [1, 2, 3, 4, 5, 6, 7])], every: .seconds(3600), for: hours(24 * 7))
    #expect(stride(from: 0, to: 168, by: 24).map { weekly[$0] } == [4, 5, 6, 7, 1, 2, 3])
    let diurnal = try values([DiurnalSignal(amplitude: 1, peak: .seconds(6 * 3600))], every: .seconds(600))
    #expect(diurnal.indices.max { diurnal[$0] < diurnal[$1] }.map { abs($0 - 36) <= 1 } == true)
  }

  @Test func statesStayAsLongAsTheyShould() throws {
    let machine = MachineStatesSignal(states: [
      .init(name: "off", level: 0, dwell: .seconds(600)),
      .init(name: "load", level: 1, dwell: .seconds(1800)),
    ])
    let values = try values([machine], every: .seconds(10), for: hours(24 * 10))
    #expect(Set(values) == [0, 1])
    let changes = zip(values, values.dropFirst()).count { $0 != $1 }
    // A dwell of ten and one of thirty minutes make two changes in forty.
    #expect(abs(Double(changes) - 24 * 10 * 60 / 40 * 2) < 90)
  }

  @Test func devicesDifferWhereAParameterIsARange() throws {
    let fixed = [SineSignal(amplitude: 4, period: .seconds(3600), phase: 0) as any Signal]
    #expect(try abs((values(fixed, count: 9).max() ?? 0) - 4) < 0.01)
    let varied = [
      SineSignal(amplitude: Varied(2...6), period: .seconds(3600), phase: 0) as any Signal,
      ConstantSignal(value: Varied(-0.001...0.001)),
    ]
    let heights = try (0..<9).map { try values(varied, device: $0, count: 9).max() ?? 0 }
    #expect(Set(heights.map { ($0 * 100).rounded() }).count > 6)
    #expect(heights.allSatisfy { $0 > 1.99 && $0 < 6.01 })
    #expect(try values(varied, device: 3, count: 9) == values(varied, device: 3, count: 9))
  }

  @Test func everyParameterMayVaryFromDeviceToDevice() throws {
    let hour = Varied(Duration.seconds(60)...(.seconds(3600)))
    let signals: [any Signal] = [
      PolynomialSignal(coefficients: [Varied(0...10)]), PolynomialSignal(coefficients: [0, 1], unit: hour),
      WeeklySignal(levels: Array(repeating: Varied(0...10), count: 7)),
      ClampSignal(minimum: Varied(1...9), [ConstantSignal(value: 0)]),
      ClampSignal(maximum: Varied(-9...(-1)), [ConstantSignal(value: 0)]),
      SineSignal(amplitude: 1, period: .seconds(3600), phase: Varied(0...1)),
      SquareSignal(offset: Varied(0...1), amplitude: 1, period: .seconds(3600), phase: 0),
      RecordedSignal(values: [0, 10], every: hour, phase: 0.2),
      MachineStatesSignal(states: [
        .init(name: "a", level: Varied(0...1), dwell: hour),
        .init(name: "b", level: Varied(5...6), dwell: hour),
      ]),
    ]
    for signal in signals {
      // Every millisecond, so that no device begins later than another: nothing but parameters can differ.
      let courses = try (0..<5).map {
        try values([signal], device: $0, count: 5, every: .milliseconds(1), for: .milliseconds(50))
      }
      #expect(Set(courses).count == 5, "\(signal)")
    }
  }

  @Test func aFollowerReachesItsSourceWithItsLag() throws {
    let load = SensorID("load")!
    let plan = try Fleets.plan(
      DeviceGroup(
        name: "m", count: 1, every: .seconds(10),
        sensors: [
          // Written before what it follows: the order of the payload is the author's.
          SensorPlan(
            id: Fleets.temperature, signal: [FollowSignal(load, offset: 20, gain: 0.5, lag: .seconds(600))],
            resolution: Self.fine),
          SensorPlan(
            id: load, signal: [SquareSignal(offset: 50, amplitude: 50, period: .seconds(14_400), phase: 0)],
            resolution: Self.fine),
        ]))
    let readings = plan.devices[0].messages().map { $0.values.map(\.value) }
    #expect(plan.devices[0].sensors.map(\.id) == [Fleets.temperature, load])
    let step = try #require(readings.indices.dropFirst().first { readings[$0][1] < readings[$0 - 1][1] })
    let start = readings[step - 1][0]
    #expect(abs(start - 70) < 0.01)
    // After one lag 63% of the way from 70 to 20.
    #expect(abs(readings[step - 1 + 60][0] - (20 + 50 * 0.36788)) < 0.1)
    #expect(abs(readings[step + 700][0] - 20) < 0.01)
  }

  @Test func whatFollowsInACircleIsRefused() {
    let a = SensorID("a")!
    let b = SensorID("b")!
    func reason(_ sensors: [SensorPlan]) -> String {
      do {
        _ = try Fleets.plan(DeviceGroup(name: "m", count: 1, every: .seconds(10), sensors: sensors))
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      reason([SensorPlan(id: a, signal: [FollowSignal(b)]), SensorPlan(id: b, signal: [FollowSignal(a)])])
        .contains("a follows itself"))
    #expect(
      reason([SensorPlan(id: a, signal: [FollowSignal(b)])]).contains("a follows b, and there is no such"))
  }
}
