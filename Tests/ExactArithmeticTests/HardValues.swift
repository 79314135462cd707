import Telemetry

/// Readings and times on which arithmetic fails, drawn from a seed.
struct HardValues {
  let values: [Double]
  let times: [Int64]

  /// What the values of one draw are like.
  enum Kind: CaseIterable {
    case equal, ordinary, aroundZero, offset, whole, largest, denormal, zeros, anyBits, mixed
  }

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: "hard values")
    let kind = Kind.allCases[Int(seed % UInt64(Kind.allCases.count))]
    let count = [1, 2, 3, 4, 5, 8, 30, 100][Int(random.next() % 8)]
    let first = Self.draw(.anyBits, &random)
    values = (0..<count).map { _ in
      kind == .equal ? first : Self.draw(kind, &random)
    }
    // From all at once to years apart, not always in order.
    let span = [1, 1000, 60_000, 1 << 33, 1 << 50][Int(random.next() % 5)] as UInt64
    times = (0..<count).map { _ in 1_767_225_600_000 + Int64(random.next() % span) }
  }

  private static func draw(_ kind: Kind, _ random: inout SeededGenerator) -> Double {
    let sign = random.next() % 2 == 0 ? 1.0 : -1.0
    switch kind {
    case .ordinary: return 20 + random.uniform(in: -1...1)
    case .aroundZero: return random.uniform(in: -1...1)
    case .offset: return 1e15 + Double(random.next() % 8) / 8
    case .whole: return sign * Double(random.next() % 6)
    case .largest:
      return random.next() % 2 == 0
        ? sign * .greatestFiniteMagnitude : sign * random.uniform(in: 0...1) * .greatestFiniteMagnitude
    case .denormal: return sign * Double(bitPattern: random.next() >> (12 + random.next() % 52))
    case .zeros: return sign * 0
    case .equal, .anyBits:
      while true {
        let value = Double(bitPattern: random.next())
        if value.isFinite { return value }
      }
    case .mixed: return draw(Kind.allCases[1 + Int(random.next() % 8)], &random)
    }
  }
}
