// The kinds of sockets are a part of whichever of these two the compiler has read first.
import CMicroHTTPD
import Foundation
import Glibc

/// A socket that listens: where, and what is to be cleared away when it no longer does.
struct ListeningSocket: Sendable {
  let descriptor: Int32
  /// With the port that the system chose.
  let address: ListenAddress
  private let file: FileIdentity?

  /// Which file a path names.
  private struct FileIdentity: Hashable, Sendable {
    var path: String
    var device: UInt64
    var inode: UInt64

    init?(_ path: String) {
      var status = stat()
      guard lstat(path, &status) == 0 else { return nil }
      self.path = path
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
    }
  }

  /// - Parameter mode: Of the file, where it is a socket file.
  init(_ address: ListenAddress, mode: UInt32) throws(HTTPServerError) {
    switch address.place {
    case .network(let host, let port):
      let bound: Int
      (descriptor, bound) = try Self.listen(address, host, port)
      self.address = ListenAddress(.network(host: host, port: bound))
      file = nil
    case .socketFile(let path):
      descriptor = try Self.listen(address, file: path, mode)
      self.address = address
      file = FileIdentity(path)
    }
  }

  /// Removes the socket's file, unless another one has taken its place.
  func removeFile() {
    if let file, FileIdentity(file.path) == file { unlink(file.path) }
  }

  func close() { Glibc.close(descriptor) }

  /// Another descriptor of it.
  func duplicate() -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }

  /// Closes `duplicate`, if that is still one of this socket.
  func close(duplicate: Int32) {
    var own = stat()
    var other = stat()
    guard fstat(descriptor, &own) == 0, fstat(duplicate, &other) == 0, own.st_ino == other.st_ino,
      own.st_dev == other.st_dev
    else { return }
    Glibc.close(duplicate)
  }

  private static func error(_ address: ListenAddress, _ code: Int32 = errno) -> HTTPServerError {
    switch code {
    case EADDRINUSE: .addressInUse(address)
    case EADDRNOTAVAIL: .cannotListen(address, "this machine has no such address")
    case EACCES, EPERM:
      .cannotListen(
        address,
        "\(String(cString: strerror(code))); ports below 1024 need root, a socket file needs its folder")
    default: .cannotListen(address, String(cString: strerror(code)))
    }
  }

  private static func socket(_ family: Int32, _ address: ListenAddress) throws(HTTPServerError) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = Glibc.socket(family, kind, 0)
    guard descriptor >= 0 else { throw error(address) }
    return descriptor
  }

  // MARK: Networks

  private static func listen(_ address: ListenAddress, _ host: String, _ port: Int) throws(HTTPServerError)
    -> (
      Int32, Int
    )
  {
    // Clients try 127.0.0.1 for it, all of them; not all try ::1.
    let name = host.lowercased() == "localhost" ? "127.0.0.1" : host
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(name, String(port), &hints, &found)
    guard code == 0, let first = found else {
      throw .cannotListen(address, "\(host) cannot be resolved: \(String(cString: gai_strerror(code)))")
    }
    defer { freeaddrinfo(first) }
    let descriptor = try socket(first.pointee.ai_family, address)
    var isOn: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
      Glibc.listen(descriptor, HTTPDefaults.backlog) == 0
    else {
      let failure = error(address)
      Glibc.close(descriptor)
      throw failure
    }
    return (descriptor, boundPort(descriptor) ?? port)
  }

  private static func boundPort(_ descriptor: Int32) -> Int? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer -> Int? in
      let raw = UnsafeMutableRawPointer(pointer)
      guard getsockname(descriptor, raw.assumingMemoryBound(to: sockaddr.self), &length) == 0 else {
        return nil
      }
      switch Int32(pointer.pointee.ss_family) {
      case AF_INET:
        return Int(UInt16(bigEndian: raw.assumingMemoryBound(to: sockaddr_in.self).pointee.sin_port))
      case AF_INET6:
        return Int(UInt16(bigEndian: raw.assumingMemoryBound(to: sockaddr_in6.self).pointee.sin6_port))
      default: return nil
      }
    }
  }

  // MARK: Socket files

  /// Under another name first: nobody connects before it has its mode and listens, and a file that is left of a dead process is
  /// replaced in one step.
  private static func listen(_ address: ListenAddress, file path: String, _ mode: UInt32)
    throws(HTTPServerError)
    -> Int32
  {
    var status = stat()
    if lstat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFSOCK else {
        throw .cannotListen(address, "there is a file of that name that is no socket")
      }
      if isAlive(path) { throw .addressInUse(address) }
    }
    let temporary = path + "~"
    unlink(temporary)
    let descriptor = try socket(AF_UNIX, address)
    let isListening = withSocketAddress(temporary) { pointer, length in
      bind(descriptor, pointer, length) == 0 && chmod(temporary, mode) == 0
        && Glibc.listen(descriptor, HTTPDefaults.backlog) == 0 && rename(temporary, path) == 0
    }
    guard isListening else {
      let failure = error(address)
      Glibc.close(descriptor)
      unlink(temporary)
      throw failure
    }
    return descriptor
  }

  /// Whether somebody listens at `path`.
  private static func isAlive(_ path: String) -> Bool {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = Glibc.socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { return false }
    defer { Glibc.close(descriptor) }
    // Everything but a refusal is a sign of life: a full queue of connections, or a socket of somebody else.
    return withSocketAddress(path) {
      connect(descriptor, $0, $1) == 0 || (errno != ECONNREFUSED && errno != ENOENT)
    }
  }

  /// `path` fits, as ``ListenAddress`` has seen to.
  private static func withSocketAddress<Value>(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
  )
    -> Value
  {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) {
      $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1))
    }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
