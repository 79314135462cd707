import PayloadMapping
import Wording

/// What a mapping makes of a member.
package enum FieldRole: String, CaseIterable, Hashable, Sendable, Codable {
  case value
  case time
  case device
  case sensorName = "sensor_name"
  case epoch
  case sequence
  case leftOut = "left_out"
}

/// What becomes of every member of the records of a pattern, and what a mapping must say for it.
struct FieldChoice {
  private(set) var roles: [FieldRole]
  /// Why, where it is left out, or is a value with something to be said of it.
  private(set) var reasons: [String]
  /// In the order of the statistics.
  private(set) var leftOut: [Int] = []
  private(set) var texts = MessageMapping.TextPolicy.refuse
  private(set) var booleans = MessageMapping.BooleanPolicy.refuse
  private(set) var lists = MessageMapping.ListPolicy.refuse
  private(set) var enumeration: [MessageMapping.Enumerated] = []
  /// Paths that need a line of their own to be left out.
  private(set) var excluded: [Int] = []
  /// The group below which all values are; none: the record.
  private(set) var group: [String] = []

  private let statistics: [FieldStatistics]

  init(
    _ statistics: [FieldStatistics], time: FoundTime, names: FoundNames, numbering: FoundNumbering
  ) {
    self.statistics = statistics
    roles = statistics.map { _ in .leftOut }
    reasons = statistics.map { _ in "" }
    for (index, field) in statistics.enumerated() { look(at: index, field, time, names, numbering) }
    for time in time.fields { roles[time] = .time }
    for part in names.device { if case .field(let field) = part { roles[field] = .device } }
    for part in names.sensor { if case .field(let field) = part { roles[field] = .sensorName } }
    if numbering.isWhole {
      if let epoch = numbering.epoch { roles[epoch] = .epoch }
      if let sequence = numbering.sequence { roles[sequence] = .sequence }
    }
    leftOut = roles.indices.filter { roles[$0] == .leftOut }
    findGroup()
    choosePolicies(pair: names.pair)
  }

  /// The places of the values.
  var values: [Int] { roles.indices.filter { roles[$0] == .value } }

  /// What there is to be said of the member at `index`.
  func reason(_ index: Int, time: FoundTime) -> String {
    switch roles[index] {
    case .time where index != time.fields.first: "such as \(statistics[index].example.quoted)"
    case .time: time.reason
    case .value, .leftOut: reasons[index]
    case .device, .sensorName, .epoch, .sequence: ""
    }
  }

  private mutating func look(
    at index: Int, _ field: FieldStatistics, _ time: FoundTime, _ names: FoundNames,
    _ numbering: FoundNumbering
  ) {
    func leave(_ reason: String) { reasons[index] = reason }
    guard !field.path.isFromRoot else { return leave("stands beside the records") }
    if let pair = names.pair, index != pair.value { return leave("not the value of its pair") }
    if time.others.contains(index) { return leave("another time") }
    if names.agreeing.contains(index) { return leave("the topic says the same") }
    if index == numbering.sequence || index == numbering.epoch {
      return leave(
        index == numbering.sequence
          ? "counts messages, but nothing counts the lives of the device: both are needed to number them"
          : "counts the lives of the device, but nothing counts its messages")
    }
    guard field.said > 0 else { return leave("always null") }
    if field.lists * 2 > field.said {
      guard field.shortestList == field.longestList, field.longestList <= 16 else {
        return leave("a list of \(field.shortestList) to \(field.longestList) numbers")
      }
      return take(index, "a list of \(field.longestList) numbers")
    }
    if field.others * 2 > field.said { return leave("a list, or an object without members") }
    if names.pair?.value == index { return take(index, "") }
    let key = field.path.last
    if field.numbers * 2 > field.said {
      if TopicWords.isIdentity(key) { return leave("says what it is, and not how it is") }
      return take(index, field.isConstant && field.said > 1 ? "always \(field.example) so far" : "")
    }
    if field.booleans * 2 > field.said {
      if TopicWords.isIdentity(key) { return leave("says what it is, and not how it is") }
      return take(index, "true is 1, false is 0")
    }
    if Double(field.numericTexts + field.zeroedTexts) >= 0.9 * Double(field.texts) {
      guard field.zeroedTexts == 0, !TopicWords.isIdentity(key), TopicWords.deviceRank(key) == 0 else {
        return leave("an id")
      }
      return take(index, "a number written as text")
    }
    if !field.hasMoreWords, let numbers = ValueWords.numbers(field.words.keys) {
      return take(
        index, numbers.map { "\($0.text) is \($0.number.map { $0 == 1 ? "1" : "0" } ?? "no reading")" }.listed
      )
    }
    let words = field.words.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    if field.hasMoreWords || words.count > 8 { return leave("texts such as \(field.example.quoted)") }
    if words.count == 1 { return leave("always \(field.example.quoted)") }
    leave("words: \(words.map { $0.quoted }.listed)")
  }

  private mutating func take(_ index: Int, _ reason: String) {
    roles[index] = .value
    reasons[index] = reason
  }

  private mutating func findGroup() {
    let paths = values.map { statistics[$0].path.keys.dropLast() }
    guard var common = paths.first else { return }
    for path in paths.dropFirst() {
      let same = zip(common, path).prefix { $0 == $1 }.count
      common = common.prefix(same)
    }
    group = Array(common)
  }

  private func isWithinGroup(_ index: Int) -> Bool {
    let path = statistics[index].path
    return !path.isFromRoot && path.keys.starts(with: group)
  }

  private mutating func choosePolicies(pair: (name: Int, value: Int)?) {
    var hasNumbersAsTexts = false
    for index in values {
      let field = statistics[index]
      if field.booleans > 0 { booleans = .number }
      if field.lists > 0 { lists = .number }
      guard field.texts > 0 else { continue }
      if field.numericTexts > 0 { hasNumbersAsTexts = true }
      let words = field.words.keys.filter { WrittenNumber.value($0) == nil }
      for (text, number) in ValueWords.numbers(words) ?? []
      where !enumeration.contains(where: { $0.text == text }) {
        enumeration.append(.init(text: text, number: number))
      }
    }
    // A boolean is one already; what is said of “true” as a text is then needed no more.
    let known = Set(enumeration.map(\.text))
    let others = leftOut.filter(isWithinGroup)
    let otherTexts = others.contains { statistics[$0].texts > 0 }
    let strangeTexts = values.contains { index in
      let field = statistics[index]
      return field.texts > 0
        && field.words.keys.contains { WrittenNumber.value($0) == nil && !known.contains($0) }
    }
    if hasNumbersAsTexts {
      texts = otherTexts || strangeTexts ? .numberOrLeaveOut : .number
    } else if otherTexts || strangeTexts {
      texts = .leaveOut
    }
    if others.contains(where: { statistics[$0].others > 0 || statistics[$0].lists > 0 }), lists == .refuse {
      lists = .leaveOut
    }
    // With a pair the value alone is looked at.
    guard pair == nil else { return }
    excluded = others.filter { index in
      let field = statistics[index]
      if field.numbers + field.booleans + field.notFinite > 0 { return true }
      if field.lists > 0 || field.others > 0 { return lists == .number }
      if field.texts == 0 { return false }
      if field.words.keys.contains(where: { known.contains($0) }) { return true }
      return texts != .leaveOut && field.numericTexts + field.zeroedTexts > 0
    }
  }
}
