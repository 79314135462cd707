/// An entry of a mapping, taken apart into paths with a purpose.
///
/// An object, so that nothing of it is copied for a payload.
final class EntryPlan: Sendable {
  /// What a path is for.
  enum Purpose: Sendable {
    case records
    /// A member that is read: the place in the table of slots.
    case slot(Int)
    /// The place in ``EntryPlan/values``.
    case value(Int)
    case leaveOut
  }

  struct Path: Sendable {
    var parts: [PayloadPath.Part]
    var purpose: Purpose
    /// Whether it leads from the whole payload; else from a record.
    var isFromRoot: Bool

    /// Whether the last part is a key in full, and not a pattern.
    var endsWithKey: Bool { if case .key? = parts.last { true } else { false } }
  }

  /// Where a name of a template comes from.
  enum Source: Hashable, Sendable {
    /// The place among the names of the topic.
    case topic(Int)
    /// The place among the names of the path of records.
    case record(Int)
    /// Slots, of which the first that is there counts.
    case slots([Int])
    /// The place among the names of the value's path.
    case value(Int)
    /// The keys of the value.
    case keys

    var slots: [Int] { if case .slots(let slots) = self { slots } else { [] } }
    var topicName: Int? { if case .topic(let place) = self { place } else { nil } }
  }

  enum Piece: Sendable {
    case text([UInt8])
    case source(Source, name: String)
    indirect case optional([Piece])
  }

  /// How values below a path are named and read.
  struct Values: Sendable {
    var sensor: [Piece]
    /// Whether the sensor's name is the same in every message.
    var isFixed: Bool
    var separator: [UInt8]
    var dropPrefix: [UInt8]
    var texts: MessageMapping.TextPolicy
    var booleans: MessageMapping.BooleanPolicy
    var lists: MessageMapping.ListPolicy
    var enumeration: [(text: [UInt8], number: Double?)]
  }

  /// A member that is read, for messages about it.
  struct Slot: Sendable {
    var path: String
    /// Whether it is looked for once a payload, not once a record.
    var isFromRoot: Bool
  }

  let mapping: MessageMapping
  let isSplit: Bool
  let paths: [Path]
  let slots: [Slot]
  let values: [Values]
  let conditions: [Condition]
  /// The slots of the time, of which the first that is there counts.
  let time: [Int]
  let epoch: Int?
  let sequence: Int?
  let device: [Piece]
  /// Whether the topic alone names the device.
  let isDeviceOfTopic: Bool
  /// The slots of the member whose text, as it is, names the device; nil where the name is put together.
  let deviceMember: [Int]?
  /// The slots, and the names of the topic, that are in sensors' names.
  let sensorSlots: [Int]
  let sensorTopicNames: [Int]

  /// What a member must be.
  struct Condition: Sendable {
    var slot: Int
    var text: TextPattern
    /// Whether it must only be there.
    var isAny: Bool
  }

  /// - Parameter mapping: Without ``MessageMapping/check(_:)``'s problems.
  init(_ mapping: MessageMapping) {
    self.mapping = mapping
    isSplit = mapping.records != nil || mapping.format == .lineProtocol
    var paths: [Path] = []
    var slots: [Slot] = []
    func slot(_ path: PayloadPath, isFromRoot: Bool) -> Int {
      paths.append(Path(parts: path.parts, purpose: .slot(slots.count), isFromRoot: isFromRoot))
      slots.append(Slot(path: path.text, isFromRoot: isFromRoot))
      return slots.count - 1
    }
    func slot(_ path: PayloadPath) -> Int { slot(path, isFromRoot: path.isFromRoot) }
    conditions = mapping.conditions.map {
      Condition(
        slot: slot($0.path, isFromRoot: true), text: TextPattern($0.text), isAny: $0.text == "*")
    }
    // Of what is ignored nothing else is looked at.
    let used = mapping.isIgnored ? MessageMapping(topics: mapping.topics) : mapping
    var sources: [String: Source] = [:]
    for (index, name) in (used.topics.first?.names ?? []).enumerated() { sources[name] = .topic(index) }
    for (index, name) in (used.records?.names ?? []).enumerated() { sources[name] = .record(index) }
    for name in used.names { sources[name.name] = .slots(name.paths.map { slot($0) }) }
    time = used.time.paths.map { slot($0) }
    epoch = used.epoch.map { slot($0) }
    sequence = used.sequence.map { slot($0) }
    let device = Self.pieces(used.device.pieces, sources)
    self.device = device
    isDeviceOfTopic = Self.sources(device).allSatisfy { if case .topic = $0 { true } else { false } }
    if case .source(.slots(let slots), _)? = device.first, device.count == 1 {
      deviceMember = slots
    } else {
      deviceMember = nil
    }
    if let records = used.records {
      paths.append(Path(parts: records.parts, purpose: .records, isFromRoot: true))
    }
    var values: [Values] = []
    for value in mapping.isIgnored ? [] : used.values {
      var sources = sources
      sources[MappingName.ofValue] = .keys
      for (index, name) in value.path.names.enumerated() { sources[name] = .value(index) }
      paths.append(
        Path(parts: value.path.parts, purpose: .value(values.count), isFromRoot: value.path.isFromRoot))
      values.append(Self.values(value, used, sources))
    }
    for path in used.leaveOut {
      paths.append(Path(parts: path.parts, purpose: .leaveOut, isFromRoot: path.isFromRoot))
    }
    self.paths = paths
    self.slots = slots
    self.values = values
    let named = Set(values.flatMap { Self.sources($0.sensor) })
    sensorSlots = Set(named.flatMap(\.slots)).sorted()
    sensorTopicNames = named.compactMap(\.topicName).sorted()
  }

  private static func values(
    _ value: MessageMapping.Values, _ mapping: MessageMapping, _ sources: [String: Source]
  ) -> Values {
    let sensor = pieces((value.sensor ?? mapping.sensor).pieces, sources)
    return Values(
      sensor: sensor,
      isFixed: Self.sources(sensor).allSatisfy {
        switch $0 {
        case .record, .value, .keys: true
        case .topic, .slots: false
        }
      },
      separator: Array((value.separator ?? mapping.separator).utf8),
      dropPrefix: Array((value.dropPrefix ?? mapping.dropPrefix).utf8), texts: value.texts ?? mapping.texts,
      booleans: value.booleans ?? mapping.booleans, lists: value.lists ?? mapping.lists,
      enumeration: (value.enumeration ?? mapping.enumeration).map { (Array($0.text.utf8), $0.number) })
  }

  private static func pieces(_ pieces: [NameTemplate.Piece], _ sources: [String: Source]) -> [Piece] {
    pieces.map { piece in
      switch piece {
      case .text(let text): .text(Array(text.utf8))
      // A name that is not known is a problem of the mapping; a plan made all the same never finds it.
      case .name(let name): .source(sources[name] ?? .slots([]), name: name)
      case .optional(let part): .optional(Self.pieces(part, sources))
      }
    }
  }

  private static func sources(_ pieces: [Piece]) -> [Source] {
    pieces.flatMap { piece -> [Source] in
      switch piece {
      case .text: []
      case .source(let source, _): [source]
      case .optional(let part): sources(part)
      }
    }
  }
}
