import Detection
import Telemetry

/// Fleets drawn at random, for what must hold of any.
enum RandomFleet {
  /// A few devices with windows that overlap, gaps between them, equal scores, and anomalies that begin and end anywhere.
  static func drawn(_ seed: UInt64) -> (windows: [ScoredWindow], labels: [Label]) {
    var generator = SeededGenerator(seed: seed, stream: "fleet")
    let hop = [5, 10, 20][generator.index(below: 3)]
    let levels = [2, 5, 1000][generator.index(below: 3)]
    let sensors: [SensorID?] = generator.index(below: 2) == 0 ? [nil] : [Windows.heat, Windows.hum]
    var windows: [ScoredWindow] = []
    for device in 0..<(1 + generator.index(below: 3)) {
      for sensor in sensors {
        for number in 0..<(1 + generator.index(below: 40)) where generator.uniform() < 0.9 {
          windows.append(
            ScoredWindow(
              device: DeviceID("d-\(device)")!, sensor: sensor, start: Windows.minute(Double(number * hop)),
              end: Windows.minute(Double(number * hop + 10)),
              score: Double(generator.index(below: levels)) - 1, isFlagged: generator.uniform() < 0.2))
        }
      }
    }
    let labels = (0..<generator.index(below: 6)).map { _ -> Label in
      let start = Windows.midnight + .seconds(generator.index(below: 24_000))
      return Label(
        device: DeviceID("d-\(generator.index(below: 3))")!,
        sensor: [nil, Windows.heat, Windows.hum][generator.index(below: 3)], kind: "mean", start: start,
        end: start + .seconds(1 + generator.index(below: 3000)))
    }
    return (windows, labels)
  }
}
