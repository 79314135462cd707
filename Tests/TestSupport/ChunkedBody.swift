/// A body as it comes in chunks (RFC 9112, 7.1).
package enum ChunkedBody {
  /// What the chunks in `bytes` say, one after the other, and whether the last one is among them. One that has not come in full is left out.
  package static func text(_ bytes: [UInt8]) -> (text: String, isWhole: Bool) {
    var body: [UInt8] = []
    var rest = bytes[...]
    while let end = rest.firstRange(of: [0x0D, 0x0A]),
      let count = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16)
    {
      if count == 0 { return (String(decoding: body, as: UTF8.self), true) }
      let chunk = rest[end.upperBound...].prefix(count)
      guard chunk.count == count else { break }
      body += chunk
      rest = rest[end.upperBound...].dropFirst(count + 2)
    }
    return (String(decoding: body, as: UTF8.self), false)
  }
}
