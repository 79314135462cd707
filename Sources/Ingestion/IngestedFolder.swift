import Files
import Foundation
import Wording

/// The folder of a run that an ingester fills by itself, without a scenario: the store is in it, `client-id` is the name of the session that
/// the broker keeps for this folder alone, and `ingest.json` what ingestion was told. Two ingesters with a folder each do not take
/// each other's sessions.
package struct IngestedFolder: Sendable {
  package let folder: RunFolder

  private var clientIDFile: String { "\(folder.path)/client-id" }

  /// The folder at `path`, which need not be there yet.
  package init(_ path: String) { folder = RunFolder(URL(fileURLWithPath: path).standardizedFileURL.path) }

  /// Makes the folder where there is none, and writes `settings` into it, with the folder's store. Throws `FileError` and
  /// ``IngestedFolderError``.
  ///
  /// - Parameter clientID: The client id; nil for the folder's own.
  package func adopt(_ settings: IngestionSettings, clientID: String?) throws -> IngestionSettings {
    guard !FileManager.default.fileExists(atPath: folder.manifest) else {
      throw IngestedFolderError(path: folder.path)
    }
    try Folder.make(folder.path)
    var settings = settings
    settings.store = folder.store
    settings.clientID = try clientID ?? ownClientID()
    try JSONFile.write(settings, to: folder.ingestionSettings)
    return settings
  }

  /// The client id that the folder has, or a new one.
  private func ownClientID() throws -> String {
    if !FileManager.default.fileExists(atPath: clientIDFile) {
      // Short enough for brokers that take 23 characters.
      let new = "sonde-ingest-\(UUID().uuidString.prefix(8).lowercased())"
      do {
        try AtomicFile.write("\(new)\n", to: clientIDFile)
        return new
      } catch {
        // Another ingester may have been faster; which of the two has the store is decided there.
        guard FileManager.default.fileExists(atPath: clientIDFile) else { throw error }
      }
    }
    return try TextFile.text(of: clientIDFile).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// A folder that is not for an ingester by itself.
package struct IngestedFolderError: ExitingError {
  package let path: String
  package var exitStatus: ExitStatus { .usage }
  package var description: String {
    "\(path) is the folder of a scenario's run, whose report counts its readings; give --run a folder of its own"
  }
}
