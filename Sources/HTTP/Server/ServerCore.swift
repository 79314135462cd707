import CMicroHTTPD
import Glibc
import Synchronization

/// What the library's thread calls: it reads requests, asks the handler, and sends answers. One call at a time.
final class ServerCore: Sendable {
  let table = ConnectionTable()
  private let handler: any HTTPHandler
  private let limits: ServerLimits
  private let isEncrypted: Bool
  private let draining = Atomic<Bool>(false)
  private let ending = Atomic<Bool>(false)
  private let isQuiet = Atomic<Bool>(false)
  private let abandoned = Atomic<Int32>(-1)
  /// The bytes of all bodies that are being received.
  private let receiving = Atomic<Int>(0)

  init(_ settings: HTTPServerSettings, handler: any HTTPHandler) {
    self.handler = handler
    limits = settings.limits
    isEncrypted = settings.tls != nil
  }

  /// From now on each answer is the last one of its connection, and at the next call of the library it stops to listen.
  func drain() {
    draining.store(true, ordering: .sequentiallyConsistent)
    // Those that begin afterwards end at once.
    table.endStreams()
  }

  /// The socket that the library no longer listens on; nil as long as it does.
  var abandonedSocket: Int32? {
    let descriptor = abandoned.load(ordering: .acquiring)
    return descriptor >= 0 ? descriptor : nil
  }

  /// Lets the library stop to listen, on its own thread: from another one it may remove the socket from its epoll at the same time as
  /// its thread does, and takes that for a fatal fault.
  private func quiesceWhereDraining(_ handle: OpaquePointer) {
    guard draining.load(ordering: .relaxed), !isQuiet.exchange(true, ordering: .relaxed) else { return }
    if let daemon = mhd_daemon(handle) { abandoned.store(MHD_quiesce_daemon(daemon), ordering: .releasing) }
  }

  /// From now on nothing waits for its answer.
  func end() {
    ending.store(true, ordering: .sequentiallyConsistent)
    table.abandonAll(Self.endingAnswer)
  }

  private static let endingAnswer = HTTPAnswer.text(.serviceUnavailable, "the server ends\n")
  private static let noAnswer = HTTPAnswer.text(.internalError, "no answer was made\n")

  // MARK: Connections

  func opened(_ handle: OpaquePointer, _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>) {
    let connection = HTTPConnection(handle)
    table.add(connection)
    quiesceWhereDraining(handle)
    slot.pointee = Unmanaged.passRetained(connection).toOpaque()
    if draining.load(ordering: .relaxed) { connection.closeForReading() }
  }

  func closed(_ handle: OpaquePointer, _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>) {
    quiesceWhereDraining(handle)
    guard let known = slot.pointee else { return }
    slot.pointee = nil
    table.remove(Unmanaged<HTTPConnection>.fromOpaque(known).takeRetainedValue())
  }

  // MARK: Requests

  /// The head of a request has come. Returns whether the connection is to go on.
  func begin(_ handle: OpaquePointer, url: UnsafePointer<CChar>, method: UnsafePointer<CChar>)
    -> HTTPConnection?
  {
    guard let known = mhd_slot(handle) else { return nil }
    let connection = Unmanaged<HTTPConnection>.fromOpaque(known).takeUnretainedValue()
    connection.enter(.receiving)
    var request = RequestReader.request(
      handle, url: url, method: method, isEncrypted: isEncrypted, client: connection.client)
    let limit = request.brokenLimit(bodyBytes: limits.bodyBytes)
    // The handler first: who has no key is told so, and nothing else.
    let refusal = handler.refusal(ofHead: request) ?? limit.map { handler.refusal(of: request, breaking: $0) }
    if let refusal {
      connection.exchange.refusal = refusal
      if isAnsweredAtOnce(request, limit) { _ = send(refusal, connection) }
    } else if let length = request.contentLength {
      request.body.reserveCapacity(min(length, HTTPDefaults.bodyReservation))
    }
    connection.exchange.request = request
    return connection
  }

  /// Whether a refusal goes out before the body, which ends the connection: where nobody can tell where the body ends, and where it is not
  /// worth reading. Mostly a refusal goes out after the body, which is thrown away: a client that sends and does not listen meanwhile
  /// would find its connection broken, and never see the answer.
  private func isAnsweredAtOnce(_ request: HTTPRequest, _ limit: HTTPLimit?) -> Bool {
    if case .malformed = limit { return true }
    return request.hasBody && (request.expectsContinue || (request.contentLength ?? 0) > mostDiscarded)
  }

  /// How much of a refused body is read.
  private var mostDiscarded: Int { limits.bodyBytes * 2 }

  /// A part of the body has come. Returns whether the connection is to go on.
  func receive(_ part: UnsafeRawBufferPointer, _ connection: HTTPConnection) -> Bool {
    if connection.exchange.refusal != nil {
      connection.exchange.discarded += part.count
      return connection.exchange.discarded <= mostDiscarded
    }
    guard let length = connection.exchange.request?.body.count else { return false }
    guard length + part.count <= limits.bodyBytes else {
      refuse(connection, .bodyBytes(limits.bodyBytes))
      return true
    }
    let together = receiving.add(part.count, ordering: .relaxed).newValue
    connection.exchange.request?.body.append(contentsOf: part)
    if together > limits.bodyBytesTogether { refuse(connection, .bodyBytesTogether) }
    return true
  }

  private func refuse(_ connection: HTTPConnection, _ limit: HTTPLimit) {
    forgetBody(connection)
    connection.exchange.request?.body = []
    guard let request = connection.exchange.request else { return }
    connection.exchange.refusal = handler.refusal(of: request, breaking: limit)
  }

  /// Counts the body no longer.
  private func forgetBody(_ connection: HTTPConnection) {
    guard let count = connection.exchange.request?.body.count, count > 0 else { return }
    receiving.subtract(count, ordering: .relaxed)
  }

  /// The request has come in full, or its answer has been made. Returns whether the connection is to go on.
  func finish(_ connection: HTTPConnection) -> Bool {
    if let refusal = connection.exchange.refusal { return send(refusal, connection) }
    forgetBody(connection)
    // The request goes to the handler, and is not kept here.
    if let request = connection.exchange.request.take(),
      let answer = handler.answer(request, later: { connection.makeReply() })
    {
      return send(answer, connection)
    }
    let step = connection.awaitAnswer {
      ending.load(ordering: .sequentiallyConsistent) ? Self.endingAnswer : nil
    }
    switch step {
    case .send(let answer): return send(answer, connection)
    case .wait: return true
    case .nobodyAnswers: return send(Self.noAnswer, connection)
    }
  }

  /// The answer has left, or the connection has broken.
  func completed(_ connection: HTTPConnection) {
    forgetBody(connection)
    connection.endExchange()
    if draining.load(ordering: .relaxed) { connection.closeForReading() }
  }

  private static func response(_ answer: HTTPAnswer, _ connection: HTTPConnection) -> OpaquePointer? {
    if let stream = answer.stream { return StreamBody.response(stream, on: connection) }
    guard let file = answer.file else {
      return answer.body.withUnsafeBytes { mhd_response($0.baseAddress, $0.count) }
    }
    let descriptor = file.duplicate()
    guard descriptor >= 0 else { return nil }
    let response = mhd_file_response(descriptor, UInt64(file.count))
    if response == nil { close(descriptor) }
    return response
  }

  private func send(_ answer: HTTPAnswer, _ connection: HTTPConnection) -> Bool {
    guard let response = Self.response(answer, connection) else { return false }
    // The library takes no name and no value with a line break, so that no answer can be split.
    for field in answer.headers.fields { mhd_add_header(response, field.name, field.value) }
    if draining.load(ordering: .sequentiallyConsistent) {
      mhd_add_header(response, "Connection", "close")
      answer.stream?.end()
    }
    connection.enter(.sending)
    return mhd_queue(connection.handle, UInt32(answer.status.rawValue), response) == 1
  }
}
