import Detection
import Telemetry

/// Which alarms somebody has been told of, so that nobody is told of one twice. An alarm that has grown since is the same.
package struct ToldAlarms: Sendable {
  private let gap: Duration
  private var spans: [DeviceID: [AnomalousSpan]] = [:]

  /// - Parameter gap: As for ``AlarmLog``.
  package init(gap: Duration = .zero) { self.gap = gap }

  /// Whether `alarm` has been told of.
  package func contains(_ alarm: Alarm) -> Bool {
    spans[alarm.device]?.contains { $0.touches(alarm.span, gap: gap) } ?? false
  }

  /// Notes that somebody has been told of `alarm`, or that one that was told has grown to it.
  package mutating func add(_ alarm: Alarm) { add(alarm.span, of: alarm.device) }

  mutating func add(_ span: AnomalousSpan, of device: DeviceID) {
    spans[device] = AnomalousSpan.spans(of: (spans[device] ?? []) + [span], gap: gap)
  }
}
