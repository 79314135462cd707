import PayloadMapping
import Wording

/// An entry of a mapping that is being made, and why each of its parts is as it is.
struct EntryDraft {
  /// A part of an entry that a reason may stand at.
  enum Part: Hashable {
    case topic
    case key(String)
    /// An element of `leave_out` or `enumeration`.
    case element(String)
  }

  var mapping: MessageMapping
  var reasons: [Part: String] = [:]
  /// The devices and the names of sensors, before anything stands before these: by them two entries are seen to be of one series.
  var devices: Set<String> = []
  var sensors: Set<String> = []
  /// The last level that is literal, by which such entries are told apart.
  var kind: String?
  /// The members, and what becomes of them.
  var fields: [SurveyedField] = []

  /// Which levels of its topics are open, in an order in which what says more comes first.
  var openness: String {
    let levels = mapping.topics.first?.text.split(separator: "/", omittingEmptySubsequences: false) ?? []
    return levels.map { $0 == "+" || $0.contains("{") ? "1" : "0" }.joined()
  }

  /// Whether anything is a value.
  var hasValues: Bool { !sensors.isEmpty }

  /// Throws ``MappingError`` where the topics cannot be told by a pattern.
  private init(_ levels: [TopicLevel], named names: [Int: String]) throws(MappingError) {
    var parts: [String] = []
    for (index, level) in levels.enumerated() {
      switch level {
      case _ where names[index] != nil: parts.append("{\(names[index] ?? "")}")
      case .varies: parts.append("+")
      case .text(let text):
        // No pattern has these in a level that is literal.
        parts.append(text.contains { "{}+#\0".contains($0) } ? "+" : text)
        if !text.isEmpty { kind = text }
      }
    }
    mapping = MessageMapping(topics: [try TopicPattern(parts.joined(separator: "/"))])
  }

  /// An entry for messages that have nothing to take.
  static func ignoring(_ levels: [TopicLevel], _ reason: String) throws(MappingError) -> EntryDraft {
    var draft = try EntryDraft(levels, named: [:])
    draft.mapping = .ignoring(draft.mapping.topics)
    draft.reasons[.topic] = reason
    return draft
  }

  /// An entry for payloads that are one value.
  init(scalars messages: [SurveyedMessage], _ group: TopicGroup) throws(MappingError) {
    let names = FoundNames(scalars: messages, group)
    let known = Self.levelNames(names)
    try self.init(group.levels, named: known)
    mapping.format = .text
    mapping.device = try Self.template(names.device, known, [:], separator: "/")
    mapping.sensor = try Self.template(names.sensor, known, [:], separator: ".")
    mapping.time = .arrival
    reasons[.key("device")] = names.deviceReason
    reasons[.key("time")] = "the payload has none"
    let records = messages.indices.map { FlatRecord(message: $0, leaves: []) }
    devices = Set(records.map { names.name(of: names.device, in: $0) })
    var bySensor: [String: FieldStatistics] = [:]
    for (message, record) in zip(messages, records) {
      guard let scalar = message.scalar else { continue }
      let sensor = names.name(of: names.sensor, in: record)
      guard bySensor[sensor] != nil || bySensor.count < DiscoveryDefaults.maximumPaths else { continue }
      bySensor[sensor, default: FieldStatistics(path: FieldPath(isFromRoot: false, keys: [sensor]))]
        .take(message.leaf(of: scalar))
    }
    takeWords(Array(bySensor.values))
    for (sensor, field) in bySensor.sorted(by: { $0.key < $1.key }) {
      let known = Set(mapping.enumeration.map(\.text))
      let isTaken = field.numbers > 0 || field.words.keys.contains { known.contains($0) }
      if isTaken { sensors.insert(sensor) }
      fields.append(
        SurveyedField(
          field, of: field.count, role: isTaken ? .value : .leftOut,
          reason: isTaken ? "" : "words: \(field.words.keys.sorted().map { $0.quoted }.listed)"))
    }
  }

  /// Makes numbers of the words of payloads that are one value, as far as they are known.
  private mutating func takeWords(_ statistics: [FieldStatistics]) {
    let words = Set(statistics.flatMap(\.words.keys)).sorted()
    var unknown: [String] = []
    for word in words {
      guard let numbers = ValueWords.numbers(of: word) else {
        unknown.append(word)
        continue
      }
      for (text, number) in numbers where !mapping.enumeration.contains(where: { $0.text == text }) {
        mapping.enumeration.append(.init(text: text, number: number))
      }
    }
    if words.contains("true") || words.contains("false") { mapping.booleans = .number }
    guard !unknown.isEmpty else { return }
    mapping.texts = .leaveOut
    mapping.ignoresWithoutValues = true
    reasons[.key("texts")] = "words that are no values: \(unknown.prefix(8).map { $0.quoted }.listed)"
  }

  /// An entry for payloads with members.
  init(_ set: RecordSet, _ group: TopicGroup, isLineProtocol: Bool) throws(MappingError) {
    let statistics = set.statistics()
    let time = FoundTime(set, statistics)
    let names = FoundNames(set, statistics, group, time: time)
    let deviceNames = set.records.map { names.name(of: names.device, in: $0) }
    let numbering = FoundNumbering(set, statistics, devices: deviceNames)
    let choice = FieldChoice(statistics, time: time, names: names, numbering: numbering)
    let known = Self.levelNames(names)
    try self.init(group.levels, named: known)
    if isLineProtocol { mapping.format = .lineProtocol }
    if let keys = set.recordsAt {
      mapping.records = try PayloadPath(
        keys.isEmpty ? "*" : FieldPath(isFromRoot: false, keys: keys).text + (keys.contains("") ? "/*" : ".*")
      )
    }
    let fieldNames = Self.fieldNames(names, statistics, taken: Set(known.values))
    for (field, name) in fieldNames.sorted(by: { $0.value < $1.value }) {
      mapping.names.append(.init(name: name, paths: [try PayloadPath(statistics[field].path.text)]))
    }
    mapping.device = try Self.template(names.device, known, fieldNames, separator: "/")
    mapping.time = time.mapped
    if numbering.isWhole, let epoch = numbering.epoch, let sequence = numbering.sequence {
      mapping.epoch = try PayloadPath(statistics[epoch].path.text)
      mapping.sequence = try PayloadPath(statistics[sequence].path.text)
      reasons[.key("epoch")] = "with the sequence they number the messages of a device"
    }
    reasons[.key("device")] = names.deviceReason
    reasons[.key("time")] = time.reason
    try choose(choice, names, statistics, known, fieldNames)
    let values = Set(choice.values)
    let withoutValues = set.records.count { record in !record.leaves.contains { values.contains($0.field) } }
    if withoutValues > 0, !values.isEmpty {
      mapping.ignoresWithoutValues = true
      reasons[.key("without_values")] = "\(withoutValues) of \(set.records.count) records have none"
    }
    devices = Set(deviceNames)
    fields = statistics.indices.map {
      SurveyedField(
        statistics[$0], of: set.records.count, role: choice.roles[$0],
        reason: choice.reason($0, time: time))
    }
    sensors = Set(
      choice.values.map {
        names.pair == nil
          ? statistics[$0].path.keys.dropFirst(choice.group.count).joined(separator: ".") : "*"
      })
    guard let pair = names.pair else { return }
    for case let name? in set.records.lazy.map({ $0[pair.name]?.name }) {
      guard sensors.count < DiscoveryDefaults.maximumPaths else { break }
      sensors.insert(name)
    }
  }

  private mutating func choose(
    _ choice: FieldChoice, _ names: FoundNames, _ statistics: [FieldStatistics], _ known: [Int: String],
    _ fieldNames: [Int: String]
  ) throws(MappingError) {
    if let pair = names.pair {
      mapping.values = [.init(path: try PayloadPath(statistics[pair.value].path.text))]
      mapping.sensor = try Self.template(names.sensor, known, fieldNames, separator: ".")
    } else {
      if !choice.group.isEmpty {
        mapping.values = [.init(path: try PayloadPath(FieldPath(isFromRoot: false, keys: choice.group).text))]
      }
      if !names.sensor.isEmpty {
        mapping.sensor = try Self.template(
          names.sensor, known, fieldNames, separator: ".", optional: Set(names.optional), ending: "{name}")
      }
    }
    mapping.texts = choice.texts
    mapping.booleans = choice.booleans
    mapping.lists = choice.lists
    mapping.enumeration = choice.enumeration
    for index in choice.excluded {
      let path = try PayloadPath(statistics[index].path.text)
      mapping.leaveOut.append(path)
      reasons[.element(path.text)] = choice.reasons[index]
    }
  }

  // MARK: - Names

  private static func levelNames(_ names: FoundNames) -> [Int: String] {
    var known: [Int: String] = [:]
    let ofDevice = names.device.compactMap { if case .level(let level) = $0 { level } else { nil } }
    for (index, level) in ofDevice.enumerated() {
      let isLast = index == ofDevice.count - 1
      known[level] = isLast ? "device" : index == 0 ? "area" : "area\(index + 1)"
    }
    let ofSensor = names.sensor.compactMap { if case .level(let level) = $0 { level } else { nil } }
    for (index, level) in ofSensor.enumerated() {
      known[level] = index == 0 ? "sensor" : "sensor\(index + 1)"
    }
    return known
  }

  private static func fieldNames(
    _ names: FoundNames, _ statistics: [FieldStatistics], taken: Set<String>
  ) -> [Int: String] {
    var known: [Int: String] = [:]
    var taken = taken.union(["name"])
    for part in names.device + names.sensor {
      guard case .field(let field) = part else { continue }
      let key = names.device.contains(part) ? "device" : statistics[field].path.last
      var name = String(decoding: key.utf8.filter { UInt8.isLetterOrDigit($0) || $0 == 0x5F }, as: UTF8.self)
      if name.isEmpty || taken.contains(name) { name = "metric" }
      var number = 2
      while taken.contains(name) {
        name = "metric\(number)"
        number += 1
      }
      taken.insert(name)
      known[field] = name
    }
    return known
  }

  private static func template(
    _ parts: [FoundNames.Part], _ levels: [Int: String], _ fields: [Int: String], separator: String,
    optional: Set<Int> = [], ending: String? = nil
  ) throws(MappingError) -> NameTemplate {
    var text = ""
    var mark = ""
    for part in parts {
      if case .field(let field) = part, optional.contains(field) {
        let name = "{\(fields[field] ?? "device")}"
        text += mark.isEmpty ? "[\(name)\(separator)]" : "[\(mark)\(name)]"
        continue
      }
      switch part {
      case .level(let level): text += mark + "{\(levels[level] ?? "device")}"
      case .field(let field): text += mark + "{\(fields[field] ?? "device")}"
      case .text(let literal): text += mark + Self.literal(literal)
      }
      mark = separator
    }
    if let ending { text += mark + ending }
    return try NameTemplate(text)
  }

  /// `text` as a template has it.
  static func literal(_ text: String) -> String {
    var literal = ""
    for character in text {
      literal += "{[]".contains(character) ? "\(character)\(character)" : "\(character)"
    }
    return literal
  }
}

extension UInt8 {
  fileprivate static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
  }
}
