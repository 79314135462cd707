import Files
import Foundation
import Supervision

/// Ports of the loopback interface for programs that are told where to listen.
package enum ListeningPort {
  /// Below those that the system gives to whoever asks for any: so only who chooses as we do can take one meanwhile.
  private static let chosen: ClosedRange<UInt16> = 20_000...32_000

  /// A TCP port that nobody listens on at this moment. Throws ``MQTTError``.
  package static func free() throws -> UInt16 {
    for _ in 0..<100 {
      guard let socket = try? LoopbackSocket.bound(port: .random(in: chosen)) else { continue }
      close(socket.descriptor)
      return socket.port
    }
    let socket = try LoopbackSocket.bound()
    close(socket.descriptor)
    return socket.port
  }

  /// Whether the process `id`, or one that it has started, listens on `port`. That somebody answers there does not say who.
  ///
  /// By the kernel's table of sockets, and the descriptors of the processes (proc(5)).
  package static func isHeld(_ port: UInt16, by id: Int32) -> Bool {
    guard let table = try? TextFile.text(of: "/proc/net/tcp") else { return false }
    let sockets = Set(listening(on: port, table).map { "socket:[\($0)]" })
    guard !sockets.isEmpty else { return false }
    if holds(sockets, id) { return true }
    // What is started may be a script that starts the program.
    let processes = ProcessTable()
    var open = processes.children(of: id)
    while let child = open.popLast() {
      if holds(sockets, child) { return true }
      open += processes.children(of: child)
    }
    return false
  }

  /// The numbers of the sockets that listen on `port`, by the kernel's table.
  private static func listening(on port: UInt16, _ table: String) -> [Substring] {
    // A line: number, local address and port in hexadecimal digits, remote ones, state (0A: listening), queues, timer, retransmissions,
    // user, timeout, inode.
    table.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count > 9, fields[3] == "0A", let colon = fields[1].lastIndex(of: ":"),
        UInt16(fields[1][fields[1].index(after: colon)...], radix: 16) == port
      else { return nil }
      return fields[9]
    }
  }

  private static func holds(_ sockets: Set<String>, _ id: Int32) -> Bool {
    let folder = "/proc/\(id)/fd"
    guard let descriptors = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      // Where one may not look, nothing speaks against a program that runs.
      return isRunning(id)
    }
    return descriptors.contains {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")).map(sockets.contains)
        ?? false
    }
  }

  /// Whether the process is there, and not only waits for its parent to ask how it ended.
  private static func isRunning(_ id: Int32) -> Bool {
    guard let stat = try? TextFile.text(of: "/proc/\(id)/stat"), let end = stat.lastIndex(of: ")") else {
      return false
    }
    return stat[end...].split(separator: " ").dropFirst().first != "Z"
  }
}
