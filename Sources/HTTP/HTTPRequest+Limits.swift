extension HTTPRequest {
  /// What the head of the request breaks, of the protocol or of a server whose bodies have `bodyBytes` at most; nil where nothing.
  ///
  /// The length of a body must be beyond doubt (RFC 9112, 6.3): where a proxy and a server read it differently, one client's body is taken
  /// for another one's request.
  package func brokenLimit(bodyBytes: Int) -> HTTPLimit? {
    var length: String?
    var isChunked = false
    for field in headers.fields {
      if HTTPHeaders.isSame(field.name, "Content-Length") {
        guard length == nil || length == field.value else {
          return .malformed("two headers Content-Length say different lengths")
        }
        length = field.value
      } else if HTTPHeaders.isSame(field.name, "Transfer-Encoding") {
        guard !isChunked, HTTPHeaders.isSame(field.value, "chunked") else {
          return .malformed("the only transfer encoding that is understood is chunked, once")
        }
        isChunked = true
      } else if HTTPHeaders.isSame(field.name, "Content-Encoding") {
        guard field.value.isEmpty || HTTPHeaders.isSame(field.value, "identity") else {
          return .contentEncoding(field.value)
        }
      }
    }
    guard let length else { return nil }
    guard !isChunked else {
      return .malformed("a body has either Content-Length or Transfer-Encoding, not both")
    }
    guard let count = Int(length), count >= 0 else { return .malformed("Content-Length is no length") }
    return count > bodyBytes ? .bodyBytes(bodyBytes) : nil
  }

  /// Whether a body follows the head.
  var hasBody: Bool { headers["Transfer-Encoding"] != nil || (contentLength ?? 0) > 0 }

  /// Whether the client waits to be told that its body is wanted (RFC 9110, 10.1.1).
  var expectsContinue: Bool {
    headers["Expect"].map { HTTPHeaders.isSame($0, "100-continue") } ?? false
  }
}
