import Glibc
import Wording

/// An address that a connection can be made to: of the internet, or of a socket file.
package struct LoadAddress: Sendable {
  private let storage: sockaddr_storage
  private let length: socklen_t

  /// The addresses of `place`, as the system finds them. Throws ``HTTPLoadError``.
  package static func all(of place: LoadTarget.Place) throws(HTTPLoadError) -> [LoadAddress] {
    switch place {
    case .socket(let path): return [LoadAddress(socket: path)]
    case .host(let host, let port):
      var hints = addrinfo()
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
      var found: UnsafeMutablePointer<addrinfo>?
      let result = getaddrinfo(host, String(port), &hints, &found)
      guard result == 0 else {
        throw HTTPLoadError(
          "there is no host \(host.quoted): \(String(cString: gai_strerror(result)))", .unavailable)
      }
      defer { freeaddrinfo(found) }
      var addresses: [LoadAddress] = []
      var next = found
      while let entry = next {
        if let address = entry.pointee.ai_addr {
          addresses.append(LoadAddress(address, entry.pointee.ai_addrlen))
        }
        next = entry.pointee.ai_next
      }
      return addresses
    }
  }

  private init(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) {
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) { bytes in
      bytes.copyMemory(
        from: UnsafeRawBufferPointer(start: address, count: min(bytes.count, Int(length))))
    }
    self.storage = storage
    self.length = length
  }

  /// - Parameter path: Short enough, as ``LoadTarget`` has made sure.
  private init(socket path: String) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { bytes in
      for (index, byte) in path.utf8.prefix(bytes.count - 1).enumerated() { bytes[index] = byte }
    }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    self = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { LoadAddress($0, length) }
    }
  }

  var family: Int32 { Int32(storage.ss_family) }

  /// Whether it is this machine, and cannot be another: 127.0.0.0/8, ::1, or a socket file.
  package var isLoopback: Bool {
    switch family {
    case AF_UNIX: return true
    case AF_INET:
      return withBytes { $0[4] } == 127
    case AF_INET6:
      // Family, port and flow information are before the address.
      return withBytes { bytes in
        let address = bytes[8..<24]
        let isMapped =
          address.prefix(10).allSatisfy { $0 == 0 }
          && address.dropFirst(10).prefix(2).allSatisfy { $0 == 0xFF }
        return isMapped
          ? bytes[20] == 127 : address.dropLast().allSatisfy { $0 == 0 } && address.last == 1
      }
    default: return false
    }
  }

  private func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    withUnsafeBytes(of: storage, body)
  }

  /// Opens a socket that does not block and connects it. -1 where that failed at once, with the reason in `errno`; it may still fail
  /// later.
  func connect() -> Int32 {
    let descriptor = socket(
      family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { return -1 }
    if family != AF_UNIX {
      // Requests are written in one go; what is left of a large one must not wait for an acknowledgement.
      var on: Int32 = 1
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }
    let result = withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
    }
    // EAGAIN: the queue of a socket file is full, and nothing tells when it no longer is.
    if result == 0 || errno == EINPROGRESS { return descriptor }
    let reason = errno
    close(descriptor)
    errno = reason
    return -1
  }

  /// Whether somebody listens there; where nobody does, `errno` has the reason.
  func answers(within milliseconds: Int32) -> Bool {
    let descriptor = connect()
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard poll(&wait, 1, milliseconds) == 1 else {
      errno = ETIMEDOUT
      return false
    }
    errno = Self.pendingError(descriptor)
    return errno == 0
  }

  /// What became of connecting; 0 where it succeeded.
  static func pendingError(_ descriptor: Int32) -> Int32 {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    return code
  }

  /// The first of `addresses` at which somebody listens. Throws ``HTTPLoadError`` where nobody does at any.
  package static func listening(_ addresses: [LoadAddress], _ target: LoadTarget, within timeout: Duration)
    throws(HTTPLoadError) -> LoadAddress
  {
    var reason = "no address"
    for address in addresses {
      if address.answers(within: Int32(clamping: timeout.components.seconds * 1000 + 999)) { return address }
      reason = String(cString: strerror(errno))
    }
    let place =
      switch target.place {
      case .host: target.authority
      case .socket(let path): path
      }
    throw HTTPLoadError("nobody answers at \(place.excerpt): \(reason)", .unavailable)
  }
}
