import Telemetry
import WindowStore

/// Session windows: the readings of a device between two silences.
///
/// A reading at `t` opens the window `[t, t + gap)`; windows that overlap are one (Akidau et al., "The Dataflow Model", 2015).
/// A session is cut at the multiples of ``WindowSettings/window`` since 1970, so that a device that is never silent has
/// windows too; where it is cut depends on nothing but the readings. At every time the rows that stand are those of the
/// sessions that the accepted readings form and that the watermark has passed, whatever the order in which they came: a
/// reading that joins, moves or opens again what was published takes the rows back that are none any more.
extension IngestionFold {
  /// The end of the session that a reading at this time would form by itself.
  func sessionEnd(_ milliseconds: Int64) -> Int64 {
    min(milliseconds + gap, milliseconds - milliseconds % window + window)
  }

  mutating func addToSession(
    _ message: Message, _ original: Timestamp, ofDevice index: Int, watermark: Int64,
    into batch: inout StoreBatch
  ) {
    let time = message.timestamp.milliseconds
    let end = sessionEnd(time)
    // The sessions that overlap with the reading's own window lie side by side.
    var upper = devices[index].windows.count
    while upper > 0, devices[index].windows[upper - 1].start >= end { upper -= 1 }
    var lower = upper
    while lower > 0, devices[index].windows[lower - 1].end > time { lower -= 1 }

    let visibleFrom = revisionVisibleFrom(watermark, ofDevice: index)
    guard lower < upper else {
      var session = DeviceWindow(start: time, end: end)
      session.add(message, original)
      devices[index].windows.insert(session, at: lower)
      if end <= watermark { publish(lower, ofDevice: index, visibleFrom: visibleFrom, into: &batch) }
      return
    }

    let first = devices[index].windows[lower]
    let before = (start: first.start, end: first.end, wasClosed: first.isClosed)
    let start = min(before.start, time)
    let newEnd = max(devices[index].windows[upper - 1].end, end)
    let isClosed = newEnd <= watermark
    // With another start its rows have another name; and rows of a session that goes on are none yet.
    let isWithdrawn = before.wasClosed && (start < before.start || !isClosed)
    if isWithdrawn { withdraw(lower, ofDevice: index, visibleFrom, into: &batch) }
    for place in (lower + 1)..<upper { withdraw(place, ofDevice: index, visibleFrom, into: &batch) }

    for place in (lower + 1)..<upper {
      let joined = devices[index].windows[place]
      for (sensor, content) in zip(joined.sensors, joined.contents) {
        let own = devices[index].windows[lower].index(of: sensor)
        devices[index].windows[lower].contents[own].samples += content.samples
      }
    }
    devices[index].windows.removeSubrange((lower + 1)..<upper)
    devices[index].windows[lower].start = start
    devices[index].windows[lower].end = newEnd
    devices[index].windows[lower].isClosed = isClosed
    for content in devices[index].windows[lower].contents.indices {
      if start < before.start {
        devices[index].windows[lower].contents[content].revision = 0
      } else if isWithdrawn, devices[index].windows[lower].contents[content].revision > 0 {
        // What was taken back is a revision too, and the next one comes after it.
        devices[index].windows[lower].contents[content].revision += 1
      }
    }
    devices[index].windows[lower].add(message, original)
    guard isClosed else { return }
    if before.wasClosed, start == before.start, newEnd == before.end {
      for value in message.values {
        emit(value.sensor, ofWindow: lower, ofDevice: index, visibleFrom: visibleFrom, into: &batch)
      }
    } else {
      publish(lower, ofDevice: index, visibleFrom: visibleFrom, into: &batch)
    }
  }

  /// Takes the rows of a session back, where it has any that stand.
  private mutating func withdraw(
    _ place: Int, ofDevice index: Int, _ visibleFrom: Int64, into batch: inout StoreBatch
  ) {
    let session = devices[index].windows[place]
    guard session.isClosed else { return }
    for (sensor, content) in zip(session.sensors, session.contents) {
      progress.windowsRevised += 1
      batch.windows.append(
        row(
          sensor, .none, revision: content.revision + 1, of: session, ofDevice: index, visibleFrom))
    }
  }
}
