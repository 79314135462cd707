import Charts
import Detection
import Telemetry
import Wording

/// Where the detector was wrong: an anomaly of which it missed something, or a stretch of false alarms.
struct DetectionCase: Hashable {
  let device: DeviceID
  /// Of the model that was wrong; nil for one of the whole device.
  let model: SensorID?
  /// Where the label says that something was wrong; nil for false alarms, and where it does not say.
  let labelled: SensorID?
  /// The windows that it is about.
  let span: Range<Timestamp>
  /// What went wrong, in words.
  let finding: String
  /// How bad it is: an anomaly that nobody saw before one that was seen in part, then by windows, then by how sure the detector was.
  private let weight: [Double]

  static func isWorse(_ a: DetectionCase, _ b: DetectionCase) -> Bool {
    b.weight.lexicographicallyPrecedes(a.weight)
  }

  /// An anomaly of which windows were missed.
  ///
  /// - Parameters:
  ///   - touched: The windows of the label.
  ///   - missed: Those that were missed; empty where the label covers less than half of each.
  init(
    missing label: Label, isFound: Bool, _ touched: [ClassifiedDevice.Window],
    _ missed: [ClassifiedDevice.Window]
  ) {
    let shown = missed.isEmpty ? touched : missed
    device = label.device
    model = shown.first?.scored.sensor
    labelled = label.sensor
    let own = shown.filter { [model] in $0.scored.sensor == model }.map(\.scored)
    span = Self.hull(own) ?? label.start..<label.end
    let severity = label.severity.map { ", severity \(ChartUnit.ratio.text($0))" } ?? ""
    let count = "\(missed.count.grouped) of \(touched.count.grouped) windows missed"
    finding = "\(isFound ? "" : "not found: ")\(label.kind.excerpt)\(severity); \(count)"
    weight = [isFound ? 0 : 1, Double(missed.count), label.severity ?? 0]
  }

  /// Neighbouring false alarms of one model.
  private init(falseAlarms windows: [ScoredWindow], of device: DeviceID) {
    self.device = device
    model = windows.first?.sensor
    labelled = nil
    span = Self.hull(windows) ?? Timestamp(milliseconds: 0)..<Timestamp(milliseconds: 1)
    let lowest = windows.map(\.score).min() ?? 0
    finding =
      (windows.count == 1 ? "false alarm" : "\(windows.count.grouped) false alarms in a row")
      + ", \(windows.count == 1 ? "" : "lowest ")score \(ChartUnit.ratio.text(lowest))"
    weight = [0, Double(windows.count), -lowest]
  }

  private static func hull(_ windows: [ScoredWindow]) -> Range<Timestamp>? {
    guard let first = windows.map(\.start).min(), let last = windows.map(\.end).max() else { return nil }
    return first..<last
  }

  /// Each stretch of neighbouring false alarms of `device`.
  static func falseAlarms(of device: ClassifiedDevice) -> [DetectionCase] {
    var stretches: [[ScoredWindow]] = []
    var isOpen = false
    for window in device.windows {
      guard window.outcome == .falseAlarm else {
        isOpen = false
        continue
      }
      if isOpen, stretches.last?.last?.sensor == window.scored.sensor {
        stretches[stretches.count - 1].append(window.scored)
      } else {
        stretches.append([window.scored])
      }
      isOpen = true
    }
    return stretches.map { DetectionCase(falseAlarms: $0, of: device.device) }
  }
}
