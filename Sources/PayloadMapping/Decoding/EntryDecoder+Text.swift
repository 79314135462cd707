import Telemetry
import Wording

/// Payloads that are one value.
extension EntryDecoder {
  /// Takes a payload that is a number, a boolean or another text.
  mutating func text(_ payload: UnsafeBufferPointer<UInt8>) {
    beginRecord(PathTree.root)
    defer { current = -1 }
    var range = Self.trimmed(payload, payload.startIndex..<payload.endIndex)
    guard !range.isEmpty else { return }
    if payload[range.lowerBound] == 0x22 {
      // As JSON has it: what stands between the quotation marks.
      var cursor = PayloadCursor(UnsafeBufferPointer(rebasing: payload[..<range.upperBound]))
      cursor.offset = range.lowerBound
      if let span = try? cursor.string(&own), cursor.offset == range.upperBound {
        guard !span.isOwn else {
          return take(PayloadScalar(kind: .text, text: span), PathTree.root, payload)
        }
        range = Self.trimmed(payload, span.range)
      }
    }
    take(word(payload, range), PathTree.root, payload)
  }

  /// What stands at `range`: a number, a boolean, or another text.
  func word(_ payload: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> PayloadScalar {
    var cursor = PayloadCursor(UnsafeBufferPointer(rebasing: payload[..<range.upperBound]))
    cursor.offset = range.lowerBound
    var unused: [UInt8] = []
    guard cursor.next != 0x22, let scalar = try? cursor.scalar(&unused), cursor.offset == range.upperBound
    else {
      return PayloadScalar(kind: .text, text: PayloadSpan(range))
    }
    return scalar
  }

  private static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Range<Int> {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, isSpace(bytes[start]) { start += 1 }
    while end > start, isSpace(bytes[end - 1]) { end -= 1 }
    return start..<end
  }
}
