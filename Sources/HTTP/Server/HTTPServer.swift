/// An HTTP/1.1 server over libmicrohttpd: one thread that waits for all connections at once and asks a handler for each answer.
///
/// It listens from its `init` to ``stop(within:)``, or its end.
package final class HTTPServer: Sendable {
  /// Listens at once: requests may come before this returns. Throws where it cannot.
  package init(_ settings: HTTPServerSettings, handler: any HTTPHandler) throws(HTTPServerError) {
    fatalError("being written")
  }

  /// The port that it listens on, also where any free one was asked for; nil for a socket file.
  package var port: Int? { nil }

  /// Where it listens, with that port.
  package var address: ListenAddress { fatalError("being written") }

  /// What has come to pass so far, for metrics.
  package var counts: HTTPServerCounts { HTTPServerCounts() }

  /// Ends the server, and waits for it: it stops listening, closes connections that wait, and answers every request whose head has come.
  /// After `patience` it ends anyway. The first call alone does anything.
  ///
  /// - Returns: How many requests were cut off without their answer.
  @discardableResult
  package func stop(within patience: Duration) -> Int { 0 }
}

/// What a server has counted since it started.
package struct HTTPServerCounts: Hashable, Sendable {
  /// Connections that are open now.
  package var connections = 0
  /// Connections that were ever opened.
  package var accepted = 0
  /// Connections that were cut since they took too long, and since all were taken.
  package var cutForSlowness = 0
  package var cutForRoom = 0
  /// What the library complained of: broken requests, connections that ended in the middle of something, failed TLS handshakes.
  package var complaints = 0
}
