/// What of a metric's values is kept, so that a birth that tells one of them again is known to. Times are when they were measured, in
/// milliseconds since 1970.
///
/// A birth tells the value that its node had last. That is the newest, unless a clock was ahead and set right: then it is older
/// than others that came before.
struct ToldValues: Hashable, Sendable {
  struct Value: Hashable, Sendable {
    var milliseconds = Int64.min
    var number = 0.0
  }

  private(set) var newest = Value()
  private(set) var last = Value()

  var isEmpty: Bool { newest.milliseconds == .min }

  /// The value that is known of an instant; nil where none is.
  func number(at milliseconds: Int64) -> Double? {
    if milliseconds == last.milliseconds { return last.number }
    return milliseconds == newest.milliseconds ? newest.number : nil
  }

  /// - Parameter isCurrent: Whether the node had it last when it told it: it is no history, and no other has overtaken it.
  mutating func note(_ number: Double, at milliseconds: Int64, isCurrent: Bool) {
    let value = Value(milliseconds: milliseconds, number: number)
    if isCurrent || isEmpty { last = value }
    if milliseconds >= newest.milliseconds { newest = value }
  }

  // MARK: - Durable form

  func write(into bytes: inout [UInt8]) {
    bytes.appendWire(varint: UInt64(newest.milliseconds))
    bytes.append(digest: newest.number.bitPattern)
    // Nearly always it is the newest too.
    bytes.appendWire(varint: last == newest ? 0 : UInt64(last.milliseconds) + 1)
    if last != newest { bytes.append(digest: last.number.bitPattern) }
  }

  init() {}

  init(from reader: inout DurableReader) throws(DurableReader.Damage) {
    newest = try Self.value(try reader.varint(), &reader)
    let other = try reader.varint()
    last = other == 0 ? newest : try Self.value(other - 1, &reader)
  }

  private static func value(_ milliseconds: UInt64, _ reader: inout DurableReader) throws(DurableReader
    .Damage)
    -> Value
  {
    guard milliseconds <= UInt64(Int64.max) else { throw DurableReader.Damage() }
    return Value(
      milliseconds: Int64(milliseconds), number: Double(bitPattern: try reader.fixed64()))
  }
}
