import Telemetry
import Wording

/// Values that are texts or booleans, and texts of a payload in general.
extension EntryDecoder {
  /// Takes a text or a boolean.
  mutating func takeWord(_ scalar: PayloadScalar, _ node: Int, _ bytes: UnsafeBufferPointer<UInt8>) {
    let rule = Int(tree.nodes[node].rule)
    for known in plan.values[rule].enumeration where isEqual(scalar.text, known.text, bytes) {
      if let number = known.number { add(number, node) }
      return
    }
    guard scalar.kind == .text else {
      switch plan.values[rule].booleans {
      case .number: add(scalar.kind == .isTrue ? 1 : 0, node)
      case .leaveOut: return
      case .refuse: refuse(node) { "\($0) is \(scalar.kind == .isTrue), which is no number" }
      }
      return
    }
    let policy = plan.values[rule].texts
    if policy == .number || policy == .numberOrLeaveOut, let number = number(scalar.text, bytes) {
      if number.kind == .number { add(number.number, node) } else { refuseTooLarge(scalar.text, node, bytes) }
    } else if policy == .number || policy == .refuse {
      let text = text(scalar.text, bytes)
      refuse(node) { "\($0) is the text \(text.quoted), which is no number" }
    }
  }

  /// Refuses a number at `node` that a double cannot hold.
  mutating func refuseTooLarge(_ span: PayloadSpan, _ node: Int, _ bytes: UnsafeBufferPointer<UInt8>) {
    let digits = text(span, bytes)
    refuse(node) { "\($0) is \(digits.excerpt), which is beyond the range of a double" }
  }

  /// The number that a text is, perhaps one that is too large.
  private func number(_ span: PayloadSpan, _ bytes: UnsafeBufferPointer<UInt8>) -> PayloadScalar? {
    withBytes(of: span, bytes) { WrittenNumber.scalar($0) }
  }

  func isEqual(_ span: PayloadSpan, _ text: [UInt8], _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard Int(span.length) == text.count else { return false }
    return withBytes(of: span, bytes) { $0.elementsEqual(text) }
  }

  func text(_ span: PayloadSpan, _ bytes: UnsafeBufferPointer<UInt8>) -> String {
    withBytes(of: span, bytes) { String(decoding: $0, as: UTF8.self) }
  }

  @inline(__always)
  func withBytes<Result>(
    of span: PayloadSpan, _ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    guard span.isOwn else { return body(UnsafeBufferPointer(rebasing: bytes[span.range])) }
    return own.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[span.range])) }
  }
}
