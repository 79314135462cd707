import Telemetry

/// The messages of a payload that has several records, as they are put together: those of one device, time and position are one.
struct GatheredGroups: Sendable {
  struct Key: Hashable, Sendable {
    /// The device's place in ``EntryDecoder/devices``; −1: that of the topic. Names and ids are in one-to-one correspondence.
    var device: Int32
    var position: Message.Position?
    var timestamp: Timestamp
  }

  struct Group: Sendable {
    var key: Key
    /// How many values it has.
    var count = 0
    fileprivate var first: Int32 = -1
    fileprivate var last: Int32 = -1
  }

  /// What became of a value.
  enum Addition {
    case added
    /// The group has a value of this sensor.
    case isSecond
    /// The group has as many values as a message may have.
    case isBeyond
  }

  /// A value, and where the next one of its group is.
  private struct Value: Sendable {
    var sensor: Int32
    var next: Int32 = -1
    var value: Double
  }

  private struct Number: Hashable {
    var device: Int32
    var position: Message.Position
  }

  /// Up to so many groups are looked through; beyond that there is an index.
  private static let fewGroups = 8

  private(set) var groups: [Group] = []
  /// The values of all groups, as they came.
  private var values: [Value] = []
  private var places: [Key: Int] = [:]
  private var times: [Number: Timestamp] = [:]
  /// The places of the groups in order of time; empty where they came in it.
  private var order: [Int] = []

  /// To be called before a payload.
  mutating func clear() {
    groups.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    if !order.isEmpty { order.removeAll(keepingCapacity: true) }
    if !places.isEmpty { places.removeAll(keepingCapacity: true) }
    if !times.isEmpty { times.removeAll(keepingCapacity: true) }
  }

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

  /// Adds the value of a sensor, which is called by its place, to a group.
  mutating func add(_ value: Double, of sensor: Int, to group: Int) -> Addition {
    // A group has no more values than a message, so going through them is cheap.
    var place = groups[group].first
    while place >= 0 {
      if Int(values[Int(place)].sensor) == sensor { return .isSecond }
      place = values[Int(place)].next
    }
    guard groups[group].count < PayloadCodec.maximumValues else { return .isBeyond }
    let new = Int32(values.count)
    values.append(Value(sensor: Int32(sensor), value: value))
    if groups[group].last >= 0 {
      values[Int(groups[group].last)].next = new
    } else {
      groups[group].first = new
    }
    groups[group].last = new
    groups[group].count += 1
    return .added
  }

  /// To be called once all values are there, before ``group(_:)``.
  mutating func arrange() {
    let isInOrder = groups.indices.dropFirst().allSatisfy {
      groups[$0 - 1].key.timestamp <= groups[$0].key.timestamp
    }
    guard !isInOrder else { return }
    order = groups.indices.sorted { (groups[$0].key.timestamp, $0) < (groups[$1].key.timestamp, $1) }
  }

  /// The group that is the `rank`th in order of time, from 0.
  func group(_ rank: Int) -> Group { groups[order.isEmpty ? rank : order[rank]] }

  /// Goes through the values of a group in the order in which they came: the places of their sensors, and the values.
  @inline(__always)
  func forEachValue(of group: Group, _ body: (_ sensor: Int, _ value: Double) -> Void) {
    var place = group.first
    while place >= 0 {
      body(Int(values[Int(place)].sensor), values[Int(place)].value)
      place = values[Int(place)].next
    }
  }
}
