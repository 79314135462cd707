/// The course of a run, in a bounded number of points: whoever comes late sees the whole. Pure.
package struct LiveHistory: Hashable, Sendable {
  /// What the run was at, `seconds` after its fleet was started.
  package struct Point: Hashable, Sendable {
    package var seconds: Double
    /// Messages, windows and rows so far.
    package var published: Int
    package var stored: Int
    package var windows: Int
    package var predictions: Int
    /// Messages under way: of several points put together, the most.
    package var backlog: Int

    package init(
      seconds: Double, published: Int, stored: Int, windows: Int, predictions: Int, backlog: Int
    ) {
      self.seconds = seconds
      self.published = published
      self.stored = stored
      self.windows = windows
      self.predictions = predictions
      self.backlog = backlog
    }

    /// Both as one: the later counts, since they only grow, and the larger backlog.
    fileprivate func merged(with later: Point) -> Point {
      var merged = later
      merged.backlog = max(backlog, later.backlog)
      return merged
    }
  }

  package private(set) var points: [Point] = []
  private let most: Int
  /// How many lines a point stands for, and the last one so far.
  private var linesPerPoint = 1
  private var linesInLast = 0

  /// - Parameter most: How many points are kept; even.
  package init(most: Int = LiveDefaults.historyPoints) { self.most = most }

  /// Adds a line of the timeline.
  package mutating func add(_ point: Point) {
    if linesInLast > 0, linesInLast < linesPerPoint, let last = points.last {
      points[points.count - 1] = last.merged(with: point)
      linesInLast += 1
      return
    }
    if points.count == most {
      points = stride(from: 0, to: most - 1, by: 2).map { points[$0].merged(with: points[$0 + 1]) }
      linesPerPoint *= 2
    }
    points.append(point)
    linesInLast = 1
  }
}
