import Files
import Testing

@Suite struct DecimalTextTests {
  private func read(_ text: String) -> (value: Double?, length: Int) {
    var offset = 0
    let value = Array(text.utf8).withUnsafeBufferPointer { DecimalText.double(in: $0, at: &offset) }
    return (value, offset)
  }

  /// Against the standard library's own parser, over every way a double is written.
  @Test func everyDoubleReadsBackToTheBit() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var generator = SplitMix(state: seed)
    for _ in 0..<200_000 {
      let digits = Int.random(in: 1...21, using: &generator)
      let point = Int.random(in: 0...digits, using: &generator)
      var text = Bool.random(using: &generator) ? "-" : ""
      for index in 0..<digits {
        if index == point { text += "." }
        text += "\(Int.random(in: 0...9, using: &generator))"
      }
      if Bool.random(using: &generator) { text += "e\(Int.random(in: -40...40, using: &generator))" }
      let found = read(text)
      #expect(found.value?.bitPattern == Double(text)?.bitPattern, "\(text), seed \(seed)")
      #expect(found.length == text.utf8.count)
      let shortest = Double.random(in: -3...3, using: &generator)
      #expect(read("\(shortest)").value?.bitPattern == shortest.bitPattern, "\(shortest)")
      let any = Double(bitPattern: generator.next())
      if any.isFinite { #expect(read("\(any)").value?.bitPattern == any.bitPattern, "\(any)") }
    }
  }

  /// Just at, above and below the middle between two doubles.
  @Test(arguments: [
    "9007199254740993", "9007199254740992.9999", "9007199254740993.0001", "0.50000000000000005551",
    "1.00000000000000011102", "4503599627370496.5", "4503599627370497.5", "1e23", "1e-27",
    "123456789012345678e-27", "18446744073709551616", "0.18446744073709551616", "1844674407370955161.5",
    "9007199254740993.0e-1", "90071992547409930e-1", "36028797018963970.5",
    "0.000", "-0", "1e400", "1e-400", "5e-324", "2.2250738585072011e-308",
  ])
  func tiesAndEdges(text: String) {
    let expected = Double(text).flatMap { $0.isFinite ? $0 : nil }
    #expect(read(text).value?.bitPattern == expected?.bitPattern)
  }

  @Test func stopsBehindTheNumber() {
    #expect(read("1.5:2") == (1.5, 3))
    #expect(read("12 3") == (12, 2))
  }

  @Test(arguments: ["", "-", ".", "e5", "x1", "inf", "nan", "1e", "1e+", "--1"])
  func whatIsNoNumberIsRefused(text: String) {
    let found = read(text)
    #expect(found.value == nil && found.length == 0)
  }
}

/// SplitMix64, enough to vary a test.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
