import PayloadMapping
import Telemetry

/// Reads JSON by a mapping the slow way: a tree of the whole payload, and each path looked for in it again and again. It knows of no
/// automaton, no memory and no order of reading.
struct MappingOracle {
  let entry: OracleEntry
  private var leaves: [(place: [OracleKey], value: OracleValue)] = []

  init(_ entry: OracleEntry) { self.entry = entry }

  /// As ``Reading``, of which the reasons are not told.
  struct Answer: Equatable {
    var messages: [String]
    var refused: Int
  }

  func answer(_ root: OracleValue) -> Answer {
    var places: [(place: [OracleKey], value: OracleValue)] = []
    Self.collect(root, [], &places)
    var records: [[OracleKey]] = entry.records == nil ? [[]] : []
    var starts: [Int] = entry.records == nil ? [0] : []
    if let path = entry.records {
      // Members that are there twice are two records: each begins at a place in the order of the payload.
      var end: [OracleKey]?
      for (index, found) in places.enumerated() {
        if let outer = end, found.place.count > outer.count, found.place.starts(with: outer) { continue }
        end = nil
        guard Self.matches(path[...], found.place[...]) else { continue }
        end = found.place
        records.append(found.place)
        starts.append(index)
      }
    }
    var refused = 0
    var groups: [(device: String, time: Int64, values: [(String, Double)])] = []
    for (number, record) in records.enumerated() {
      var inside: [(place: [OracleKey], value: OracleValue)] = []
      for found in places[starts[number]...] {
        guard found.place.starts(with: record), found.place != record || inside.isEmpty else { break }
        inside.append((Array(found.place.dropFirst(record.count)), found.value))
      }
      if entry.records != nil, !mayHaveValues(inside) {
        refused += 1
        continue
      }
      let (readings, refusals) = readings(inside, record)
      guard !readings.isEmpty || refusals > 0 else { continue }
      guard let device = slot(entry.device, inside)?.text, !device.isEmpty,
        let time = slot(entry.time, inside)?.milliseconds
      else {
        refused += readings.count + refusals
        continue
      }
      refused += refusals
      if let place = groups.firstIndex(where: { $0.device == device && $0.time == time }) {
        groups[place].values += readings
      } else {
        groups.append((device, time, readings))
      }
    }
    var messages: [(Int64, Int, String)] = []
    for (index, group) in groups.enumerated() {
      var kept: [(String, Double)] = []
      for (name, value) in group.values {
        guard let id = EscapedName.id(of: name) else {
          refused += 1
          continue
        }
        if kept.contains(where: { $0.0 == id }) { refused += 1 } else { kept.append((id, value)) }
      }
      guard !kept.isEmpty else { continue }
      let values = kept.sorted { $0.0 < $1.0 }.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
      let device = EscapedName.id(of: group.device) ?? ""
      messages.append((group.time, index, "\(device)@\(group.time):\(values)"))
    }
    return Answer(
      messages: messages.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2), refused: refused)
  }

  /// All places in the order of the payload, the outer before the inner.
  private static func collect(
    _ value: OracleValue, _ place: [OracleKey], _ all: inout [(place: [OracleKey], value: OracleValue)]
  ) {
    all.append((place, value))
    switch value {
    case .object(let members):
      for (key, value) in members { collect(value, place + [OracleKey(name: key, isElement: false)], &all) }
    case .list(let elements):
      for (index, value) in elements.enumerated() {
        collect(value, place + [OracleKey(name: "\(index)", isElement: true)], &all)
      }
    default: break
    }
  }

  /// Whether the whole of `place` is what `path` says.
  private static func matches(_ path: ArraySlice<OraclePart>, _ place: ArraySlice<OracleKey>) -> Bool {
    guard let part = path.first else { return place.isEmpty }
    if part == .deep {
      return matches(path.dropFirst(), place) || (!place.isEmpty && matches(path, place.dropFirst()))
    }
    guard let key = place.first else { return false }
    switch part {
    case .key(let name): guard key.name == name else { return false }
    case .prefix(let prefix): guard key.name.hasPrefix(prefix) else { return false }
    case .any, .deep: break
    }
    return matches(path.dropFirst(), place.dropFirst())
  }

  /// Whether what a record is can have values, or says that there are none.
  private func mayHaveValues(_ inside: [(place: [OracleKey], value: OracleValue)]) -> Bool {
    if isLeftOut([]) || rule([], inside) != nil { return true }
    switch inside[0].value {
    case .object, .null: return true
    case .list: return takesElements([], inside)
    case .boolean, .number, .notFinite, .text: return false
    }
  }

  /// The first that is there and not null; nil also where it is there twice.
  private func slot(_ path: [OraclePart], _ inside: [(place: [OracleKey], value: OracleValue)])
    -> OracleValue?
  {
    let found = inside.filter { Self.matches(path[...], $0.place[...]) }
    guard let first = found.first(where: { $0.value != .null }) ?? found.first else { return nil }
    guard found.count(where: { $0.place == first.place }) == 1 else { return nil }
    return first.value
  }

  private func readings(_ inside: [(place: [OracleKey], value: OracleValue)], _ record: [OracleKey]) -> (
    [(String, Double)], Int
  ) {
    var readings: [(String, Double)] = []
    var refused = 0
    for (place, value) in inside {
      guard let (rule, base) = rule(place, inside) else { continue }
      let isNamed = entry.values.contains { path in
        if case .key? = path.path.last { Self.matches(path.path[...], place[...]) } else { false }
      }
      let isRead = ([entry.time, entry.device]).contains {
        Self.matches($0[...], place[...])
      }
      if isRead, !isNamed { continue }
      func refuse(_ isRefused: Bool) { refused += isRefused ? 1 : 0 }
      let values = entry.values[rule]
      switch value {
      case .object, .null: continue
      case .list: refuse(!takesElements(place, inside) && values.lists == .refuse)
      case .notFinite: refuse(true)
      case .number(let number, _):
        guard number.isFinite else {
          refuse(true)
          continue
        }
        readings.append((name(place, base, record), number))
      case .text(let text):
        if text == "ON" {
          readings.append((name(place, base, record), 1))
        } else if values.texts == .number || values.texts == .numberOrLeaveOut, let number = Self.number(text)
        {
          readings.append((name(place, base, record), number))
        } else if text == "1e999", values.texts == .numberOrLeaveOut {
          refuse(true)
        } else {
          refuse(values.texts == .refuse || values.texts == .number)
        }
      case .boolean(let isTrue):
        if values.booleans == .number { readings.append((name(place, base, record), isTrue ? 1 : 0)) }
        refuse(values.booleans == .refuse)
      }
    }
    return (readings, refused)
  }

  /// What a payload writes as a number; documents have no others among their texts.
  private static func number(_ text: String) -> Double? { ["21.5": 21.5, "-3e2": -300][text] }

  private func name(_ place: [OracleKey], _ base: Int, _ record: [OracleKey]) -> String {
    if place.count > base { return place[base...].map(\.name).joined(separator: ".") }
    return place.last?.name ?? ""
  }

  /// The path of values that counts for a place, and how much of the place it is.
  private func rule(_ place: [OracleKey], _ inside: [(place: [OracleKey], value: OracleValue)]) -> (Int, Int)?
  {
    var rule: (Int, Int)?
    for length in 0...place.count {
      let start = Array(place[..<length])
      if entry.leaveOut.contains(where: { Self.matches($0[...], start[...]) }) { return nil }
      if length > 0, place[length - 1].isElement, !takesElements(Array(place[..<(length - 1)]), inside) {
        rule = nil
      }
      for (index, values) in entry.values.enumerated() where Self.matches(values.path[...], start[...]) {
        if index < rule?.0 ?? .max { rule = (index, length) }
      }
    }
    // A record of its own has no key to be called by.
    return rule
  }

  /// Whether elements of the list at `place` are values.
  private func takesElements(_ place: [OracleKey], _ inside: [(place: [OracleKey], value: OracleValue)])
    -> Bool
  {
    if let (rule, _) = rule(place, inside), entry.values[rule].lists == .number { return true }
    if isLeftOut(place) { return false }
    return entry.values.contains { values in
      values.path.indices.contains { (index: Int) -> Bool in
        // `**` goes on where it has taken keys already.
        let isDeep = values.path[index] == .deep
        guard Self.matches(isDeep ? values.path[...index] : values.path[..<index], place[...]) else {
          return false
        }
        switch values.path[index] {
        case .key(let name): return !name.isEmpty && name.allSatisfy { "0123456789".contains($0) }
        case .any, .deep, .prefix: return true
        }
      }
    }
  }

  private func isLeftOut(_ place: [OracleKey]) -> Bool {
    (0...place.count).contains { length in
      entry.leaveOut.contains { Self.matches($0[...], place[..<length]) }
    }
  }
}

struct OracleKey: Hashable {
  var name: String
  var isElement: Bool
}

enum OraclePart: Hashable {
  case key(String)
  case prefix(String)
  case any
  case deep
}

/// A mapping as the oracle reads it; ``mapping`` is the same for the decoder.
struct OracleEntry {
  struct Values {
    var path: [OraclePart]
    var texts: MessageMapping.TextPolicy
    var booleans: MessageMapping.BooleanPolicy
    var lists: MessageMapping.ListPolicy
  }

  var records: [OraclePart]?
  var device: [OraclePart]
  var time: [OraclePart]
  var values: [Values]
  var leaveOut: [[OraclePart]]
}

/// JSON with its digits.
enum OracleValue: Equatable {
  case null
  case boolean(Bool)
  case number(Double, String)
  case notFinite(String)
  case text(String)
  case list([OracleValue])
  case object([(String, OracleValue)])

  /// As a name.
  var text: String? {
    switch self {
    case .text(let text): text
    case .boolean(let isTrue): "\(isTrue)"
    case .number(let number, let digits): number.isFinite ? digits : nil
    case .null, .notFinite, .list, .object: nil
    }
  }

  /// As a time in milliseconds.
  var milliseconds: Int64? {
    let number: Double? =
      switch self {
      case .text(let text): Double(text)
      case .number(let number, _): number
      default: nil
      }
    guard let number, number >= 0, number <= 253_402_300_799_999 else { return nil }
    return Int64(number)
  }

  static func == (a: OracleValue, b: OracleValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.boolean(let a), .boolean(let b)): a == b
    case (.number(_, let a), .number(_, let b)): a == b
    case (.notFinite(let a), .notFinite(let b)): a == b
    case (.text(let a), .text(let b)): a == b
    case (.list(let a), .list(let b)): a == b
    case (.object(let a), .object(let b)): a.elementsEqual(b) { $0.0 == $1.0 && $0.1 == $1.1 }
    default: false
    }
  }
}
