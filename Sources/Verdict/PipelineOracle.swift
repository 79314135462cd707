import DeviceFleet
import Ingestion
import Telemetry
import WindowStore

/// Computes from the source alone what the pipeline should have stored, in the plainest way, and compares.
///
/// It shares no code with ingestion but numbers that do not round: readings are put into a dictionary by window, sorted,
/// and aggregated by the definitions of the aggregates. Equality is to the bit.
package struct PipelineOracle {
  /// What did not agree.
  package struct Findings: Hashable, Sendable {
    /// Windows that should be there.
    package var expectedWindows = 0
    /// Windows that differ, are missing, or should not be there.
    package var mismatchedWindows = 0
    /// The first few of them, in words.
    package var examples: [String] = []
    /// Readings of messages that came too late and stand in the journal, or came in time and stand among the late ones.
    package var misfiledReadings = 0
    /// The first few of these messages, in words.
    package var misfiled: [String] = []
  }

  let source: any MessageSource
  let settings: WindowSettings
  let latePolicy: LatePolicy
  /// When ingestion takes messages to arrive.
  let arrivals: PlannedArrivals
  /// Sequence numbers of messages that never reached ingestion, by device.
  var missing: [DeviceID: Set<Int64>] = [:]

  private struct Key: Hashable, Comparable {
    var sensor: SensorID
    var start: Int64
    var end: Int64

    static func < (a: Key, b: Key) -> Bool { (a.start, a.end, a.sensor) < (b.start, b.end, b.sensor) }
  }

  /// A message that should have been stored.
  private struct Accepted {
    var timestamp: Int64
    var sequence: Int64
    var values: [Message.Value]
    /// The device's watermark when it came.
    var watermark: Int64
  }

  private struct Reading {
    var timestamp: Int64
    var sequence: Int64
    var value: Double
  }

  /// Compares the newest revisions in `store` with the windows of `source`, device by device.
  func check(_ store: WindowStoreReader) throws -> Findings {
    var findings = Findings()
    let retainedFrom = try store.retainedFrom()
    for index in source.deviceIDs.indices {
      let device = source.deviceIDs[index]
      var expected = expectedWindows(ofDeviceAt: index)
      // What retention has come to may be deleted, or not yet.
      var deletable: [Key: Aggregates] = [:]
      if let retainedFrom {
        deletable = expected.filter { $0.key.end < retainedFrom.milliseconds }
        expected = expected.filter { $0.key.end >= retainedFrom.milliseconds }
      }
      findings.expectedWindows += expected.count
      for row in try store.windows(visibleAfter: nil, through: nil, devices: [device]) {
        let key = Key(sensor: row.sensor, start: row.start.milliseconds, end: row.end.milliseconds)
        let wanted = expected.removeValue(forKey: key) ?? deletable.removeValue(forKey: key)
        if wanted != row.aggregates {
          let what = wanted.map { Self.difference(row.aggregates, $0) } ?? "should not be there"
          note(&findings, device, key, what)
        }
      }
      // In an order that is the same each time: not all may be named.
      for (key, wanted) in expected.sorted(by: { $0.key < $1.key }) {
        note(&findings, device, key, "missing; expected count \(wanted.count), mean \(wanted.mean)")
      }
    }
    try findMisfiled(in: store, &findings)
    return findings
  }

  /// Which aggregates differ, and how.
  private static func difference(_ stored: Aggregates, _ wanted: Aggregates) -> String {
    AggregateColumn.allCases.filter { stored[$0].bitPattern != wanted[$0].bitPattern }
      .map { "\($0.rawValue) \(stored[$0]), expected \(wanted[$0])" }.joined(separator: "; ")
  }

  private func note(_ findings: inout Findings, _ device: DeviceID, _ key: Key, _ what: String) {
    findings.mismatchedWindows += 1
    guard findings.examples.count < ReportDefaults.namedFindings else { return }
    findings.examples.append("\(device) \(key.sensor) at \(Timestamp(milliseconds: key.start)): \(what)")
  }

  /// What becomes of the messages of a device, in the order of their arrival.
  private struct Outcome {
    var accepted: [Accepted] = []
    /// Those that come when their windows can no longer change: sequence numbers, with how many readings each has.
    var late: [Int64: Int] = [:]
    /// The device's watermark at the end.
    var watermark = Int64.min
  }

  private func outcome(ofDeviceAt index: Int) -> Outcome {
    let lateness = settings.allowedLateness.milliseconds
    var outcome = Outcome()
    var newest = Int64.min
    // A watermark is never ahead of what has arrived.
    var arrived = Int64.min
    let listed = arrivals.listed[source.deviceIDs[index]]
    let missing = missing[source.deviceIDs[index]] ?? []
    for message in source.deliveries(ofDeviceAt: index).lazy.flatMap(\.messages) {
      if let position = message.position, missing.contains(position.sequence) { continue }
      var timestamp = message.timestamp.milliseconds
      let arrival = (listed?.arrival(message.timestamp, message.position) ?? message.timestamp).milliseconds
      let watermark =
        newest == .min ? .min : min(newest, arrived) - settings.outOfOrderness.milliseconds
      // What was kept back, or comes from a clock that was set back, may find its window past its lateness: it is late.
      let closesMs = (possibleWindows(timestamp).map(\.end).max() ?? 0) + lateness
      if watermark >= closesMs {
        guard latePolicy == .adjust else {
          if let position = message.position { outcome.late[position.sequence] = message.values.count }
          continue
        }
        timestamp = watermark - lateness
      }
      newest = max(newest, timestamp)
      arrived = max(arrived, arrival)
      outcome.accepted.append(
        Accepted(
          timestamp: timestamp, sequence: message.position?.sequence ?? 0, values: message.values,
          watermark: watermark))
    }
    outcome.watermark =
      newest == .min ? .min : min(newest, arrived) - settings.outOfOrderness.milliseconds
    return outcome
  }

  private func expectedWindows(ofDeviceAt index: Int) -> [Key: Aggregates] {
    let outcome = outcome(ofDeviceAt: index)
    let readings = settings.sessionGap == nil ? windows(outcome.accepted) : sessions(outcome.accepted)
    return readings.filter { $0.key.end <= outcome.watermark }.mapValues { readings in
      let ordered = readings.sorted { ($0.timestamp, $0.sequence) < ($1.timestamp, $1.sequence) }
      return OracleAggregates.of(ordered.map(\.value), at: ordered.map(\.timestamp))
    }
  }

  /// Finds messages of planned devices that are late and are not among the late ones, or the other way round. Of messages that
  /// carry no sequence number it cannot be told.
  private func findMisfiled(in store: WindowStoreReader, _ findings: inout Findings) throws {
    var storedLate: [DeviceID: Set<Int64>] = [:]
    let renumbered = source.renumberedDevices
    try store.forEachAccountedMessage { message in
      guard message.isLate, let position = message.position, !renumbered.contains(message.device) else {
        return
      }
      storedLate[message.device, default: []].insert(position.sequence)
    }
    var wantedLate: [DeviceID: [Int64: Int]] = [:]
    for (index, device) in source.deviceIDs.enumerated() where !renumbered.contains(device) {
      let late = outcome(ofDeviceAt: index).late
      let found = storedLate[device] ?? []
      for sequence in found.subtracting(late.keys).sorted() where isPlanned(sequence, at: index) {
        note(misfiled: "\(device) seq \(sequence): late, and should be stored", readings: 1, &findings)
      }
      let absent = late.filter { !found.contains($0.key) }
      if !absent.isEmpty { wantedLate[device] = absent }
    }
    guard !wantedLate.isEmpty else { return }
    try store.forEachAccountedMessage { message in
      guard !message.isLate, let position = message.position,
        let readings = wantedLate[message.device]?[position.sequence]
      else { return }
      note(
        misfiled: "\(message.device) seq \(position.sequence): stored, and should be late",
        readings: readings,
        &findings)
    }
  }

  private func isPlanned(_ sequence: Int64, at index: Int) -> Bool {
    source.deliveries(ofDeviceAt: index).lazy.flatMap(\.messages).contains {
      $0.position?.sequence == sequence
    }
  }

  private func note(misfiled what: String, readings: Int, _ findings: inout Findings) {
    findings.misfiledReadings += readings
    if findings.misfiled.count < ReportDefaults.namedFindings { findings.misfiled.append(what) }
  }

  /// The windows that a reading of this time would be in, if it were the only one.
  private func possibleWindows(_ timestamp: Int64) -> [(start: Int64, end: Int64)] {
    let length = settings.window.milliseconds
    let bucket = timestamp / length * length
    if let gap = settings.sessionGap?.milliseconds {
      return [(timestamp, min(timestamp + gap, bucket + length))]
    }
    let hop = settings.hop.milliseconds
    // From well before the first window that could hold it, to itself.
    let from = (timestamp - length) / hop * hop - hop
    return stride(from: from, through: timestamp, by: Int64.Stride(hop))
      .filter { $0 <= timestamp && timestamp < $0 + length }.map { ($0, $0 + length) }
  }

  private func windows(_ accepted: [Accepted]) -> [Key: [Reading]] {
    let lateness = settings.allowedLateness.milliseconds
    var readings: [Key: [Reading]] = [:]
    for message in accepted {
      // Of the windows that hold it, only those take it that are not over.
      for window in possibleWindows(message.timestamp) where message.watermark < window.end + lateness {
        add(message, to: window, &readings)
      }
    }
    return readings
  }

  /// Cuts the device's readings, in order of time, where it was silent for the gap, and at the multiples of the window.
  private func sessions(_ accepted: [Accepted]) -> [Key: [Reading]] {
    let length = settings.window.milliseconds
    let gap = settings.sessionGap?.milliseconds ?? 0
    var sessions: [[Accepted]] = []
    for message in accepted.sorted(by: { $0.timestamp < $1.timestamp }) {
      if let last = sessions.last?.last, message.timestamp - last.timestamp < gap,
        message.timestamp / length == last.timestamp / length
      {
        sessions[sessions.count - 1].append(message)
      } else {
        sessions.append([message])
      }
    }
    var readings: [Key: [Reading]] = [:]
    for session in sessions {
      guard let first = session.first?.timestamp, let last = session.last?.timestamp else { continue }
      let end = min(last + gap, first / length * length + length)
      for message in session { add(message, to: (first, end), &readings) }
    }
    return readings
  }

  private func add(
    _ message: Accepted, to window: (start: Int64, end: Int64), _ readings: inout [Key: [Reading]]
  ) {
    for value in message.values {
      readings[Key(sensor: value.sensor, start: window.start, end: window.end), default: []].append(
        Reading(timestamp: message.timestamp, sequence: message.sequence, value: value.value))
    }
  }
}
