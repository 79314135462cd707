import DeviceFleet
import Telemetry

/// Fleets that several tests use.
enum Fleets {
  static let start = Timestamp(iso8601: "2026-01-01T00:00:00Z")!
  static let temperature = SensorID("temperature")!
  static let vibration = SensorID("vibration")!

  static func pumps(
    _ count: Int, every: Duration = .seconds(10), anomalies: [AnomalyPlacement] = []
  ) -> DeviceGroup {
    DeviceGroup(
      name: "pump", count: count, every: every,
      sensors: [
        SensorPlan(
          id: temperature, unit: "Cel",
          signal: [
            SineSignal(offset: 60, amplitude: 4, period: .seconds(21_600)),
            NoiseSignal(standardDeviation: 0.5),
          ]),
        SensorPlan(id: vibration, signal: [ConstantSignal(value: 1), NoiseSignal(standardDeviation: 0.1)]),
      ], anomalies: anomalies)
  }

  static func plan(
    seed: UInt64 = 42, duration: Duration = .seconds(86_400), _ groups: DeviceGroup...
  ) throws -> FleetPlan {
    try FleetPlan(seed: seed, start: start, duration: duration, groups: groups)
  }
}

func hours(_ count: Double) -> Duration { .milliseconds(Int64(count * 3_600_000)) }
func minutes(_ count: Double) -> Duration { hours(count / 60) }
