/// VUS-PR and VUS-ROC: the volumes under the precision-recall surface and under that of the receiver operating characteristic, over
/// tolerance widths (Paparrizos et al., "Volume Under the Surface: A New Accuracy Evaluation Measure for Time-Series Anomaly
/// Detection", PVLDB 15(11), 2022), in the optimised form that TSB-AD uses (Liu and Paparrizos, "The Elephant in the Room", NeurIPS
/// 2024; function `RangeAUC_volume_opt`).
///
/// For each width w from 0 to ``widest``, each anomaly is given flanks of w/2 windows on both sides whose label falls
/// from 1 as √(1 − distance/w), so that an alarm just beside an anomaly counts in part; the recall is multiplied by the
/// share of anomalies of which anything was found; the areas under precision over recall, and under recall over the rate of false
/// alarms, are taken at 250 thresholds and averaged over the widths.
///
/// The series of a fleet is cut at the borders of its models: thresholds, recall, precision and false alarms are those of all windows
/// together, but a stretch of anomalous windows and its flanks end with the model, so that the end of one device is not the
/// neighbourhood of the next. Windows of one score pass a threshold together.
///
/// Costs a sort of the scores, and then a pass over them a width.
struct VolumeUnderSurface {
  /// Each from 0 to 1.
  struct Volumes: Hashable, Sendable {
    /// Nil without an anomalous window.
    var precisionRecall: Double?
    /// Nil without windows of both kinds.
    var receiverOperatingCharacteristic: Double?
  }

  /// Thresholds of a curve, as in TSB-AD.
  static let thresholds = 250
  /// The widest tolerance where nothing else is said, in windows. TSB-AD takes twice the period of the series; windows
  /// are aggregates without a period, so this is a few windows on each side.
  static let widest = 10

  /// A stretch of one series: an anomaly, or an anomaly with flanks. Windows are counted through all series.
  private struct Stretch {
    var windows: Range<Int>
    /// The windows of its series.
    var bounds: Range<Int>
  }

  private let widest: Int
  private var anomalies: [Stretch] = []
  private var isAnomalous: [Bool] = []
  private let scores: [Double]
  /// The windows, the most anomalous first.
  private let order: [Int]

  init(_ series: [JudgedSeries], widest: Int = Self.widest) {
    self.widest = widest
    for series in series {
      let first = isAnomalous.count
      let bounds = first..<first + series.scores.count
      anomalies += series.anomalies.map {
        Stretch(windows: first + $0.lowerBound..<first + $0.upperBound, bounds: bounds)
      }
      isAnomalous += series.isAnomalous
    }
    let scores = series.flatMap(\.scores)
    self.scores = scores
    order = scores.indices.sorted { scores[$0] > scores[$1] }
  }

  func volumes() -> Volumes {
    guard !anomalies.isEmpty else { return Volumes() }
    // numpy's linspace(0, n - 1, 250), cut to whole numbers: the same roundings, and the last one is n − 1.
    let last = Self.thresholds - 1
    let distance = Double(order.count - 1) / Double(last)
    let cuts = (0...last).map { scores[order[$0 == last ? order.count - 1 : Int(Double($0) * distance)]] }
    var volumes = (precisionRecall: 0.0, receiverOperatingCharacteristic: 0.0)
    for width in 0...widest {
      let areas = areas(width: width, cuts: cuts)
      volumes.precisionRecall += areas.precisionRecall
      volumes.receiverOperatingCharacteristic += areas.receiverOperatingCharacteristic
    }
    let widths = Double(widest + 1)
    return Volumes(
      precisionRecall: volumes.precisionRecall / widths,
      receiverOperatingCharacteristic: isAnomalous.contains(false)
        ? volumes.receiverOperatingCharacteristic / widths : nil)
  }

  /// The anomalies with flanks of `flank` windows, those that overlap joined.
  private func widened(by flank: Int) -> [Range<Int>] {
    var joined: [Stretch] = []
    for anomaly in anomalies {
      let windows = (anomaly.windows.lowerBound - flank..<anomaly.windows.upperBound + flank)
        .clamped(to: anomaly.bounds)
      if let open = joined.last, open.bounds == anomaly.bounds, windows.lowerBound < open.windows.upperBound {
        joined[joined.count - 1].windows = open.windows.lowerBound..<windows.upperBound
      } else {
        joined.append(Stretch(windows: windows, bounds: anomaly.bounds))
      }
    }
    return joined.map(\.windows)
  }

  /// The labels of the windows with flanks.
  private func softLabels(width: Int) -> [Double] {
    var labels = isAnomalous.map { $0 ? 1.0 : 0.0 }
    for anomaly in anomalies where width >= 2 {
      for distance in 1...(width / 2) {
        let value = (1 - Double(distance) / Double(width)).squareRoot()
        for index in [anomaly.windows.upperBound - 1 + distance, anomaly.windows.lowerBound - distance]
        where anomaly.bounds.contains(index) {
          labels[index] += value
        }
      }
    }
    return labels.map { min($0, 1) }
  }

  private func areas(
    width: Int, cuts: [Double]
  ) -> (precisionRecall: Double, receiverOperatingCharacteristic: Double) {
    let labels = softLabels(width: width)
    let stretches = widened(by: width / 2)
    var stretchOfWindow = [Int](repeating: -1, count: scores.count)
    for (number, windows) in stretches.enumerated() {
      for index in windows { stretchOfWindow[index] = number }
    }
    let positives = Double(anomalies.reduce(0) { $0 + $1.windows.count })
    // Σ (recallₙ − recallₙ₋₁) · precisionₙ, summed by parts: recalls that differ by a rounding then give no error where
    // the precision does not change, and the area of a detector that makes no mistake is 1.
    var area = 0.0
    // What the receiver operating characteristic lacks to 1, for the same reason.
    var lack = 0.0
    var last = (recall: 0.0, precision: 0.0, falseAlarms: 0.0)
    var isReached = [Bool](repeating: false, count: stretches.count)
    var reached = 0
    var found = 0.0
    var flanksFound = 0.0
    var predicted = 0
    for cut in cuts {
      while predicted < order.count, scores[order[predicted]] >= cut {
        let index = order[predicted]
        predicted += 1
        let stretch = stretchOfWindow[index]
        guard stretch >= 0 else { continue }
        found += labels[index]
        if !isAnomalous[index] { flanksFound += labels[index] }
        if !isReached[stretch] {
          isReached[stretch] = true
          reached += 1
        }
      }
      let existence = Double(reached) / Double(stretches.count)
      // Half-way between the anomalies alone and with the flanks that were found, as in the paper.
      let demanded = (positives + positives + flanksFound) / 2
      let recall = min(found / demanded, 1) * existence
      let precision = found / Double(predicted)
      let falseAlarms = (Double(predicted) - found) / (Double(scores.count) - demanded)
      area += last.recall * (last.precision - precision)
      lack += (falseAlarms - last.falseAlarms) * (1 - (recall + last.recall) / 2)
      last = (recall, precision, falseAlarms)
    }
    // The curve ends where everything is flagged and found. All anomalous: there are no false alarms, and nobody asks for this area.
    lack += (1 - last.falseAlarms) * (1 - (1 + last.recall) / 2)
    // A sum of shares may be off by a rounding.
    return (min(max(area + last.recall * last.precision, 0), 1), min(max(1 - lack, 0), 1))
  }
}
