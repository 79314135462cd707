/// What a job writes, in Azure ML's words.
package enum OutputAction: String, CaseIterable, Hashable, Sendable, Codable {
  /// A row a scored window.
  case appendRow = "append_row"
  /// A row a model: how many windows it scored, how many of them are anomalies, and the lowest score.
  case summaryOnly = "summary_only"
}

/// How much workers write into their logs.
package enum LoggingLevel: String, CaseIterable, Hashable, Sendable, Codable {
  /// Attempts that failed, and tasks with failed rows.
  case warning
  /// The beginning and the end of every attempt.
  case info
  /// Besides, every model that is read and how many windows it scored.
  case debug
}
