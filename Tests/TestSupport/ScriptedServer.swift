import Foundation
import Synchronization

/// A web server of a few lines on loopback, whose answers a test writes byte by byte: also wrong ones, late ones and none.
package final class ScriptedServer: Sendable {
  /// A request as it came.
  package struct Request: Sendable {
    /// From 0, among all that came.
    package var number: Int
    /// From 0, of its connection among all, and among those of its connection.
    package var connection: Int
    package var numberInConnection: Int
    package var path: String
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]

    /// The body as JSON; nil where it is none.
    package var json: [String: Any]? {
      try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
    }
    /// What the client calls it: the `id` of its body.
    package var id: String { json?["id"] as? String ?? "" }
  }

  /// What becomes of a request.
  package enum Reply: Sendable {
    /// These bytes, as they are; the connection goes on.
    case bytes([UInt8])
    /// Nothing, and the connection goes on.
    case silence
    /// These bytes, and the end of the connection.
    case lastBytes([UInt8])
  }

  package typealias Script = @Sendable (Request) -> Reply

  private struct State {
    var sockets: Set<Int32> = []
    var requests: [Request] = []
    var connections = 0
    var isStopped = false
  }

  /// 0 for a socket file.
  package let port: UInt16
  private let listener: Int32
  private let state = Mutex(State())
  private let script: Script

  /// Every request that came so far.
  package var requests: [Request] { state.withLock { $0.requests } }
  /// How many connections were made so far.
  package var connections: Int { state.withLock { $0.connections } }

  private init(listener: Int32, port: UInt16, script: @escaping Script) {
    self.listener = listener
    self.port = port
    self.script = script
  }

  /// An answer with a body of JSON.
  package static func answer(_ body: String, status: String = "200 OK", headers: [String] = []) -> [UInt8] {
    let lines = [
      "HTTP/1.1 \(status)", "Content-Type: application/json", "Content-Length: \(body.utf8.count)",
    ]
    return Array(((lines + headers).joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
  }

  /// What a scoring service answers in the Open Inference Protocol.
  package static func inference(_ id: String) -> String {
    #"{"model_name":"m","id":"\#(id)","outputs":[{"name":"score","shape":[1],"datatype":"FP64","data":[0.5]}]}"#
  }

  /// Begins to serve, at a socket file where `socket` names one. Throws where it cannot.
  static func start(socket path: String?, _ script: @escaping Script) throws -> ScriptedServer {
    let family = path == nil ? AF_INET : AF_UNIX
    let listener = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var port: UInt16 = 0
    var result: Int32
    if let path {
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    } else {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      result = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(listener, $0, length) == 0 ? getsockname(listener, $0, &length) : -1
        }
      }
      port = UInt16(bigEndian: address.sin_port)
    }
    if result == 0 { result = listen(listener, 128) }
    guard listener >= 0, result == 0 else {
      let reason = errno
      if listener >= 0 { close(listener) }
      throw POSIXError(POSIXErrorCode(rawValue: reason) ?? .EIO)
    }
    let server = ScriptedServer(listener: listener, port: port, script: script)
    Thread.detachNewThread { server.accept() }
    return server
  }

  /// Ends all connections. Each socket is closed by the thread that reads it.
  func stop() {
    state.withLock { state in
      state.isStopped = true
      for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
    }
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func accept() {
    while true {
      let socket = Foundation.accept(listener, nil, nil)
      guard socket >= 0 else { break }
      var number = 0
      let isStopped = state.withLock { state in
        number = state.connections
        state.connections += 1
        if !state.isStopped { state.sockets.insert(socket) }
        return state.isStopped
      }
      guard !isStopped else {
        close(socket)
        break
      }
      let connection = number
      Thread.detachNewThread { self.serve(socket, connection) }
    }
    close(listener)
  }

  private func serve(_ socket: Int32, _ connection: Int) {
    var buffer: [UInt8] = []
    var number = 0
    while let request = next(socket, &buffer, connection, number) {
      number += 1
      switch script(request) {
      case .silence: continue
      case .bytes(let bytes):
        guard write(bytes, to: socket) else { break }
        continue
      case .lastBytes(let bytes): _ = write(bytes, to: socket)
      }
      break
    }
    state.withLock { state in
      state.sockets.remove(socket)
      _ = close(socket)
    }
  }

  private func write(_ bytes: [UInt8], to socket: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Reads a request to its end; nil where the connection has ended before.
  private func next(_ socket: Int32, _ buffer: inout [UInt8], _ connection: Int, _ number: Int) -> Request? {
    while true {
      if let request = parsed(&buffer, connection, number) { return request }
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(socket, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      buffer += chunk.prefix(count)
    }
  }

  private func parsed(_ buffer: inout [UInt8], _ connection: Int, _ number: Int) -> Request? {
    guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
        in: .whitespaces)
    }
    let length = headers["content-length"].flatMap { Int($0) } ?? 0
    guard buffer.count >= end.upperBound + length else { return nil }
    let body = Array(buffer[end.upperBound..<end.upperBound + length])
    buffer.removeFirst(end.upperBound + length)
    let words = lines[0].split(separator: " ")
    return state.withLock { state in
      let request = Request(
        number: state.requests.count, connection: connection, numberInConnection: number,
        path: words.count > 1 ? String(words[1]) : "", headers: headers, body: body)
      state.requests.append(request)
      return request
    }
  }
}

/// Runs `body` with a server that answers by `script`, and ends it afterwards.
///
/// - Parameter socket: A path for a socket file to listen at, in place of a free port.
package func withScriptedServer<Value>(
  socket: String? = nil, _ script: @escaping ScriptedServer.Script,
  _ body: (ScriptedServer) async throws -> Value
) async throws -> Value {
  let server = try ScriptedServer.start(socket: socket, script)
  defer { server.stop() }
  return try await body(server)
}
