/// Why an answer cannot be read.
package struct ResponseFault: Error, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

/// Reads an HTTP/1.1 answer out of bytes as they come (RFC 9112), however they are split. Interim answers (1xx) are skipped. Used for
/// one answer after the other, with ``reset()`` between them.
package struct ResponseParser: Sendable {
  /// Where in an answer the next byte is.
  private enum State: Hashable {
    case statusLine
    case headers
    /// So many bytes of the body are missing.
    case fixed(Int)
    case chunkSize
    case chunk(Int)
    /// The line end behind a chunk.
    case chunkEnd
    case trailers
    /// The body goes on until the connection is closed.
    case untilClosed
    case complete
  }

  private var state = State.statusLine
  /// The beginning of a line whose end has not come yet.
  private var line: [UInt8] = []
  private var headBytes = 0
  private var hasBytes = false
  private var head = ResponseHead()

  /// The body so far, without chunk sizes.
  package private(set) var body: [UInt8] = []

  package init() {}

  /// What the status line and the headers say; whole once ``isComplete``.
  package var answer: ResponseHead { head }
  package var isComplete: Bool { state == .complete }
  /// Whether anything of the answer has come.
  package var hasBegun: Bool { hasBytes }

  /// Makes it ready for the next answer.
  package mutating func reset() {
    state = .statusLine
    line.removeAll(keepingCapacity: true)
    body.removeAll(keepingCapacity: true)
    headBytes = 0
    hasBytes = false
    head = ResponseHead()
  }

  /// Takes bytes up to the end of the answer, and returns how many it took. Throws ``ResponseFault``; then nothing more can be read of
  /// the connection.
  package mutating func take(_ bytes: UnsafeRawBufferPointer) throws(ResponseFault) -> Int {
    var offset = 0
    if !bytes.isEmpty { hasBytes = true }
    while offset < bytes.count, state != .complete {
      switch state {
      case .fixed(let missing):
        let count = try takeBody(bytes, offset, missing)
        offset += count
        state = count == missing ? .complete : .fixed(missing - count)
      case .chunk(let missing):
        let count = try takeBody(bytes, offset, missing)
        offset += count
        state = count == missing ? .chunkEnd : .chunk(missing - count)
      case .untilClosed: offset += try takeBody(bytes, offset, .max)
      case .statusLine, .headers, .chunkSize, .chunkEnd, .trailers: try takeLine(bytes, &offset)
      case .complete: break
      }
    }
    return offset
  }

  /// The connection has ended: that completes an answer without a length. Throws ``ResponseFault`` where the answer is cut short.
  package mutating func end() throws(ResponseFault) {
    switch state {
    case .complete: break
    case .untilClosed: state = .complete
    default: throw ResponseFault("the connection ended within the answer")
    }
  }

  // MARK: - Bodies

  private mutating func takeBody(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ missing: Int)
    throws(ResponseFault) -> Int
  {
    let count = min(missing, bytes.count - offset)
    guard body.count + count <= HTTPLoadDefaults.mostAnswerBytes else {
      throw ResponseFault("the body has more than \(HTTPLoadDefaults.mostAnswerBytes) bytes")
    }
    body.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
    return count
  }

  // MARK: - Lines

  /// Takes bytes up to the end of a line, and reads the line where that has come.
  private mutating func takeLine(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) throws(ResponseFault) {
    var end = offset
    while end < bytes.count, bytes[end] != 0x0A { end += 1 }
    let part = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
    headBytes += part.count + (end < bytes.count ? 1 : 0)
    guard headBytes <= HTTPLoadDefaults.mostHeadBytes else {
      throw ResponseFault("its head has more than \(HTTPLoadDefaults.mostHeadBytes) bytes")
    }
    guard end < bytes.count else {
      line.append(contentsOf: part)
      offset = end
      return
    }
    offset = end + 1
    if line.isEmpty {
      try read(part)
    } else {
      line.append(contentsOf: part)
      let whole = line
      // Let go first, so that the array is not copied when it is written again.
      line = []
      try whole.withUnsafeBufferPointer { bytes throws(ResponseFault) in
        try read(UnsafeRawBufferPointer(bytes))
      }
    }
  }

  /// Reads a line without its end.
  private mutating func read(_ line: UnsafeRawBufferPointer) throws(ResponseFault) {
    // A line feed alone ends a line too (RFC 9112, 2.2).
    let hasReturn = line.last == 0x0D
    let text = hasReturn ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line
    switch state {
    case .statusLine:
      // Some servers send a line end too many behind the answer before.
      guard !text.isEmpty else { return }
      head = try ResponseHead(statusLine: text)
      state = .headers
    case .headers:
      if text.isEmpty { try endHead() } else { try head.take(header: text) }
    case .chunkSize:
      let size = try Self.chunkSize(text)
      // Sizes of chunks count to the head only until their chunk has come.
      headBytes = 0
      state = size == 0 ? .trailers : .chunk(size)
    case .chunkEnd:
      guard text.isEmpty else { throw ResponseFault("a chunk is longer than it says") }
      state = .chunkSize
    case .trailers: if text.isEmpty { state = .complete }
    case .fixed, .chunk, .untilClosed, .complete: break
    }
  }

  private mutating func endHead() throws(ResponseFault) {
    headBytes = 0
    if (100..<200).contains(head.status) {
      guard head.status != 101 else { throw ResponseFault("it changes to another protocol") }
      head = ResponseHead()
      state = .statusLine
      return
    }
    if head.status == 204 || head.status == 304 {
      state = .complete
    } else if head.isChunked {
      state = .chunkSize
    } else if head.hasOtherCoding {
      throw ResponseFault("its transfer coding is not chunked")
    } else if let length = head.contentLength {
      guard length <= HTTPLoadDefaults.mostAnswerBytes else {
        throw ResponseFault("the body has \(length) bytes")
      }
      state = length == 0 ? .complete : .fixed(length)
      body.reserveCapacity(length)
    } else {
      head.closes = true
      state = .untilClosed
    }
  }

  /// The hexadecimal number before extensions, which are of no use here.
  private static func chunkSize(_ text: UnsafeRawBufferPointer) throws(ResponseFault) -> Int {
    var size = 0
    var digits = 0
    for byte in text {
      guard let digit = hexadecimal(byte) else {
        guard digits > 0, byte == 0x3B || byte == 0x20 || byte == 0x09 else {
          throw ResponseFault("the size of a chunk is no number")
        }
        break
      }
      size = size << 4 | digit
      digits += 1
      guard size <= HTTPLoadDefaults.mostAnswerBytes else { throw ResponseFault("a chunk has \(size) bytes") }
    }
    guard digits > 0 else { throw ResponseFault("a chunk has no size") }
    return size
  }

  private static func hexadecimal(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x30...0x39: Int(byte - 0x30)
    case 0x41...0x46: Int(byte - 0x37)
    case 0x61...0x66: Int(byte - 0x57)
    default: nil
    }
  }
}
