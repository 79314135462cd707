import Synchronization
import Wording

/// What a server asks for answers. Called on the server's own thread, one call at a time: what takes longer than a fraction of a
/// millisecond is answered later.
package protocol HTTPHandler: Sendable {
  /// Looks at a request whose headers have come, before its body does: an answer refuses it, and its body is not read. Nil lets it go on.
  func refusal(ofHead request: HTTPRequest) -> HTTPAnswer?

  /// The answer to a request that breaks a limit of the server, in the handler's own shape of errors.
  func refusal(of request: HTTPRequest, breaking limit: HTTPLimit) -> HTTPAnswer

  /// Answers a request. Returns nil where the answer will come later: then, and only then, it has called `later` and will use what
  /// that returned.
  func answer(_ request: HTTPRequest, later: () -> HTTPReply) -> HTTPAnswer?
}

/// A limit of the server that a request breaks.
package enum HTTPLimit: Hashable, Sendable, CustomStringConvertible {
  /// The body has more bytes than this.
  case bodyBytes(Int)
  /// The bodies that are being received take all the memory that the server has for them.
  case bodyBytesTogether
  /// The body is compressed in this way, or otherwise coded; none is understood.
  case contentEncoding(String)
  /// The request line or a header of it is malformed.
  case malformed(String)

  /// The status that belongs to it.
  package var status: HTTPStatus {
    switch self {
    case .bodyBytes: .contentTooLarge
    case .bodyBytesTogether: .serviceUnavailable
    case .contentEncoding: .unsupportedMediaType
    case .malformed: .badRequest
    }
  }

  /// For people, without a full stop.
  package var description: String {
    switch self {
    case .bodyBytes(let most): "the body has more than \(most) bytes"
    case .bodyBytesTogether: "the server has no memory left for bodies of requests; try again later"
    case .contentEncoding(let name): "the body has the content encoding \(name.quoted); send it without one"
    case .malformed(let reason): reason
    }
  }
}

/// The place of an answer that comes later. Only the first answer counts; where it is let go without one, the client gets 500.
package final class HTTPReply: Sendable {
  private let deliver: Mutex<(@Sendable (HTTPAnswer) -> Void)?>

  /// - Parameter deliver: Takes the answer, once, on whatever thread it comes.
  package init(_ deliver: @escaping @Sendable (HTTPAnswer) -> Void) { self.deliver = Mutex(deliver) }

  deinit { send(.text(.internalError, "no answer was made\n")) }

  /// Sends the answer.
  package func send(_ answer: HTTPAnswer) {
    let deliver = deliver.withLock { deliver in
      defer { deliver = nil }
      return deliver
    }
    deliver?(answer)
  }
}
