import Files
import Telemetry

/// Files of scores that count as one, with what is true of their windows.
package struct ScoredFiles: Sendable {
  /// What of a delay is waiting.
  package enum DelayEnd: String, CaseIterable, Sendable {
    /// An anomaly is found at the end of the first flagged window that overlaps it.
    case windowEnd = "window-end"
    /// It is found when the job fires that scores this window.
    case job
  }

  package private(set) var windows: [ScoredWindow] = []
  /// Whether each window is anomalous by the files' own column; nil where they have none.
  package private(set) var marks: [Bool]?
  private var haveEnds = true
  /// Tables in folders that are passed over.
  package let foreign: [PredictionFiles.Foreign]
  /// What the user should know of how the files were read.
  package private(set) var notices: [String] = []

  /// Reads the files and folders at `paths`. Throws `FileError`, `CSVError` and ``EvaluationError``.
  package init(_ paths: [String], format: ScoreFormat, until delayEnd: DelayEnd = .windowEnd) throws {
    let files = try PredictionFiles(in: paths, format: format)
    foreign = files.foreign
    if format.labelColumn != nil { marks = [] }
    for path in files.paths {
      let file = try ScoreFile(path: path, format: format)
      notices += file.notices
      haveEnds = haveEnds && file.hasEnds
      marks? += file.marks
      windows += delayEnd == .job ? try Self.dated(file.windows, path) : file.windows
    }
  }

  /// `windows` with the time at which the job of the file at `path` fired.
  private static func dated(_ windows: [ScoredWindow], _ path: String) throws(EvaluationError)
    -> [ScoredWindow]
  {
    guard let time = JobTime(ofFile: path) else {
      throw EvaluationError(
        "\(path): --delay-until job needs to know when its job fired, which the name of a job's folder says, such as "
          + "predictions/2026-01-01T15-00-00Z/predictions.csv; this file is in none")
    }
    let fired: Timestamp?
    switch time {
    case .fired(let instant): fired = instant
    // The stream has ended then.
    case .closing: fired = windows.map(\.end).max()
    }
    return windows.map { window in
      var window = window
      window.firedAt = fired
      return window
    }
  }

  /// The labels in the file at `path`, for these windows. Throws as ``LabelSource`` does.
  package func labels(
    at path: String, columns: LabelSource.Columns, format: ScoreFormat
  ) throws -> LabelSource {
    try LabelSource(path: path, columns: columns, format: format, for: .init(windows, haveEnds: haveEnds))
  }

  /// The evaluation against `labels`; nil where the files say themselves what is anomalous.
  ///
  /// - Parameter threeSigma: What the floor of that name says of the windows; empty where nobody knows.
  package func evaluation(
    against labels: [Label]?, threeSigma: [ScoredWindow] = [], seed: UInt64 = 1
  ) -> Evaluation {
    let own = marks.map { MarkedWindows.labels(windows, $0) }
    return Evaluation(
      windows: windows, labels: labels ?? own ?? [], marks: labels == nil ? marks : nil,
      threeSigma: threeSigma, seed: seed)
  }
}
