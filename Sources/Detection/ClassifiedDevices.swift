import Telemetry

/// What became of the scored windows of one device.
package struct ClassifiedDevice: Sendable {
  /// A scored window, its newest revision.
  package struct Window: Hashable, Sendable {
    package var scored: ScoredWindow
    package var outcome: WindowClass
    /// Which of the files says it, by its place in the list.
    package var file: Int
  }

  package let device: DeviceID
  /// By sensor and start; those of a model of the whole device first.
  package let windows: [Window]
  /// All labels of the device, by start.
  package let labels: [Label]
}

/// How many windows are of each class.
package struct ClassCounts: Hashable, Sendable {
  private var counts = [Int](repeating: 0, count: WindowClass.allCases.count)

  package init() {}

  package subscript(outcome: WindowClass) -> Int {
    get { counts[Self.place(of: outcome)] }
    set { counts[Self.place(of: outcome)] = newValue }
  }

  /// Of all classes.
  package var windows: Int { counts.reduce(0, +) }
  /// Those that count in figures of windows: all but the ignored ones.
  package var judged: Int { windows - self[.ignored] }

  private static func place(of outcome: WindowClass) -> Int {
    switch outcome {
    case .found: 0
    case .missed: 1
    case .falseAlarm: 2
    case .quiet: 3
    case .ignored: 4
    }
  }
}

/// The scored windows of prediction files, device by device, each with its class: as ``Evaluation`` sees them, with no more than one
/// device and a piece of each file in memory.
package struct ClassifiedDevices: Sendable {
  /// In the order in which a later row of a window's revision replaces an earlier one.
  package let paths: [String]
  private let truth: GroundTruth

  /// - Parameters:
  ///   - paths: Prediction files whose rows are ordered by device, as Sonde writes them.
  ///   - labels: What is known to be wrong.
  package init(_ paths: [String], labels: [Label]) {
    self.paths = paths
    truth = GroundTruth(labels)
  }

  /// Hands over every device that has a scored window, in byte order. Throws `FileError`, `CSVError`, and what `body` throws.
  ///
  /// - Parameter only: No others; nil for all.
  package func visit(only: Set<DeviceID>? = nil, _ body: (ClassifiedDevice) throws -> Void) throws {
    var cursors = try paths.map { try PredictionCursor(path: $0, beside: paths.count) }
    while let device = cursors.compactMap(\.device).min() {
      let isWanted = only?.contains(device) ?? true
      var rows: [(window: ScoredWindow, file: Int)] = []
      for file in cursors.indices where cursors[file].device == device {
        if isWanted {
          try cursors[file].takeRows { rows.append(($0, file)) }
        } else {
          try cursors[file].skipRows()
        }
      }
      guard isWanted else { continue }
      try body(classified(device, Self.newest(rows)))
    }
  }

  /// Each window once, by sensor and start. Of several revisions the newest counts, and of several rows of one revision the last.
  private static func newest(_ rows: [(window: ScoredWindow, file: Int)]) -> [(
    window: ScoredWindow, file: Int
  )] {
    func precedes(_ a: ScoredWindow, _ b: ScoredWindow) -> Bool {
      if a.sensor != b.sensor { return (a.sensor?.name ?? "") < (b.sensor?.name ?? "") }
      return a.start < b.start
    }
    // They mostly are: a file is ordered, and jobs follow each other.
    if zip(rows, rows.dropFirst()).allSatisfy({ precedes($0.window, $1.window) }) { return rows }
    let order = rows.indices.sorted { a, b in
      if precedes(rows[a].window, rows[b].window) { return true }
      if precedes(rows[b].window, rows[a].window) { return false }
      let (first, second) = (rows[a].window.revision, rows[b].window.revision)
      return first == second ? a < b : first < second
    }
    var found: [(window: ScoredWindow, file: Int)] = []
    for index in order {
      if let last = found.last?.window, last.sensor == rows[index].window.sensor,
        last.start == rows[index].window.start
      {
        found.removeLast()
      }
      found.append(rows[index])
    }
    return found
  }

  private func classified(_ device: DeviceID, _ rows: [(window: ScoredWindow, file: Int)])
    -> ClassifiedDevice
  {
    let labels = truth.labels(of: device, sensor: nil)
    var concerned: [Label] = []
    var sensor: SensorID??
    let windows = rows.map { window, file -> ClassifiedDevice.Window in
      if labels.isEmpty {
        return .init(
          scored: window, outcome: WindowClass(.normal, isFlagged: window.isFlagged), file: file)
      }
      if sensor != .some(window.sensor) {
        sensor = .some(window.sensor)
        concerned = labels.filter { $0.concerns(window.sensor) }
      }
      let what = GroundTruth.truth(of: window, among: concerned)
      return .init(scored: window, outcome: WindowClass(what, isFlagged: window.isFlagged), file: file)
    }
    return ClassifiedDevice(device: device, windows: windows, labels: labels)
  }
}
