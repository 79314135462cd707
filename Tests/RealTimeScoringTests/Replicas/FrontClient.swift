import Foundation
import HTTP

/// A client of the front: one kept connection, one request after the other.
final class FrontClient {
  struct Answer: Equatable {
    var status: Int
    var headers: String
    var body: String
  }

  struct Failure: Error {
    var what: String
  }

  private let address: ListenAddress
  private var descriptor: Int32 = -1

  init(_ address: ListenAddress) { self.address = address }

  deinit { disconnect() }

  func disconnect() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  /// Sends bytes as they are, and reads what comes until the other side closes or the answer is whole.
  func ask(raw request: String) throws -> Answer {
    if descriptor < 0 { descriptor = try connect() }
    do {
      try send(request)
      return try read()
    } catch {
      disconnect()
      throw error
    }
  }

  func post(_ path: String, _ body: String = "1,2,3") throws -> Answer {
    try ask(
      raw: "POST \(path) HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  func get(_ path: String, method: String = "GET") throws -> Answer {
    try ask(raw: "\(method) \(path) HTTP/1.1\r\nHost: test\r\n\r\n")
  }

  /// Posts from a thread of its own, so that a task may wait for it.
  static func post(_ path: String, to address: ListenAddress, body: String = "1,2,3") -> Task<
    Answer, any Error
  > {
    Task {
      try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
          continuation.resume(with: Result { try FrontClient(address).post(path, body) })
        }
      }
    }
  }

  private func connect() throws -> Int32 {
    switch address.place {
    case .socketFile(let path):
      var unix = sockaddr_un()
      unix.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &unix.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
      return try connect(AF_UNIX, unix)
    case .network(_, let port):
      var inet = sockaddr_in()
      inet.sin_family = sa_family_t(AF_INET)
      inet.sin_port = UInt16(port).bigEndian
      inet.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      return try connect(AF_INET, inet)
    }
  }

  private func connect<Address>(_ family: Int32, _ address: Address) throws -> Int32 {
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = address
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
    guard result == 0 else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw Failure(what: "cannot connect: \(reason)")
    }
    return descriptor
  }

  private func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      let sent = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL))
      }
      guard sent > 0 else { throw Failure(what: "cannot send: \(String(cString: strerror(errno)))") }
      offset += sent
    }
  }

  private func read() throws -> Answer {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      if let answer = Self.answer(bytes) { return answer }
      let count = recv(descriptor, &piece, piece.count, 0)
      guard count > 0 else {
        throw Failure(what: "the connection ended after \(String(decoding: bytes, as: UTF8.self))")
      }
      bytes += piece[..<count]
    }
  }

  private static func answer(_ bytes: [UInt8]) -> Answer? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let head = text[..<end.lowerBound]
    let lines = head.components(separatedBy: "\r\n")
    guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      return nil
    }
    let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
      .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }
    let body = String(text[end.upperBound...])
    guard body.utf8.count >= length ?? 0 else { return nil }
    return Answer(status: status, headers: head.lowercased(), body: body)
  }
}
