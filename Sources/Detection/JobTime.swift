import Telemetry

/// When the job of a prediction file fired, as the name of its folder says.
package enum JobTime: Hashable, Sendable {
  case fired(Timestamp)
  /// The job that closes a finished stream; it has no fire time.
  case closing

  /// Reads the name of the folder in which the file at `path` lies, such as `2026-01-01T15-00-00Z` or `closing`, with or without
  /// `-again` behind it; nil where it is no job's.
  package init?(ofFile path: String) {
    let parts = path.split(separator: "/")
    guard parts.count >= 2 else { return nil }
    self.init(folder: String(parts[parts.count - 2]))
  }

  init?(folder: String) {
    let name = folder.replacing(/-again(-[0-9]+)?$/, with: "")
    if name == "closing" {
      self = .closing
      return
    }
    guard let match = name.wholeMatch(of: /([0-9-]{10}T[0-9]{2})-([0-9]{2})-([0-9]{2})(?:-([0-9]{3}))?Z/),
      let instant = Timestamp(
        iso8601: "\(match.1):\(match.2):\(match.3)\(match.4.map { ".\($0)" } ?? "")Z")
    else { return nil }
    self = .fired(instant)
  }
}
