import Foundation
import Ingestion
import Telemetry
import Testing
import WindowStore

private let settings = WindowSettings(
  window: .seconds(60), outOfOrderness: .seconds(60), allowedLateness: .zero)

/// What a window of `values`, one a second, becomes, whatever the order in which they come.
private func aggregates(_ values: [Double], order: ([Message]) -> [Message] = { $0 }) throws -> Aggregates {
  let messages = values.enumerated().map { message("d", Int64($0), at: Double($0), ["a": $1]) }
  let closing = message("d", Int64(values.count), at: 120, ["a": 0])
  let batch = fold(order(messages) + [closing], settings)
  #expect(batch.windows.count == 1 && batch.progress.windowsClosed == 1)
  return try #require(batch.windows.first).aggregates
}

/// Their bits, so that zeros of both signs are told apart.
private func bits(_ aggregates: Aggregates) -> [UInt64] {
  AggregateColumn.allCases.map { aggregates[$0].bitPattern }
}

@Suite struct AggregateTests {
  private static let edges: [Double] = [
    0, -0.0, 0.1, -0.1, 12.6, 14.62, 1, 1e15, 1e15 + 0.125, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
    2.2250738585072014e-308,
    1.5e308, 1.7976931348623157e308, -1.7976931348623157e308,
  ]

  @Test func readingsThatAreEqualHaveTheirValueAsMeanAndNoSpread() throws {
    for value in Self.edges {
      for count in [1, 2, 3, 7, 30, 60] {
        let found = try aggregates([Double](repeating: value, count: count))
        let expected = Aggregates(count: count, mean: value + 0, stddev: 0, min: value + 0, max: value + 0)
        #expect(bits(found) == bits(expected), "\(count) times \(value)")
      }
    }
  }

  @Test(arguments: 0..<300) func hardValuesGiveWholeRowsWhateverTheOrder(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "hard windows")
    let pool = (0..<4).map { _ in Self.edges[Int(random.next() % UInt64(Self.edges.count))] }
    let values = (0..<Int(1 + random.next() % 60)).map { _ in
      random.next() % 8 == 0 ? random.uniform(in: -1...1) : pool[Int(random.next() % 4)]
    }
    let found = try aggregates(values)
    let shuffled = try aggregates(values) { $0.shuffled(using: &random) }
    #expect(bits(shuffled) == bits(found), "seed \(seed): \(values)")

    let sorted = values.sorted()
    let quantiles = [found.min, found.p05, found.p25, found.median, found.p75, found.p95, found.max]
    #expect(quantiles == quantiles.sorted(), "seed \(seed): \(values)")
    #expect(found.min == sorted.first && found.max == sorted.last, "seed \(seed)")
    #expect(found.first == values.first && found.last == values.last, "seed \(seed)")
    #expect(found.min <= found.mean && found.mean <= found.max, "seed \(seed): \(values)")
    // At most half the range, which may itself be beyond the largest double, and rounds among the smallest.
    #expect(found.stddev <= (found.max / 2 - found.min / 2).nextUp, "seed \(seed): \(values)")
    for column in AggregateColumn.allCases where column != .slope {
      #expect(found[column].isFinite && (found[column] != 0 || found[column].sign == .plus), "seed \(seed)")
    }
  }

  @Test func onlyASlopeCanBeBeyondTheLargestDouble() throws {
    let largest = Double.greatestFiniteMagnitude
    let steep = try aggregates([-largest, largest])
    #expect(steep.slope == nil && steep.mean == 0 && steep.stddev == largest && steep.median == 0)
    // By a sixtieth as steep, it is one.
    let slow = try aggregates([-largest / 4, largest / 4])
    #expect(slow.slope == largest / 2)
    let sentinel = try aggregates([largest, largest, largest])
    #expect(sentinel.mean == largest && sentinel.stddev == 0 && sentinel.slope == 0)
  }

  /// A sign of zero is lost in SQLite's files, and what is computed again from the journal has to be the same.
  @Test func aSignOfZeroDoesNotShow() throws {
    #expect(bits(try aggregates([-0.0, 5, -0.0])) == bits(try aggregates([0.0, 5, 0.0])))
  }

  @Test func anOffsetCostsNoDigits() throws {
    let values = [0.25, 0.75, 0.25, 1.25]
    let near = try aggregates(values)
    let far = try aggregates(values.map { $0 + 1e15 })
    #expect(far.mean == 1e15 + 0.625 && far.stddev == near.stddev && far.slope == near.slope)
  }
}
