import Telemetry

/// The records of the kept messages of a pattern, with a number for each path that any of them has.
struct RecordSet {
  /// Where in the payload the records are; nil where the payload is one.
  private(set) var recordsAt: [String]?
  private(set) var paths: [FieldPath] = []
  private(set) var records: [FlatRecord] = []
  /// Of which payloads are looked at.
  let messages: [SurveyedMessage]
  /// Payloads of which not everything was looked at, because it was too much.
  private(set) var cutMessages = 0

  private var places: [FieldPath: Int] = [:]
  private var leavesInAll = 0

  /// Of messages of JSON.
  init(json messages: [SurveyedMessage]) {
    self.messages = messages
    // Some of them, spread over all, say where the records are.
    let step = max(1, messages.count / 128)
    recordsAt = Self.records(
      in: stride(from: 0, to: messages.count, by: step).compactMap { messages[$0].json })
    for (index, message) in messages.enumerated() {
      guard leavesInAll < DiscoveryDefaults.maximumLeavesInAll, let json = message.json else {
        cutMessages += 1
        continue
      }
      guard let recordsAt, let elements = Self.elements(json, recordsAt) else {
        add(index, [(json, [], recordsAt != nil)], skipping: nil)
        continue
      }
      // What stands between objects is no record to learn from.
      let isOfRecords = elements.isOfRecords
      for element in elements where !isOfRecords || element.isObject {
        add(index, [(json, [], true), (element, [], false)], skipping: recordsAt)
      }
    }
  }

  /// Of messages of line protocol, each line a record.
  init(lines messages: [SurveyedMessage]) {
    self.messages = messages
    for (index, message) in messages.enumerated() {
      for line in LineForm.lines(of: String(decoding: message.message.payload, as: UTF8.self)) {
        guard let form = LineForm(line), leavesInAll < DiscoveryDefaults.maximumLeavesInAll else { continue }
        var record = FlatRecord(message: index, leaves: [])
        for (keys, leaf) in form.members {
          append(FieldPath(isFromRoot: false, keys: keys), leaf, to: &record)
        }
        records.append(record)
      }
    }
  }

  private mutating func append(_ path: FieldPath, _ leaf: Leaf, to record: inout FlatRecord) {
    let field: Int
    if let known = places[path] {
      field = known
    } else {
      guard paths.count < DiscoveryDefaults.maximumPaths else { return }
      field = paths.count
      places[path] = field
      paths.append(path)
    }
    record.leaves.append((field, leaf))
    leavesInAll += 1
  }

  private mutating func add(
    _ message: Int, _ parts: [(value: WrittenJSON, keys: [String], isFromRoot: Bool)], skipping: [String]?
  ) {
    var record = FlatRecord(message: message, leaves: [])
    for part in parts {
      flatten(part.value, part.keys, part.isFromRoot, skipping: part.isFromRoot ? skipping : nil, &record)
    }
    if record.leaves.count >= DiscoveryDefaults.maximumLeaves { cutMessages += 1 }
    records.append(record)
  }

  private mutating func flatten(
    _ value: WrittenJSON, _ keys: [String], _ isFromRoot: Bool, skipping: [String]?,
    _ record: inout FlatRecord
  ) {
    guard record.leaves.count < DiscoveryDefaults.maximumLeaves, keys != skipping else { return }
    let leaf: Leaf
    switch value {
    case .object(let members) where !members.isEmpty:
      for member in members {
        flatten(member.value, keys + [member.key], isFromRoot, skipping: skipping, &record)
      }
      return
    case .number(let number, let digits):
      leaf = number.isFinite ? .number(number, digits: digits) : .notFinite
    case .text(let text): leaf = .text(text)
    case .bool(let flag): leaf = .bool(flag)
    case .null: leaf = .null
    case .notFinite: leaf = .notFinite
    case .array(let elements) where !elements.isEmpty && elements.allSatisfy(\.isNumber):
      leaf = .numbers(count: elements.count)
    case .array, .object: leaf = .other
    }
    append(FieldPath(isFromRoot: isFromRoot, keys: keys), leaf, to: &record)
  }

  // MARK: - Where the records are

  private static func elements(_ json: WrittenJSON, _ keys: [String]) -> [WrittenJSON]? {
    var value = json
    for key in keys {
      guard case .object(let members) = value, let member = members.first(where: { $0.key == key }) else {
        return nil
      }
      value = member.value
    }
    guard case .array(let elements) = value else { return nil }
    return elements
  }

  /// The list of objects that holds what the payloads have to say: the payload itself, or the one list beside which there is nothing but
  /// times, numbers and names of messages.
  private static func records(in payloads: [WrittenJSON]) -> [String]? {
    var counts: [[String]: Int] = [:]
    var lists = 0
    for payload in payloads {
      if case .array = payload {
        lists += 1
      } else {
        count(payload, [], depth: 0, &counts)
      }
    }
    if lists * 2 > payloads.count { return [] }
    let most = counts.max { ($0.value, $1.key.count) < ($1.value, $0.key.count) }
    guard let most, most.value * 2 > payloads.count else { return nil }
    // Where the rest of the payload has readings, it is the record, and the list a detail of it.
    let withReadings = payloads.count { hasReading(outside: most.key, $0, []) }
    return withReadings * 10 <= payloads.count ? most.key : nil
  }

  /// Counts the lists of objects that are not within lists.
  private static func count(
    _ value: WrittenJSON, _ keys: [String], depth: Int, _ counts: inout [[String]: Int]
  ) {
    guard case .object(let members) = value, depth < 8 else { return }
    for member in members.prefix(DiscoveryDefaults.maximumPaths) {
      if case .array(let elements) = member.value, elements.isOfRecords {
        if counts.count < DiscoveryDefaults.maximumPaths { counts[keys + [member.key], default: 0] += 1 }
      } else {
        count(member.value, keys + [member.key], depth: depth + 1, &counts)
      }
    }
  }

  private static func hasReading(outside list: [String], _ value: WrittenJSON, _ keys: [String]) -> Bool {
    guard keys != list, keys.count < 16 else { return false }
    switch value {
    case .object(let members):
      return members.contains { hasReading(outside: list, $0.value, keys + [$0.key]) }
    case .number(_, let digits):
      let key = keys.last ?? ""
      let isKnown =
        TopicWords.timeRank(key) > 0 || TopicWords.isSequence(key) || TopicWords.isEpoch(key)
        || TopicWords.isIdentity(key) || TopicWords.deviceRank(key) > 0
      return !isKnown && EpochUnit(guessing: digits) == nil
    default: return false
    }
  }
}

extension WrittenJSON {
  fileprivate var isNumber: Bool { if case .number = self { true } else { false } }
  var isObject: Bool { if case .object = self { true } else { false } }
}

extension [WrittenJSON] {
  /// Whether its objects are records. A number or `null` between them is none, and makes none of the others less.
  fileprivate var isOfRecords: Bool {
    contains(where: \.isObject)
      && allSatisfy { if case .array = $0 { false } else { true } }
  }
}
