import CMosquitto
import GRDBSQLite
import HTTP
import OneClassSVM

/// What this program is made of.
package enum Versions {
  /// Its own.
  package static let sonde = "0.1.0"

  /// With those of the libraries that it has loaded, by name.
  package static var all: [String: String] {
    var major: Int32 = 0
    var minor: Int32 = 0
    var revision: Int32 = 0
    mosquitto_lib_version(&major, &minor, &revision)
    return [
      "sonde": sonde, "libmosquitto": "\(major).\(minor).\(revision)",
      "sqlite": String(cString: sqlite3_libversion()), "libsvm": LIBSVMSolver.version,
      "libmicrohttpd": HTTPServer.libraryVersion,
    ]
  }
}
