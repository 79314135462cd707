import Detection
import Files
import Modelling
import Telemetry
import WindowStore

/// The floor `three_sigma` of a run: what ``ThreeSigmaDetector`` says of its windows.
///
/// It is made from the windows of the store alone, those of the training range and those that were scored, and from no model. So it is the
/// same floor whatever kind of detector is held against it.
package struct ThreeSigmaFloor: Hashable, Sendable {
  /// Devices whose windows are read at a time: few enough to keep memory small, many enough that a query costs nothing beside them.
  private static let devicesPerRead = 32

  /// What its features are.
  package let layout: ModelLayout
  /// The windows that means and standard deviations are of, as they were visible at its end.
  package let training: TrainingRange

  package init(layout: ModelLayout, training: TrainingRange) {
    self.layout = layout
    self.training = training
  }

  /// That of the last training in `folder`; nil where there was none. Throws `JSONFileError` and `FileError`.
  package init?(of folder: RunFolder) throws {
    guard let setup = try TrainingSetup.read(folder) else { return nil }
    self.init(layout: setup.layout, training: setup.range)
  }

  /// Its scores of the windows of the devices in `windows`, from the first of these windows on; of a window its newest revision counts.
  /// A device without windows in the training range has none, and a window without all features has none. Throws `StoreError`.
  package func scores(of windows: [ScoredWindow], in store: WindowStoreReader) throws -> [ScoredWindow] {
    guard let first = windows.map(\.start).min(), !layout.features.isEmpty else { return [] }
    let builder = FeatureVectorBuilder(layout: layout)
    let devices = Set(windows.map(\.device)).sorted()
    var scores: [ScoredWindow] = []
    for place in stride(from: 0, to: devices.count, by: Self.devicesPerRead) {
      let some = Array(devices[place..<min(place + Self.devicesPerRead, devices.count)])
      let known = try store.windows(
        visibleAfter: nil, through: training.to, devices: some, columns: builder.columns, from: training.from)
      let trained = Dictionary(
        uniqueKeysWithValues: known.map { ($0.device, builder.tables(of: $0.inside(training))) })
      let found = try store.windows(
        visibleAfter: nil, through: nil, devices: some, columns: builder.columns, from: first)
      for windows in found {
        scores += self.scores(of: windows, trainedOn: trained[windows.device] ?? [], builder)
      }
    }
    return scores
  }

  private func scores(
    of windows: DeviceWindows, trainedOn tables: [FeatureTable], _ builder: FeatureVectorBuilder
  ) -> [ScoredWindow] {
    var detectors: [ModelKey: ThreeSigmaDetector] = [:]
    for table in tables where !table.rows.isEmpty {
      detectors[table.key] = ThreeSigmaDetector(trainedOn: table.features)
    }
    // A whole device has the sensors of its training, whichever others it has had since.
    let sensors =
      layout.per == .device ? tables.first.flatMap { ModelLayout.sensors(ofFeatures: $0.featureNames) } : nil
    return builder.tables(of: windows, sensors: sensors).flatMap { table -> [ScoredWindow] in
      guard let detector = detectors[table.key] else { return [] }
      return table.rows.enumerated().map { index, row in
        let score = detector.score(table.features[row: index])
        return ScoredWindow(
          device: table.key.device, sensor: table.key.sensor, start: row.start, end: row.end, score: score,
          isFlagged: ThreeSigmaDetector.isFlagged(score), revision: row.revision)
      }
    }
  }
}
