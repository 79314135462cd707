import Files
import Foundation
import HTMLReport

/// The folder of a run that has ended, as a test makes it: those files of it that the test is about.
struct RunFiles {
  let folder: RunFolder

  /// Names that want to be more than text.
  static let hostile = "</title><script>alert(\"1\")</script>&'\u{7}" + String(repeating: "Ｗ", count: 64)

  init(_ path: String, report: String) throws {
    folder = RunFolder(path)
    try write(report, to: folder.report)
  }

  /// - Parameter manifest: Nil for a run that has none.
  init(_ path: String, report: JSONValue, manifest: JSONValue? = nil) throws {
    try self.init(path, report: report.indented())
    if let manifest { try write(manifest.indented(), to: folder.manifest) }
  }

  func write(_ text: String, to path: String) throws {
    try Folder.make((path as NSString).deletingLastPathComponent)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  func run() throws -> FinishedRun { try FinishedRun(folder) }

  /// The page of the run.
  func page() throws -> String { HTMLReport.text(of: try run()) }

  /// An account whose run began at 0 and took an hour, with `parts` besides: members of a JSON object.
  func writeAccount(_ parts: String = "") throws {
    let head = """
      {"started_at":"1970-01-01T00:00:00.000Z","elapsed_seconds":3600,"planned_restarts":0,"unplanned_restarts":0,
      "faults":[],"broker_was_killed":false
      """
    try write(head + (parts.isEmpty ? "" : "," + parts) + "}", to: folder.account)
  }
}
