import Foundation
import Supervision

/// The scenarios and recordings that `make install` puts into share/sonde, so that the commands of the pages work in
/// any folder.
enum InstalledExamples {
  /// The folders of share/sonde, which are called as in the checkout.
  private static let folders = ["Scenarios", "Data"]

  /// `path`, or the installed file of that name where the current folder has none; standard error says which one is taken.
  static func path(of path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard let folder = parts.first, folders.contains(String(folder)), !parts.contains("..") else {
      return path
    }
    let prefix = URL(fileURLWithPath: ExecutablePath.current)
      .deletingLastPathComponent().deletingLastPathComponent().path
    let installed = "\(prefix)/share/sonde/\(path)"
    let manager = FileManager.default
    guard !manager.fileExists(atPath: path), manager.fileExists(atPath: installed) else { return path }
    StandardError.write("sonde: there is no \(path) here; this is \(installed)")
    return installed
  }
}
