import Dispatch
import Foundation
import Telemetry

/// Why an exchange over a socket file came to nothing.
struct SocketExchangeError: Error, Hashable, CustomStringConvertible {
  let path: String
  let reason: String

  var description: String { "\(path): \(reason)" }
}

/// One question and one answer over a socket file: connects, sends, and reads until the other side closes.
enum SocketExchange {
  /// Exchanges wait on threads of their own, so that tasks go on.
  private static let queue = DispatchQueue(label: "sonde.socket-exchange", attributes: .concurrent)

  /// - Parameters:
  ///   - timeout: How long all of it may take.
  ///   - most: The longest answer, in bytes; what is longer is an error.
  static func ask(
    _ path: String, _ question: [UInt8], timeout: Duration, upTo most: Int
  ) async throws(SocketExchangeError) -> [UInt8] {
    let result: Result<[UInt8], SocketExchangeError> = await withCheckedContinuation { continuation in
      queue.async {
        do throws(SocketExchangeError) {
          let exchange = try Exchange(path, deadline: .now + timeout)
          try exchange.send(question)
          continuation.resume(returning: .success(try exchange.readToEnd(upTo: most)))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  /// Whether somebody accepts connections on the socket file at `path`.
  static func isListening(_ path: String) -> Bool {
    (try? Exchange(path, deadline: .now)) != nil
  }

  /// A connection that is closed when it is let go.
  private final class Exchange {
    private let path: String
    private let descriptor: Int32
    private let deadline: ContinuousClock.Instant

    init(_ path: String, deadline: ContinuousClock.Instant) throws(SocketExchangeError) {
      self.path = path
      self.deadline = deadline
      descriptor = socket(
        AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0
      )
      guard descriptor >= 0 else { throw failure() }
      guard var address = Self.address(path) else { throw failure("the path is too long for a socket") }
      let connected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      guard connected == 0 else { throw failure() }
    }

    deinit {
      if descriptor >= 0 { close(descriptor) }
    }

    func send(_ bytes: [UInt8]) throws(SocketExchangeError) {
      var offset = 0
      while offset < bytes.count {
        let sent = bytes.withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL))
        }
        if sent > 0 {
          offset += sent
        } else {
          try wait(for: POLLOUT)
        }
      }
    }

    func readToEnd(upTo most: Int) throws(SocketExchangeError) -> [UInt8] {
      var bytes: [UInt8] = []
      var piece = [UInt8](repeating: 0, count: 16 << 10)
      while true {
        let count = recv(descriptor, &piece, piece.count, 0)
        if count == 0 { return bytes }
        if count < 0 {
          try wait(for: POLLIN)
          continue
        }
        guard bytes.count + count <= most else { throw failure("the answer is longer than \(most) bytes") }
        bytes += piece[..<count]
      }
    }

    /// After a call that has failed: waits where it only came too early.
    private func wait(for event: Int32) throws(SocketExchangeError) {
      guard errno == EAGAIN || errno == EINTR else { throw failure() }
      let left = deadline - .now
      guard left > .zero else { throw failure("no answer in time") }
      var descriptors = pollfd(fd: descriptor, events: Int16(event), revents: 0)
      _ = poll(&descriptors, 1, Int32(clamping: left.milliseconds + 1))
    }

    private func failure(_ reason: String? = nil) -> SocketExchangeError {
      SocketExchangeError(path: path, reason: reason ?? String(cString: strerror(errno)))
    }

    private static func address(_ path: String) -> sockaddr_un? {
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let bytes = Array(path.utf8)
      let isCopied = withUnsafeMutableBytes(of: &address.sun_path) { target in
        guard bytes.count < target.count else { return false }
        target.copyBytes(from: bytes)
        return true
      }
      return isCopied ? address : nil
    }
  }
}
