import DeviceFleet
import Telemetry
import WindowStore

/// Computes from the source alone what the pipeline should have stored, in the plainest way, and compares.
///
/// It shares no code with ingestion: readings are put into a dictionary by window, sorted, and summed up. Equality is to
/// the bit, so the order of the sums matters: time, epoch, sequence.
struct PipelineOracle {
  /// What did not agree.
  struct Findings: Hashable, Sendable {
    /// Windows that should be there.
    var expectedWindows = 0
    /// Windows that differ, are missing, or should not be there.
    var mismatchedWindows = 0
    /// The first few of them, in words.
    var examples: [String] = []
  }

  let source: any MessageSource
  let settings: ScenarioDocument.Ingestion
  /// Sequence numbers of messages that never reached ingestion, by device.
  var missing: [DeviceID: Set<Int64>] = [:]

  private struct Key: Hashable {
    var sensor: SensorID
    var start: Int64
  }

  private struct Reading {
    var timestamp: Int64
    var sequence: Int64
    var value: Double
  }

  /// Compares the newest revisions in `store` with the windows of `source`, device by device.
  func check(_ store: WindowStoreReader) throws -> Findings {
    var findings = Findings()
    for index in source.deviceIDs.indices {
      let device = source.deviceIDs[index]
      var expected = expectedWindows(ofDeviceAt: index)
      findings.expectedWindows += expected.count
      for row in try store.windows(visibleAfter: nil, through: nil, devices: [device]) {
        let key = Key(sensor: row.sensor, start: row.start.milliseconds)
        let wanted = expected.removeValue(forKey: key)
        if wanted != row.aggregates || row.end != row.start + settings.window {
          note(
            &findings, device, key, "stored \(row.aggregates), expected \(wanted.map { "\($0)" } ?? "none")")
        }
      }
      for (key, wanted) in expected { note(&findings, device, key, "missing; expected \(wanted)") }
    }
    return findings
  }

  private func note(_ findings: inout Findings, _ device: DeviceID, _ key: Key, _ what: String) {
    findings.mismatchedWindows += 1
    guard findings.examples.count < RunDefaults.namedLosses else { return }
    findings.examples.append("\(device) \(key.sensor) at \(Timestamp(milliseconds: key.start)): \(what)")
  }

  private func expectedWindows(ofDeviceAt index: Int) -> [Key: Aggregates] {
    let length = settings.window.milliseconds
    var readings: [Key: [Reading]] = [:]
    var newest = Int64.min
    let missing = missing[source.deviceIDs[index]] ?? []
    for message in source.deliveries(ofDeviceAt: index).lazy.flatMap(\.messages) {
      if let position = message.position, missing.contains(position.sequence) { continue }
      let timestamp = message.timestamp.milliseconds
      // What was kept back, or comes from a clock that was set back, may find its window past its lateness: it is late.
      let closesMs = timestamp / length * length + length + settings.allowedLateness.milliseconds
      guard newest == .min || newest - settings.outOfOrderness.milliseconds < closesMs else { continue }
      newest = max(newest, timestamp)
      for value in message.values {
        let key = Key(sensor: value.sensor, start: timestamp / length * length)
        readings[key, default: []].append(
          Reading(timestamp: timestamp, sequence: message.position?.sequence ?? 0, value: value.value))
      }
    }
    let watermark = newest - settings.outOfOrderness.milliseconds
    return readings.filter { $0.key.start + length <= watermark }.mapValues { readings in
      let ordered = readings.sorted { ($0.timestamp, $0.sequence) < ($1.timestamp, $1.sequence) }
      let values = ordered.map(\.value)
      let times = ordered.map { Double($0.timestamp - ordered[0].timestamp) }
      let count = Double(values.count)
      let mean = values.reduce(0, +) / count
      let meanTime = times.reduce(0, +) / count
      let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / count
      let spread = times.map { ($0 - meanTime) * ($0 - meanTime) }.reduce(0, +)
      let products = zip(times, values).map { ($0 - meanTime) * ($1 - mean) }.reduce(0, +)
      let sorted = values.sorted()
      func quantile(_ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let low = Int(place.rounded(.down))
        let high = min(low + 1, sorted.count - 1)
        return low == high ? sorted[low] : sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
      }
      return Aggregates(
        count: values.count, mean: mean, stddev: variance.squareRoot(), min: values.min() ?? .nan,
        max: values.max() ?? .nan, first: values.first, last: values.last,
        slope: spread == 0 ? 0 : products / spread * 1000, p05: quantile(0.05), p25: quantile(0.25),
        median: quantile(0.5), p75: quantile(0.75), p95: quantile(0.95))
    }
  }
}
