import Alarms
import Detection
import DeviceFleet
import Modelling
import OneClassSVM
import Scenario
import Telemetry
import Testing
import WindowStore

/// Whether an alarm names the sensor that a fault was put into, and is stronger than false ones: on fleets whose faults are known.
@Suite struct AlarmReasonTests {
  /// Six presses for a day, of which each kind of anomaly that changes a level hits one, in the afternoon.
  private static let scenario =
    """
    name: presses
    clock: { start: 2026-01-01T00:00:00Z, duration: 24h }
    fleet:
    \(kinds.enumerated().map { number, kind in
      """
        - device: \(kind)
          count: 6
          every: 10s
          sensors:
            temperature: { signal: [{ sine: { offset: 60, amplitude: 4, period: 6h } }, { noise: { stddev: 0.5 } }] }
            pressure: { signal: [{ sine: { offset: 8, amplitude: 0.5, period: 3h } }, { noise: { stddev: 0.1 } }] }
            vibration: { signal: [{ constant: { value: 2.8 } }, { noise: { stddev: 0.2 } }] }
          anomalies:
            - { kind: \(kind), sensor: \(sensors[number % sensors.count]), devices: 1, between: [13h, 23h], for: 45m }

      """
    }.joined())
    """

  private static let kinds = ["mean", "bias", "drift", "trend", "platform", "spike", "extremum"]
  private static let sensors = ["temperature", "pressure", "vibration"]
  private static let window = Duration.seconds(300)

  /// One device that was trained until noon and scored from then on.
  private struct Scored {
    let device: DeviceID
    let alarms: [Alarm]
    let labels: [Label]

    func isOfFault(_ alarm: Alarm) -> Bool {
      labels.contains { $0.start < alarm.to && alarm.from < $0.end }
    }
  }

  /// - Parameter damaged: Whether the reasons are looked for in the model of another sensor order, which must show.
  private static func scored(_ per: String, seed: UInt64, damaged: Bool = false) throws -> [Scored] {
    let document = try ScenarioDocument.parse(
      ScenarioText(path: "presses.yaml", text: scenario, overrides: [], seed: seed))
    let messages = document.source.messages
    let layout = ModelLayout(per: try #require(ModelScope(rawValue: per)))
    let builder = FeatureVectorBuilder(layout: layout)
    let noon = try #require(Timestamp(iso8601: "2026-01-01T12:00:00Z"))
    return try (0..<messages.deviceIDs.count).map { index in
      let device = messages.deviceIDs[index]
      let rows = windows(of: messages, index)
      let training = DeviceWindows(of: device, rows.filter { $0.end <= noon }, columns: builder.columns)
      var models: [ModelKey: OneClassModel] = [:]
      for table in builder.tables(of: training) {
        models[table.key] = try OneClassModel.train(
          rows: table.features, featureNames: table.featureNames,
          options: TrainingOptions(nu: 0.01, threshold: .crossValidated(folds: 5))
        ).model
      }
      let after = DeviceWindows(of: device, rows.filter { $0.start >= noon }, columns: builder.columns)
      var anomalous = AnomalousWindows()
      for table in builder.tables(of: after) {
        let decisions = try #require(models[table.key]).decisionValues(of: table.features)
        anomalous.add(
          zip(table.rows, decisions).map { row, decision in
            ScoredWindow(
              device: device, sensor: table.key.sensor, start: row.start, end: row.end, score: decision,
              isFlagged: OneClassModel.isAnomaly(decision))
          }, job: 0)
      }
      let known = damaged ? try models.mapValues(withMeansTurned) : models
      var explainer = AlarmExplainer(layout: layout) { known[$0] }
      let alarms = anomalous.groups(of: device, gap: .zero).map { span, windows in
        var alarm = Alarm(
          device: device, sensors: [], from: span.start, to: span.end, windows: span.windows, job: "j",
          knownAt: nil, strength: 0, reasons: [])
        explainer.explain(&alarm, windows: windows, found: after)
        return alarm
      }
      return Scored(device: device, alarms: alarms, labels: messages.labels.filter { $0.device == device })
    }
  }

  /// The same model, with each feature's mean and deviation in the place of the next sensor's.
  private static func withMeansTurned(_ model: OneClassModel) throws -> OneClassModel {
    let scaler = try #require(model.scaler)
    func turned(_ values: [Double]) -> [Double] { Array(values[4...] + values[..<4]) }
    return try OneClassModel(
      kernel: model.kernel, supportVectors: model.supportVectors, coefficients: model.coefficients,
      rho: model.rho,
      scaler: Scaler(mean: turned(scaler.mean), scale: turned(scaler.scale)),
      featureNames: model.featureNames,
      metadata: model.metadata)
  }

  /// Windows of five minutes, with the aggregates that the models see.
  private static func windows(of messages: any MessageSource, _ index: Int) -> [WindowRow] {
    struct Key: Hashable {
      let start: Int64
      let sensor: SensorID
    }
    var values: [Key: [Double]] = [:]
    for message in messages.messages(ofDeviceAt: index) {
      let start = message.timestamp.milliseconds / window.milliseconds * window.milliseconds
      for reading in message.values {
        values[Key(start: start, sensor: reading.sensor), default: []].append(reading.value)
      }
    }
    return values.map { key, values in
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      let start = Timestamp(milliseconds: key.start)
      return WindowRow(
        device: messages.deviceIDs[index], sensor: key.sensor, start: start, end: start + window,
        aggregates: Aggregates(
          count: values.count, mean: mean, stddev: variance.squareRoot(), min: values.min() ?? 0,
          max: values.max() ?? 0),
        revision: 1, visibleFrom: start + window)
    }
  }

  /// Of the events found: how many there are, and of how many the strongest alarm names the right sensor first.
  private static func named(_ scored: [Scored]) -> (found: Int, right: Int) {
    var (found, right) = (0, 0)
    for device in scored {
      for label in device.labels {
        let alarms = device.alarms.filter { label.start < $0.to && $0.from < label.end }
        guard let strongest = alarms.min(by: Alarm.isStronger) else { continue }
        found += 1
        if strongest.sensors.first == label.sensor { right += 1 }
      }
    }
    return (found, right)
  }

  @Test(arguments: [("device", 20), ("sensor", 5)])
  func theRightSensorIsNamedFirst(per: String, seeds: Int) throws {
    var (found, right, first) = (0, 0, 0)
    for seed in 1...UInt64(seeds) {
      let scored = try Self.scored(per, seed: seed)
      let named = Self.named(scored)
      found += named.found
      right += named.right
      for kind in Self.kinds {
        let fleet = scored.filter { $0.device.name.hasPrefix("\(kind)-") }
        let strongest = fleet.flatMap { device in device.alarms.map { (device, $0) } }
          .min { Alarm.isStronger($0.1, $1.1) }
        if let (device, alarm) = strongest, device.isOfFault(alarm) { first += 1 }
      }
    }
    let fleets = seeds * Self.kinds.count
    print(
      "models a \(per): of \(fleets) faults \(found) found, the right sensor first in \(right), the strongest alarm of its fleet in \(first)"
    )
    #expect(found * 10 >= fleets * 9)
    #expect(right * 100 >= found * 95)
    #expect(first * 100 >= found * 95)
  }

  @Test func aWrongReasonWouldShow() throws {
    let named = Self.named(try Self.scored("device", seed: 1, damaged: true))
    #expect(named.found > 0 && named.right * 100 < named.found * 95)
  }
}
