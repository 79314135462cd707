/// The figures of stretches in `docs/evaluation.md`, computed window by window, and those of affiliation quarter by quarter of a window.
struct NaiveStretches {
  typealias Judged = NaiveFigures.Judged

  let series: [[Judged]]

  private func stretches(_ marks: [Bool]) -> [[Int]] {
    marks.indices.filter { marks[$0] && ($0 == 0 || !marks[$0 - 1]) }.map { first in
      Array(marks[first...].prefix { $0 }.indices)
    }
  }

  /// The mean of `values`; nil of none.
  private func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  private func f1(_ precision: Double?, _ recall: Double?) -> Double? {
    guard let recall else { return nil }
    let precision = precision ?? 0
    return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
  }

  // MARK: - Ranges

  private func rewards(
    of own: KeyPath<Judged, Bool>, by other: KeyPath<Judged, Bool>, existence: Double
  ) -> [Double] {
    series.flatMap { windows in
      let others = stretches(windows.map { $0[keyPath: other] })
      return stretches(windows.map { $0[keyPath: own] }).map { stretch in
        let covered = stretch.count { windows[$0][keyPath: other] }
        let met = others.count { !Set($0).isDisjoint(with: stretch) }
        return met == 0
          ? 0 : existence + (1 - existence) * Double(covered) / Double(stretch.count) / Double(met)
      }
    }
  }

  var rangePrecision: Double? { mean(rewards(of: \.isFlagged, by: \.isAnomalous, existence: 0)) }
  var rangeRecall: Double? { mean(rewards(of: \.isAnomalous, by: \.isFlagged, existence: 0.2)) }
  var rangeF1: Double? { f1(rangePrecision, rangeRecall) }

  // MARK: - Events

  var eventF1: Double? {
    let flagged = series.joined().filter(\.isFlagged)
    let found = series.flatMap { windows in
      stretches(windows.map(\.isAnomalous)).map { $0.contains { windows[$0].isFlagged } ? 1.0 : 0 }
    }
    return f1(mean(flagged.map { $0.isAnomalous ? 1 : 0 }), mean(found))
  }

  // MARK: - Affiliation

  /// All that bends lies at quarters of a window, and what lies between is straight: the middle stands for the quarter.
  private func middles(_ from: Double, _ to: Double) -> [Double] {
    stride(from: from, to: to, by: 0.25).map { $0 + 0.125 }
  }

  private func distance(_ x: Double, _ from: Double, _ to: Double) -> Double { max(from - x, x - to, 0) }

  var affiliationF1: Double? {
    var precisions: [Double] = []
    var recalls: [Double] = []
    for windows in series {
      let anomalies = stretches(windows.map(\.isAnomalous)).map {
        (from: Double($0[0]), to: Double($0[$0.count - 1] + 1))
      }
      for (index, anomaly) in anomalies.enumerated() {
        let from = index == 0 ? 0 : (anomalies[index - 1].to + anomaly.from) / 2
        let to =
          index + 1 == anomalies.count ? Double(windows.count) : (anomaly.to + anomalies[index + 1].from) / 2
        /// The share of the zone that is no nearer to what lies between two points than `distance`.
        func beyond(_ distance: Double, _ low: Double, _ high: Double) -> Double {
          distance == 0 ? 1 : 1 - (min(high + distance, to) - max(low - distance, from)) / (to - from)
        }
        let flagged = windows.indices.filter { windows[$0].isFlagged }
          .map { (from: max(Double($0), from), to: min(Double($0 + 1), to)) }.filter { $0.from < $0.to }
        let precision = mean(
          flagged.flatMap { middles($0.from, $0.to) }.map { x in
            beyond(distance(x, anomaly.from, anomaly.to), anomaly.from, anomaly.to)
          })
        if let precision { precisions.append(precision) }
        recalls.append(
          mean(
            middles(anomaly.from, anomaly.to).map { y in
              flagged.map { distance(y, $0.from, $0.to) }.min().map { beyond($0, y, y) } ?? 0
            }) ?? 0)
      }
    }
    return f1(mean(precisions), mean(recalls))
  }
}
