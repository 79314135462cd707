import CMicroHTTPD

/// The body of an answer that is being streamed, as the library asks for it.
///
/// Its functions are called on the server's thread alone, and so it needs no lock; the library holds it from the making of its response
/// to the end of that.
final class StreamBody {
  private let stream: HTTPStream
  private let connection: HTTPConnection
  /// What has not been taken of the last piece.
  private var rest: ArraySlice<UInt8> = []

  private init(_ stream: HTTPStream, _ connection: HTTPConnection) {
    self.stream = stream
    self.connection = connection
  }

  /// The library's response that has `stream` as its body; nil where it makes none.
  static func response(_ stream: HTTPStream, on connection: HTTPConnection) -> OpaquePointer? {
    let body = Unmanaged.passRetained(StreamBody(stream, connection))
    stream.begin(on: connection)
    connection.exchange.isStreamed = true
    connection.stream(stream)
    let response = mhd_stream_response(
      { context, _, bytes, most in
        guard let context, let bytes else { return endOfStream }
        return Unmanaged<StreamBody>.fromOpaque(context).takeUnretainedValue()
          .read(UnsafeMutableRawBufferPointer(start: bytes, count: most))
      },
      body.toOpaque(),
      { context in
        guard let context else { return }
        Unmanaged<StreamBody>.fromOpaque(context).takeRetainedValue().stream.close()
      })
    if response == nil {
      stream.close()
      body.release()
    }
    return response
  }

  /// Puts what comes next into `bytes`. Returns how much that is; 0 where the connection is suspended.
  private func read(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
    while rest.isEmpty {
      switch stream.step() {
      case .piece(let piece): rest = piece[...]
      case .wait: return 0
      case .end: return endOfStream
      }
    }
    // Each piece has its own time to leave.
    connection.enter(.sending)
    let count = min(rest.count, bytes.count)
    rest.withUnsafeBytes { bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    rest = rest.dropFirst(count)
    return count
  }
}

/// What the library takes for the end: `MHD_CONTENT_READER_END_OF_STREAM`.
private let endOfStream = -1
