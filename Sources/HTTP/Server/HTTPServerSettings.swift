/// What a server needs to know before it starts.
package struct HTTPServerSettings: Hashable, Sendable {
  package var address: ListenAddress
  /// Nil is HTTP in clear.
  package var tls: TLSFiles?
  package var limits: ServerLimits
  /// Who may connect to a socket file, as the mode of the file.
  package var socketFileMode: UInt32

  package init(
    _ address: ListenAddress, tls: TLSFiles? = nil, limits: ServerLimits = ServerLimits(),
    socketFileMode: UInt32 = 0o600
  ) {
    self.address = address
    self.tls = tls
    self.limits = limits
    self.socketFileMode = socketFileMode
  }
}

/// A certificate, with those that sign it where clients do not know them, and its private key: paths of PEM files. The server speaks TLS
/// 1.2 and 1.3 alone. Both files are read once, at the start.
package struct TLSFiles: Hashable, Sendable {
  package var certificate: String
  package var key: String

  package init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

/// How much of a server's machine its clients may take. ``HTTPDefaults`` has the reasons.
package struct ServerLimits: Hashable, Sendable {
  /// The longest body of a request; a longer one is ``HTTPLimit/bodyBytes(_:)``.
  package var bodyBytes = HTTPDefaults.bodyBytes
  /// What all bodies that are being received may take; beyond it a request is ``HTTPLimit/bodyBytesTogether``.
  package var bodyBytesTogether = HTTPDefaults.bodyBytesTogether
  /// The memory of a connection. A longer head is answered with 431 or 414 by the library, without the handler.
  package var headerBytes = HTTPDefaults.headerBytes
  /// The most connections. Further ones wait to be accepted, until the slowest of those that are there is cut.
  package var connections = HTTPDefaults.connections
  /// The most connections of one address; more are closed at once. Nil is no such limit: behind a proxy all have the same one.
  package var connectionsPerClient: Int?
  /// How long a kept connection may wait, until the head of its next request has come.
  package var idleTimeout = HTTPDefaults.idleTimeout
  /// How long a request may take to come in full, however steadily it comes, and its answer to leave. It does not bound how long
  /// an answer takes to be made.
  package var requestTimeout = HTTPDefaults.requestTimeout
  /// How long a connection may be slow where all are taken and others wait.
  package var patienceWhenFull = HTTPDefaults.patienceWhenFull

  package init() {}
}
