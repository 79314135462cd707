import Detection
import Modelling
import Telemetry

/// The anomalous windows of a run, as its jobs tell of them one after the other: of each window the newest revision counts.
package struct AnomalousWindows: Sendable {
  /// One of them.
  package struct Window: Hashable, Sendable {
    package var sensor: SensorID?
    package var span: AnomalousSpan
    package var revision: Int
    /// The job that first called it anomalous, by its number among those added.
    package var job: Int
  }

  private struct Key: Hashable {
    var sensor: SensorID?
    var start: Timestamp
  }

  private struct Revised: Hashable {
    var device: DeviceID
    var key: Key
  }

  private var windows: [DeviceID: [Key: Window]] = [:]
  /// The newest revision of each window that has more than one, whether it is anomalous or not.
  private var revisions: [Revised: Int] = [:]

  package init() {}

  /// Adds what the job of number `job` says, and returns the devices of which something has changed.
  @discardableResult
  package mutating func add(_ rows: [ScoredWindow], job: Int) -> Set<DeviceID> {
    var changed: Set<DeviceID> = []
    for row in rows {
      let key = Key(sensor: row.sensor, start: row.start)
      if row.revision > 1 {
        let revised = Revised(device: row.device, key: key)
        // A job that goes over failed rows again may come to an older revision after a newer one.
        if let newest = revisions[revised], newest > row.revision { continue }
        revisions[revised] = row.revision
      } else if !revisions.isEmpty, revisions[Revised(device: row.device, key: key)] != nil {
        continue
      }
      let known = windows[row.device]?[key]
      if row.isFlagged {
        windows[row.device, default: [:]][key] = Window(
          sensor: row.sensor, span: AnomalousSpan(start: row.start, end: row.end), revision: row.revision,
          job: min(known?.job ?? job, job))
        changed.insert(row.device)
      } else if known != nil {
        windows[row.device]?[key] = nil
        changed.insert(row.device)
      }
    }
    return changed
  }

  /// The devices that have any.
  package var devices: [DeviceID] { windows.filter { !$0.value.isEmpty }.keys.sorted() }

  /// The windows of each alarm of `device`, by start.
  package func groups(of device: DeviceID, gap: Duration) -> [(span: AnomalousSpan, windows: [Window])] {
    let all = (windows[device].map { Array($0.values) } ?? []).sorted { a, b in
      (a.span.start, a.span.end, a.sensor?.name ?? "") < (b.span.start, b.span.end, b.sensor?.name ?? "")
    }
    let spans = AnomalousSpan.spans(of: all.map(\.span), gap: gap)
    var next = all.startIndex
    return spans.map { span in
      defer { next += span.windows }
      return (span, Array(all[next..<next + span.windows]))
    }
  }
}
