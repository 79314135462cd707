import Wording

/// The seeds that a scenario is run with, one after the other: `1..10`, `1,5,9` or `1..3,7`.
package struct SeedList: Hashable, Sendable {
  /// Each of them once, in the order of the runs; never empty.
  package let seeds: [UInt64]

  /// The most seeds of a scenario. Each is a whole run with a folder of its own: a thousand quickstarts take more than an hour
  /// and 13 GB, and the median of a thousand is known as well as anybody needs it. More is rather a slip of the finger.
  package static let most = 1000

  /// What is expected, for messages.
  package static let wanted = "seeds such as 1..10, 1,5,9 or 1..3,7"

  /// Throws ``SeedListError`` where there are none, too many, or one of them twice.
  package init(_ seeds: [UInt64]) throws(SeedListError) {
    try self.init(parts: seeds.map { $0...$0 })
  }

  /// Reads the parts that are separated by commas.
  package init(_ text: String) throws(SeedListError) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    var ranges: [ClosedRange<UInt64>] = []
    for part in parts { ranges.append(try Self.range(part.trimmingSpaces)) }
    if ranges.count == 1, !text.contains("..") {
      let seed = ranges[0].lowerBound
      throw SeedListError(
        "\(text.quoted) alone may be one seed or the number of them; write \(seed)..\(seed)"
          + (seed > 1 ? ", or 1..\(seed)" : ""))
    }
    try self.init(parts: ranges)
  }

  /// Throws ``SeedListError`` where all together are none, too many, or have a seed twice.
  package init(parts: [ClosedRange<UInt64>]) throws(SeedListError) {
    guard !parts.isEmpty else { throw SeedListError("there is no seed; give \(Self.wanted)") }
    var seeds: [UInt64] = []
    var seen: Set<UInt64> = []
    for part in parts {
      // The width of a range of all numbers of 64 bits is none of 64 bits.
      guard part.upperBound - part.lowerBound < UInt64(Self.most), seeds.count + part.count <= Self.most
      else {
        throw SeedListError(
          "there are more than \(Self.most) seeds; each is a whole run with a folder of its own, and "
            + "\(Self.most) are the most")
      }
      for seed in part {
        guard seen.insert(seed).inserted else { throw SeedListError("seed \(seed) is given twice") }
        seeds.append(seed)
      }
    }
    self.seeds = seeds
  }

  /// A seed, or `1..10`.
  package static func range(_ text: some StringProtocol) throws(SeedListError) -> ClosedRange<UInt64> {
    guard let dots = text.firstRange(of: "..") else {
      let seed = try seed(text)
      return seed...seed
    }
    let (low, high) = (text[..<dots.lowerBound].trimmingSpaces, text[dots.upperBound...].trimmingSpaces)
    guard !low.isEmpty, !high.isEmpty else {
      throw SeedListError("the range \(text.quoted) lacks an end; write it as 1..10")
    }
    let (first, last) = (try seed(low), try seed(high))
    guard first <= last else {
      throw SeedListError("the range \(text.quoted) runs backwards; write \(last)..\(first)")
    }
    return first...last
  }

  private static func seed(_ text: some StringProtocol) throws(SeedListError) -> UInt64 {
    // A sign would be read as well.
    let isNumber = !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    guard isNumber, let seed = UInt64(text) else {
      throw SeedListError(
        isNumber
          ? "\(text.quoted) is too great: a seed is a whole number from 0 to \(UInt64.max)"
          : text.isEmpty
            ? "a seed is missing; expected \(wanted)" : "\(text.quoted) is no seed; expected \(wanted)")
    }
    return seed
  }
}

/// Why a text names no seeds, in a sentence.
package struct SeedListError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

extension SeedList: CustomStringConvertible {
  /// As it can be read again; three neighbours and more are a range.
  package var description: String {
    var parts: [String] = []
    var index = 0
    while index < seeds.count {
      var end = index
      while end + 1 < seeds.count, seeds[end] < .max, seeds[end + 1] == seeds[end] + 1 { end += 1 }
      // Alone it would be read as their number.
      if end - index > 1 || (seeds.count == 1) {
        parts.append("\(seeds[index])..\(seeds[end])")
      } else {
        parts += seeds[index...end].map(String.init)
      }
      index = end + 1
    }
    return parts.joined(separator: ",")
  }
}

extension SeedList: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    do throws(SeedListError) {
      try self.init(text)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension StringProtocol {
  fileprivate var trimmingSpaces: String {
    let rest = drop { $0 == " " }
    return String(rest.prefix(rest.count - rest.reversed().prefix { $0 == " " }.count))
  }
}
