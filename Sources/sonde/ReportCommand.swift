import ArgumentParser
import Files
import Foundation
import HTMLReport
import Harness
import Wording

/// `sonde report`: the page of a finished run again, or of several runs side by side.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write the page of a finished run again, or put several runs side by side.",
    discussion: """
      Every run leaves report.html in its folder: one file, for any browser, that needs no network. This writes it again from the \
      files of the folder, the same bytes where they have not changed; prints where it is and how large. Of a folder of \
      several seeds the page of each run is written, and the one above them.

      With several folders it writes one page that has the runs side by side: verdicts, expectations, and every figure that \
      differs, with its ratio to that of the first.

        sonde report runs/demo
        sonde report runs/monday runs/tuesday --out tuesday.html
      """)

  @Argument(help: "The folders of runs.", completion: .directory)
  var runDirs: [String]

  @Option(
    help: """
      The file to write, in place of what is there. Of one run it is report.html in its folder otherwise, of several \
      \(ReportCommand.comparison) here.
      """, completion: .file(extensions: ["html"]))
  var out: String?

  /// The page of several runs.
  private static let comparison = "comparison.html"

  func validate() throws {
    guard runDirs.count <= PageBounds.mostRuns else {
      throw ValidationError("\(runDirs.count) runs do not fit side by side; \(PageBounds.mostRuns) do")
    }
  }

  func run() throws {
    if runDirs.count > 1 { return try compare() }
    guard SeedFolder.isOne(runDirs[0]) else {
      return try write(
        HTMLReport.text(of: try finishedRun(runDirs[0])), to: out ?? "\(runDirs[0])/\(RunFolder.pageName)")
    }
    let folder = SeedFolder(URL(fileURLWithPath: runDirs[0]).standardizedFileURL.path)
    for run in try folder.finishedRuns() {
      try write(HTMLReport.text(of: FinishedRun(run)), to: run.page)
    }
    try write(SeedReport.text(of: try folder.reportValue()), to: out ?? folder.page)
  }

  private func compare() throws {
    let comparison = RunComparison(
      try runDirs.map { (Self.name(of: $0), try finishedRun($0)) })
    try write(comparison.text(), to: out ?? Self.comparison)
  }

  /// The name of a folder as it stands in the page.
  private static func name(of path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
  }

  private func finishedRun(_ path: String) throws -> FinishedRun {
    let folder = try ScoringCommandSupport.folder(path)
    guard FileStamp(folder.report) != nil else {
      throw FileError(
        path: path, action: .read,
        reason: "it is no folder of a finished run: it has no report.json")
    }
    return try FinishedRun(folder)
  }

  private func write(_ text: String, to path: String) throws {
    try AtomicFile.write(text, to: path, existing: .replace)
    StandardOutput.write("\(path)  \(text.utf8.count.grouped) bytes")
  }
}
