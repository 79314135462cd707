import Foundation

/// TCP sockets on the loopback interface.
enum LoopbackSocket {
  /// 127.0.0.1 with `port`; 0 lets the system choose.
  static func address(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  /// A new socket bound to `port`; 0: to a free one. The caller closes it. Throws ``MQTTError``.
  static func bound(port: UInt16 = 0) throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = open()
    guard descriptor >= 0 else {
      throw MQTTError.library(operation: "socket", reason: String(cString: strerror(errno)))
    }
    var address = address(port: port)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
      }
    }
    guard result == 0 else {
      close(descriptor)
      throw MQTTError.library(operation: "free port", reason: String(cString: strerror(errno)))
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  /// A listening socket on a free port, which does not block. Throws ``MQTTError``.
  static func listen(backlog: Int32) throws -> (descriptor: Int32, port: UInt16) {
    let socket = try bound()
    guard Foundation.listen(socket.descriptor, backlog) == 0 else {
      close(socket.descriptor)
      throw MQTTError.library(operation: "listening", reason: String(cString: strerror(errno)))
    }
    prepare(socket.descriptor)
    return socket
  }

  /// A connection to `address`; nil where nobody listens.
  static func connect(_ address: sockaddr_in) -> Int32? {
    let descriptor = open()
    guard descriptor >= 0 else { return nil }
    var address = address
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if result == 0 { return descriptor }
    close(descriptor)
    return nil
  }

  /// Not to block, not to wait for more before sending, and not to be inherited.
  static func prepare(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func open() -> Int32 {
    socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  }
}
