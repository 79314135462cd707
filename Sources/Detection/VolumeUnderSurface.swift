/// VUS-PR: the volume under the precision-recall surface over tolerance widths (Paparrizos et al., "Volume Under the
/// Surface: A New Accuracy Evaluation Measure for Time-Series Anomaly Detection", PVLDB 15(11), 2022), in the optimised
/// form that TSB-AD uses (Liu and Paparrizos, "The Elephant in the Room", NeurIPS 2024; function `RangeAUC_volume_opt`).
///
/// For each width w from 0 to ``widest``, each anomaly is given flanks of w/2 windows on both sides whose label falls
/// from 1 as √(1 − distance/w), so that an alarm just beside an anomaly counts in part; the recall is multiplied by the
/// share of anomalies of which anything was found; the area under precision over recall is taken at 250 thresholds, and
/// the areas are averaged over the widths.
///
/// The series of a fleet is cut at the borders of its models: thresholds, recall and precision are those of all windows
/// together, but a stretch of anomalous windows and its flanks end with the model, so that the end of one device is not the
/// neighbourhood of the next. Windows of one score pass a threshold together.
struct VolumeUnderSurface {
  /// One model's windows in order of time.
  struct Series {
    /// The higher, the more anomalous.
    var scores: [Double]
    var isAnomalous: [Bool]
  }

  /// Thresholds of a curve, as in TSB-AD.
  static let thresholds = 250
  /// The widest tolerance where nothing else is said, in windows. TSB-AD takes twice the period of the series; windows
  /// are aggregates without a period, so this is a few windows on each side.
  static let widest = 10

  private let series: [Series]
  private let widest: Int

  init(_ series: [Series], widest: Int = Self.widest) {
    self.series = series
    self.widest = widest
  }

  /// From 0 to 1; nil without an anomalous window.
  func volume() -> Double? {
    let scores = series.flatMap(\.scores).sorted(by: >)
    guard series.contains(where: { $0.isAnomalous.contains(true) }) else { return nil }
    // numpy's linspace(0, n - 1, 250), cut to whole numbers: the same roundings, and the last one is n − 1.
    let last = Self.thresholds - 1
    let distance = Double(scores.count - 1) / Double(last)
    let cuts = (0...last).map { scores[$0 == last ? scores.count - 1 : Int(Double($0) * distance)] }
    let areas = (0...widest).map { area(width: $0, cuts: cuts, sortedScores: scores) }
    return areas.reduce(0, +) / Double(areas.count)
  }

  /// A stretch of one series: an anomaly, or an anomaly with flanks.
  private struct Stretch {
    var series: Int
    /// Indices of the series, both inside.
    var first: Int
    var last: Int
  }

  private func anomalies() -> [Stretch] {
    var stretches: [Stretch] = []
    for (number, series) in series.enumerated() {
      for (index, isAnomalous) in series.isAnomalous.enumerated() where isAnomalous {
        if let open = stretches.last, open.series == number, open.last == index - 1 {
          stretches[stretches.count - 1].last = index
        } else {
          stretches.append(Stretch(series: number, first: index, last: index))
        }
      }
    }
    return stretches
  }

  /// Stretches with flanks of `flank` windows, those that overlap joined.
  private func widened(_ stretches: [Stretch], by flank: Int) -> [Stretch] {
    var joined: [Stretch] = []
    for stretch in stretches {
      let count = series[stretch.series].scores.count
      let first = max(stretch.first - flank, 0)
      let last = min(stretch.last + flank, count - 1)
      if let open = joined.last, open.series == stretch.series, stretch.first - flank <= open.last {
        joined[joined.count - 1].last = last
      } else {
        joined.append(Stretch(series: stretch.series, first: first, last: last))
      }
    }
    return joined
  }

  /// The labels of each series with flanks.
  private func softLabels(_ stretches: [Stretch], width: Int) -> [[Double]] {
    var labels = series.map { $0.isAnomalous.map { $0 ? 1.0 : 0.0 } }
    for stretch in stretches where width >= 2 {
      for distance in 1...(width / 2) {
        let value = (1 - Double(distance) / Double(width)).squareRoot()
        if stretch.last + distance < labels[stretch.series].count {
          labels[stretch.series][stretch.last + distance] += value
        }
        if stretch.first - distance >= 0 { labels[stretch.series][stretch.first - distance] += value }
      }
    }
    return labels.map { $0.map { min($0, 1) } }
  }

  private func area(width: Int, cuts: [Double], sortedScores: [Double]) -> Double {
    let anomalies = anomalies()
    let labels = softLabels(anomalies, width: width)
    let stretches = widened(anomalies, by: width / 2)
    let positives = Double(anomalies.reduce(0) { $0 + $1.last - $1.first + 1 })
    // For each stretch: what its windows weigh, from the most anomalous on, so that a threshold takes a prefix.
    let profiles = stretches.map { stretch in
      (stretch.first...stretch.last).map { index in
        (
          score: series[stretch.series].scores[index], weight: labels[stretch.series][index],
          isCore: series[stretch.series].isAnomalous[index]
        )
      }.sorted { $0.score > $1.score }
    }
    // Σ (recallₙ − recallₙ₋₁) · precisionₙ, summed by parts: recalls that differ by a rounding then give no error where
    // the precision does not change, and the area of a detector that makes no mistake is 1.
    var area = 0.0
    var lastRecall = 0.0
    var lastPrecision = 0.0
    var taken = [Int](repeating: 0, count: profiles.count)
    var found = 0.0
    var flanksFound = 0.0
    var predicted = 0
    for cut in cuts {
      while predicted < sortedScores.count, sortedScores[predicted] >= cut { predicted += 1 }
      for (number, profile) in profiles.enumerated() {
        while taken[number] < profile.count, profile[taken[number]].score >= cut {
          let window = profile[taken[number]]
          found += window.weight
          if !window.isCore { flanksFound += window.weight }
          taken[number] += 1
        }
      }
      let existence = Double(taken.count { $0 > 0 }) / Double(profiles.count)
      // Half-way between the anomalies alone and with the flanks that were found, as in the paper.
      let demanded = (positives + positives + flanksFound) / 2
      let precision = found / Double(predicted)
      area += lastRecall * (lastPrecision - precision)
      lastRecall = min(found / demanded, 1) * existence
      lastPrecision = precision
    }
    // A sum of shares may be off by a rounding.
    return min(max(area + lastRecall * lastPrecision, 0), 1)
  }
}
