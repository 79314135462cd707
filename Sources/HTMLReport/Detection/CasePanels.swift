import Detection
import DetectionCharts
import Files
import Telemetry
import WindowStore

/// Makes a panel of each case: the scores around it from the prediction files, the signal from the store.
struct CasePanels {
  /// How many windows are shown before and after those of a case: enough to see what is usual.
  private static let context = 24
  /// The most windows of a panel: more are not told apart.
  private static let mostWindows = 160

  private let cases: [DetectionCase]

  init(_ cases: [DetectionCase]) { self.cases = cases }

  /// The panels in the order of the cases. Throws `FileError`, `CSVError` and `StoreError`.
  func panels(_ files: DetectionFiles, _ folder: RunFolder) throws -> [WhyChart.Panel] {
    var panels: [Int: WhyChart.Panel] = [:]
    let store = FileStamp(folder.store) == nil ? nil : try WindowStoreReader(path: folder.store)
    try files.devices.visit(only: Set(cases.map(\.device))) { device in
      for (index, found) in cases.enumerated() where found.device == device.device {
        panels[index] = try panel(found, device, store)
      }
    }
    return cases.indices.compactMap { panels[$0] }
  }

  private func panel(
    _ found: DetectionCase, _ device: ClassifiedDevice, _ store: WindowStoreReader?
  ) throws -> WhyChart.Panel? {
    let windows = device.windows.filter { $0.scored.sensor == found.model }
    guard
      let first = windows.firstIndex(where: { $0.scored.end > found.span.lowerBound }),
      let last = windows.lastIndex(where: { $0.scored.start < found.span.upperBound }), first <= last
    else { return nil }
    let from = max(0, first - Self.context)
    let to = min(windows.count - 1, last + Self.context, from + Self.mostWindows - 1)
    let shown = windows[from...to]
    let end = shown.map(\.scored.end).max() ?? found.span.upperBound
    let range = windows[from].scored.start..<end
    let (sensor, signal) = try signal(found, range, store)
    let scores = shown.map {
      WhyChart.Score(span: $0.scored.start..<$0.scored.end, score: $0.scored.score, outcome: $0.outcome)
    }
    let name = sensor ?? found.labelled ?? found.model
    return WhyChart.Panel(
      title: name.map { "\(device.device) · \($0)" } ?? "\(device.device)", finding: found.finding,
      range: range, span: found.span.clamped(to: range), signal: signal,
      labels: device.labels.filter { label in
        label.concerns(found.model) && label.start < range.upperBound && label.end > range.lowerBound
      }.map { max($0.start, range.lowerBound)..<min($0.end, range.upperBound) },
      scores: scores,
      // One-class SVMs flag at 0 and below; scripts may have another rule.
      threshold: shown.allSatisfy { $0.scored.isFlagged == ($0.scored.score <= 0) } ? 0 : nil)
  }

  /// The windows of the sensor that shows the case best.
  private func signal(
    _ found: DetectionCase, _ range: Range<Timestamp>, _ store: WindowStoreReader?
  ) throws -> (sensor: SensorID?, signal: [WhyChart.Signal]) {
    guard
      let windows = try store?.windows(
        visibleAfter: nil, through: nil, devices: [found.device], columns: [.mean, .min, .max],
        from: range.lowerBound
      ).first
    else { return (nil, []) }
    var signals: [SensorID: [WhyChart.Signal]] = [:]
    for (index, row) in windows.rows.enumerated() where row.start < range.upperBound {
      let place = index * windows.columns.count
      signals[windows.sensors[row.sensor], default: []].append(
        WhyChart.Signal(
          span: row.start..<row.end, mean: windows.values[place], min: windows.values[place + 1],
          max: windows.values[place + 2]))
    }
    if let named = found.labelled ?? found.model, let signal = signals[named] { return (named, signal) }
    let best = signals.keys.sorted().map { ($0, Self.strangeness(signals[$0] ?? [], found.span)) }
      .max { $0.1 < $1.1 }
    guard let sensor = best?.0 else { return (nil, []) }
    return (sensor, signals[sensor] ?? [])
  }

  /// How far the windows of `span` lie from the others, in standard deviations of these: the greatest of mean, least, greatest and width.
  private static func strangeness(_ signal: [WhyChart.Signal], _ span: Range<Timestamp>) -> Double {
    let inside = signal.filter { $0.span.overlaps(span) }
    let outside = signal.filter { !$0.span.overlaps(span) }
    guard !inside.isEmpty, outside.count > 1 else { return 0 }
    let columns: [(WhyChart.Signal) -> Double] = [
      { $0.mean }, { $0.min }, { $0.max }, { $0.max - $0.min },
    ]
    return columns.map { column in
      let usual = outside.map(column)
      let middle = usual.reduce(0, +) / Double(usual.count)
      let variance = usual.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(usual.count)
      let distance = abs(inside.map(column).reduce(0, +) / Double(inside.count) - middle)
      guard distance > 0 else { return 0 }
      return variance > 0 ? distance / variance.squareRoot() : .greatestFiniteMagnitude
    }.filter { !$0.isNaN }.max() ?? 0
  }
}
