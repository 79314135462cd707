import Telemetry

/// Writes messages as an entry of a mapping reads them.
struct EntryEncoder: Hashable, Sendable {
  /// Where the values of a sensor stand.
  struct ValuePlace: Hashable, Sendable {
    /// Names that are said once a payload.
    var ofPayload: [String: String] = [:]
    /// Names that are said in each record.
    var ofRecord: [String: String] = [:]
    var keys: [String] = []
    var isFromRoot = false
  }

  /// Stands for what a mapping leaves open: a level `+`, a name that nobody asks for, a member that must only be there.
  static let filler = "sonde"

  let entry: MessageMapping
  let topic: TopicPattern
  var places: [SensorID: ValuePlace] = [:]

  init(_ entry: MessageMapping, topic: TopicPattern) {
    self.entry = entry
    self.topic = topic
  }

  private var isSplit: Bool { entry.records != nil || entry.format == .lineProtocol }

  /// Whether one payload may carry several instants of a device.
  var gathersInstants: Bool {
    if entry.format == .lineProtocol { return !entry.time.isArrival }
    guard let records = entry.records, let time = entry.time.paths.first else { return false }
    return isOfRecord(time)
      && records.parts.contains { if case .pattern(let star) = $0 { star.isAny } else { false } }
  }

  /// Whether what `path` leads to is said in each record.
  private func isOfRecord(_ path: PayloadPath) -> Bool {
    isSplit && (entry.format == .lineProtocol || !path.isFromRoot)
  }

  /// Whether the text of `name` is said in each record.
  func isOfRecord(_ name: String) -> Bool {
    if entry.records?.names.contains(name) == true { return true }
    return entry.names.first { $0.name == name }?.paths.first.map(isOfRecord) ?? false
  }

  /// The texts of the names in the template of devices; nil where it gives no such device.
  func names(of device: DeviceID) -> [String: String]? {
    guard let name = EscapedName.name(of: device.name) else { return nil }
    return TemplateSolutions(entry.device, name).all.first
  }

  // MARK: - Publications

  /// Values of one message that stand in one record.
  private struct Record {
    var message: Int
    var names: [String: String]
    var values: [(place: ValuePlace, value: Double)]
  }

  private struct Payload {
    /// Nil where it may carry several messages.
    var message: Int?
    var names: [String: String]
    var records: [Record]
  }

  /// What is published of `messages`, which are of one device; nil where it cannot be written so.
  func publications(of messages: [Message]) -> [MappedPublication]? {
    guard let device = messages.first?.device, let names = names(of: device) else { return nil }
    var payloads: [Payload] = []
    for (index, message) in messages.enumerated() {
      for value in message.values {
        guard let place = places[value.sensor] else { return nil }
        let message = gathersInstants ? nil : index
        var at = payloads.lastIndex {
          $0.message == message && $0.names == place.ofPayload && entry.format != .text
        }
        if at == nil {
          payloads.append(Payload(message: message, names: place.ofPayload, records: []))
          at = payloads.count - 1
        }
        guard let at else { return nil }
        let record = payloads[at].records.lastIndex { $0.message == index && $0.names == place.ofRecord }
        if let record {
          payloads[at].records[record].values.append((place, value.value))
        } else {
          payloads[at].records.append(
            Record(message: index, names: place.ofRecord, values: [(place, value.value)]))
        }
      }
    }
    var publications: [MappedPublication] = []
    var last: [Int: Int] = [:]
    for payload in payloads {
      guard let publication = publication(payload, names, messages) else { return nil }
      for record in payload.records { last[record.message] = publications.count }
      publications.append(publication)
    }
    // A message that takes several publications is there with the last of them.
    for publication in last.values { publications[publication].messages += 1 }
    return publications
  }

  private func publication(_ payload: Payload, _ deviceNames: [String: String], _ messages: [Message])
    -> MappedPublication?
  {
    let names = deviceNames.merging(payload.names) { known, _ in known }
    guard let topic = topicText(names) else { return nil }
    var bytes: [UInt8] = []
    let readings = payload.records.reduce(0) { $0 + $1.values.count }
    switch entry.format {
    case .text:
      guard readings == 1 else { return nil }
      bytes.append(contentsOf: (payload.records[0].values[0].value.description).utf8)
    case .lineProtocol:
      for record in payload.records {
        var tree = PayloadTree.nothing
        var unused = PayloadTree.nothing
        guard fill(&tree, &unused, record, names, messages[record.message]) else { return nil }
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
        guard tree.writeLine(measurement: Self.filler, into: &bytes) else { return nil }
      }
    case .json:
      guard let tree = tree(payload, names, messages) else { return nil }
      tree.writeJSON(into: &bytes)
    }
    return MappedPublication(topic: topic, payload: bytes, messages: 0, readings: readings)
  }

  /// The topic in which the names have these texts; nil where they cannot stand in it.
  func topicText(_ names: [String: String]) -> String? {
    var levels: [String] = []
    for level in topic.levels {
      switch level {
      case .text(let text): levels.append(text)
      case .any: levels.append(Self.filler)
      case .rest: break
      case .name(let name, let prefix, let suffix):
        let text = names[name] ?? Self.filler
        guard !text.utf8.contains(UInt8(ascii: "/")) else { return nil }
        levels.append(prefix + text + suffix)
      case .names(let name): levels.append(names[name] ?? Self.filler)
      }
    }
    let text = levels.joined(separator: "/")
    guard !text.isEmpty, text.utf8.count <= TopicPattern.maximumBytes,
      !text.utf8.contains(where: { "+#\0".utf8.contains($0) })
    else {
      return nil
    }
    return text
  }

  // MARK: - JSON

  private func tree(_ payload: Payload, _ names: [String: String], _ messages: [Message]) -> PayloadTree? {
    var root = PayloadTree.nothing
    for condition in entry.conditions where condition.text != "*" {
      let text = TextPattern(condition.text).example(Self.filler)
      guard root.set(.text(text), at: steps(condition.path.parts, [:])[...]) else { return nil }
    }
    for record in payload.records {
      var tree = isSplit ? PayloadTree.nothing : root
      guard fill(&tree, &root, record, names, messages[record.message]) else { return nil }
      guard let records = entry.records else {
        root = tree
        continue
      }
      let all = names.merging(record.names) { known, _ in known }
      guard root.set(tree, at: steps(records.parts, all, isNew: true)[...]) else { return nil }
    }
    for condition in entry.conditions where condition.text == "*" {
      let steps = steps(condition.path.parts, [:])[...]
      guard root.has(steps) || root.set(.text(Self.filler), at: steps) else { return nil }
    }
    return root
  }

  /// Sets everything of a record: in `tree`, or in `root` what is said once a payload.
  private func fill(
    _ tree: inout PayloadTree, _ root: inout PayloadTree, _ record: Record, _ names: [String: String],
    _ message: Message
  ) -> Bool {
    let names = names.merging(record.names) { known, _ in known }
    func set(_ value: PayloadTree, _ path: PayloadPath, _ tree: inout PayloadTree, _ root: inout PayloadTree)
      -> Bool
    {
      let steps = steps(path.parts, names)[...]
      return isOfRecord(path) || !isSplit ? tree.set(value, at: steps) : root.set(value, at: steps)
    }
    for name in entry.names {
      guard let text = names[name.name], let path = name.paths.first else { continue }
      guard set(.text(text), path, &tree, &root) else { return false }
    }
    if let path = entry.time.paths.first {
      let inLine = entry.format == .lineProtocol
      guard set(entry.time.tree(message.timestamp, inLine: inLine), path, &tree, &root) else { return false }
    }
    if let position = message.position, let epoch = entry.epoch, let sequence = entry.sequence {
      guard set(.number(String(position.epoch)), epoch, &tree, &root),
        set(.number(String(position.sequence)), sequence, &tree, &root)
      else { return false }
    }
    for (place, value) in record.values {
      let steps = place.keys.map { PayloadTree.Step.key($0) }[...]
      let number = PayloadTree.number(value.description)
      guard place.isFromRoot && isSplit ? root.set(number, at: steps) : tree.set(number, at: steps) else {
        return false
      }
    }
    return true
  }

  /// A way along `parts`.
  ///
  /// - Parameter isNew: Whether the last list on it gets a new element, where it stands for records.
  private func steps(_ parts: [PayloadPath.Part], _ names: [String: String], isNew: Bool = false)
    -> [PayloadTree.Step]
  {
    var steps: [PayloadTree.Step] = []
    for part in parts {
      switch part {
      case .key(let key): steps.append(.key(key))
      case .name(let name): steps.append(.key(names[name] ?? Self.filler))
      case .deep: break
      case .pattern(let pattern) where isNew && pattern.isAny: steps.append(.element(isNew: false))
      case .pattern(let pattern): steps.append(.key(pattern.example(Self.filler)))
      }
    }
    if let last = steps.lastIndex(of: .element(isNew: false)) { steps[last] = .element(isNew: true) }
    return steps
  }
}

extension MappedTime {
  /// A time as it is written.
  ///
  /// - Parameter inLine: Whether it is that of a line, which is a number.
  func tree(_ time: Timestamp, inLine: Bool) -> PayloadTree {
    let milliseconds = time.milliseconds
    switch unit {
    case .milliseconds: return .number(String(milliseconds))
    case .microseconds: return .number("\(milliseconds)000")
    case .nanoseconds: return .number("\(milliseconds)000000")
    case .auto where inLine: return .number(String(milliseconds))
    case .iso8601, .auto: return .text(time.description)
    case .seconds:
      var rest = String(milliseconds.magnitude % 1000)
      rest = String(repeating: "0", count: 3 - rest.count) + rest
      while rest.last == "0" { rest.removeLast() }
      return .number(String(milliseconds / 1000) + (rest.isEmpty ? "" : "." + rest))
    }
  }
}
