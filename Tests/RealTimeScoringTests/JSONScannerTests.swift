import Files
import Foundation
import RealTimeScoring
import Telemetry
import Testing

/// The scanner against Foundation's reader, and against what RFC 8259 forbids.
@Suite struct JSONScannerTests {
  /// Whether `text` is one JSON value and nothing else.
  private func accepts(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      var scanner = JSONScanner(bytes)
      do {
        try scanner.skipValue()
        try scanner.finish()
        return true
      } catch {
        return false
      }
    }
  }

  private func number(_ text: String) -> Double? {
    Array(text.utf8).withUnsafeBufferPointer { bytes in
      var scanner = JSONScanner(bytes)
      guard let value = try? scanner.number(), (try? scanner.finish()) != nil else { return nil }
      return value
    }
  }

  private func text(_ json: String) -> String? {
    Array(json.utf8).withUnsafeBufferPointer { bytes in
      var scanner = JSONScanner(bytes)
      guard let text = try? scanner.text(), (try? scanner.finish()) != nil else { return nil }
      return try? scanner.decoded(text)
    }
  }

  @Test func numbersAreTheNearestDoubles() {
    var generator = SeededGenerator(seed: 7, stream: "numbers")
    for _ in 0..<20_000 {
      let value = Double(bitPattern: generator.next())
      guard value.isFinite else { continue }
      let short = "\(Double(Int.random(in: -99_999...99_999, using: &generator)) / 1000)"
      for text in [
        "\(value)", short, String(format: "%.25e", value), "\(Int64(bitPattern: generator.next()))",
      ] {
        let expected = Double(text)
        #expect(number(text)?.bitPattern == expected?.bitPattern, "seed 7: \(text)")
      }
    }
  }

  @Test(arguments: [
    "", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x10", "1e400", "NaN", "Infinity", "1 2", "1,",
    "--1", "1.5.2",
  ])
  func whatIsNoNumberIsRefused(text: String) { #expect(number(text) == nil) }

  @Test func textsAreDecoded() {
    #expect(text(#""pump-001""#) == "pump-001")
    #expect(text(#""\u00e9\n\"\\\/\b\f\r\t""#) == "é\n\"\\/\u{8}\u{C}\r\t")
    #expect(text(#""\ud83d\ude00 😀""#) == "😀 😀")
    for broken in [
      #""\ud83d""#, #""\ude00""#, #""\ud83dx""#, #""\x""#, #""\u12""#, #""open"#, "\"a\nb\"", #""\"#,
    ] {
      #expect(text(broken) == nil, "\(broken)")
    }
    // 0xFF is in no UTF-8.
    let bytes: [UInt8] = [0x22, 0xFF, 0x22]
    bytes.withUnsafeBufferPointer { bytes in
      var scanner = JSONScanner(bytes)
      #expect(throws: JSONFault.self) { try scanner.decoded(scanner.text()) }
    }
  }

  @Test(arguments: [
    "[1,]", "[,1]", "[1 2]", "{\"a\" 1}", "{\"a\":1,}", "{a:1}", "{,}", "[", "]", "{", "}", "{\"a\"}", "[1}",
    "{\"a\":1]",
    "tru", "nul", "truee", "'a'", "[1]x", "{\"a\":}", "[NaN]", "\u{FEFF}1", "/* */ 1", "{\"a\":1 \"b\":2}",
    "[\"a", "[1\u{0}]",
  ])
  func whatIsNoJSONIsRefused(text: String) { #expect(!accepts(Array(text.utf8))) }

  @Test func nestingIsBounded() {
    let most = JSONScanner.maximumDepth
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    #expect(accepts(nested(most)))
    #expect(!accepts(nested(most + 1)))
    #expect(!accepts(nested(100_000)))
  }

  /// Documents of all kinds, whole and with a byte changed: what Foundation refuses the scanner refuses too, but for what Foundation
  /// itself says of numbers and of control characters; and what the writer writes both take.
  @Test func damagedDocumentsAreReadAsFoundationReadsThem() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed, stream: "documents")
    var refused = 0
    for _ in 0..<3000 {
      var writer = JSONWriter()
      write(&writer, depth: 0, &generator)
      #expect(accepts(writer.bytes), "seed \(seed): \(String(decoding: writer.bytes, as: UTF8.self))")
      #expect(isJSON(writer.bytes), "seed \(seed): \(String(decoding: writer.bytes, as: UTF8.self))")
      var damaged = writer.bytes
      let place = Int.random(in: damaged.indices, using: &generator)
      damaged[place] = Array("{}[]\",:0-e.ntf \\".utf8).randomElement(using: &generator)!
      if accepts(damaged) != isJSON(damaged) {
        // Foundation takes what a double cannot hold for no JSON, and so does the scanner; all else must agree.
        Issue.record("seed \(seed): \(String(decoding: damaged, as: UTF8.self))")
      }
      if !accepts(damaged) { refused += 1 }
    }
    #expect(refused > 500, "seed \(seed)")
  }

  private func isJSON(_ bytes: [UInt8]) -> Bool {
    // A comma before a bracket, which Foundation takes.
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.firstMatch(of: /,\s*[\]}]/) == nil || text.contains("\"") && isComma(inText: text) else {
      return false
    }
    return (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
  }

  /// Whether every comma before a bracket lies within a text.
  private func isComma(inText text: String) -> Bool {
    var isInside = false
    var isEscaped = false
    var last: Character = " "
    for character in text {
      if isEscaped {
        isEscaped = false
        continue
      }
      if isInside {
        if character == "\\" { isEscaped = true }
        if character == "\"" { isInside = false }
        last = "x"
        continue
      }
      if character == "\"" { isInside = true }
      if last == ",", character == "]" || character == "}" { return false }
      if character != " " { last = character }
    }
    return true
  }

  private func write(_ writer: inout JSONWriter, depth: Int, _ generator: inout SeededGenerator) {
    switch Int.random(in: 0..<(depth < 4 ? 8 : 6), using: &generator) {
    case 0: writer.number(Double.random(in: -1e6...1e6, using: &generator))
    case 1: writer.number(Int.random(in: -1_000_000...1_000_000, using: &generator))
    case 2: writer.text(["", "a", "é\n", "\"q\\", "\u{1}😀", "{}[],:"].randomElement(using: &generator)!)
    case 3: writer.bool(Bool.random(using: &generator))
    case 4: writer.null()
    case 5: writer.number(Double.infinity)
    case 6:
      writer.beginArray()
      for _ in 0..<Int.random(in: 0...4, using: &generator) { write(&writer, depth: depth + 1, &generator) }
      writer.endArray()
    default:
      writer.beginObject()
      for index in 0..<Int.random(in: 0...4, using: &generator) {
        writer.key(named: "k\(index)")
        write(&writer, depth: depth + 1, &generator)
      }
      writer.endObject()
    }
  }
}
