import Detection
import Telemetry
import Testing

/// Detectors side by side: the bootstrap beside one that copies windows.
@Suite struct DetectorComparisonTests {
  private struct Fleet {
    var first: [ScoredWindow] = []
    var second: [ScoredWindow] = []
    var labels: [Label] = []
  }

  /// Devices with two hours each, an anomaly in most; the second detector sees it more clearly by `gain`.
  private func fleet(_ seed: UInt64, devices: Int, gain: Double) -> Fleet {
    var generator = SeededGenerator(seed: seed, stream: "fleet")
    var fleet = Fleet()
    for number in 0..<devices {
      let device = DeviceID("d-\(number)")!
      let from = generator.index(below: 20)
      let isHit = generator.uniform() < 0.8
      if isHit { fleet.labels.append(Windows.label(Double(from) * 5, Double(from + 4) * 5, device: device)) }
      for index in 0..<24 {
        let strength = isHit && from..<(from + 4) ~= index ? 1.0 : 0
        let noise = generator.uniform()
        let one = noise - strength * 0.4 - 0.15
        let other = one - strength * gain
        fleet.first.append(Windows.window(index, score: one, flagged: one <= 0, device: device))
        fleet.second.append(Windows.window(index, score: other, flagged: other <= 0, device: device))
      }
    }
    return fleet
  }

  private func figures(_ metrics: DetectionMetrics) -> [Double?] {
    [
      metrics.precision, metrics.recall, metrics.f1, metrics.aucPR, metrics.aucROC,
      metrics.eventRecall, metrics.falseAlarmsPerDeviceDay,
    ]
  }

  private func compare(_ fleet: Fleet, resamples: Int = 200, seed: UInt64 = 1) -> DetectorComparison {
    DetectorComparison(
      [fleet.first, fleet.second].map { Evaluation(windows: $0, labels: fleet.labels) }, resamples: resamples,
      seed: seed)
  }

  /// Windows and labels of the devices drawn, each draw as a device of its own.
  private func copied(_ windows: [ScoredWindow], _ labels: [Label], _ drawn: [DeviceID]) -> DetectionMetrics {
    var all: ([ScoredWindow], [Label]) = ([], [])
    for (number, device) in drawn.enumerated() {
      let name = DeviceID("copy-\(number)")!
      all.0 += windows.filter { $0.device == device }.map { window in
        var window = window
        window.device = name
        return window
      }
      all.1 += labels.filter { $0.device == device }.map { label in
        var label = label
        label.device = name
        return label
      }
    }
    return Evaluation(windows: all.0, labels: all.1).metrics()
  }

  @Test(arguments: UInt64(1)...6) func intervalsAreThoseOfCopiedDevices(seed: UInt64) {
    let fleet = fleet(seed, devices: 8, gain: 0.2)
    let resamples = 120
    let comparison = compare(fleet, resamples: resamples, seed: seed)
    #expect(comparison.unit == .devices && comparison.units == 8)
    let devices = Set(fleet.first.map(\.device)).sorted()
    var generator = SeededGenerator(seed: seed, stream: RandomStream.comparison)
    var drawn = [[Double]](repeating: [], count: DetectorComparison.Figure.allCases.count)
    for _ in 0..<resamples {
      let sample = devices.map { _ in devices[generator.index(below: devices.count)] }
      let first = figures(copied(fleet.first, fleet.labels, sample))
      let second = figures(copied(fleet.second, fleet.labels, sample))
      for index in drawn.indices {
        if let a = first[index], let b = second[index] { drawn[index].append(b - a) }
      }
    }
    let first = figures(Evaluation(windows: fleet.first, labels: fleet.labels).metrics())
    let second = figures(Evaluation(windows: fleet.second, labels: fleet.labels).metrics())
    for (index, difference) in comparison.differences[0].enumerated() {
      let sorted = drawn[index].sorted()
      func isNear(_ a: Double?, _ b: Double?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return abs(a - b) < 1e-9
      }
      let name = "seed \(seed), \(difference.figure)"
      #expect(isNear(difference.value, first[index].flatMap { a in second[index].map { $0 - a } }), "\(name)")
      #expect(isNear(difference.low, sorted[Int(0.025 * Double(sorted.count))]), "\(name)")
      #expect(isNear(difference.high, sorted[Int(0.975 * Double(sorted.count))]), "\(name)")
    }
  }

  /// The interval of a difference that is there lies beyond 0, that of one that is not holds 0; one window moves a figure.
  @Test func aDifferenceIsToldFromNone() throws {
    let better = compare(fleet(3, devices: 30, gain: 0.5))
    let recall = try #require(better.differences[0].first { $0.figure == .recall })
    #expect(try #require(recall.low) > 0)
    var same = fleet(3, devices: 30, gain: 0)
    let none = compare(same)
    for difference in none.differences[0] {
      #expect(difference.value == 0 && difference.low == 0 && difference.high == 0)
    }
    same.second[5].isFlagged.toggle()
    #expect(compare(same).differences[0].contains { $0.value != 0 })
  }

  @Test func aSeedIsAResult() {
    let fleet = fleet(7, devices: 12, gain: 0.2)
    #expect(compare(fleet).differences == compare(fleet).differences)
    #expect(compare(fleet).differences != compare(fleet, seed: 2).differences)
  }

  /// One device is cut into blocks of time, and no event in two.
  @Test func oneDeviceIsCutIntoBlocks() throws {
    var windows: [ScoredWindow] = []
    for index in 0..<288 {
      let isAnomalous = 100..<103 ~= index || 200..<203 ~= index
      windows.append(
        Windows.window(index, score: isAnomalous ? -1 : 1, flagged: isAnomalous || index % 20 == 0))
    }
    let labels = [Windows.label(500, 515), Windows.label(1000, 1015)]
    let better = windows.map { window in
      var window = window
      window.isFlagged = window.score < 0
      return window
    }
    let comparison = DetectorComparison(
      [windows, better].map { Evaluation(windows: $0, labels: labels) }, resamples: 400)
    #expect(comparison.unit == .blocks && comparison.units == 40)
    let alarms = try #require(comparison.differences[0].first { $0.figure == .falseAlarmsPerDeviceDay })
    #expect(abs(try #require(alarms.value) + 13) < 1e-9)
    #expect(try #require(alarms.low) < #require(alarms.high) && #require(alarms.high) < 0)
    // An event as long as the half of the day leaves fewer cuts.
    let long = [Windows.label(0, 720)]
    #expect(
      DetectorComparison([windows, better].map { Evaluation(windows: $0, labels: long) }).units == 21)
  }

  @Test func nothingToCompareIsNoInterval() {
    let empty = DetectorComparison([[], []].map { Evaluation(windows: $0, labels: []) })
    #expect(empty.units == 0 && empty.differences[0].allSatisfy { $0.value == nil && $0.low == nil })
  }
}
