/// How an answer is held against its request.
package enum AnswerCheck: Hashable, Sendable {
  /// Open Inference: JSON with the request's `id` and with `outputs`.
  case inference
  /// JSON of whatever form; an `x-request-id` is the request's.
  case json
  /// Anything; an `x-request-id` is the request's.
  case header

  /// What became of a request that was answered.
  package func outcome(of head: ResponseHead, body: [UInt8], id: [UInt8]) -> RequestOutcome {
    switch head.status {
    case 200..<300: break
    case 429, 503: return .rejected(head.status)
    default: return .failed(.status(head.status))
    }
    // A service that does not know the header says nothing; one that knows it repeats it.
    let isOthers = head.requestID.map { $0 != id } ?? false
    switch self {
    case .header: return isOthers ? .failed(.wrongID) : .right
    case .json:
      guard !isOthers else { return .failed(.wrongID) }
      return body.withUnsafeBytes { AnswerText($0) == nil } ? .failed(.unreadable) : .right
    case .inference:
      return body.withUnsafeBytes { bytes in
        let length = head.jsonLength ?? bytes.count
        guard length <= bytes.count,
          let text = AnswerText(UnsafeRawBufferPointer(rebasing: bytes[..<length])), text.hasOutputs
        else { return .failed(.unreadable) }
        return text.hasID(id) ? .right : .failed(.wrongID)
      }
    }
  }
}

/// What became of a request.
package enum RequestOutcome: Hashable, Sendable {
  /// It has its answer.
  case right
  /// The service takes no more at present: 503, or 429. Not an error: a service that is asked for too much should say so.
  case rejected(Int)
  case failed(RequestFailure)
}

/// Why a request has no answer of use.
package enum RequestFailure: Hashable, Sendable {
  /// Another status than 2xx, 429 and 503.
  case status(Int)
  /// No free connection in time, counted from the planned send, or no answer, counted from the real one.
  case timeout
  /// No connection, or one that broke before the answer had come.
  case connection
  /// The answer to somebody else's request, or to nobody's.
  case wrongID
  /// An answer that is not HTTP, or not what the protocol asks for.
  case unreadable
}
