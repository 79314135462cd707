import Detection
import DetectionCharts
import Telemetry

/// What the prediction files of a run say of its devices and anomalies: counts of everything, and of what is shown the worst.
struct DetectionFindings {
  /// What became of the windows and labels of one device.
  struct Device {
    let id: DeviceID
    var counts = ClassCounts()
    /// Labels of which a window was scored, and those that were found.
    var anomalies = 0
    var found = 0

    var wrong: Int { counts[.missed] + counts[.falseAlarm] }

    var summary: String {
      let parts: [(Int, String)] = [
        (counts[.missed], "missed"), (counts[.falseAlarm], "false alarms"), (counts[.found], "found"),
        (counts[.ignored], "ignored"),
      ]
      let said = parts.filter { $0.0 > 0 }.map { "\($0.0.grouped) \($0.1)" }
      return said.isEmpty ? "nothing to find, and nothing flagged" : said.joined(separator: ", ") + " windows"
    }

    static func isWorse(_ a: Device, _ b: Device) -> Bool {
      (a.wrong, a.counts[.missed], a.anomalies) > (b.wrong, b.counts[.missed], b.anomalies)
    }
  }

  /// An anomaly of which a window was scored.
  struct Event {
    let kind: String
    /// From its beginning to the end of its first flagged window, in seconds; nil where it was not found.
    var untilWindow: Double?
    /// The same to the fire time of the first job that flagged a window of it.
    var untilJob: Double?
  }

  let files: DetectionFiles
  private(set) var counts = ClassCounts()
  private(set) var devices = WorstFirst<Device>(FoundChart.mostRows, isWorse: Device.isWorse)
  private(set) var misses = WorstFirst<DetectionCase>(WhyChart.mostPanels, isWorse: DetectionCase.isWorse)
  private(set) var falseAlarms = WorstFirst<DetectionCase>(
    WhyChart.mostPanels, isWorse: DetectionCase.isWorse)
  /// How many devices have a false alarm.
  private(set) var devicesWithFalseAlarms = 0
  private(set) var events: [Event] = []
  /// From the start of the first scored window to the end of the last; nil where there is none.
  private(set) var range: Range<Timestamp>?
  /// Those of ``events`` that were found first by the job that closes the stream, or perhaps: their place and their start.
  private var foundAtTheEnd: [(event: Int, start: Timestamp)] = []
  private var lastEndOfClosing: Timestamp?

  /// Reads all prediction files once. Throws `FileError` and `CSVError`.
  init(_ files: DetectionFiles) throws {
    self.files = files
    try files.devices.visit { add($0) }
    guard let end = lastEndOfClosing else { return }
    for (event, start) in foundAtTheEnd {
      let seconds = (end - start).seconds
      events[event].untilJob = min(events[event].untilJob ?? seconds, seconds)
    }
  }

  private mutating func add(_ classified: ClassifiedDevice) {
    var device = Device(id: classified.device)
    for window in classified.windows {
      device.counts[window.outcome] += 1
      let span = window.scored.start..<window.scored.end
      range =
        range.map {
          min($0.lowerBound, span.lowerBound)..<max($0.upperBound, span.upperBound)
        } ?? span
      if files.fired[window.file] == .atTheEnd {
        lastEndOfClosing = max(lastEndOfClosing ?? span.upperBound, span.upperBound)
      }
    }
    for label in classified.labels { add(label, of: classified, to: &device) }
    for stretch in DetectionCase.falseAlarms(of: classified) { falseAlarms.add(stretch) }
    if device.counts[.falseAlarm] > 0 { devicesWithFalseAlarms += 1 }
    for outcome in WindowClass.allCases { counts[outcome] += device.counts[outcome] }
    devices.add(device)
  }

  private mutating func add(_ label: Label, of classified: ClassifiedDevice, to device: inout Device) {
    let touched = classified.windows.filter {
      label.concerns($0.scored.sensor) && label.start < $0.scored.end && $0.scored.start < label.end
    }
    guard !touched.isEmpty else { return }
    device.anomalies += 1
    var event = Event(kind: label.kind)
    for window in touched where window.scored.isFlagged {
      let seconds = (window.scored.end - label.start).seconds
      event.untilWindow = min(event.untilWindow ?? seconds, seconds)
      if case .at(let instant) = files.fired[window.file] {
        let seconds = (max(instant, window.scored.end) - label.start).seconds
        event.untilJob = min(event.untilJob ?? seconds, seconds)
      } else if foundAtTheEnd.last?.event != events.count {
        foundAtTheEnd.append((events.count, label.start))
      }
    }
    if event.untilWindow != nil { device.found += 1 }
    events.append(event)
    let missed = touched.filter { $0.outcome == .missed }
    guard event.untilWindow == nil || !missed.isEmpty else { return }
    misses.add(DetectionCase(missing: label, isFound: event.untilWindow != nil, touched, missed))
  }
}
