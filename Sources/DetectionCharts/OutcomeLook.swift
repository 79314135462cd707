import Charts
import Detection

/// How windows of a class look: each class has a colour, a place within its row and a mark of its own.
extension WindowClass {
  /// What people call it.
  package var words: String {
    switch self {
    case .found: "found"
    case .missed: "missed"
    case .falseAlarm: "false alarm"
    case .quiet: "rightly quiet"
    case .ignored: "ignored"
    }
  }

  /// In which order they are drawn: what must not be overlooked comes last.
  static let drawingOrder: [WindowClass] = [.quiet, .ignored, .found, .missed, .falseAlarm]

  var color: ChartColor {
    switch self {
    case .found: .green
    case .missed: .vermillion
    case .falseAlarm: .blue
    case .quiet: .grey
    case .ignored: .purple
    }
  }

  /// The part of a band that it takes, from above, as shares of its height: a miss the upper half, a false alarm the lower half, what
  /// was found all of it.
  var lane: (top: Double, bottom: Double) {
    switch self {
    case .found: (0, 1)
    case .missed: (0, 0.5)
    case .falseAlarm: (0.5, 1)
    case .quiet: (0.44, 0.56)
    case .ignored: (0.3, 0.7)
    }
  }

  var mark: MarkShape {
    switch self {
    case .found: .disc
    case .missed: .cross
    case .falseAlarm: .wedge
    case .quiet: .square
    case .ignored: .diamond
    }
  }
}
