import Files
import Foundation
import Verdict

/// The folder of the runs with several seeds: a folder for each, called `seed-<seed>`, and beside them what they say together.
package struct SeedFolder: Hashable, Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  package var report: String { "\(path)/report.json" }
  package var junit: String { "\(path)/junit.xml" }
  package var page: String { "\(path)/\(RunFolder.pageName)" }
  package var manifest: String { "\(path)/manifest.json" }

  /// The folder of the run with `seed`.
  package func run(_ seed: UInt64) -> RunFolder { RunFolder("\(path)/\(SeedRun.folder(seed))") }

  /// Makes the folder for runs of which the first has the seed `first`. Throws ``RunError`` where it exists and is not empty, also where
  /// other runs are making it at the same time, and `FileError` where it cannot be made.
  static func create(at path: String, first: UInt64) throws -> SeedFolder {
    let folder = SeedFolder(try RunFolder.emptyFolder(at: path))
    // Of two that have found it empty, one makes this.
    guard try Folder.makeNew(folder.run(first).path) else { throw RunError.outputExists(path) }
    return folder
  }

  /// Whether the manifest at `path` says that it is of several seeds.
  package static func isOne(_ path: String) -> Bool {
    // A run has logs. Its manifest may be large, and need not be read.
    !Folder.exists(RunFolder(path).logs)
      && (try? RunManifest.Recorded(seedsAt: SeedFolder(path).manifest)) != nil
  }

  /// What the report of all seeds says. Throws `FileError` and `JSONFileError`.
  package func reportValue() throws -> JSONValue {
    try JSONFile.read(JSONValue.self, report, keys: .asDeclared)
  }

  /// The folders of the runs that have a report, in the order of the seeds. Throws as ``reportValue()``.
  package func finishedRuns() throws -> [RunFolder] {
    guard case .object(let members) = try reportValue(), case .array(let runs)? = members["runs"] else {
      throw JSONFileError(path: report, reason: "it lacks “runs”")
    }
    return runs.compactMap { run in
      guard case .object(let fields) = run, let seed = fields["seed"], let number = UInt64("\(seed)") else {
        return nil
      }
      return self.run(number)
    }.filter { FileStamp($0.report) != nil }
  }

  /// The sha256 of the files of all runs together, and of the manifest of each, which has those of its own files; by path in the folder.
  func outputs() throws -> [String: String] {
    var digests: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: path) where name != "manifest.json" {
      let isFolder = Folder.exists("\(path)/\(name)")
      let file = isFolder ? "\(name)/manifest.json" : name
      // A run that could not even begin has none.
      guard FileStamp("\(path)/\(file)") != nil else { continue }
      digests[file] = try Digest.sha256(file: "\(path)/\(file)")
    }
    return digests
  }
}
