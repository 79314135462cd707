import Telemetry
import WindowStore

/// What is known of each device of a run that is watched: its last value, its last score, and whether it has gone silent. Pure.
package struct LiveDevices: Sendable {
  package enum State: Int, Hashable, Sendable, CaseIterable {
    /// Nothing has come of it yet.
    case waiting
    case normal
    /// Others of the fleet have gone on, and it has not.
    case silent
    /// Its last window that was scored is an anomaly.
    case anomalous
  }

  /// A device as the page shows it.
  package struct Cell: Hashable, Sendable {
    package var name: String
    package var state: State
    package var value: Double?
    /// What was measured.
    package var sensor: String?
    /// The decision function; negative for an outlier.
    package var score: Double?
  }

  /// A device's last window that was scored.
  package struct Score: Hashable, Sendable {
    package var device: String
    /// When the window ended, as its file says it: texts of one length, which are in the order of time.
    package var end: String
    package var score: Double
    package var isAnomalous: Bool

    package init(device: String, end: String, score: Double, isAnomalous: Bool) {
      self.device = device
      self.end = end
      self.score = score
      self.isAnomalous = isAnomalous
    }
  }

  private struct Device {
    var name: String
    var sensor: Int64 = 0
    var value: Double?
    var time = Timestamp(milliseconds: .min)
    var score: Score?
    var isSilent = false
  }

  private var devices: [Device] = []
  private var places: [Int64: Int] = [:]
  private var numbers: [Int64] = []
  private var placesByName: [String: Int] = [:]
  private var sensors: [Int64: String] = [:]
  /// Where looking up the newest windows goes on.
  private var turn = 0
  private let most: Int

  package init(most: Int = LiveDefaults.devices) { self.most = most }

  package var count: Int { devices.count }
  /// The highest number that was seen; new devices have higher ones.
  package private(set) var lastNumber: Int64 = 0
  /// How many are in each state, by its raw value.
  package private(set) var counts = Array(repeating: 0, count: State.allCases.count)

  /// The devices whose newest windows are to be looked up next: all of them in turn.
  package mutating func nextToLookUp(_ most: Int) -> [Int64] {
    guard !numbers.isEmpty else { return [] }
    if turn >= numbers.count { turn = 0 }
    let next = numbers[turn..<min(numbers.count, turn + most)]
    turn += next.count
    return Array(next)
  }

  /// Takes what a look at the store has seen, whose windows are of the devices that were asked for last.
  package mutating func take(_ look: StoreLook) {
    sensors.merge(look.sensors) { $1 }
    for device in look.devices {
      lastNumber = max(lastNumber, device.number)
      guard devices.count < most, places[device.number] == nil else { continue }
      places[device.number] = devices.count
      placesByName[device.name] = devices.count
      numbers.append(device.number)
      devices.append(Device(name: device.name))
      counts[State.waiting.rawValue] += 1
    }
    for value in look.readings { take(value) }
    for value in look.windows { take(value) }
    guard let settings = look.settings, let watermark = look.progress.fleetWatermark else { return }
    // Two windows, and whatever a reading may be late by: less is no news.
    let patience =
      max(settings.window, settings.sessionGap ?? .zero) * 2 + settings.outOfOrderness
      + settings.allowedLateness
    // Only those that were looked at now: what was seen of the others is older than the watermark.
    for value in look.windows {
      guard let place = places[value.device] else { continue }
      change(place) { $0.isSilent = watermark - $0.time > patience }
    }
  }

  private mutating func take(_ value: StoreLook.Value) {
    guard let place = places[value.device], devices[place].time <= value.time else { return }
    change(place) { device in
      device.time = value.time
      device.value = value.value
      device.sensor = value.sensor
    }
  }

  /// Takes the last scores of a prediction file. Of several models of a device the worst counts.
  package mutating func take(_ scores: [Score]) {
    for score in scores {
      guard let place = placesByName[score.device] else { continue }
      change(place) { device in
        guard let known = device.score else {
          device.score = score
          return
        }
        if known.end < score.end {
          device.score = score
        } else if known.end == score.end {
          device.score?.score = min(known.score, score.score)
          device.score?.isAnomalous = known.isAnomalous || score.isAnomalous
        }
      }
    }
  }

  private mutating func change(_ place: Int, _ body: (inout Device) -> Void) {
    counts[Self.state(devices[place]).rawValue] -= 1
    body(&devices[place])
    counts[Self.state(devices[place]).rawValue] += 1
  }

  private static func state(_ device: Device) -> State {
    if device.score?.isAnomalous == true { return .anomalous }
    if device.isSilent { return .silent }
    return device.value == nil ? .waiting : .normal
  }

  /// The worst, the worst first: anomalous ones, silent ones, then by score; those without a score by name.
  package func worst(_ most: Int) -> [Cell] {
    var order: [(rank: Int, score: Double, place: Int)] = devices.indices.map { place in
      let device = devices[place]
      return (-Self.state(device).rawValue, device.score?.score ?? .infinity, place)
    }
    order.sort { first, second in
      if first.rank != second.rank { return first.rank < second.rank }
      if first.score != second.score { return first.score < second.score }
      return devices[first.place].name < devices[second.place].name
    }
    return order.prefix(most).map { entry in
      let device = devices[entry.place]
      return Cell(
        name: device.name, state: Self.state(device), value: device.value,
        sensor: device.value == nil ? nil : sensors[device.sensor], score: device.score?.score)
    }
  }
}
