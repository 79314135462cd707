import Foundation

/// A client that sends bytes as they are, and waits for what comes: one blocking socket.
package final class RawClient {
  package struct Broken: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
  }

  /// An answer as it came.
  package struct Response: Hashable, Sendable {
    package var status: Int
    /// By their names in small letters.
    package var headers: [String: String]
    package var body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }
  }

  private let descriptor: Int32
  private var received: [UInt8] = []

  package init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    try connect(&address)
  }

  package init(file: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(file.utf8)) }
    try connect(&address)
  }

  private func connect<Address>(_ address: inout Address) throws {
    let length = socklen_t(MemoryLayout<Address>.size)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
    }
    guard result == 0 else {
      throw Broken(description: "cannot connect: \(String(cString: strerror(errno)))")
    }
    // Nothing takes this long; a test that waits for what never comes ends all the same.
    var patience = timeval(tv_sec: 600, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Returns whether the other side takes it.
  @discardableResult
  package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Sends no more, and reads on.
  package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Reads less at a time than others do, so that the server cannot send.
  package func shrinkReceiveBuffer() {
    var size: Int32 = 4_096
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Whether the other side has closed the connection, as far as can be seen without waiting.
  package var isClosed: Bool {
    var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&event, 1, 0) > 0 else { return false }
    return !receive()
  }

  /// Waits for more. Returns false at the end, whichever way it comes.
  private func receive() -> Bool {
    var piece = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &piece, piece.count, 0)
    guard count > 0 else { return false }
    received += piece.prefix(count)
    return true
  }

  /// The next answer.
  ///
  /// - Parameter isHead: Whether it answers `HEAD`, and so has no body.
  package func response(isHead: Bool = false) throws -> Response {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let range = received.firstRange(of: end) {
        let head = String(decoding: received[..<range.lowerBound], as: UTF8.self)
        received.removeSubrange(..<range.upperBound)
        return try response(head, isHead: isHead)
      }
      guard receive() else {
        throw Broken(
          description: "closed without an answer, after “\(String(decoding: received, as: UTF8.self))”")
      }
    }
  }

  private func response(_ head: String, isHead: Bool) throws -> Response {
    let lines = head.components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count >= 2, let status = Int(words[1]) else {
      throw Broken(description: "no status: \(lines[0])")
    }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    let length =
      isHead || status < 200 || status == 204 ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
    while received.count < length {
      guard receive() else { throw Broken(description: "closed within a body") }
    }
    defer { received.removeFirst(length) }
    return Response(status: status, headers: headers, body: Array(received.prefix(length)))
  }

  /// What comes before the end of the connection.
  package func rest() -> [UInt8] {
    while receive() {}
    defer { received = [] }
    return received
  }

  /// Sends a request with a `Content-Length`, and waits for its answer.
  package func request(_ line: String, headers: [String] = [], body: String = "") throws -> Response {
    let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
    let head = (["\(line) HTTP/1.1", "Host: test"] + headers + length).joined(separator: "\r\n")
    guard send(head + "\r\n\r\n" + body) else { throw Broken(description: "closed before \(line)") }
    return try response(isHead: line.hasPrefix("HEAD"))
  }
}
