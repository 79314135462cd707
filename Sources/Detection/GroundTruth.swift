import Telemetry

/// What a window is, as far as the labels know.
package enum WindowTruth: Hashable, Sendable {
  case normal
  case anomalous
  /// Touched by an anomaly, but by too little of it to demand an alarm or to forbid one. Taken out of every figure that
  /// counts windows.
  case ignored
}

/// Decides what each window is.
///
/// A window is **anomalous** if labels that concern it cover at least half of it, or if one of them lies wholly inside it
/// (a spike of one reading is found in its window or nowhere). A window that labels touch less than that is **ignored**:
/// a detector that flags it is not wrong, and one that does not is not either. Every other window is **normal**. A model of
/// a whole device is judged by the labels of all its sensors, a model of one sensor by that sensor's and by those of the
/// whole device.
package struct GroundTruth: Sendable {
  private let labels: [DeviceID: [Label]]

  package init(_ labels: [Label]) {
    self.labels = Dictionary(
      grouping: labels.sorted { ($0.start, $0.end) < ($1.start, $1.end) }, by: \.device)
  }

  /// The labels that concern `sensor` of `device` (nil: any of its sensors), by start.
  package func labels(of device: DeviceID, sensor: SensorID?) -> [Label] {
    (labels[device] ?? []).filter { $0.concerns(sensor) }
  }

  /// What `window` is.
  package func truth(of window: ScoredWindow) -> WindowTruth {
    Self.truth(of: window, among: labels(of: window.device, sensor: window.sensor))
  }

  /// What `window` is, given the labels that concern it, by start.
  static func truth(of window: ScoredWindow, among labels: [Label]) -> WindowTruth {
    var covered: Int64 = 0
    var reached = window.start
    var isTouched = false
    for label in labels where label.start < window.end && window.start < label.end {
      isTouched = true
      if label.start >= window.start, label.end <= window.end { return .anomalous }
      // Overlapping labels cover their common part once.
      let from = max(label.start, reached)
      let to = min(label.end, window.end)
      if from < to {
        covered += (to - from).milliseconds
        reached = to
      }
    }
    if 2 * covered >= (window.end - window.start).milliseconds { return .anomalous }
    return isTouched ? .ignored : .normal
  }
}
