import Modelling
import Telemetry
import Testing

@Suite struct ModelLayoutTests {
  @Test func aLayoutIsFoundAgainInTheNamesThatItGives() throws {
    var generator = SeededGenerator(seed: 5)
    let names = try ["flow", "flow.in", "pressure", "t-1"].map { try #require(SensorID($0)) }
    for _ in 0..<500 {
      let features = Array(
        Aggregate.allCases.shuffled(using: &generator).prefix(1 + generator.index(below: 13)))
      let sensors = Array(names.shuffled(using: &generator).prefix(1 + generator.index(below: 4)))
      for per in ModelScope.allCases {
        let layout = ModelLayout(per: per, features: features)
        let found = ModelLayout(
          featureNames: layout.featureNames(sensors: sensors), isOfSensor: per == .sensor)
        #expect(found == layout, "seed 5")
      }
    }
  }

  @Test(arguments: [
    ["mean", "max"], ["a.mean", "max"], ["a.mean", "b.max"], ["b.mean", "a.mean"], ["a.mode"], [".mean"], [],
  ])
  func othersNamesOfAWholeDeviceSayNothing(names: [String]) {
    #expect(ModelLayout(featureNames: names, isOfSensor: false) == nil)
  }
}
