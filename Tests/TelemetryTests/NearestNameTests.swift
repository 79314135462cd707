import Telemetry
import Testing

@Suite struct NearestNameTests {
  @Test func aSlipIsFoundAndADifferentWordIsNot() {
    let names = ["count", "every", "sensors", "anomalies", "for"]
    #expect(NearestName.of("cuont", among: names) == "count")
    #expect(NearestName.of("Sensors", among: names) == "sensors")
    #expect(NearestName.of("anomalys", among: names) == "anomalies")
    #expect(NearestName.of("fro", among: names) == "for")
    #expect(NearestName.of("broker", among: names) == nil)
    #expect(NearestName.of("", among: names) == nil)
  }
}
