import Telemetry
import Testing

/// The named streams of random numbers. Their names are part of what a seed means: another name is another run.
@Suite struct RandomStreamTests {
  @Test func theNamesAreThoseThatSeedsHaveAlwaysMeant() {
    #expect(RandomStream.offset("pump-0001") == "pump-0001/offset")
    #expect(RandomStream.jitter("pump-0001") == "pump-0001/jitter")
    #expect(RandomStream.signal("pump-0001", "temperature", 2) == "pump-0001/temperature/signal-2")
    #expect(RandomStream.part(1, of: "pump-0001/t/signal-0") == "pump-0001/t/signal-0/1")
    #expect(RandomStream.chosenDevices("pump", anomaly: 3) == "pump/anomaly-3/devices")
    #expect(RandomStream.anomaly("pump-0001", 3) == "pump-0001/anomaly-3")
    #expect(RandomStream.chosenDevices("pump", transport: 1) == "pump/transport-1/devices")
    #expect(RandomStream.transport(1) == "transport-1")
    #expect(RandomStream.transport("pump-0001", 1) == "pump-0001/transport-1")
    #expect(RandomStream.transportCourse("pump-0001", 1) == "pump-0001/transport-1/course")
    #expect(RandomStream.faults == "faults")
    #expect(RandomStream.randomFloor == "detection/random-floor")
    #expect(RandomStream.comparison == "detection/comparison")
    #expect(RandomStream.requestArrivals == "requests/arrivals")
    #expect(RandomStream.requestRows == "requests/rows")
    #expect(RandomStream.failingTask(7, attempt: 2) == "7/2")
  }

  @Test func theTableNamesEachStreamOnce() {
    let names = RandomStream.table.map(\.name)
    #expect(Set(names).count == names.count && names.count == 18)
    #expect(RandomStream.table.allSatisfy { $0.draws.hasSuffix(".") })
  }
}
