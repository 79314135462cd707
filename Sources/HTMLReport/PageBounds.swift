/// The bounds of pages of runs, each with its reason.
package enum PageBounds {
  /// Rows of tables that say what was found wrong, and of a run's files: the first ones say what there is, and the files have all.
  static let mostRows = 40
  /// The most files of a run that are listed with their digests: the manifest has all, and each takes 150 bytes.
  static let mostFiles = 100
  /// The most characters of a scenario's text: a page is to stay small, and the manifest has all of it.
  static let mostScenarioCharacters = 60_000
  /// The most figures of a comparison: beyond that nobody reads on.
  static let mostFigures = 500
  /// The most runs that are put side by side: more columns do not fit.
  package static let mostRuns = 12
  /// The most characters of the name of a run in a comparison.
  static let mostNameCharacters = 40
}
