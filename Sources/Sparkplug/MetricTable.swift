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
    /// What it was told to be.
    var told = ToldValues()
    /// The payload that it was in last.
    var seenIn = 0
  }

  var entries: [Entry] = []
  private var byName: [ExactText: Int32] = [:]
  private var byAlias: [UInt64: Int32] = [:]
  /// Of small aliases, which are the rule; −1 for none, ``ambiguous`` for those of several metrics.
  private var smallAliases: [Int32] = []
  /// Aliases below this go into ``smallAliases``.
  private static let smallAlias: UInt64 = 4096
  /// What metrics were told to be that were known before a restart and are not there yet, by digests of their names.
  private var earlier: [UInt64: ToldValues] = [:]

  init() {}

  /// - Parameter former: What was known before; of it what was told is kept.
  init(birth metrics: [WireMetric], former: MetricTable) {
    entries.reserveCapacity(metrics.count)
    earlier = former.earlier
    for metric in metrics {
      guard let bytes = metric.name, bytes.count <= SparkplugLimits.longestName,
        let name = String(validating: bytes, as: UTF8.self)
      else { continue }
      let index = insert(name, MetricType(rawValue: metric.datatype))
      if let known = former.byName[ExactText(name)] {
        entries[index].told = former.entries[Int(known)].told
      }
      if let alias = metric.alias { set(alias, index) }
    }
  }

  /// Stands for an alias that a birth gives to several metrics, which none may.
  private static let ambiguous: Int32 = -2

  private mutating func set(_ alias: UInt64, _ index: Int) {
    guard alias < Self.smallAlias else {
      byAlias[alias] = Self.index(index, besides: byAlias[alias] ?? -1)
      return
    }
    while smallAliases.count <= Int(alias) { smallAliases.append(-1) }
    smallAliases[Int(alias)] = Self.index(index, besides: smallAliases[Int(alias)])
  }

  /// What an alias stands for that had been for `known`, and is for `index` too.
  private static func index(_ index: Int, besides known: Int32) -> Int32 {
    known == -1 || known == Int32(index) ? Int32(index) : ambiguous
  }

  /// Why nobody knows what an alias stands for, after “the alias 7 ”.
  func fault(ofAlias alias: UInt64) -> String {
    if smallAliases.isEmpty, byAlias.isEmpty { return "is none of the birth, which has no aliases" }
    let known = alias < UInt64(smallAliases.count) ? smallAliases[Int(alias)] : byAlias[alias]
    return known == Self.ambiguous ? "is of several metrics of the birth" : "is none of the birth"
  }

  /// Where the metric of this alias stands; nil where the birth has none.
  func index(ofAlias alias: UInt64) -> Int? {
    if alias < UInt64(smallAliases.count) {
      let index = smallAliases[Int(alias)]
      return index < 0 ? nil : Int(index)
    }
    guard !byAlias.isEmpty, let index = byAlias[alias], index >= 0 else { return nil }
    return Int(index)
  }

  func index(ofName name: String) -> Int? { byName[ExactText(name)].map(Int.init) }

  /// Adds a metric, or finds it.
  mutating func insert(_ name: String, _ type: MetricType?) -> Int {
    if let known = byName[ExactText(name)] {
      if let type { entries[Int(known)].type = type }
      return Int(known)
    }
    let isControl = SparkplugNames.isControl(name)
    entries.append(
      Entry(
        name: name, sensor: EscapedName.id(of: name, separator: UInt8(ascii: "/")).flatMap { SensorID($0) },
        type: type, isControl: isControl))
    if !earlier.isEmpty, let told = earlier.removeValue(forKey: Self.digest(name)) {
      entries[entries.count - 1].told = told
    }
    byName[ExactText(name)] = Int32(entries.count - 1)
    return entries.count - 1
  }

  /// A value of a metric, known or not yet, was measured then, in milliseconds since 1970.
  mutating func note(_ name: String, _ number: Double, at milliseconds: Int64, isCurrent: Bool) {
    if let index = index(ofName: name) {
      entries[index].told.note(number, at: milliseconds, isCurrent: isCurrent)
    } else {
      earlier[Self.digest(name), default: ToldValues()].note(number, at: milliseconds, isCurrent: isCurrent)
    }
  }

  private static func digest(_ name: String) -> UInt64 {
    var name = name
    var digest = MessageDigest()
    name.withUTF8 { digest.add($0) }
    return digest.value
  }

  /// What each metric was told to be, by digests of names.
  var times: [UInt8] {
    var times = earlier
    for entry in entries where !entry.told.isEmpty { times[Self.digest(entry.name)] = entry.told }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(24 * times.count + 4)
    bytes.appendWire(varint: UInt64(times.count))
    for (digest, told) in times {
      bytes.append(digest: digest)
      told.write(into: &bytes)
    }
    return bytes
  }

  /// A table that knows nothing but ``times``.
  init(times bytes: [UInt8]) throws(DurableReader.Damage) {
    var reader = DurableReader(bytes)
    let count = try reader.varint()
    for _ in 0..<count {
      let digest = try reader.fixed64()
      earlier[digest] = try ToldValues(from: &reader)
    }
    guard reader.isAtEnd else { throw DurableReader.Damage() }
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
  private static let controls = ["Node Control/", "Device Control/"]
  /// A command to a node: be born again.
  static let rebirth = "Node Control/Rebirth"

  /// Whether a metric is there to give commands, or to tell lives apart.
  static func isControl(_ name: String) -> Bool {
    let name = name.utf8
    guard !name.elementsEqual(birthDeathSequence.utf8) else { return true }
    return controls.contains { control in
      var rest = name[...]
      while true {
        if rest.starts(with: control.utf8) { return true }
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return false }
        rest = rest[name.index(after: slash)...]
      }
    }
  }
}
