/// The bounds of a server, each with its reason.
package enum HTTPDefaults {
  /// A thousand rows of a hundred features as JSON are 2 MB; a body of 16 MiB is eight times that.
  package static let bodyBytes = 16 << 20

  /// What bodies that are being received may take together. Sixteen of the largest; a machine with 1 GiB can spare it.
  package static let bodyBytesTogether = 256 << 20

  /// The memory of a connection, in which a request's head must fit, and the answer's: nginx takes heads of 8 KiB by default. The library
  /// clears all of it after each request, so that more costs every request a little.
  package static let headerBytes = 16 << 10

  /// Most systems give a process 1,024 descriptors. Half of them leaves room for models, logs and script workers.
  package static let connections = 512

  /// How long a kept connection may wait for its next request. Proxies and pools of clients keep theirs for a minute at most.
  package static let idleTimeout = Duration.seconds(60)

  /// How long a request may take to come, from its connection (a kept one: its head) to the last byte of its body, and how long its
  /// answer may take to leave. The largest body needs 4.5 Mbit/s for it.
  package static let requestTimeout = Duration.seconds(30)

  /// A server whose connections are all taken cuts the slowest of them, but none that has waited for less than this: clients that
  /// all connect at once are not slow.
  package static let patienceWhenFull = Duration.seconds(1)

  /// How many may wait to be accepted. The kernel has a bound of its own, mostly 4,096.
  static let backlog: Int32 = 1_024

  /// How often deadlines are looked at, at the least often. Shorter timeouts are looked at four times each.
  static let longestLook = Duration.milliseconds(250)

  /// How long a server that ends may take to send its last 503s.
  static let farewell = Duration.milliseconds(500)

  /// How often a server that ends looks whether all have gone.
  static let drainPauseSeconds = 0.005

  /// How many such looks a server that ends waits for connections that it has accepted last: a second's worth. The library's thread takes
  /// them in at its next turn, or refuses them.
  static let mostRoundsForThoseWhoWait = 200

  /// The stack of the server's thread: that of a main thread. It is reserved, and not used before it is needed.
  static let stackBytes = 8 << 20

  /// What is reserved for a body whose length is known. Beyond it grows as it comes: a client may promise more than it sends.
  static let bodyReservation = 256 << 10

  /// The longest request id, as in Azure's server.
  package static let requestIDLength = 100

  /// What `Retry-After` says where a service cannot answer now, in seconds: what keeps it busy lasts a second or less.
  package static let retryAfterSeconds = 1
}
