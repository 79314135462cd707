import Foundation

/// Numbers texts as they come, from 0, and finds them again by their bytes.
struct ByteTable: Sendable {
  private var bytes: [UInt8] = []
  /// Where each text ends in `bytes`; it begins where the one before it ends.
  private var ends: [Int] = []
  /// Open addressing: numbers, −1 where free. A power of two, at most half full.
  private var slots = [Int32](repeating: -1, count: 64)

  var count: Int { ends.count }

  /// The number of `text`, and whether it is new.
  mutating func number(of text: UnsafeBufferPointer<UInt8>) -> (number: Int, isNew: Bool) {
    var slot = Self.hash(text) & (slots.count - 1)
    while slots[slot] >= 0 {
      let number = Int(slots[slot])
      if isEqual(number, text) { return (number, false) }
      slot = (slot + 1) & (slots.count - 1)
    }
    bytes.append(contentsOf: text)
    ends.append(bytes.count)
    guard ends.count * 2 > slots.count else {
      slots[slot] = Int32(ends.count - 1)
      return (ends.count - 1, true)
    }
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for number in ends.indices {
      var slot = bytes.withUnsafeBufferPointer { Self.hash(UnsafeBufferPointer(rebasing: $0[range(number)])) }
      slot &= slots.count - 1
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(number)
    }
    return (ends.count - 1, true)
  }

  private func range(_ number: Int) -> Range<Int> { (number == 0 ? 0 : ends[number - 1])..<ends[number] }

  private func isEqual(_ number: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let range = range(number)
    guard range.count == text.count else { return false }
    return text.isEmpty
      || bytes.withUnsafeBufferPointer {
        memcmp($0.baseAddress! + range.lowerBound, text.baseAddress!, text.count) == 0
      }
  }

  /// FNV-1a (Fowler, Noll, Vo).
  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: (hash ^ (hash >> 32)) & 0x7fff_ffff)
  }
}
