import HTTPLoad
import Telemetry
import Testing

/// Answers, cut into pieces in every way.
@Suite struct ResponseParserTests {
  /// What comes of reading bytes in pieces.
  private struct Reading: Hashable {
    var status = 0
    var body: [UInt8] = []
    var closes = false
    var taken = 0
    var isComplete = false
    var fault: String?
  }

  /// - Parameter ends: Where pieces end, ascending; the last is where the bytes do.
  private func read(_ bytes: [UInt8], cutAt ends: [Int], closing: Bool = false) -> Reading {
    var parser = ResponseParser()
    var reading = Reading()
    do throws(ResponseFault) {
      var begin = 0
      for end in ends where !parser.isComplete {
        let piece = Array(bytes[begin..<end])
        reading.taken += try piece.withUnsafeBufferPointer { piece throws(ResponseFault) in
          try parser.take(UnsafeRawBufferPointer(piece))
        }
        begin = end
      }
      if closing { try parser.end() }
    } catch {
      // How much was taken before is not told alike for all pieces, and of no use.
      return Reading(fault: error.description)
    }
    reading.status = parser.answer.status
    reading.body = parser.body
    reading.closes = parser.answer.closes
    reading.isComplete = parser.isComplete
    return reading
  }

  private func whole(_ bytes: [UInt8], closing: Bool = false) -> Reading {
    read(bytes, cutAt: [bytes.count], closing: closing)
  }

  private static let answers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200\r\ncontent-length:0\r\n\r\n",
    "HTTP/1.1 200 \r\nConnection: keep-alive\r\nContent-Length:   3  \r\nX: y\r\n\r\nabc",
    "\r\nHTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: foo, Close\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=\"y\"\r\n0123456789\r\n00\r\nTrailer: z\r\n\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\nContent-Length: 99\r\n\r\n1\r\nx\r\n0\r\n\r\n",
  ]
  private static let bodies = [
    "hello", "", "abc", "{}", "", "", "x", "hello0123456789", "ok", "ok", "ok", "x",
  ]

  @Test func answersAreReadHoweverTheyAreCut() {
    for (text, body) in zip(Self.answers, Self.bodies) {
      let bytes = Array(text.utf8)
      // What follows belongs to the next answer.
      let followed = bytes + Array("HTTP/1.1 500 Next\r\n\r\n".utf8)
      let expected = whole(bytes)
      #expect(expected.isComplete && expected.body == Array(body.utf8), "\(text)")
      #expect(expected.taken == bytes.count, "\(text)")
      #expect(whole(followed) == expected, "\(text)")
      for first in 0...bytes.count {
        #expect(read(bytes, cutAt: [first, bytes.count]) == expected, "\(text) cut at \(first)")
        for second in first...bytes.count where second - first < 12 {
          #expect(
            read(bytes, cutAt: [first, second, bytes.count]) == expected, "\(text) at \(first), \(second)")
        }
      }
      #expect(read(bytes, cutAt: Array(1...bytes.count)) == expected, "\(text) byte by byte")
    }
  }

  @Test func theConnectionEndsWhereTheAnswerSaysSo() {
    let closing = Self.answers.map { whole(Array($0.utf8)).closes }
    #expect(closing == [false, false, false, true, false, false, false, false, false, true, false, false])
  }

  @Test func anAnswerThatIsCutShortIsNotComplete() {
    for text in Self.answers {
      let bytes = Array(text.utf8)
      for end in 0..<bytes.count {
        #expect(!whole(Array(bytes[..<end])).isComplete, "\(text) up to \(end)")
        #expect(whole(Array(bytes[..<end]), closing: true).fault != nil, "\(text) up to \(end)")
      }
    }
  }

  @Test func withoutALengthTheBodyGoesOnToTheEnd() {
    let bytes = Array("HTTP/1.1 200 OK\r\n\r\nall of it".utf8)
    #expect(!whole(bytes).isComplete)
    for cut in 0...bytes.count {
      let reading = read(bytes, cutAt: [cut, bytes.count], closing: true)
      #expect(reading.isComplete && reading.closes && reading.body == Array("all of it".utf8))
    }
  }

  @Test(arguments: [
    "HTTP/2 200 OK\r\n", "HTTP/1.1 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 099 x\r\n",
    "GET / HTTP/1.1\r\n",
    "SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n", "HTTP/1.1 200 OK\r\n: x\r\n",
    "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length:\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
  ])
  func whatIsNoAnswerIsSaid(text: String) {
    let bytes = Array(text.utf8)
    let fault = whole(bytes).fault
    #expect(fault != nil)
    #expect(read(bytes, cutAt: Array(1...bytes.count)).fault == fault)
  }

  @Test func headsAndAnswersHaveABound() {
    let header = "X-Long: " + String(repeating: "x", count: 1000) + "\r\n"
    let head = Array(("HTTP/1.1 200 OK\r\n" + String(repeating: header, count: 100)).utf8)
    #expect(whole(head).fault != nil)
    #expect(read(head, cutAt: Array(1...head.count)).fault == whole(head).fault)
    let line = Array(("HTTP/1.1 200 " + String(repeating: "x", count: 100_000)).utf8)
    #expect(whole(line).fault != nil)
    // Many chunks are no large head.
    let chunks = String(repeating: "1\r\nx\r\n", count: 50_000)
    let reading = whole(
      Array(("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n").utf8))
    #expect(reading.isComplete && reading.body.count == 50_000)
  }

  @Test func headersThatMatterAreKept() throws {
    let text = """
      HTTP/1.1 200 OK\r\nX-Request-ID: a-17\r\nINFERENCE-Header-Content-Length: 42\r\nContent-Length: 0\r\n\r\n
      """
    var parser = ResponseParser()
    let bytes = Array(text.utf8)
    _ = try bytes.withUnsafeBytes { try parser.take($0) }
    #expect(parser.answer.requestID == Array("a-17".utf8))
    #expect(parser.answer.jsonLength == 42)
    parser.reset()
    #expect(parser.answer.requestID == nil && parser.answer.jsonLength == nil && !parser.hasBegun)
  }

  /// Answers with bytes changed, left out and added: whatever comes of them, it is the same for every way of cutting them.
  @Test func damagedAnswersAreReadAlikeHoweverTheyAreCut() {
    for seed in 0..<3000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed, stream: "damage")
      var bytes = Array(Self.answers[generator.index(below: Self.answers.count)].utf8)
      for _ in 0...generator.index(below: 4) where !bytes.isEmpty {
        let place = generator.index(below: bytes.count)
        switch generator.index(below: 3) {
        case 0: bytes[place] = UInt8(generator.index(below: 256))
        case 1: bytes.remove(at: place)
        default: bytes.insert(Array("\r\n: 0aF;".utf8)[generator.index(below: 8)], at: place)
        }
      }
      guard !bytes.isEmpty else { continue }
      let expected = whole(bytes)
      #expect(read(bytes, cutAt: Array(1...bytes.count)) == expected, "seed \(seed)")
      let cuts = (0..<3).map { _ in generator.index(below: bytes.count + 1) }.sorted()
      #expect(read(bytes, cutAt: cuts + [bytes.count]) == expected, "seed \(seed)")
    }
  }
}
