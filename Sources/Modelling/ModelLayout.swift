import Files
import OneClassSVM
import Telemetry

/// What one model sees: a whole device or one of its sensors.
package enum ModelScope: String, CaseIterable, Hashable, Sendable, Codable {
  /// All sensors of a device together; its features are called `temperature.mean`.
  case device
  /// One sensor of a device; its features are called `mean`.
  case sensor
}

/// How many models there are and what their features are. Training and scoring share it.
package struct ModelLayout: Hashable, Sendable, Codable {
  package var per: ModelScope
  /// In the order of the features; each at most once, at least one.
  package var features: [Aggregate]

  package init(per: ModelScope = .device, features: [Aggregate] = ModellingDefaults.features) {
    self.per = per
    self.features = features
  }

  /// What the models in `folder` see: what they were trained on; where nobody has left word of that, as of imported models,
  /// what the names of the first one's features say. Nil where neither is known. Throws ``ScoringError``, also where a training
  /// was interrupted, and `FileError`.
  package static func known(of folder: RunFolder) throws -> ModelLayout? {
    try folder.refuseUnfinishedTraining()
    if let setup = try TrainingSetup.read(folder) { return setup.layout }
    guard let stem = (try? ModelFile.stems(in: folder.models))?.first,
      let model = try? ModelFile.read(folder: folder.models, stem: stem)
    else { return nil }
    return ModelLayout(featureNames: model.featureNames, isOfSensor: model.metadata.sensor != nil)
  }

  /// The layout of a model with these features; nil where it would call them otherwise.
  package init?(featureNames: [String], isOfSensor: Bool) {
    var sensors: Set<SensorID> = []
    var features: [Aggregate] = []
    for name in featureNames {
      // Sensors may have dots in their names, aggregates have none.
      let dot = isOfSensor ? nil : name.lastIndex(of: ".")
      guard let feature = Aggregate(rawValue: String(dot.map { name[name.index(after: $0)...] } ?? name[...]))
      else { return nil }
      if let sensor = dot.flatMap({ SensorID(name[..<$0]) }) { sensors.insert(sensor) }
      if !features.contains(feature) { features.append(feature) }
    }
    self.init(per: isOfSensor ? .sensor : .device, features: features)
    guard !features.isEmpty, self.featureNames(sensors: sensors.sorted()) == featureNames else { return nil }
  }

  /// The names of the features of a model over `sensors`: for each sensor in byte order, each aggregate in the
  /// configured order.
  package func featureNames(sensors: [SensorID]) -> [String] {
    switch per {
    case .sensor: features.map(\.rawValue)
    case .device: sensors.sorted().flatMap { sensor in features.map { "\(sensor.name).\($0.rawValue)" } }
    }
  }
}

extension ModelLayout {
  /// The sensor of a feature of a whole device, such as `temperature.mean`; nil where the name has none.
  package static func sensor(ofFeature name: String) -> SensorID? {
    // Sensors may have dots in their names, aggregates have none.
    name.lastIndex(of: ".").flatMap { SensorID(name[..<$0]) }
  }

  /// The sensors of the features of a whole device, in byte order; nil where no name has one.
  package static func sensors(ofFeatures names: [String]) -> [SensorID]? {
    let found = names.compactMap(sensor)
    return found.isEmpty ? nil : Set(found).sorted()
  }
}

/// Which model: a device, and one of its sensors unless the model is of the whole device.
package struct ModelKey: Hashable, Comparable, Sendable {
  package var device: DeviceID
  /// Nil for a model of the whole device.
  package var sensor: SensorID?

  package init(device: DeviceID, sensor: SensorID?) {
    self.device = device
    self.sensor = sensor
  }

  /// The name of the model's files without their endings: `device_<device>` or `device_<device>_sensor_<sensor>`.
  package var stem: String { ModelFile.stem(device: device.name, sensor: sensor?.name) }

  /// The sensor's name in prediction files; `*` for the whole device.
  package var sensorLabel: String { sensor?.name ?? Self.wholeDevice }

  /// What stands in place of a sensor's name for a model of the whole device.
  package static let wholeDevice = "*"

  /// By device, then by sensor, in byte order.
  package static func < (a: ModelKey, b: ModelKey) -> Bool {
    if a.device != b.device { return a.device < b.device }
    switch (a.sensor, b.sensor) {
    case (nil, .some): return true
    case (let left?, let right?): return left < right
    default: return false
    }
  }
}
