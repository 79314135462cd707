import Modelling
import Telemetry
import Testing
import WindowStore

@Suite struct FeatureTableTests {
  private func row(_ sensor: String, _ start: Int64, mean: Double, revision: Int = 1) throws -> WindowRow {
    WindowRow(
      device: try #require(DeviceID("d")), sensor: try #require(SensorID(sensor)),
      start: Timestamp(milliseconds: start), end: Timestamp(milliseconds: start + 60_000),
      aggregates: Aggregates(count: 6, mean: mean, stddev: 1, min: mean - 2, max: mean + 3),
      revision: revision,
      visibleFrom: Timestamp(milliseconds: start + 60_000))
  }

  @Test func aWholeDevicesFeaturesAreInByteOrderOfSensors() throws {
    let device = try #require(DeviceID("d"))
    let builder = FeatureVectorBuilder(layout: ModelLayout(per: .device, features: [.range, .mean, .count]))
    let tables = builder.tables(
      of: DeviceWindows(
        of: device,
        [
          try row("b", 60_000, mean: 4), try row("B", 60_000, mean: 3, revision: 2), try row("b", 0, mean: 2),
          try row("B", 0, mean: 1),
        ], columns: builder.columns))
    let table = try #require(tables.first)
    #expect(table.featureNames == ["B.range", "B.mean", "B.count", "b.range", "b.mean", "b.count"])
    #expect(table.rows.map(\.start.milliseconds) == [0, 60_000])
    #expect(table.rows.map(\.revision) == [1, 2])
    #expect(table.features.values == [5, 1, 6, 5, 2, 6, 5, 3, 6, 5, 4, 6])
  }

  @Test func aMissingSensorFailsItsWindowAndAnUnknownOneIsNotLookedAt() throws {
    let device = try #require(DeviceID("d"))
    let builder = FeatureVectorBuilder(layout: ModelLayout(per: .device, features: [.mean]))
    let sensors = try ["a", "b"].map { try #require(SensorID($0)) }
    let tables = builder.tables(
      of: DeviceWindows(
        of: device,
        [
          try row("a", 0, mean: 1), try row("b", 0, mean: 2), try row("a", 60_000, mean: 3),
          try row("z", 0, mean: 9),
        ], columns: builder.columns),
      sensors: sensors)
    #expect(tables[0].features.values == [1, 2])
    #expect(tables[0].failures.map(\.reason) == ["the window has no reading of b"])
  }

  @Test func aValueThatIsNotFiniteFailsItsWindow() throws {
    let device = try #require(DeviceID("d"))
    let builder = FeatureVectorBuilder(layout: ModelLayout(per: .sensor, features: [.mean]))
    let tables = builder.tables(
      of: DeviceWindows(
        of: device, [try row("a", 0, mean: .infinity), try row("b", 0, mean: 1)], columns: builder.columns))
    #expect(tables.map(\.rows.count) == [0, 1])
    #expect(
      tables[0].failures.map(\.reason)
        == ["mean is beyond the largest number of double precision; only finite values can be scored"])
  }
}
