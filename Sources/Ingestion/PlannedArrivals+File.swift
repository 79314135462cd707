import Files
import Foundation
import Telemetry

/// The file by which a run tells ingestion of its fleet.
extension PlannedArrivals {
  /// Reads the file at `path`. Throws `FileError`.
  package init(path: String) throws {
    do {
      self = try JSONDecoder().decode(PlannedArrivals.self, from: Data(try TextFile.bytes(of: path)))
    } catch let error as DecodingError {
      throw FileError(path: path, action: .read, reason: error.reason)
    }
  }

  /// Writes it to `path`, in place of an older one. Equal values give equal bytes.
  package func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(Array(encoder.encode(self)) + [0x0A], to: path, existing: .replace)
  }
}
