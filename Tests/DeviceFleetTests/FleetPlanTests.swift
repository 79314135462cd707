import Detection
import DeviceFleet
import Telemetry
import Testing

@Suite struct FleetPlanTests {
  @Test func aDayOfTwentyPumpsEveryTenSeconds() throws {
    let plan = try Fleets.plan(Fleets.pumps(20))
    #expect(plan.messageCount == 172_800)
    #expect(plan.readingCount == 345_600)
    #expect(plan.deviceIDs.first?.name == "pump-0001")
    #expect(plan.deviceIDs.last?.name == "pump-0020")
    let messages = Array(plan.devices[6].messages())
    #expect(messages.count == 8640)
    #expect(messages.map { $0.position! } == (0..<8640).map { Message.Position(epoch: 1, sequence: $0) })
    #expect(messages.allSatisfy { $0.timestamp >= Fleets.start && $0.timestamp < Fleets.start + hours(24) })
    #expect(zip(messages, messages.dropFirst()).allSatisfy { $1.timestamp - $0.timestamp == .seconds(10) })
    #expect(messages[0].values.map(\.sensor) == [Fleets.temperature, Fleets.vibration])
  }

  @Test func namesGrowBeyondFourDigitsTogether() {
    let names = Fleets.pumps(10_000).deviceNames
    #expect(names.first == "pump-00001")
    #expect(names.last == "pump-10000")
  }

  @Test func equalSeedsGiveEqualMessagesAndOthersDoNot() throws {
    let group = Fleets.pumps(3, anomalies: [Self.shift])
    let first = try Fleets.plan(group)
    let second = try Fleets.plan(group)
    let other = try Fleets.plan(seed: 43, group)
    #expect(Array(first.messagesInEventOrder()) == Array(second.messagesInEventOrder()))
    #expect(first.labels == second.labels)
    #expect(first.labels != other.labels)
    #expect(Array(first.devices[0].messages()) != Array(other.devices[0].messages()))
  }

  @Test func aDeviceSendsTheSameWhateverTheOthersAre() throws {
    let alone = try Fleets.plan(Fleets.pumps(1))
    let among = try Fleets.plan(Fleets.pumps(9))
    #expect(Array(alone.devices[0].messages()) == Array(among.devices[0].messages()))
  }

  @Test func eventOrderHoldsEveryMessageOnceByTimeThenDevice() throws {
    for seed in UInt64(1)...8 {
      let plan = try Fleets.plan(
        seed: seed, duration: minutes(20), Fleets.pumps(17),
        DeviceGroup(
          name: "fan", count: 5, every: .milliseconds(700 + Int64(seed)),
          sensors: [SensorPlan(id: Fleets.temperature, signal: [TrendSignal(perDay: 5)])]))
      let expected = plan.devices.enumerated()
        .flatMap { index, device in device.messages().map { (index, $0) } }
        .sorted { ($0.1.timestamp, $0.0) < ($1.1.timestamp, $1.0) }
        .map(\.1)
      #expect(Array(plan.messagesInEventOrder()) == expected, "seed \(seed)")
      #expect(expected.count == plan.messageCount, "seed \(seed)")
    }
  }

  @Test func valuesAreRoundedToTheResolution() throws {
    let plan = try Fleets.plan(duration: minutes(30), Fleets.pumps(2))
    for message in plan.messagesInEventOrder() {
      for value in message.values {
        #expect((value.value * 1000).rounded() / 1000 == value.value)
        #expect(String(value.value).count <= 7)
      }
    }
    #expect(Resolution(step: 0.05)!.round(21.372) == 21.35)
    #expect(Resolution(step: 5)!.round(21.372) == 20)
    #expect(Resolution(step: 0.001)!.round(-0.0001).sign == .plus)
    #expect(Resolution(step: 0) == nil)
  }

  @Test func theValuesHaveTheMeanAndSpreadThatTheSignalsSay() throws {
    let group = Fleets.pumps(1)
    let plan = try Fleets.plan(group)
    for (index, level) in [60.0, 1.0].enumerated() {
      let values = plan.devices[0].messages().map { $0.values[index].value }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(abs(mean - level) < 0.05)
      #expect(abs(variance.squareRoot() / group.sensors[index].scale - 1) < 0.05)
    }
  }

  @Test func noiseIsGaussian() throws {
    let plan = try Fleets.plan(
      DeviceGroup(
        name: "n", count: 1, every: .seconds(1),
        sensors: [SensorPlan(id: Fleets.temperature, signal: [NoiseSignal(standardDeviation: 1)])]))
    let values = plan.devices[0].messages().map { $0.values[0].value }
    func share(within limit: Double) -> Double {
      Double(values.count { abs($0) <= limit }) / Double(values.count)
    }
    #expect(abs(share(within: 1) - 0.6827) < 0.006)
    #expect(abs(share(within: 2) - 0.9545) < 0.003)
    #expect(abs(share(within: 3) - 0.9973) < 0.001)
  }

  @Test func aSineFollowsItsFormula() throws {
    let plan = try Fleets.plan(
      DeviceGroup(
        name: "s", count: 1, every: .seconds(60),
        sensors: [
          SensorPlan(
            id: Fleets.temperature,
            signal: [
              SineSignal(offset: 1, amplitude: 2, period: Varied(hours(6)), phase: 0.25),
              TrendSignal(perDay: 24),
            ], resolution: Resolution(step: 1e-9)!)
        ]))
    for message in plan.devices[0].messages() {
      let elapsed = (message.timestamp - Fleets.start).seconds
      let expected = 1 + 2 * sine(2 * .pi * (elapsed / 21_600 + 0.25)) + elapsed / 3600
      #expect(abs(message.values[0].value - expected) < 1e-8)
    }
  }

  static let shift = AnomalyPlacement(
    MeanAnomaly.self, severity: 6, sensor: Fleets.temperature, between: hours(14)...hours(22),
    length: minutes(45))
}

/// Taylor's series without any reduction, as an independent check.
private func sine(_ x: Double) -> Double {
  let reduced = x - (x / (2 * .pi)).rounded() * 2 * .pi
  var term = reduced
  var sum = reduced
  for k in 1..<30 {
    term *= -reduced * reduced / Double((2 * k) * (2 * k + 1))
    sum += term
  }
  return sum
}
