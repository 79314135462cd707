import Modelling
import StreamScoring
import Telemetry
import TestSupport
import Testing
import WindowStore

/// The rows that closed windows become.
@Suite struct StreamRowBuilderTests {
  private static let means = ModelLayout(per: .device, features: [.mean])

  private func models(_ store: StreamStore, per: ModelScope = .device, _ features: [Aggregate] = [.mean])
    -> StreamRowBuilder.Scorer
  {
    .models(folder: store.models, layout: ModelLayout(per: per, features: features))
  }

  // MARK: - Whole devices

  /// All of it is in the store when the first batch is read.
  @Test func aDeviceHasTheNewestRevisionOfEachSensorAtItsTime() async throws {
    try await StreamStore.with { store in
      try store.writeModel("pump", features: ["a.mean", "b.mean"])
      try store.commit(window("pump", "b", mean: 2), window("pump", "a", mean: 1))
      try store.commit(window("pump", "a", revision: 2, visibleFrom: 90_000, mean: 10))
      try store.commit(window("pump", "b", revision: 2, visibleFrom: 95_000, mean: 20))
      try store.commit(
        window("pump", "a", start: 60_000, mean: 3), window("pump", "b", start: 60_000, mean: 4))
      let batches = try store.rows(models(store))
      #expect(
        batches.map(\.lines) == [
          ["pump * @0 r1 from 60000: [1.0, 2.0]"], ["pump * @0 r2 from 90000: [10.0, 2.0]"],
          // The same number again, and another row.
          ["pump * @0 r2 from 95000: [10.0, 20.0]"], ["pump * @60000 r1 from 120000: [3.0, 4.0]"],
        ])
      #expect(
        batches.allSatisfy { $0.failures.isEmpty && $0.groups.map(\.columns) == [["a.mean", "b.mean"]] })
      let row = try #require(batches[0].groups.first?.rows.first)
      #expect(row.batch == 1 && row.key.sensor == 0 && row.end == at(60_000))
    }
  }

  @Test func aWindowThatLacksASensorFailsWithTheReason() async throws {
    try await StreamStore.with { store in
      try store.writeModel("pump", features: ["a.mean", "b.mean"])
      try store.commit(window("pump", "a"), window("pump", "c"))
      try store.commit(window("pump", "b", visibleFrom: 90_000, mean: 7))
      let batches = try store.rows(models(store))
      #expect(batches[0].lines.isEmpty)
      #expect(batches[0].failureLines == ["0 @0 r1 from 60000: the window has no reading of b"])
      // A sensor that the model was not trained on is not looked at.
      #expect(batches[1].lines == ["pump * @0 r1 from 90000: [1.0, 7.0]"])
    }
  }

  @Test func aDeviceWithoutAModelFailsAndItsNeighbourDoesNot() async throws {
    try await StreamStore.with { store in
      try store.writeModel("pump", features: ["a.mean"])
      try store.commit(window("fan", "a"), window("pump", "a"))
      let rows = try #require(try store.rows(models(store)).first)
      #expect(rows.lines == ["pump * @0 r1 from 60000: [1.0]"])
      #expect(rows.failureLines == ["0 @0 r1 from 60000: there is no model device_fan"])
      #expect(rows.failures.first?.batch == 1 && rows.failures.first?.end == at(60_000))
    }
  }

  @Test func aFeatureBeyondTheLargestNumberFails() async throws {
    try await StreamStore.with { store in
      try store.writeModel("pump", features: ["a.range"])
      try store.commit(window("pump", "a", min: -1e308, max: 1e308))
      let rows = try #require(try store.rows(models(store, [.range])).first)
      #expect(rows.lines.isEmpty && rows.failures.count == 1)
      #expect(rows.failureLines.first?.contains("a.range is beyond the largest number") == true)
    }
  }

  @Test func whatWasTakenBackIsNoWindow() async throws {
    try await StreamStore.with { store in
      try store.writeModel("pump", features: ["a.mean", "b.mean"])
      try store.commit(window("pump", "a"), window("pump", "b"))
      try store.commit(window("pump", "a", revision: 2, visibleFrom: 70_000, isWithdrawn: true))
      try store.commit(window("pump", "b", revision: 2, visibleFrom: 80_000, isWithdrawn: true))
      let batches = try store.rows(models(store))
      #expect(batches.map(\.lines) == [["pump * @0 r1 from 60000: [1.0, 1.0]"], [], []])
      #expect(
        batches.map(\.failureLines) == [[], ["0 @0 r1 from 70000: the window has no reading of a"], []])
    }
  }

  // MARK: - Sensors

  @Test func eachRevisionOfASensorIsARow() async throws {
    try await StreamStore.with { store in
      try store.writeModel("pump", sensor: "a", features: ["mean"])
      // Two revisions of one time, and one that is taken back at once.
      try store.commit(
        window("pump", "a", mean: 1), window("pump", "a", revision: 2, visibleFrom: 60_000, mean: 2),
        window("pump", "a", start: 10, visibleFrom: 60_000, mean: 3),
        window("pump", "a", start: 10, revision: 2, visibleFrom: 60_000, isWithdrawn: true))
      try store.commit(window("pump", "a", revision: 3, visibleFrom: 70_000, isWithdrawn: true))
      try store.commit(window("pump", "a", revision: 4, visibleFrom: 80_000, mean: 4))
      let batches = try store.rows(models(store, per: .sensor))
      #expect(
        batches.map { $0.lines.sorted() } == [
          [
            "pump a @0 r1 from 60000: [1.0]", "pump a @0 r2 from 60000: [2.0]",
            "pump a @10 r1 from 60000: [3.0]",
          ], [], ["pump a @0 r4 from 80000: [4.0]"],
        ])
      #expect(batches.allSatisfy { $0.failures.isEmpty })
      #expect(batches[0].groups.allSatisfy { $0.columns == ["mean"] })
      #expect(Set(batches.flatMap(\.groups).flatMap(\.rows).map(\.key)).count == 4)
    }
  }

  @Test func aSensorWithoutAModelFailsAlone() async throws {
    try await StreamStore.with { store in
      try store.writeModel("pump", sensor: "b", features: ["mean"])
      try store.commit(window("pump", "a"), window("pump", "b"))
      let rows = try #require(try store.rows(models(store, per: .sensor)).first)
      #expect(rows.lines == ["pump b @0 r1 from 60000: [1.0]"])
      #expect(rows.failureLines == ["1 @0 r1 from 60000: there is no model device_pump_sensor_a"])
      #expect(rows.groups.first?.rows.first?.key.sensor == 2)
    }
  }

  // MARK: - Scripts

  @Test func aScriptHasTheSensorsThatTheWindowHas() async throws {
    try await StreamStore.with { store in
      try store.commit(
        window("pump", "a", mean: 1), window("pump", "b", mean: 2),
        window("pump", "a", start: 30_000, visibleFrom: 60_000, mean: 3))
      let rows = try #require(try store.rows(.script(.device)).first)
      #expect(rows.failures.isEmpty)
      let all = AggregateColumn.allCases.map(\.rawValue)
      #expect(
        rows.groups.map(\.columns) == [
          ["a", "b"].flatMap { sensor in all.map { "\(sensor).\($0)" } }, all.map { "a.\($0)" },
        ])
      #expect(rows.groups.map { $0.rows.map(\.key.start.milliseconds) } == [[0], [30_000]])
      #expect(rows.groups[0].rows[0].values.prefix(5) == [2, 1, 0.5, 1, 1])
      #expect(rows.groups[0].rows[0].values.count == 2 * all.count)
    }
  }

  @Test func aScriptOfSensorsHasARowEach() async throws {
    try await StreamStore.with { store in
      try store.commit(window("pump", "b", mean: 2), window("pump", "a", mean: 1))
      let rows = try #require(try store.rows(.script(.sensor)).first)
      #expect(rows.failures.isEmpty)
      #expect(rows.groups.allSatisfy { $0.columns == AggregateColumn.allCases.map(\.rawValue) })
      let found = rows.groups.flatMap(\.rows).map { "\($0.sensor ?? "*")=\($0.values[1])" }
      #expect(found == ["a=1.0", "b=2.0"])
    }
  }

  // MARK: - As a job has it

  /// Commits of random revisions, each visible after those before it: a batch has the rows of a job whose cut ends with it.
  @Test(arguments: [UInt64.random(in: 0 ..< .max), 1, 2], [ModelScope.device, .sensor])
  func rowsAreThoseOfAJobWhoseCutEndsThen(seed: UInt64, per: ModelScope) async throws {
    var random = SeededGenerator(seed: seed, stream: "revisions")
    try await StreamStore.with { store in
      let layout = ModelLayout(per: per, features: [.mean, .max])
      try store.writeModel("pump", features: ["a.mean", "a.max", "b.mean", "b.max"])
      for sensor in ["a", "b"] { try store.writeModel("pump", sensor: sensor, features: ["mean", "max"]) }
      var newest: [String: Int] = [:]
      for commit in Int64(1)...40 {
        var changed: [WindowRow] = []
        for sensor in ["a", "b", "c"] {
          for start in Int64(0)..<4 where random.index(below: 4) == 0 {
            let name = "\(sensor)\(start)"
            newest[name, default: 0] += 1
            changed.append(
              window(
                "pump", sensor, start: start, revision: newest[name] ?? 1,
                visibleFrom: 60_000 + 10 * commit, mean: random.uniform(),
                isWithdrawn: newest[name] ?? 1 > 1 && random.index(below: 4) == 0))
          }
        }
        try store.commit(changed)
      }
      let scorer = StreamRowBuilder.Scorer.models(folder: store.models, layout: layout)
      let builder = FeatureVectorBuilder(layout: layout)
      let sensors = per == .device ? ["a", "b"].compactMap { SensorID($0) } : nil
      let device = try #require(DeviceID("pump"))
      let reader = try WindowStoreReader(path: store.path)
      var rows = 0
      for batch in try store.rows(scorer) {
        for row in batch.groups.flatMap(\.rows) {
          rows += 1
          let tables = try reader.windows(
            visibleAfter: nil, through: row.visibleFrom, devices: [device], columns: builder.columns
          ).flatMap { builder.tables(of: $0, sensors: sensors) }
          let table = tables.first { $0.key.sensor?.name == row.sensor }
          let place = table?.rows.firstIndex {
            $0.start == row.key.start && $0.revision == row.key.revision && $0.end == row.end
          }
          let expected = place.map { place in table.map { Array($0.features[row: place]) } ?? [] }
          #expect(expected == row.values, "seed \(seed), \(row)")
        }
      }
      #expect(rows > 10, "seed \(seed)")
    }
  }
}
