import Telemetry

/// The metrics of a node or a device, as its birth named them.
struct MetricTable: Sendable {
  struct Entry: Sendable {
    let name: String
    /// Nil where no id can be made of the name.
    let sensor: SensorID?
    /// Of the birth; nil where it said none.
    var type: MetricType?
    /// Whether it is there to give commands, or to tell lives apart, and is no sensor.
    let isControl: Bool
    /// When the newest of its values was measured, in milliseconds since 1970.
    var newest = Int64.min
    /// The payload that it was in last.
    var seenIn = 0
  }

  var entries: [Entry] = []
  private var byName: [String: Int32] = [:]
  private var byAlias: [UInt64: Int32] = [:]
  /// Of small aliases, which are the rule; −1 for none.
  private var smallAliases: [Int32] = []
  /// Aliases below this go into ``smallAliases``.
  private static let smallAlias: UInt64 = 4096

  init() {}

  /// - Parameter former: What was known before; of it the newest times are kept.
  init(birth metrics: [WireMetric], former: MetricTable) {
    entries.reserveCapacity(metrics.count)
    for metric in metrics {
      guard let bytes = metric.name, bytes.count <= SparkplugLimits.longestName,
        let name = String(validating: bytes, as: UTF8.self)
      else { continue }
      let index = insert(name, MetricType(rawValue: metric.datatype))
      if let earlier = former.byName[name] {
        entries[index].newest = former.entries[Int(earlier)].newest
      }
      if let alias = metric.alias { set(alias, index) }
    }
  }

  private mutating func set(_ alias: UInt64, _ index: Int) {
    guard alias < Self.smallAlias else {
      byAlias[alias] = Int32(index)
      return
    }
    while smallAliases.count <= Int(alias) { smallAliases.append(-1) }
    smallAliases[Int(alias)] = Int32(index)
  }

  /// Where the metric of this alias stands; nil where the birth has none.
  func index(ofAlias alias: UInt64) -> Int? {
    if alias < UInt64(smallAliases.count) {
      let index = smallAliases[Int(alias)]
      return index < 0 ? nil : Int(index)
    }
    return byAlias.isEmpty ? nil : byAlias[alias].map(Int.init)
  }

  func index(ofName name: String) -> Int? { byName[name].map(Int.init) }

  /// Adds a metric, or finds it.
  mutating func insert(_ name: String, _ type: MetricType?) -> Int {
    if let known = byName[name] {
      if let type { entries[Int(known)].type = type }
      return Int(known)
    }
    let isControl =
      name == SparkplugNames.birthDeathSequence
      || SparkplugNames.controls.contains { name.hasPrefix($0) || name.contains("/" + $0) }
    entries.append(
      Entry(
        name: name, sensor: EscapedName.id(of: name, separator: UInt8(ascii: "/")).flatMap { SensorID($0) },
        type: type, isControl: isControl))
    byName[name] = Int32(entries.count - 1)
    return entries.count - 1
  }

  /// Gives the aliases up: they hold within a life.
  mutating func forgetAliases() {
    byAlias = [:]
    smallAliases = []
  }
}

/// Names that the specification gives a meaning.
enum SparkplugNames {
  /// Counts the connections of a node; its birth and its last will have the same.
  static let birthDeathSequence = "bdSeq"
  /// What names of commands begin with, or go on with after a slash.
  static let controls = ["Node Control/", "Device Control/"]
  /// A command to a node: be born again.
  static let rebirth = "Node Control/Rebirth"
}
