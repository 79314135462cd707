import Files
import Foundation
import Wording

/// Finds prediction files by what is in them: their names are free.
package struct PredictionFiles: Sendable {
  /// A table that is no prediction file.
  package struct Foreign: Hashable, Sendable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "\(path): \(reason)" }
  }

  /// How much of a file is read to find its header, in bytes: far more than the names of its columns take.
  private static let longestHeader = 1 << 16

  /// Each file once, in the order of the paths given, and within a folder by the names of folders and files.
  package private(set) var paths: [String] = []
  /// What looked like one in a folder and is none.
  package private(set) var foreign: [Foreign] = []
  private var seen: Set<String> = []
  private let format: ScoreFormat

  /// Looks for prediction files. A path of a file stands for itself. Of a folder, every file counts whose header has
  /// ``ScoredWindow/columns``, in its subfolders too, unless it belongs to a job that has not completed. Throws `FileError`
  /// where nothing is at a path, or no prediction file in a folder.
  ///
  /// - Parameter format: What else counts, in files of other tools.
  package init(in paths: [String], format: ScoreFormat = ScoreFormat()) throws {
    self.format = format
    for path in paths {
      if Folder.exists(path) {
        try addFolder(path)
      } else if FileManager.default.fileExists(atPath: path) {
        add(path)
      } else {
        throw FileError(path: path, action: .read, reason: "there is no such file or folder")
      }
    }
  }

  private mutating func add(_ path: String) {
    if seen.insert(URL(fileURLWithPath: path).resolvingSymlinksInPath().path).inserted { paths.append(path) }
  }

  private mutating func addFolder(_ folder: String) throws {
    var root = folder
    while root.count > 1, root.hasSuffix("/") { root.removeLast() }
    // The folder of a run has other tables as well.
    if FileManager.default.fileExists(atPath: "\(root)/jobs.sqlite") { root += "/predictions" }
    var found = false
    var foreign: [Foreign] = []
    for path in Self.files(in: root) {
      if let reason = objection(to: path) {
        if !reason.isEmpty { foreign.append(Foreign(path: path, reason: reason)) }
      } else {
        found = true
        add(path)
      }
    }
    guard found else {
      let others = foreign.prefix(3).map { "; \($0)" }.joined()
      throw FileError(
        path: folder, action: .read,
        reason: "no file in it has the columns \(wanted)\(others)")
    }
    self.foreign += foreign
  }

  /// The files below `folder`, ordered folder by folder, without hidden and temporary ones and those of jobs that are going on.
  private static func files(in folder: String) -> [String] {
    guard let enumerator = FileManager.default.enumerator(atPath: folder) else { return [] }
    var files: [[String]] = []
    while let path = enumerator.nextObject() as? String {
      let parts = path.split(separator: "/").map(String.init)
      guard let name = parts.last else { continue }
      if Folder.exists("\(folder)/\(path)") {
        if name.hasPrefix(".") || name == "tasks" { enumerator.skipDescendants() }
      } else if !name.hasPrefix("."), !name.hasSuffix(".tmp") {
        files.append(parts)
      }
    }
    files.sort { a, b in
      // Name by name: a slash is no character of a name, and “job/” comes before “job-again/”.
      a.lexicographicallyPrecedes(b) { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
    return files.map { "\(folder)/\($0.joined(separator: "/"))" }
  }

  /// The columns that a file in a folder must have, for messages.
  private var wanted: String {
    (format.isStandard ? ScoredWindow.columns : format.missing(in: [])).joined(separator: ", ")
  }

  /// The columns of a file in a folder that are missing.
  private func missing(in header: [String]) -> [String] {
    format.isStandard
      ? ScoredWindow.columns.filter { !header.contains($0) } : format.missing(in: header)
  }

  /// Why the file at `path` is no prediction file; empty where nobody would take it for one, and nil where it is one.
  private func objection(to path: String) -> String? {
    let name = (path as NSString).lastPathComponent
    let folder = (path as NSString).deletingLastPathComponent
    // What a job writes beside its predictions.
    if name == "failed.csv" || name == "_SUCCESS" { return "" }
    let header: [String]
    do {
      header = try Self.header(of: path, delimiter: format.delimiter)
    } catch let error as FileError {
      return error.reason
    } catch {
      return ""
    }
    let missing = missing(in: header)
    if !missing.isEmpty {
      if header.contains("lowest_score"), header.contains("windows") {
        return "it has a row a model, as output_action summary_only writes them, and none of a window"
      }
      return name.hasSuffix(".csv") ? "it has no column \(missing.map(\.quoted).joined(separator: ", "))" : ""
    }
    if Folder.exists("\(folder)/tasks"), !FileManager.default.fileExists(atPath: "\(folder)/_SUCCESS") {
      return "its job has not completed: beside it are tasks, and no _SUCCESS"
    }
    return nil
  }

  /// The columns of the first line of the file at `path`. Throws `FileError`, and `CSVError` where it is no line of CSV.
  private static func header(of path: String, delimiter: Character) throws -> [String] {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw FileError(path: path, action: .read, reason: "it cannot be opened")
    }
    defer { try? file.close() }
    let bytes = [UInt8](try file.read(upToCount: longestHeader) ?? Data())
    let line = bytes.firstIndex(of: 0x0A).map { bytes[..<$0] } ?? bytes[...]
    return try CSVReader(bytes: Array(line), path: path, delimiter: delimiter).header
  }
}
