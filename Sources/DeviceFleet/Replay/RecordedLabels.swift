import Files
import Foundation
import Telemetry
import Wording

/// Finds the labels of recorded devices.
enum RecordedLabels {
  /// The stretches of `rows` (of one device, in order of time) in which a label column is set. A stretch begins with the
  /// first row that is set, ends a millisecond after the last one, and does not reach from one file into the next.
  static func stretches(device: DeviceID, rows: [RecordedRow], columns: [String], long: Bool) -> [Label] {
    struct Track: Hashable {
      var column: Int
      var sensor: SensorID?
    }
    struct Stretch {
      var start: Timestamp
      var end: Timestamp
      var file: Int
    }
    var open: [Track: Stretch] = [:]
    var labels: [Label] = []
    func close(_ track: Track, _ stretch: Stretch) {
      labels.append(
        Label(
          device: device, sensor: track.sensor, kind: columns[track.column], start: stretch.start,
          end: stretch.end))
    }
    for row in rows {
      for column in columns.indices {
        // A wide row is a state of the whole device, a long one of its sensor.
        let track = Track(column: column, sensor: long ? row.values.first?.sensor : nil)
        let isSet = row.flags & (1 << column) != 0
        if let stretch = open[track], !isSet || stretch.file != row.file {
          close(track, stretch)
          open[track] = nil
        }
        guard isSet else { continue }
        let end = row.timestamp + .milliseconds(1)
        open[track, default: Stretch(start: row.timestamp, end: end, file: row.file)].end = end
      }
    }
    for (track, stretch) in open { close(track, stretch) }
    return labels
  }

  /// The windows that a label file gives for the recording at `path`. Throws `FileError` where it is not of the form, or
  /// has none for the recording.
  static func windows(_ source: ReplayRecipe.LabelWindows, recording path: String) throws -> [ClosedRange<
    Timestamp
  >] {
    func broken(_ reason: String) -> FileError {
      FileError(path: source.path, action: .readLabelWindows, reason: reason)
    }
    let bytes = try TextFile.bytes(of: source.path)
    guard let table = try? JSONDecoder().decode([String: [[String]]].self, from: Data(bytes)) else {
      throw broken("it is not a JSON object of recordings, each a list of [first, last] times")
    }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let key = source.key ?? table.keys.sorted().first { $0 == name || $0.hasSuffix("/" + name) }
    guard let key, let windows = table[key] else {
      let known = table.keys.sorted().prefix(5).joined(separator: ", ")
      throw broken("it has nothing for \((source.key ?? name).quoted); it has \(known)")
    }
    return try windows.map { window in
      guard window.count == 2, let first = Timestamp(iso8601: window[0]),
        let last = Timestamp(iso8601: window[1]),
        first <= last
      else {
        throw broken("\(window.joined(separator: ", ").quoted) of \(key) is not [first, last] in ISO 8601")
      }
      return first...last
    }
  }

  /// What of `windows` the device published: each from its first reading to a millisecond after its last.
  static func published(device: DeviceID, rows: [RecordedRow], windows: [ClosedRange<Timestamp>]) -> [Label] {
    windows.compactMap { window in
      let first = rows.partitioningIndex { $0.timestamp >= window.lowerBound }
      let end = rows.partitioningIndex { $0.timestamp > window.upperBound }
      guard first < end else { return nil }
      return Label(
        device: device, sensor: nil, kind: "labelled-window", start: rows[first].timestamp,
        end: rows[end - 1].timestamp + .milliseconds(1))
    }
  }
}

extension Array {
  /// The first index at which `belongsAfter` holds; it holds for every element from there on.
  fileprivate func partitioningIndex(where belongsAfter: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if belongsAfter(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
