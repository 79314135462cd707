import Detection
import Modelling
import OneClassSVM
import Telemetry
import WindowStore

/// Says how far the windows of an alarm lie from what their models were trained on.
package struct AlarmExplainer {
  /// The features of one window of one model.
  private struct Explained {
    var names: [String]
    var deviations: [FeatureDeviation]
  }

  private let builder: FeatureVectorBuilder
  private let model: (ModelKey) -> OneClassModel?
  private var trained: [ModelKey: (model: OneClassModel, features: TrainedFeatures)?] = [:]

  /// - Parameters:
  ///   - layout: What the models see.
  ///   - model: Gives a model; nil where there is none.
  package init(layout: ModelLayout, model: @escaping (ModelKey) -> OneClassModel?) {
    builder = FeatureVectorBuilder(layout: layout)
    self.model = model
  }

  /// What it needs of every window.
  package var columns: [AggregateColumn] { builder.columns }

  /// Sets what `alarm` has to say of its windows: sensors, strength and reasons. Models that are not there, and windows that are not
  /// in `found`, say nothing.
  ///
  /// - Parameters:
  ///   - windows: The anomalous ones.
  ///   - found: The windows of the device, with ``columns``; nil where there are none any more.
  package mutating func explain(
    _ alarm: inout Alarm, windows: [AnomalousWindows.Window], found: DeviceWindows?
  ) {
    var worst: [String: FeatureDeviation] = [:]
    var squares: [String: (sum: Double, count: Int)] = [:]
    var strength = 0.0
    for explained in found.map({ explained(windows, of: alarm.span, $0) }) ?? [] {
      strength = max(strength, explained.deviations.rootMeanSquare)
      for deviation in explained.deviations {
        let name = explained.names[deviation.feature]
        squares[name, default: (0, 0)].sum += deviation.deviations * deviation.deviations
        squares[name, default: (0, 0)].count += 1
        if let known = worst[name], known.deviations.magnitude >= deviation.deviations.magnitude { continue }
        worst[name] = deviation
      }
    }
    let all = worst.sorted {
      ($1.value.deviations.magnitude, $0.key) < ($0.value.deviations.magnitude, $1.key)
    }
    let unusual = all.filter { !$0.value.isUsual }
    alarm.strength = strength
    alarm.reasons = (unusual.isEmpty ? Array(all.prefix(1)) : unusual).map { name, deviation in
      Alarm.Reason(
        feature: name, value: deviation.value, usualLow: deviation.usual.lowerBound,
        usualHigh: deviation.usual.upperBound, deviations: deviation.deviations)
    }
    alarm.sensors = Self.sensors(of: alarm.reasons, squares)
    if alarm.sensors.isEmpty { alarm.sensors = Set(windows.compactMap(\.sensor)).sorted() }
  }

  /// The sensors of `reasons`, the one first whose features lie farthest from their training on average over all windows and features.
  private static func sensors(of reasons: [Alarm.Reason], _ squares: [String: (sum: Double, count: Int)])
    -> [SensorID]
  {
    var totals: [SensorID: (sum: Double, count: Int)] = [:]
    for (name, square) in squares {
      guard let sensor = ModelLayout.sensor(ofFeature: name) else { continue }
      totals[sensor, default: (0, 0)].sum += square.sum
      totals[sensor, default: (0, 0)].count += square.count
    }
    let named = Set(reasons.compactMap { ModelLayout.sensor(ofFeature: $0.feature) })
    return named.sorted { a, b in
      let (first, second) = (totals[a] ?? (0, 1), totals[b] ?? (0, 1))
      return (-first.sum / Double(first.count), a) < (-second.sum / Double(second.count), b)
    }
  }

  private mutating func explained(
    _ windows: [AnomalousWindows.Window], of span: AnomalousSpan, _ found: DeviceWindows
  ) -> [Explained] {
    let inside = found.selecting(
      found.rows.indices.filter { span.start <= found.rows[$0].start && found.rows[$0].start < span.end })
    var explained: [Explained] = []
    let bySensor = Dictionary(grouping: windows, by: \.sensor)
    for (sensor, windows) in bySensor.sorted(by: { ($0.key?.name ?? "") < ($1.key?.name ?? "") }) {
      let key = ModelKey(device: found.device, sensor: sensor)
      guard let (model, features) = trained(key) else { continue }
      let starts = Set(windows.map(\.span.start))
      let sensors = sensor == nil ? ModelLayout.sensors(ofFeatures: model.featureNames) : nil
      for table in builder.tables(of: inside, sensors: sensors)
      where table.key == key && table.featureNames == model.featureNames {
        let names = sensor.map { sensor in table.featureNames.map { "\(sensor.name).\($0)" } }
        for (index, row) in table.rows.enumerated() where starts.contains(row.start) {
          explained.append(
            Explained(
              names: names ?? table.featureNames,
              deviations: features.deviations(of: table.features[row: index])))
        }
      }
    }
    return explained
  }

  /// The model of `key` with what it was trained on; nil where there is none.
  private mutating func trained(_ key: ModelKey) -> (model: OneClassModel, features: TrainedFeatures)? {
    if let known = trained[key] { return known }
    let found = model(key).map { ($0, TrainedFeatures(of: $0)) }
    trained[key] = .some(found)
    return found
  }
}
