import Detection
import Modelling
import Telemetry
import TestSupport
import Testing
import Verdict
import WindowStore

/// The floor of a run from the windows of its store: which windows are its training, and which it speaks of.
@Suite struct ThreeSigmaFloorTests {
  private static let start = Timestamp(milliseconds: 1_767_225_600_000)
  private static let a = SensorID("a")!
  private static let b = SensorID("b")!
  private static let pump = DeviceID("pump")!
  private static let fan = DeviceID("fan")!

  /// Window `number` of five minutes.
  private static func row(
    _ number: Int, _ mean: Double, device: DeviceID = pump, sensor: SensorID = a, revision: Int = 1,
    visibleAt: Int? = nil
  ) -> WindowRow {
    let begin = start + .seconds(300 * number)
    return WindowRow(
      device: device, sensor: sensor, start: begin, end: begin + .seconds(300),
      aggregates: Aggregates(count: 30, mean: mean, stddev: 0, min: mean, max: mean), revision: revision,
      visibleFrom: start + .seconds(300 * (visibleAt ?? number + 1)))
  }

  /// Ten windows of training, 8 and 12 in turn: mean 10, standard deviation 2.
  private static func training(device: DeviceID = pump, sensor: SensorID = a) -> [WindowRow] {
    (0..<10).map { row($0, $0 % 2 == 0 ? 8 : 12, device: device, sensor: sensor) }
  }

  private static func prediction(
    _ number: Int, device: DeviceID = pump, sensor: SensorID? = nil
  ) -> ScoredWindow {
    ScoredWindow(
      device: device, sensor: sensor, start: start + .seconds(300 * number),
      end: start + .seconds(300 * (number + 1)), score: 1, isFlagged: false)
  }

  private func scores(
    _ rows: [WindowRow], of windows: [ScoredWindow], per: ModelScope = .device,
    features: [Aggregate] = [.mean]
  ) async throws -> [ScoredWindow] {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/sonde.sqlite"
      let writer = try WindowStoreWriter(
        path: path,
        settings: WindowSettings(
          window: .seconds(300), outOfOrderness: .seconds(30), allowedLateness: .seconds(3000)))
      var batch = StoreBatch()
      batch.windows = rows
      batch.progress.fleetWatermark = Self.start + .seconds(300 * 100)
      try writer.commit(batch)
      try writer.close()
      let floor = ThreeSigmaFloor(
        layout: ModelLayout(per: per, features: features),
        training: TrainingRange(from: Self.start, to: Self.start + .seconds(3000)))
      return try floor.scores(of: windows, in: WindowStoreReader(path: path))
    }
  }

  @Test func scoresAreOfTheScoredWindowsAlone() async throws {
    let rows = Self.training() + [Self.row(10, 10), Self.row(11, 16), Self.row(12, 17), Self.row(13, 2)]
    let scores = try await scores(rows, of: [Self.prediction(11), Self.prediction(13)])
    #expect(scores.map(\.start) == (11...13).map { Self.start + .seconds(300 * $0) })
    #expect(scores.map(\.score) == [0, -0.5, -1])
    #expect(scores.map(\.isFlagged) == [false, true, true])
    #expect(scores.allSatisfy { $0.device == Self.pump && $0.sensor == nil })
  }

  /// The training is what a model could have seen: what was revised after its end is not part of it. Of what is scored the newest counts.
  @Test func revisionsAfterTheTrainingAreNoPartOfIt() async throws {
    let late = [Self.row(3, 1000, revision: 2, visibleAt: 11)]
    let scored = [Self.row(12, 10), Self.row(12, 16, revision: 2, visibleAt: 15)]
    let scores = try await scores(Self.training() + late + scored, of: [Self.prediction(12)])
    #expect(scores.map(\.score) == [0] && scores.map(\.revision) == [2])
    let early = [Self.row(3, 1000, revision: 2, visibleAt: 9)]
    let others = try await self.scores(Self.training() + early + scored, of: [Self.prediction(12)])
    #expect(others.map(\.score) != [0])
  }

  @Test func aModelASensorHasItsOwnTraining() async throws {
    let rows =
      Self.training()
      + Self.training(sensor: Self.b).map { row in
        var row = row
        row.aggregates.mean *= 10
        return row
      } + [Self.row(10, 14), Self.row(10, 140, sensor: Self.b)]
    let windows = [Self.a, Self.b].map { Self.prediction(10, sensor: $0) }
    let perSensor = try await scores(rows, of: windows, per: .sensor)
    #expect(perSensor.map(\.sensor) == [Self.a, Self.b] && perSensor.map(\.score) == [1, 1])
    let whole = try await scores(rows + [Self.row(11, 10), Self.row(11, 180, sensor: Self.b)], of: windows)
    #expect(whole.map(\.score) == [1, -1] && whole.map(\.sensor) == [nil, nil])
  }

  /// A device without training has no floor, a sensor that came later is no feature, and a window without a sensor has no score.
  @Test func whatHasNoTrainingHasNoScore() async throws {
    let rows =
      Self.training() + [
        Self.row(10, 10), Self.row(10, 99, sensor: Self.b), Self.row(11, 5, sensor: Self.b),
        Self.row(10, 7, device: Self.fan),
      ]
    let windows = [Self.prediction(10), Self.prediction(11), Self.prediction(10, device: Self.fan)]
    let scores = try await scores(rows, of: windows)
    #expect(scores.map(\.device) == [Self.pump] && scores.map(\.score) == [3])
    #expect(try await self.scores([Self.row(10, 7)], of: windows).isEmpty)
    #expect(try await self.scores(rows, of: []).isEmpty)
  }
}
