import Wording

/// What names the devices and sensors of a pattern.
struct FoundNames {
  /// A part of a name.
  enum Part: Hashable {
    /// A level of the topic, from 0.
    case level(Int)
    /// A member of the payload.
    case field(Int)
    case text(String)
  }

  /// Joined by slashes.
  var device: [Part] = []
  var deviceReason = ""
  /// What stands before the keys of a value, joined by dots; where ``pair`` is there or the payload is one value, the whole name.
  var sensor: [Part] = []
  /// Parts of ``sensor`` that not every record has.
  var optional: [Int] = []
  /// Members that have the name of a sensor and its value.
  var pair: (name: Int, value: Int)?
  /// Members that say what a level of the topic says as well.
  var agreeing: Set<Int> = []
  /// Levels that vary with the device and say nothing more.
  var idleLevels: Set<Int> = []

  private let levels: [TopicLevel]
  private let varying: [Int]
  /// The levels of every message's topic.
  private let topics: [[Substring]]

  private let isApart: Bool

  private init(_ group: TopicGroup, topics: [[Substring]]) {
    levels = group.levels
    isApart = group.isApart
    self.topics = topics
    varying = group.levels.indices.filter { group.levels[$0] == .varies }
  }

  /// Of payloads that are one value.
  init(scalars messages: [SurveyedMessage], _ group: TopicGroup) {
    self.init(group, topics: messages.map { Self.split($0.message.topic) })
    let places = Array(topics.indices)
    var level = varying.max { deviceScore($0, isScalar: true) < deviceScore($1, isScalar: true) }
    if varying.count == 1, let only = varying.first {
      let isLast = only == levels.count - 1
      let names = Set(topics.map { String($0[only]) })
      let areInstances = names.count { TopicWords.stem($0) != nil } * 2 > names.count
      if names.contains(where: TopicWords.isQuantity) || (isLast && !areInstances) { level = nil }
    }
    if let level {
      setDevice(level: level, places: places, after: nil)
      sensor += varying.filter { !device.contains(.level($0)) && !idleLevels.contains($0) }.map { .level($0) }
    } else {
      sensor = varying.map { .level($0) }
      guessDevice(before: varying.first ?? levels.count - 1, isScalar: true)
    }
    if sensor.isEmpty {
      // The last level that names no device, such as “temperature”.
      let name = levels.indices.last { !device.contains(.level($0)) && levels[$0] != .varies }
      sensor = [.text(name.map { literal($0) } ?? "value")]
    }
  }

  /// Of payloads with members.
  init(_ set: RecordSet, _ statistics: [FieldStatistics], _ group: TopicGroup, time: FoundTime) {
    self.init(group, topics: set.messages.map { Self.split($0.message.topic) })
    let everywhere = statistics.indices.filter {
      Double(statistics[$0].said) >= DiscoveryDefaults.agreement * Double(set.records.count)
        && !time.fields.contains($0)
        && !time.others.contains($0)
    }
    findPair(set, statistics, everywhere)
    let members = everywhere.filter {
      TopicWords.deviceRank(statistics[$0].path.last) > 0 && isName(statistics[$0]) && $0 != pair?.name
    }
    findAgreeing(set, statistics)
    let best = members.max {
      (rank($0, statistics), statistics[$1].path.keys.count) < (
        rank($1, statistics), statistics[$0].path.keys.count
      )
    }
    chooseDevice(set, statistics, best)
    let ofDevice = device.compactMap { if case .level(let level) = $0 { level } else { nil } }
    let names = set.records.map { name(of: device, in: $0) }
    for level in varying where !ofDevice.contains(level) && !idleLevels.contains(level) {
      let isOfDevice = isDetermined(by: names) { String(topics[set.records[$0].message][level]) }
      if isOfDevice { idleLevels.insert(level) } else { sensor.append(.level(level)) }
    }
    if let pair {
      sensor.append(.field(pair.name))
    } else {
      findPrefixes(set, statistics, names)
    }
  }

  private static func split(_ topic: String) -> [Substring] {
    topic.split(separator: "/", omittingEmptySubsequences: false)
  }

  private func literal(_ level: Int) -> String {
    if case .text(let text) = levels[level] { text } else { "" }
  }

  // MARK: - Devices

  private func rank(_ field: Int, _ statistics: [FieldStatistics]) -> Int {
    // What may have another device in each record comes before what speaks of the whole payload.
    TopicWords.deviceRank(statistics[field].path.last) * 2 + (statistics[field].path.isFromRoot ? 0 : 3)
  }

  private func isName(_ statistics: FieldStatistics) -> Bool {
    let isText = statistics.texts == statistics.said
    let isNumber = statistics.numbers == statistics.said && statistics.areWhole && statistics.least >= 0
    return statistics.said > 0
      && (isText || (isNumber && TopicWords.deviceRank(statistics.path.last) > 1))
  }

  private mutating func findAgreeing(_ set: RecordSet, _ statistics: [FieldStatistics]) {
    for level in varying {
      var same = [Int](repeating: 0, count: statistics.count)
      for record in set.records {
        let name = topics[record.message][level]
        for (field, leaf) in record.leaves where leaf.name.map({ $0 == name }) ?? false { same[field] += 1 }
      }
      for field in statistics.indices
      where Double(same[field]) >= DiscoveryDefaults.agreement * Double(set.records.count) {
        agreeing.insert(field)
        if device.isEmpty || TopicWords.deviceRank(statistics[field].path.last) > 0 {
          device = [.level(level)]
          deviceReason = "as \(statistics[field].path.text) says it too"
        }
      }
    }
  }

  private mutating func chooseDevice(_ set: RecordSet, _ statistics: [FieldStatistics], _ best: Int?) {
    let places = set.records.map(\.message)
    if let best {
      let names = set.records.map { String(topics[$0.message].joined(separator: "/")) }
      // Several devices on one topic: the topic cannot name them.
      let isTopics = isDetermined(by: names) { set.records[$0][best]?.name ?? "" }
      let distinct = Set(set.records.compactMap { $0[best]?.name }).count
      let strength = TopicWords.deviceRank(statistics[best].path.last)
      if !agreeing.contains(best),
        (!isTopics && (strength > 2 || distinct > 1)) || (varying.isEmpty && (strength > 2 || distinct > 1))
      {
        device = [.field(best)]
        deviceReason = isTopics ? "the topic names no device" : "several devices are on one topic"
        return
      }
    }
    let level: Int?
    if case .level(let agreed)? = device.first {
      level = agreed
    } else {
      level = varying.max { deviceScore($0, isScalar: false) < deviceScore($1, isScalar: false) }
    }
    if let level {
      setDevice(level: level, places: places, after: deviceReason.isEmpty ? nil : deviceReason)
    } else {
      guessDevice(before: levels.count, isScalar: false)
    }
  }

  /// Makes `level` the device, with the levels before it without which two devices would have one name.
  private mutating func setDevice(level: Int, places: [Int], after reason: String?) {
    let names = places.map { String(topics[$0][level]) }
    device = [.level(level)]
    for other in varying where other != level {
      if isDetermined(by: names, { String(topics[places[$0]][other]) }) {
        idleLevels.insert(other)
      } else if other < level {
        device.insert(.level(other), at: device.count - 1)
      }
    }
    deviceReason = reason ?? "the level has \(PlantSurvey.count(Set(names).count, "name"))"
    if device.count > 1 { deviceReason = "one name is there below several others" }
  }

  private func deviceScore(_ level: Int, isScalar: Bool) -> Int {
    let names = Set(topics.map { String($0[level]) })
    let instances = names.count { TopicWords.stem($0) != nil }
    let quantities = names.count { TopicWords.isQuantity($0) }
    var score = level
    if instances * 2 > names.count { score += 100 }
    if level > 0, TopicWords.standsBeforeDevices(literal(level - 1)) { score += 80 }
    if quantities * 4 >= names.count { score -= 200 }
    let most = varying.map { level in Set(topics.map { $0[level] }).count }.max() ?? 0
    if names.count == most { score += 40 }
    // One value a message: what is last is what is measured.
    if isScalar, level == levels.count - 1 { score -= 120 }
    return score
  }

  /// Where nothing varies: the level that looks most like a device, which other devices would have other names in.
  private mutating func guessDevice(before end: Int, isScalar: Bool) {
    let range = levels.indices.prefix(max(0, end))
    let after = range.first {
      $0 > 0 && TopicWords.standsBeforeDevices(literal($0 - 1)) && !TopicWords.isFixed(literal($0))
    }
    let numbered = range.last { TopicWords.stem(literal($0)) != nil }
    let named = range.last {
      !TopicWords.isFixed(literal($0)) && !TopicWords.isQuantity(literal($0)) && literal($0) != ""
    }
    if let level = after ?? numbered ?? named {
      device = isApart ? [.text(literal(level))] : [.level(level)]
      deviceReason = "a guess: the one level that looks like the name of a device"
    } else {
      device = [.text(literal(0).isEmpty ? "device" : literal(0))]
      deviceReason = "nothing names a device: all is taken for one"
    }
  }

  // MARK: - Sensors

  /// A name and a value side by side, such as `{"name":"temp","value":21.5}`.
  private mutating func findPair(_ set: RecordSet, _ statistics: [FieldStatistics], _ everywhere: [Int]) {
    let values = everywhere.filter {
      !statistics[$0].path.isFromRoot && TopicWords.isPairValue(statistics[$0].path.last)
        && statistics[$0].numbers + statistics[$0].booleans + statistics[$0].numericTexts > 0
    }
    guard values.count == 1, let value = values.first else { return }
    let beside = Array(statistics[value].path.keys.dropLast())
    let names = everywhere.filter {
      statistics[$0].path.keys.dropLast().elementsEqual(beside) && !statistics[$0].path.isFromRoot
        && TopicWords.isSensorName(statistics[$0].path.last) && statistics[$0].texts == statistics[$0].said
    }
    guard let name = names.max(by: { statistics[$0].words.count < statistics[$1].words.count }) else {
      return
    }
    pair = (name, value)
  }

  /// Members that tell apart what is measured: a measurement's name, a channel.
  private mutating func findPrefixes(_ set: RecordSet, _ statistics: [FieldStatistics], _ names: [String]) {
    let used = device.compactMap { if case .field(let field) = $0 { field } else { nil } }
    for field in statistics.indices where !used.contains(field) && !agreeing.contains(field) {
      let path = statistics[field].path
      let isTag = path.keys.count == 2 && path.keys[0] == "tags"
      let isMeasurement = path.keys.count == 1 && ["measurement", "name", "metric"].contains(path.last)
      guard isTag || isMeasurement, !path.isFromRoot, statistics[field].texts == statistics[field].said,
        statistics[field].words.count > 1
      else { continue }
      // A tag that a device always has alike says nothing of what is measured.
      let isOfDevice = isDetermined(by: names) { set.records[$0][field]?.name ?? "" }
      guard isMeasurement || !isOfDevice else { continue }
      let isEverywhere = statistics[field].said == set.records.count
      if isMeasurement, isEverywhere {
        sensor.insert(.field(field), at: 0)
      } else {
        sensor.append(.field(field))
      }
      if !isEverywhere { optional.append(field) }
    }
  }

  /// The name that `parts` make of a record.
  func name(of parts: [Part], in record: FlatRecord) -> String {
    parts.map { part in
      switch part {
      case .level(let level): String(topics[record.message][level])
      case .field(let field): record[field]?.name ?? ""
      case .text(let text): text
      }
    }.joined(separator: "/")
  }

  /// Whether wherever a name is the same, `other` is too.
  private func isDetermined(by names: [String], _ other: (Int) -> String) -> Bool {
    var known: [String: String] = [:]
    for (index, name) in names.enumerated() {
      let value = other(index)
      if let before = known.updateValue(value, forKey: name), before != value { return false }
    }
    return true
  }
}
