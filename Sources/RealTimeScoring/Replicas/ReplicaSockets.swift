import Files
import Foundation

/// The socket files of a set of replicas, in a folder that nobody else may enter.
package struct ReplicaSockets: Hashable, Sendable {
  package let folder: String

  package init(folder: String) { self.folder = folder }

  /// haproxy's runtime socket.
  package var control: String { "\(folder)/control" }
  /// Where requests wait while no replica is up.
  package var waitingRoom: String { "\(folder)/waiting" }
  /// Certificate, chain and key in one file, as haproxy reads them.
  package var certificate: String { "\(folder)/front.pem" }

  /// The socket that a replica listens on.
  package func replica(_ replica: Int) -> String { "\(folder)/r\(replica)" }

  /// Whether every path can be told to haproxy, and be bound: it expands `$` in addresses, and takes a comma for the end of one.
  package var areUsable: Bool {
    let longest = [control, waitingRoom, replica(ReplicaDefaults.mostReplicas)].map(\.utf8.count).max() ?? 0
    return longest <= ReplicaDefaults.socketPathBytes && Self.isSafe(folder)
  }

  /// Whether haproxy takes `path` as it stands.
  package static func isSafe(_ path: String) -> Bool {
    path.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      case UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"),
        UInt8(ascii: " "), UInt8(ascii: "~"), UInt8(ascii: "'"):
        true
      default: byte >= 0x80
      }
    }
  }

  /// Makes the folder of the sockets below `folder`, or a temporary one where paths below it would be too long. Throws ``FileError``.
  static func make(below folder: String) throws -> (sockets: ReplicaSockets, isTemporary: Bool) {
    let absolute = URL(fileURLWithPath: folder).standardizedFileURL.path
    let sockets = ReplicaSockets(folder: "\(absolute)/sockets")
    if sockets.areUsable {
      try Folder.make(sockets.folder)
      guard chmod(sockets.folder, 0o700) == 0 else {
        throw FileError(
          path: sockets.folder, action: .makeFolder, reason: String(cString: strerror(errno)))
      }
      return (sockets, false)
    }
    var name = Array("/tmp/sonde-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else {
      throw FileError(path: "/tmp", action: .makeFolder, reason: String(cString: strerror(errno)))
    }
    return (
      ReplicaSockets(folder: String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)),
      true
    )
  }
}
