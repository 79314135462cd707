import Ingestion
import Telemetry
import Testing
import WindowStore

private let settings = WindowSettings(
  window: .seconds(60), outOfOrderness: .seconds(5), allowedLateness: .seconds(30))

/// Devices that sleep, lag or run ahead: what becomes visible when, and what the rest of the fleet notices.
@Suite struct FleetClockTests {
  private typealias Arrival = (device: String, sequence: Int64, at: Double, arrives: Double)

  /// An hour of `honest` devices that publish every ten seconds, and what `odd` sends beside them, by arrival.
  private func arrivals(honest: Int, _ odd: [Arrival]) -> [Arrival] {
    var all = odd
    for device in 0..<honest {
      for step in 0..<360 {
        let time = Double(step * 10 + device)
        all.append(("honest-\(device)", Int64(step), time, time))
      }
    }
    return all.sorted { ($0.arrives, $0.device, $0.sequence) < ($1.arrives, $1.device, $1.sequence) }
  }

  /// What the plan says of messages that do not arrive when they should.
  private func planned(_ arrivals: [Arrival]) -> PlannedArrivals {
    var planned = PlannedArrivals(
      slack: .seconds(60), deviceCount: Set(arrivals.map(\.device)).count, messageCount: arrivals.count)
    for (device, messages) in Dictionary(grouping: arrivals.filter { $0.at != $0.arrives }, by: \.device) {
      planned.listed[DeviceID(device)!] = .init(
        bySequence: messages.map {
          .init(
            first: $0.sequence, last: $0.sequence, atMs: Int64($0.arrives * 1000),
            laterMs: Int64(($0.arrives - $0.at) * 1000))
        }.sorted { $0.first < $1.first }, byTime: [])
    }
    return planned
  }

  private func message(_ arrival: Arrival) -> Message {
    IngestionTests.message(arrival.device, arrival.sequence, at: arrival.at, ["a": arrival.at])
  }

  private struct Outcome: Equatable {
    /// Device, start and revision of each row, and when it becomes visible.
    var visible: [String: Timestamp] = [:]
    var watermark: Timestamp?
    var clocks: [DeviceID: DeviceClock] = [:]
  }

  /// Folds the messages in an order in which devices are up to 50 seconds apart from one another, in batches of drawn size, with
  /// crashes between some of them. Fails where something becomes visible that a job would have to have seen already.
  private func outcome(_ arrivals: [Arrival], idleAfter: Duration, seed: UInt64) throws -> Outcome {
    let planned = planned(arrivals)
    var generator = SeededGenerator(seed: seed)
    var delays: [String: Double] = [:]
    for device in Set(arrivals.map(\.device)).sorted() { delays[device] = Double(generator.index(below: 50)) }
    let shuffled = arrivals.enumerated().sorted {
      ($0.element.arrives + delays[$0.element.device]!, $0.offset)
        < ($1.element.arrives + delays[$1.element.device]!, $1.offset)
    }.map(\.element)
    var fold = IngestionFold(settings: settings, idleAfter: idleAfter, arrivals: planned)
    var outcome = Outcome()
    var place = 0
    while place < shuffled.count {
      let size = 1 + generator.index(below: 90)
      var batch = StoreBatch()
      for arrival in shuffled[place..<min(place + size, shuffled.count)] {
        fold.take(message(arrival), into: &batch)
      }
      place += size
      fold.finish(&batch)
      for row in batch.windows {
        #expect(row.visibleFrom > outcome.watermark ?? Timestamp(milliseconds: .min), "seed \(seed)")
        let key = "\(row.device) \(row.start.milliseconds) \(row.revision)"
        #expect(outcome.visible.updateValue(row.visibleFrom, forKey: key) == nil, "seed \(seed)")
      }
      // As the store keeps them: the most of what any life has found.
      for clock in batch.clocks.values {
        let known = outcome.clocks[clock.device] ?? clock
        outcome.clocks[clock.device] = DeviceClock(
          device: clock.device, aheadMs: max(known.aheadMs, clock.aheadMs),
          behindMs: max(known.behindMs, clock.behindMs))
      }
      outcome.watermark = batch.progress.fleetWatermark
      if generator.index(below: 20) == 0 {
        fold = try IngestionFold(
          settings: settings, idleAfter: idleAfter, arrivals: planned, checkpoint: fold.checkpoint(),
          progress: batch.progress)
      }
    }
    return outcome
  }

  /// Sent nothing for 25 minutes, and then all of it at once.
  private var sleeper: [Arrival] {
    (0..<360).map { step in
      let time = Double(step * 10 + 7)
      return ("sleeper", Int64(step), time, (900..<2400).contains(time) ? 2400 : time)
    }
  }

  @Test(arguments: [Duration.seconds(600), .seconds(1800)])
  func whatASleeperPublishesDependsOnThePlanAlone(idleAfter: Duration) throws {
    let arrivals = arrivals(honest: 3, sleeper)
    let expected = try outcome(arrivals, idleAfter: idleAfter, seed: 0)
    for seed in UInt64(1)...40 {
      #expect(try outcome(arrivals, idleAfter: idleAfter, seed: seed) == expected, "seed \(seed)")
    }
    let window = try #require(expected.visible["sleeper 1200000 1"])
    if idleAfter == .seconds(600) {
      // Nobody waited for it, so it becomes visible when it came, less the disorder.
      #expect(window == Timestamp(milliseconds: (2400 - 5) * 1000 + 1))
    } else {
      #expect(window == Timestamp(milliseconds: 1_260_000))
    }
    #expect(expected.visible["honest-0 1200000 1"] == Timestamp(milliseconds: 1_260_000))
    #expect(expected.watermark == Timestamp(milliseconds: (3590 - 5) * 1000))
  }

  @Test(arguments: [-7200.0, 7200, 90_000, 120]) func aWrongClockCostsItsOwnDeviceAlone(ahead: Double) throws
  {
    // For good, for one reading, and in steps.
    let courses: [(Int) -> Double] = [
      { _ in ahead }, { $0 == 100 ? ahead : 0 }, { Double($0 / 60) * ahead / 5 },
    ]
    for course in courses {
      let odd: [Arrival] = (0..<360).map { step in
        let time = Double(step * 10 + 7)
        return ("odd", Int64(step), max(0, time + course(step)), time)
      }
      let alone = try outcome(arrivals(honest: 3, []), idleAfter: .seconds(600), seed: 1)
      let expected = try outcome(arrivals(honest: 3, odd), idleAfter: .seconds(600), seed: 2)
      for (key, visible) in alone.visible { #expect(expected.visible[key] == visible, "\(key)") }
      for seed in UInt64(3)...10 {
        #expect(
          try outcome(arrivals(honest: 3, odd), idleAfter: .seconds(600), seed: seed) == expected,
          "seed \(seed)")
      }
      guard ahead > 0 else { continue }
      #expect(expected.watermark == alone.watermark)
      let clock = try #require(expected.clocks[DeviceID("odd")!])
      #expect(clock.aheadMs > 60_000 && clock.aheadMs <= Int64(ahead * 1000))
    }
  }

  @Test func clocksThatAreAllWrongByTheSameAreTheFleetsTime() {
    // As the plan lists them: nothing, since the fleet's own time is what half of the devices say.
    let batch = fold(
      (0..<40).flatMap { step in
        (0..<2).map { IngestionTests.message("d-\($0)", Int64(step), at: 7200 + Double(step * 10), ["a": 1]) }
      }, settings)
    #expect(batch.windows.allSatisfy { $0.visibleFrom == $0.end })
    #expect(batch.progress.fleetWatermark == Timestamp(milliseconds: (7200 + 390 - 5) * 1000))
  }

  // MARK: - Devices without a plan

  @Test func aForeignDeviceAheadDoesNotMoveTheFleet() {
    for ahead in [600.0, 7200, 100_000] {
      var fold = IngestionFold(settings: settings, idleAfter: .seconds(3600))
      fold.futureLimit = .seconds(48 * 3600)
      var batch = StoreBatch()
      for step in 0..<200 {
        for device in 0..<3 {
          // The last of them steps ahead, each step under the limit.
          let skew = device == 2 && step >= 50 ? ahead * Double(step - 49) : 0
          fold.take(
            IngestionTests.message("d-\(device)", Int64(step), at: Double(step * 60) + skew, ["a": 1]),
            into: &batch)
        }
        fold.finish(&batch)
        #expect(batch.progress.fleetWatermark! <= Timestamp(milliseconds: Int64(step * 60 - 5) * 1000))
      }
      #expect(batch.progress.fleetWatermark == Timestamp(milliseconds: (199 * 60 - 5) * 1000))
      #expect(batch.clocks.values.contains { $0.device.name == "d-2" && $0.aheadMs > 3_600_000 })
      #expect(batch.clocks.values.allSatisfy { $0.device.name == "d-2" })
    }
  }

  @Test func aForeignDeviceThatLagsForeverIsNotWaitedFor() {
    var fold = IngestionFold(settings: settings, idleAfter: .seconds(3600))
    var batch = StoreBatch()
    for step in 0..<200 {
      for device in 0..<3 {
        let time = 20_000 + Double(step * 60) - (device == 2 ? 7200 : 0)
        fold.take(IngestionTests.message("d-\(device)", Int64(step), at: time, ["a": 1]), into: &batch)
      }
      let before = batch.progress.fleetWatermark
      fold.finish(&batch)
      if let before { #expect(batch.progress.fleetWatermark! >= before) }
    }
    #expect(batch.progress.fleetWatermark == Timestamp(milliseconds: (20_000 + 199 * 60 - 5) * 1000))
    #expect(batch.clocks.values.contains { $0.device.name == "d-2" && $0.behindMs == 7_200_000 })
  }
}
