import Files
import Foundation
import Telemetry

extension RunFolder {
  /// Makes the folder for a run. Throws ``RunError`` where it exists and is not empty, also where another run is making it
  /// at the same time, and `FileError` where it cannot be made.
  package static func create(at path: String) throws -> RunFolder {
    let folder = RunFolder(try emptyFolder(at: path))
    // Of two runs that have found it empty, one makes this.
    guard try Folder.makeNew(folder.logs) else { throw RunError.outputExists(path) }
    for folder in [folder.broker, folder.models, folder.predictions] { try Folder.make(folder) }
    return folder
  }

  /// Makes the folder at `path` where there is none, and returns its absolute path. Throws as ``create(at:)``.
  static func emptyFolder(at path: String) throws -> String {
    let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
    let manager = FileManager.default
    if let contents = try? manager.contentsOfDirectory(atPath: absolute) {
      guard contents.isEmpty else { throw RunError.outputExists(path) }
    } else if manager.fileExists(atPath: absolute) {
      throw RunError.outputIsFile(path)
    }
    try Folder.make(absolute)
    return absolute
  }

  /// How many runs of one scenario that begin within one second find a folder of their own: far more than a machine carries.
  package static let mostOfASecond = 100

  /// `runs/<scenario>-<UTC time>`, and of runs that begin within one second `…-2` for the second.
  package static func standardFolder(scenario: String, now: Timestamp, number: Int = 1) -> String {
    let time = now.description.prefix(19).filter { $0 != "-" && $0 != ":" }
    return "runs/\(scenario)-\(time)Z" + (number == 1 ? "" : "-\(number)")
  }
}
