import Telemetry

/// Labels of the rows themselves: a column of ones and zeros.
package enum MarkedWindows {
  /// A label for each stretch of neighbouring windows of a model that are marked: from the start of the first to the end of the last.
  /// Of several revisions of a window the newest says it.
  package static func labels(_ windows: [ScoredWindow], _ marks: [Bool]) -> [Label] {
    struct Model: Hashable {
      var device: DeviceID
      var sensor: SensorID?
    }
    var labels: [Label] = []
    for (model, indices) in Dictionary(
      grouping: windows.indices,
      by: {
        Model(device: windows[$0].device, sensor: windows[$0].sensor)
      })
    {
      var newest: [Timestamp: Int] = [:]
      for index in indices {
        let start = windows[index].start
        if let known = newest[start], windows[known].revision > windows[index].revision { continue }
        newest[start] = index
      }
      var open: Label?
      for index in newest.values.sorted(by: { windows[$0].start < windows[$1].start }) {
        guard marks[index] else {
          if let label = open { labels.append(label) }
          open = nil
          continue
        }
        var label =
          open
          ?? Label(
            device: model.device, sensor: model.sensor, kind: LabelSource.kind, start: windows[index].start,
            end: windows[index].end)
        label.end = max(label.end, windows[index].end)
        open = label
      }
      if let label = open { labels.append(label) }
    }
    return labels.sorted(by: Label.inFileOrder)
  }
}
