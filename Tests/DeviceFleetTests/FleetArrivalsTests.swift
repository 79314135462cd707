import DeviceFleet
import Telemetry
import Testing

/// What ingestion is told of a fleet agrees with what leaves it.
@Suite struct FleetArrivalsTests {
  private let underWay = Duration.seconds(300)

  /// Every message arrives, as far as ingestion can tell, within the tolerance of the time at which it leaves.
  private func check(_ plan: FleetPlan, offset: Duration = .zero, _ note: String) -> PlannedArrivals {
    let arrivals = plan.plannedArrivals(underWay: underWay)
    let tolerance = (arrivals.slack - underWay).milliseconds / 2
    var count = 0
    for index in plan.deviceIDs.indices {
      let listed = arrivals.listed[plan.deviceIDs[index]]
      for delivery in plan.deliveries(ofDeviceAt: index) {
        for message in delivery.messages {
          count += 1
          let said = listed?.arrival(message.timestamp, message.position) ?? message.timestamp
          let wrongBy = abs((said - delivery.due - offset).milliseconds)
          #expect(wrongBy <= tolerance, "\(note): \(message.device) at \(message.timestamp)")
        }
      }
    }
    #expect(arrivals.messageCount == count, "\(note)")
    #expect(arrivals.deviceCount == plan.deviceIDs.count, "\(note)")
    return arrivals
  }

  @Test func everyTransportFaultIsListed() throws {
    for kind in TransportCatalogue.kinds {
      for seed in UInt64(1)...3 {
        var group = Fleets.pumps(3)
        group.transport = [
          TransportPlacement(
            kind, devices: .count(1), between: hours(1)...hours(5), length: hours(3), by: .seconds(900))
        ]
        _ = check(try Fleets.plan(seed: seed, duration: hours(6), group), "\(kind.name), seed \(seed)")
      }
    }
  }

  @Test func aFleetThatKeepsItsTimesNeedsNoList() throws {
    let arrivals = check(try Fleets.plan(seed: 1, duration: hours(2), Fleets.pumps(5)), "quiet")
    #expect(arrivals.listed.isEmpty)
  }

  @Test func aDeviceThatIsKeptBackIsOneRun() throws {
    var group = Fleets.pumps(2)
    group.transport = [
      TransportPlacement(LatenessFault.self, devices: .count(1), between: hours(1)...hours(3))
    ]
    let arrivals = check(try Fleets.plan(seed: 1, duration: hours(6), group), "lateness")
    let listed = try #require(arrivals.listed.values.first)
    #expect(arrivals.listed.count == 1 && listed.bySequence.count == 1 && listed.byTime.isEmpty)
  }

  @Test func wrongClocksAreListedAndACommonOneIsTheFleetsTime() throws {
    func fleet(_ devices: AnomalyPlacement.Devices, _ seconds: Double) throws -> FleetPlan {
      var group = Fleets.pumps(4)
      group.anomalies = [
        AnomalyPlacement(
          ClockSkewAnomaly.self, severity: seconds, sensor: nil, devices: devices, between: .zero...hours(6),
          length: hours(6) - .seconds(60))
      ]
      return try Fleets.plan(seed: 1, duration: hours(6), group)
    }
    for seconds in [-7200.0, 7200, 14_400] {
      let one = check(try fleet(.count(1), seconds), "one by \(seconds)")
      #expect(one.listed.count == 1 && one.listed.values.allSatisfy { $0.bySequence.count == 1 })
      _ = check(
        try fleet(.all, seconds), offset: .milliseconds(Int64(seconds * 1000)), "all by \(seconds)")
    }
  }

  @Test func batchesAndPayloadsWithoutNumbersAreListedByTime() throws {
    for batch in [1, 30, 200] {
      var group = Fleets.pumps(2)
      group.style.payload = .senML(units: [:])
      group.style.batch = batch
      group.transport = [
        TransportPlacement(LatenessFault.self, devices: .count(1), between: hours(1)...hours(3))
      ]
      let plan = try Fleets.plan(seed: 1, duration: hours(6), group)
      let arrivals = check(plan, "batches of \(batch)")
      let tolerance = (arrivals.slack - underWay).milliseconds / 2
      // As payloads without numbers come.
      for index in plan.deviceIDs.indices {
        for delivery in plan.deliveries(ofDeviceAt: index) {
          for message in delivery.messages {
            let said =
              arrivals.listed[message.device]?.arrival(message.timestamp, nil) ?? message.timestamp
            #expect(abs((said - delivery.due).milliseconds) <= tolerance)
          }
        }
      }
    }
  }
}
