import Foundation

/// Real labelled recordings that are not part of the project: tests use them where they are, and say so where not.
package enum RealData {
  /// The folder named by `SONDE_DATA`, else `shared/data` beside the checkout; nil where there is none.
  package static let folder: String? = {
    let named = ProcessInfo.processInfo.environment["SONDE_DATA"]
    let path = named ?? "\(SondeProgram.packageRoot)/../shared/data"
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      return nil
    }
    return URL(fileURLWithPath: path).standardizedFileURL.path
  }()
}
