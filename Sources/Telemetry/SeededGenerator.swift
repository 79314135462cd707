/// The generator behind everything random in a run: xoshiro256** (Blackman and Vigna, "Scrambled Linear
/// Pseudorandom Number Generators", 2021), its state filled by SplitMix64. Equal seeds and stream names give
/// equal numbers on every machine.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var s0: UInt64
  private var s1: UInt64
  private var s2: UInt64
  private var s3: UInt64

  /// The generator of one named stream of a run. Streams of different names are independent, so a device draws
  /// the same numbers whatever the other devices draw.
  package init(seed: UInt64, stream: String = "") {
    var state = seed
    // FNV-1a, 64 bits: spreads the name over the state before SplitMix64 mixes it.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in stream.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    state ^= hash
    func splitMix() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
    s0 = splitMix()
    s1 = splitMix()
    s2 = splitMix()
    s3 = splitMix()
  }

  package mutating func next() -> UInt64 {
    let product = s1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << 45) | (s3 >> 19)
    return result
  }

  /// A number of [0, 1), with 53 random bits.
  package mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number of `range`, evenly distributed.
  package mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// An index of `0..<count`, evenly distributed (Lemire's multiply-and-shift, without the rejection step: the
  /// bias is below count / 2^64). `count` is at least 1.
  package mutating func index(below count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// `count` different indices of `0..<total`, ascending (Floyd's sampling).
  package mutating func sample(_ count: Int, of total: Int) -> [Int] {
    var chosen = Set<Int>()
    for upper in max(0, total - count)..<total {
      let candidate = index(below: upper + 1)
      chosen.insert(chosen.contains(candidate) ? upper : candidate)
    }
    return chosen.sorted()
  }
}

/// Random numbers by index, for what must be known out of order: SplitMix64 (Steele, Lea and Flood, "Fast Splittable
/// Pseudorandom Number Generators", 2014), whose state is a counter.
package struct IndexedGenerator: Sendable {
  private let origin: UInt64

  /// The numbers of one named stream of a run.
  package init(seed: UInt64, stream: String) {
    var generator = SeededGenerator(seed: seed, stream: stream)
    origin = generator.next()
  }

  /// Number `index`, of [0, 1), with 53 random bits.
  package func uniform(at index: Int64) -> Double {
    var z = origin &+ UInt64(bitPattern: index) &* 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}
