import Files
import Foundation
import HTMLReport
import Pages
import TestSupport
import Verdict

/// The files of a run that has ended, as a test makes them.
struct RunFiles {
  let folder: RunFolder

  /// Names that want to be more than text.
  static let hostile = "</title><script>alert(\"1\")</script>&'\u{7}" + String(repeating: "Ｗ", count: 64)

  init(_ path: String, report: String) throws {
    folder = RunFolder(path)
    try write(report, to: folder.report)
  }

  func write(_ text: String, to path: String) throws {
    try Folder.make((path as NSString).deletingLastPathComponent)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  func run() throws -> FinishedRun { try FinishedRun(folder) }

  /// An account whose run began at 0 and took an hour, with `parts` besides: members of a JSON object.
  func writeAccount(_ parts: String = "") throws {
    let head = """
      {"started_at":"1970-01-01T00:00:00.000Z","elapsed_seconds":3600,"planned_restarts":0,"unplanned_restarts":0,
      "faults":[],"broker_was_killed":false
      """
    try write(head + (parts.isEmpty ? "" : "," + parts) + "}", to: folder.account)
  }
}

extension PageSection {
  func table(_ id: String) -> PageTable? { tables.first { $0.id == id } }

  /// Whether every cell that names a figure has its value, and every row as many cells as there are columns.
  func agrees(with run: FinishedRun) -> Bool {
    tables.allSatisfy { table in
      table.rows.allSatisfy { row in
        row.count == table.columns.count
          && row.allSatisfy { cell in
            guard let figure = cell.figure else { return true }
            return cell.value.map { run.number(figure) == $0 } ?? (run.figure(figure) == .text(cell.text))
          }
      }
    }
  }

  /// The figures that are named.
  var named: Set<String> { Set(tables.flatMap { $0.rows.joined().compactMap(\.figure) }) }

  /// The pictures without what begins a tag of their own.
  var hasForeignMarkup: Bool {
    figures.contains {
      $0.svg.contains("<script") || $0.svg.contains("\u{7}") || $0.svg.contains("</title><s")
    }
  }
}
