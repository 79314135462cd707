import Telemetry

/// The messages of a payload that has several records, as they are put together: those of one device, time and position are one.
struct GatheredGroups {
  struct Key: Hashable {
    var device: DeviceID
    var position: Message.Position?
    var timestamp: Timestamp
  }

  struct Group {
    var key: Key
    /// The sensors that it has, by their places. It has no more than values, so going through them is cheap.
    var sensors: [Int] = []
    var values: [Message.Value] = []
  }

  private struct Number: Hashable {
    var device: DeviceID
    var position: Message.Position
  }

  /// Up to so many groups are looked through; beyond that there is an index.
  private static let fewGroups = 8

  var groups: [Group] = []
  private var places: [Key: Int] = [:]
  private var times: [Number: Timestamp] = [:]

  /// The place of the group of `key`, which is made where there is none.
  mutating func place(of key: Key) -> Int {
    if let last = groups.last, last.key == key { return groups.count - 1 }
    if groups.count <= Self.fewGroups {
      if let place = groups.firstIndex(where: { $0.key == key }) { return place }
      if groups.count == Self.fewGroups {
        for (place, group) in groups.enumerated() { places[group.key] = place }
      }
    } else if let place = places[key] {
      return place
    }
    groups.append(Group(key: key))
    if groups.count > Self.fewGroups { places[key] = groups.count - 1 }
    return groups.count - 1
  }

  /// Whether a position, where there is one, has the same time as before: of two times of one position the second would be taken
  /// for a repetition of the first.
  mutating func isTimeOfPosition(_ key: Key) -> Bool {
    guard let position = key.position else { return true }
    let number = Number(device: key.device, position: position)
    if let time = times[number] { return time == key.timestamp }
    times[number] = key.timestamp
    return true
  }

  /// The places of the groups in order of time.
  var order: [Int] {
    groups.indices.sorted { (groups[$0].key.timestamp, $0) < (groups[$1].key.timestamp, $1) }
  }
}
