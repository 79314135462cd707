/// How a scored window came out, for pictures and tables: each window is in exactly one class.
package enum WindowClass: String, CaseIterable, Hashable, Sendable, Codable {
  /// Anomalous, and flagged.
  case found
  /// Anomalous, and not flagged.
  case missed
  /// Normal, and flagged.
  case falseAlarm = "false_alarm"
  /// Normal, and not flagged.
  case quiet
  /// Touched by an anomaly, but by too little of it to demand an alarm or to forbid one.
  case ignored

  /// - Parameters:
  ///   - truth: What the window is, see ``GroundTruth``.
  ///   - isFlagged: What the detector says of it.
  package init(_ truth: WindowTruth, isFlagged: Bool) {
    self =
      switch truth {
      case .anomalous: isFlagged ? .found : .missed
      case .normal: isFlagged ? .falseAlarm : .quiet
      case .ignored: .ignored
      }
  }
}

extension Evaluation {
  /// Every window that was judged, its newest revision, with its class: by device, sensor and time.
  package var classifiedWindows: [(window: ScoredWindow, class: WindowClass)] {
    tracks.flatMap { track in
      zip(track.windows, track.truths).map { ($0, WindowClass($1, isFlagged: $0.isFlagged)) }
    }
  }
}
