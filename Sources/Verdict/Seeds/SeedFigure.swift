import Files
import Foundation

/// One figure over several seeds.
package struct SeedFigure: Hashable, Sendable {
  /// Of an even number of values, the mean of the two in the middle.
  package let median: Double
  package let min: Double
  package let max: Double
  /// The first seed that had the least value, and the first that had the greatest.
  package let minSeed: UInt64
  package let maxSeed: UInt64
  /// How many runs had a value.
  package let runs: Int

  /// A value with the seed of its run.
  package struct Value: Hashable, Sendable {
    package let seed: UInt64
    package let number: Double

    package init(seed: UInt64, number: Double) {
      self.seed = seed
      self.number = number
    }
  }

  /// Nil where there are no values.
  package init?(_ values: [Value]) {
    guard let first = values.first else { return nil }
    let (least, greatest) = values.reduce((first, first)) { found, value in
      (value.number < found.0.number ? value : found.0, value.number > found.1.number ? value : found.1)
    }
    (min, minSeed) = (least.number, least.seed)
    (max, maxSeed) = (greatest.number, greatest.seed)
    median = Self.median(values.map(\.number).sorted())
    runs = values.count
  }

  private static func median(_ sorted: [Double]) -> Double {
    let (low, high) = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
    guard low != high else { return low }
    // The mean of 0.1 and 0.2 is 0.15, as a person reckons, and not 0.15000000000000002.
    let mean = low / 2 + high / 2
    return Double(String(format: "%.15g", mean)) ?? mean
  }

  /// As `report.json` has it.
  package var json: JSONValue {
    .object([
      "median": .number(median), "min": .number(min), "max": .number(max),
      "min_seed": JSONValue(seed: minSeed),
      "max_seed": JSONValue(seed: maxSeed), "runs": .number(Double(runs)),
    ])
  }
}

/// What an expectation over seeds makes of a figure's values.
package enum SeedFunction: String, CaseIterable, Hashable, Sendable {
  case median
  case min
  case max

  func value(of figure: SeedFigure) -> Double {
    switch self {
    case .median: figure.median
    case .min: figure.min
    case .max: figure.max
    }
  }

  /// Where that value comes from, for people.
  func origin(of figure: SeedFigure) -> String {
    switch self {
    case .median:
      "\(JSONValue.number(figure.min)) to \(JSONValue.number(figure.max)) over \(figure.runs) runs"
    case .min: "with seed \(figure.minSeed)"
    case .max: "with seed \(figure.maxSeed)"
    }
  }
}

extension JSONValue {
  /// A seed: text beyond 2^53, which numbers of JSON do not hold.
  init(seed: UInt64) { self = seed <= 1 << 53 ? .number(Double(seed)) : .text(String(seed)) }
}
