/// What stands in place of a broker's answers to subscriptions (SUBACK), of all clients but the self-test's.
package struct ForgedAnswers: Sendable {
  /// Given the number of the answer in its connection, from 0, and its bytes: what is sent in its place.
  package typealias Forgery = @Sendable (_ number: Int, _ packet: [UInt8]) -> [UInt8]

  let forgery: Forgery

  package init(_ forgery: @escaping Forgery) { self.forgery = forgery }

  /// Each says this code: 0 to 2 grant that quality of service, and 128 refuses.
  package static func code(_ code: UInt8) -> ForgedAnswers { ForgedAnswers { $1.dropLast() + [code] } }

  /// One of each connection says this code.
  package static func code(_ code: UInt8, ofAnswer number: Int) -> ForgedAnswers {
    ForgedAnswers { $0 == number ? $1.dropLast() + [code] : $1 }
  }

  /// None is given.
  package static let silence = ForgedAnswers { _, _ in [] }

  /// Whether a client is left alone: the self-test must come through for its client's own subscription to be looked at.
  func spares(connect: [UInt8]) -> Bool { String(decoding: connect, as: UTF8.self).contains("-selftest") }
}

/// Finds the answers in what a broker sends, and forges them.
struct AnswerForger {
  private let forgery: ForgedAnswers.Forgery
  private var number = 0
  /// The begin of a packet that has not come whole.
  private var rest: [UInt8] = []

  init(_ answers: ForgedAnswers) { forgery = answers.forgery }

  /// What is to be sent in place of `bytes`, which come after all that came before.
  mutating func pass(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    rest += bytes
    var passed: [UInt8] = []
    var start = 0
    while let length = Self.length(rest[start...]), start + length <= rest.count {
      let packet = Array(rest[start..<start + length])
      // MQTT 5 and MQTT 3.1.1, 3.9.1: packet type 9.
      if packet[0] >> 4 == 9 {
        passed += forgery(number, packet)
        number += 1
      } else {
        passed += packet
      }
      start += length
    }
    rest.removeFirst(start)
    return passed
  }

  /// Of the packet that begins `bytes`: type, length in one to four bytes of seven bits, and what follows. Nil where it does not say yet.
  private static func length(_ bytes: ArraySlice<UInt8>) -> Int? {
    var length = 0
    for (index, byte) in bytes.dropFirst().prefix(4).enumerated() {
      length |= Int(byte & 0x7F) << (7 * index)
      if byte & 0x80 == 0 { return 2 + index + length }
    }
    return nil
  }
}
