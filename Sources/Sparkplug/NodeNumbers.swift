/// The messages of one life of a node, counted on from their sequence numbers, which go from 0 to 255 and begin again.
///
/// What a sequence number stands for is told by the 256 newest messages. One with the bytes of the message that had its number last is
/// that message again. One whose payload is not newer than the newest, and that is less than half a round behind, fills a gap: it was
/// overtaken. Everything else goes on, and what lies between is missing.
///
/// What a node had under way when its connection broke comes again with the next, and, where that breaks too, with the one after it, behind the
/// birth of another life: so the newest messages of former lives are known as well, while a life is young. One of them that never came is
/// told by its time: it is older than the birth, and does not go on with the numbers.
package struct NodeNumbers: Hashable, Sendable {
  /// What a message is.
  package enum Place: Hashable, Sendable {
    /// The next, or one after a gap of `missing`.
    case next(Int64, missing: Int64)
    /// One that was overtaken by others.
    case late(Int64)
    /// One that came before.
    case again(Int64)
    /// One that came before, in a former life.
    case former
    /// One that never came, of a former life: by its own number, of which nothing is known.
    case stray(Int64)

    package var number: Int64 {
      switch self {
      case .next(let number, _), .late(let number), .again(let number), .stray(let number): number
      case .former: 0
      }
    }

    var isStray: Bool {
      if case .stray = self { true } else { false }
    }

    var isLate: Bool {
      if case .late = self { true } else { false }
    }

    package var isRepetition: Bool {
      switch self {
      case .next, .late, .stray: false
      case .again, .former: true
      }
    }
  }

  private struct Seen: Hashable, Sendable {
    var number: Int64 = -1
    var digest: UInt64 = 0
  }

  /// How many messages are known: as many as there are sequence numbers.
  private static let known = 256

  /// The newest number; −1 before the first message.
  package private(set) var last: Int64 = -1
  /// When the newest was sent by its payload, in milliseconds since 1970.
  private var lastSent: UInt64 = 0
  /// When the birth was sent by its payload; 0 where nobody knows.
  private var bornAt: UInt64 = 0
  /// How many messages in a row were of a former life.
  private var strays = 0
  /// By sequence number.
  private var seen: [Seen] = []
  /// Digests of the newest messages of former lives, oldest first.
  private var former: [UInt64] = []
  /// How many messages of this life came.
  private var taken = 0

  package init() {}

  /// A life that begins with a message of this sequence number.
  ///
  /// - Parameter former: The numbers of the life before.
  package init(birth sequence: UInt8, digest: UInt64, sent: UInt64?, after former: NodeNumbers) {
    self.former = (former.former + former.digests(of: Self.known)).suffix(Self.known)
    note(Int64(sequence), digest, sent)
    bornAt = sent ?? 0
  }

  /// What a message is, without taking it down.
  ///
  /// - Parameters:
  ///   - sequence: Nil where it has none: it is then the next, if it is not the last again.
  ///   - digest: Of its topic and its bytes.
  ///   - sent: Its payload's time; nil where it has none.
  package func place(_ sequence: UInt8?, _ digest: UInt64, sent: UInt64?) -> Place {
    let place = placeInLife(sequence, digest, sent: sent)
    return !place.isRepetition && isFormer(digest, sent: sent) ? .former : place
  }

  /// Whether a message is one of a former life. Without a time, two of different lives may have the same bytes.
  func isFormer(_ digest: UInt64, sent: UInt64?) -> Bool {
    !former.isEmpty && sent != nil && former.contains(digest)
  }

  private func placeInLife(_ sequence: UInt8?, _ digest: UInt64, sent: UInt64?) -> Place {
    guard last >= 0 else { return .next(Int64(sequence ?? 0), missing: 0) }
    guard let sequence else {
      let isLast = seen[Int(last & 255)] == Seen(number: last, digest: digest)
      return isLast ? .again(last) : .next(last + 1, missing: 0)
    }
    let back = (last - Int64(sequence)) & 255
    let earlier = last - back
    let onward = Place.next(earlier + 256, missing: 255 - back)
    let known = seen[Int(sequence)]
    let isThere = known.number == earlier && earlier >= 0
    if isThere, known.digest == digest { return .again(earlier) }
    if let sent, back < 255, isOfFormerLife(sent) { return .stray(Int64(sequence)) }
    if isThere { return onward }
    if let sent, sent <= lastSent, back < 128, earlier >= 0 { return .late(earlier) }
    return onward
  }

  /// Whether a message that does not go on with the numbers was sent before the birth. A clock that is set back after it makes all that
  /// comes older than it; then what goes on tells, or that there are more in a row than a node can have had under way.
  private func isOfFormerLife(_ sent: UInt64) -> Bool {
    sent < bornAt && lastSent >= bornAt && strays < SparkplugLimits.durableDigests
  }

  /// Takes a message down at its place.
  package mutating func take(_ place: Place, _ digest: UInt64, sent: UInt64?) {
    switch place {
    case .next(let number, _): note(number, digest, sent)
    case .stray:
      strays += 1
      // It may come again.
      former = (former + [digest]).suffix(Self.known)
    case .late(let number): seen[Int(number & 255)] = Seen(number: number, digest: digest)
    case .again, .former: break
    }
  }

  private mutating func note(_ number: Int64, _ digest: UInt64, _ sent: UInt64?) {
    if seen.isEmpty { seen = Array(repeating: Seen(), count: Self.known) }
    taken += 1
    strays = 0
    if taken > Self.known { former = [] }
    last = number
    lastSent = sent ?? lastSent
    seen[Int(number & 255)] = Seen(number: number, digest: digest)
  }

  /// The numbers of the newest `count` messages, of which some may not have come.
  private func newest(_ count: Int) -> ClosedRange<Int64>? {
    last < 0 ? nil : max(0, last - Int64(count) + 1)...last
  }

  /// The digests of the newest messages, oldest first.
  private func digests(of count: Int) -> [UInt64] {
    newest(count)?.compactMap { number in
      let entry = seen[Int(number & 255)]
      return entry.number == number ? entry.digest : nil
    } ?? []
  }

  // MARK: - Durable form

  /// Appends what is needed to go on after a restart: the newest number, its time and that of the birth, and the digests of the
  /// newest messages.
  func write(into bytes: inout [UInt8]) {
    bytes.appendWire(varint: UInt64(bitPattern: last + 1))
    bytes.appendWire(varint: lastSent)
    bytes.appendWire(varint: bornAt)
    let numbers = newest(SparkplugLimits.durableDigests)
    let kept = former.suffix(SparkplugLimits.durableDigests - (numbers?.count ?? 0))
    bytes.appendWire(varint: UInt64(kept.count))
    for digest in kept { bytes.append(digest: digest) }
    guard let numbers else { return }
    for number in numbers {
      let entry = seen[Int(number & 255)]
      // No message has the digest 0.
      bytes.append(digest: entry.number == number ? entry.digest : 0)
    }
  }

  init(from reader: inout DurableReader) throws(DurableReader.Damage) {
    let count = try reader.varint()
    guard count < 1 << 62 else { throw DurableReader.Damage() }
    last = Int64(count) - 1
    lastSent = try reader.varint()
    bornAt = try reader.varint()
    let formerCount = try reader.varint()
    guard formerCount <= UInt64(SparkplugLimits.durableDigests) else { throw DurableReader.Damage() }
    for _ in 0..<formerCount { former.append(try reader.fixed64()) }
    guard let numbers = newest(SparkplugLimits.durableDigests) else { return }
    seen = Array(repeating: Seen(), count: Self.known)
    for number in numbers {
      let digest = try reader.fixed64()
      if digest != 0 { seen[Int(number & 255)] = Seen(number: number, digest: digest) }
    }
    taken = numbers.count
  }
}

extension [UInt8] {
  mutating func append(digest: UInt64) {
    for place in 0..<8 { append(UInt8(truncatingIfNeeded: digest >> UInt64(8 * place))) }
  }
}

/// Reads what was kept of a life.
struct DurableReader {
  /// Bytes that are not of that form.
  struct Damage: Error {}

  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }

  mutating func varint() throws(Damage) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while offset < bytes.count, shift < 64 {
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    throw Damage()
  }

  mutating func fixed64() throws(Damage) -> UInt64 {
    guard bytes.count - offset >= 8 else { throw Damage() }
    var value: UInt64 = 0
    for place in 0..<8 { value |= UInt64(bytes[offset + place]) << UInt64(8 * place) }
    offset += 8
    return value
  }
}

/// A digest that tells messages of a node apart: FNV-1a (Fowler, Noll, Vo) over eight bytes at a time, never 0.
struct MessageDigest {
  private var hash: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
    var index = 0
    while index + 8 <= bytes.count {
      mix(
        UInt64(
          littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(
            fromByteOffset: index, as: UInt64.self)))
      index += 8
    }
    while index < bytes.count {
      mix(UInt64(bytes[index]))
      index += 1
    }
    mix(UInt64(bytes.count))
  }

  private mutating func mix(_ word: UInt64) {
    hash = (hash ^ word) &* 0x100_0000_01b3
    // The product's high bits reach the low ones.
    hash ^= hash >> 29
  }

  var value: UInt64 { max(1, hash ^ (hash >> 32)) }
}
