import Telemetry
import WindowStore

/// What waits to be scored, and how far scoring has come: a value without clock or connection.
///
/// Rows go out in the order in which their windows closed, those of the same columns together. They may come back in any order: ``progress``
/// is the last batch up to which every row is done.
package struct StreamQueue: Sendable {
  /// Rows of the same columns.
  private struct Lane: Sendable {
    var columns: [String]
    var rows: [StreamRow] = []
    /// How many of ``rows`` have gone.
    var gone = 0
    var isEmpty: Bool { gone == rows.count }
  }

  /// A batch of closed windows that is not done.
  private struct Open: Sendable {
    var batch: Int64
    var visibleFrom: Timestamp
    var rows: Int
  }

  private var lanes: [Lane] = []
  private var places: [[String]: Int] = [:]
  private var open: [Open] = []
  /// The last batch that was added.
  private var newest: Int64
  /// Rows that wait.
  package private(set) var waiting = 0
  /// Rows that were taken and are not done.
  package private(set) var underWay = 0

  /// Whether a request has no window twice, also not in two revisions.
  private let hasWindowsOnce: Bool

  /// - Parameters:
  ///   - batch: The last batch that is done already.
  ///   - hasWindowsOnce: Whether a request may have no window twice, also not in two revisions: what scores windows refuses it.
  package init(after batch: Int64, hasWindowsOnce: Bool = false) {
    newest = batch
    self.hasWindowsOnce = hasWindowsOnce
  }

  /// The last batch up to which every row is done.
  package var progress: Int64 { open.first.map { $0.batch - 1 } ?? newest }

  /// The last batch that was added.
  package var lastAdded: Int64 { newest }

  /// The earliest time from which something can be seen that is not done; nil where all is.
  package var oldestVisible: Timestamp? { open.map(\.visibleFrom).min() }

  package var isEmpty: Bool { open.isEmpty }

  /// Adds the rows of a batch, which come after all that were added before.
  package mutating func add(_ groups: [StreamRequestRows], of batch: Int64, visibleFrom: Timestamp) {
    newest = max(newest, batch)
    let count = groups.reduce(0) { $0 + $1.rows.count }
    guard count > 0 else { return }
    open.append(Open(batch: batch, visibleFrom: visibleFrom, rows: count))
    waiting += count
    for group in groups {
      let place = places[group.columns] ?? lanes.count
      if place == lanes.count {
        lanes.append(Lane(columns: group.columns))
        places[group.columns] = place
      }
      lanes[place].rows += group.rows
    }
  }

  /// The rows of the next request, at most `limit`; nil where nothing waits.
  package mutating func take(_ limit: Int) -> StreamRequestRows? {
    // The lane whose first row is the oldest.
    let next = lanes.indices.filter { !lanes[$0].isEmpty }
      .min { lanes[$0].rows[lanes[$0].gone].batch < lanes[$1].rows[lanes[$1].gone].batch }
    guard let next else { return nil }
    let lane = lanes[next]
    var count = min(max(1, limit), lane.rows.count - lane.gone)
    if hasWindowsOnce { count = Self.windowsOnce(lane.rows[lane.gone..<lane.gone + count]) }
    let taken = StreamRequestRows(
      columns: lane.columns, rows: Array(lane.rows[lane.gone..<lane.gone + count]))
    lanes[next].gone += count
    // What has gone is let go when it is half of all, so that a row is moved once on average.
    if lanes[next].gone * 2 >= lane.rows.count {
      lanes[next].rows.removeFirst(lanes[next].gone)
      lanes[next].gone = 0
    }
    waiting -= count
    underWay += count
    return taken
  }

  /// How many of the first rows are of different windows.
  private static func windowsOnce(_ rows: ArraySlice<StreamRow>) -> Int {
    var seen: Set<StreamScoreStore.Key> = []
    for (count, row) in rows.enumerated() {
      var window = row.key
      window.revision = 0
      guard seen.insert(window).inserted else { return count }
    }
    return rows.count
  }

  /// The rows have their outcomes.
  package mutating func finish(_ rows: [StreamRow]) {
    underWay -= rows.count
    for row in rows {
      guard let place = open.firstIndex(where: { $0.batch == row.batch }) else { continue }
      open[place].rows -= 1
      if open[place].rows == 0 { open.remove(at: place) }
    }
  }
}
