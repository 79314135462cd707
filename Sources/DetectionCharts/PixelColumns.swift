import Telemetry

/// Marks of a stretch of time, a column of pixels at a time: what is shorter than a column still takes one, so that nothing disappears
/// however long the time is.
struct PixelColumns: Hashable, Sendable {
  private let range: Range<Timestamp>
  private var isMarked: [Bool]

  init(_ count: Int, over range: Range<Timestamp>) {
    self.range = range
    isMarked = Array(repeating: false, count: count)
  }

  /// Marks the columns whose middle lies within `span`; where there is none, the one in which its own middle lies. So stretches that
  /// follow each other share no column.
  mutating func mark(_ span: Range<Timestamp>) {
    let all = Double((range.upperBound - range.lowerBound).milliseconds)
    guard all > 0, span.lowerBound < range.upperBound, span.upperBound > range.lowerBound else { return }
    func place(_ instant: Timestamp) -> Double {
      Double((instant - range.lowerBound).milliseconds) / all * Double(isMarked.count)
    }
    let (from, to) = (place(span.lowerBound), place(span.upperBound))
    let first = max(0, Int((from - 0.5).rounded(.up)))
    let end = min(isMarked.count, Int((to - 0.5).rounded(.up)))
    if first < end {
      for column in first..<end { isMarked[column] = true }
    } else {
      isMarked[min(max(0, Int((from + to) / 2)), isMarked.count - 1)] = true
    }
  }

  /// The stretches of neighbouring marked columns.
  var stretches: [Range<Int>] {
    var stretches: [Range<Int>] = []
    for column in isMarked.indices where isMarked[column] {
      if let last = stretches.last, last.upperBound == column {
        stretches[stretches.count - 1] = last.lowerBound..<column + 1
      } else {
        stretches.append(column..<column + 1)
      }
    }
    return stretches
  }
}
