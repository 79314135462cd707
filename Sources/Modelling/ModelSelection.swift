import Telemetry

/// Which models are to be trained: those of some devices, or of some of their sensors.
package struct ModelSelection: Hashable, Sendable {
  package var devices: Set<DeviceID>
  /// Of models that see one sensor each; empty for all.
  package var sensors: Set<SensorID>

  package init(devices: Set<DeviceID>, sensors: Set<SensorID> = []) {
    self.devices = devices
    self.sensors = sensors
  }

  package func contains(_ key: ModelKey) -> Bool {
    devices.contains(key.device) && (sensors.isEmpty || key.sensor.map(sensors.contains) ?? false)
  }

  /// The models that it names in full; of a device of which all sensors are meant, those of `found`.
  func keys(per scope: ModelScope, found: [ModelKey]) -> [ModelKey] {
    switch scope {
    case .device: devices.map { ModelKey(device: $0, sensor: nil) }.sorted()
    case .sensor where sensors.isEmpty:
      devices.flatMap { device in
        let own = found.filter { $0.device == device }
        return own.isEmpty ? [ModelKey(device: device, sensor: nil)] : own
      }.sorted()
    case .sensor: devices.flatMap { device in sensors.map { ModelKey(device: device, sensor: $0) } }.sorted()
    }
  }
}
