/// What matters of an answer's status line and headers.
package struct ResponseHead: Hashable, Sendable {
  package private(set) var status = 0
  /// Whether the connection ends behind this answer.
  package internal(set) var closes = false
  package private(set) var contentLength: Int?
  package private(set) var isChunked = false
  /// Whether the body is in a transfer coding that is not understood here.
  private(set) var hasOtherCoding = false
  /// What `x-request-id` says; nil where there is none.
  package private(set) var requestID: [UInt8]?
  /// How many seconds `Retry-After` asks for; nil where it does not, or says a date.
  package private(set) var retryAfter: Int?
  /// How many bytes of the body are JSON, as `Inference-Header-Content-Length` says; nil where all are.
  package private(set) var jsonLength: Int?

  init() {}

  /// Reads `HTTP/1.1 200 OK`.
  init(statusLine text: UnsafeRawBufferPointer) throws(ResponseFault) {
    // The reason is for people, and may be missing with its blank.
    guard text.count >= 12, text.starts(with: "HTTP/1.".utf8), text[7] == 0x31 || text[7] == 0x30,
      text[8] == 0x20, text.count == 12 || text[12] == 0x20
    else { throw ResponseFault("it does not begin with a status line of HTTP/1.1") }
    for byte in text[9..<12] {
      guard (0x30...0x39).contains(byte) else { throw ResponseFault("its status is no number") }
      status = status * 10 + Int(byte - 0x30)
    }
    guard status >= 100 else { throw ResponseFault("its status is \(status)") }
    closes = text[7] == 0x30
  }

  /// Reads `Name: value`. Names that are of no use here are passed over.
  mutating func take(header text: UnsafeRawBufferPointer) throws(ResponseFault) {
    guard let colon = text.firstIndex(of: 0x3A), colon > 0 else {
      throw ResponseFault("a header has no name")
    }
    // A blank here would begin a continued line, or be seen as a part of the name by others (RFC 9112, 5.1).
    guard text[0] != 0x20, text[0] != 0x09, text[colon - 1] != 0x20, text[colon - 1] != 0x09 else {
      throw ResponseFault("a header's name has a blank")
    }
    let name = UnsafeRawBufferPointer(rebasing: text[..<colon])
    var value = text[(colon + 1)...]
    while let first = value.first, first == 0x20 || first == 0x09 { value = value.dropFirst() }
    while let last = value.last, last == 0x20 || last == 0x09 { value = value.dropLast() }
    // By length first: most headers are none of these.
    switch name.count {
    case 14 where Self.isSame(name, "content-length"):
      let length = try Self.number(value)
      guard contentLength == nil || contentLength == length else {
        throw ResponseFault("it has two lengths")
      }
      contentLength = length
    case 17 where Self.isSame(name, "transfer-encoding"):
      if Self.isSame(UnsafeRawBufferPointer(rebasing: value), "chunked") {
        isChunked = true
      } else if !Self.isSame(UnsafeRawBufferPointer(rebasing: value), "identity") {
        hasOtherCoding = true
      }
    case 10 where Self.isSame(name, "connection"): takeConnection(value)
    case 11 where Self.isSame(name, "retry-after"): retryAfter = try? Self.number(value)
    case 12 where Self.isSame(name, "x-request-id"): requestID = Array(value)
    case 31 where Self.isSame(name, "inference-header-content-length"):
      jsonLength = try Self.number(value)
    default: break
    }
  }

  /// A list of words, of which two matter.
  private mutating func takeConnection(_ value: Slice<UnsafeRawBufferPointer>) {
    for part in value.split(separator: 0x2C) {
      let word = part.filter { $0 != 0x20 && $0 != 0x09 }
      word.withUnsafeBytes { word in
        if Self.isSame(word, "close") { closes = true }
        if Self.isSame(word, "keep-alive") { closes = false }
      }
    }
  }

  private static func number(_ text: Slice<UnsafeRawBufferPointer>) throws(ResponseFault) -> Int {
    var number = 0
    for byte in text {
      guard (0x30...0x39).contains(byte) else { throw ResponseFault("a length is no number") }
      let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
      guard !isTooLarge, product <= Int.max - 9 else { throw ResponseFault("a length is too large") }
      number = product + Int(byte - 0x30)
    }
    guard !text.isEmpty else { throw ResponseFault("a length is empty") }
    return number
  }

  /// Without regard to case, of ASCII alone. `other` is in lower case.
  private static func isSame(_ text: UnsafeRawBufferPointer, _ other: StaticString) -> Bool {
    guard text.count == other.utf8CodeUnitCount else { return false }
    let other = UnsafeRawBufferPointer(start: other.utf8Start, count: text.count)
    return zip(text, other).allSatisfy { byte, wanted in
      (byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte) == wanted
    }
  }
}
