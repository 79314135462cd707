/// The members that number the messages of a device, as far as they are found.
struct FoundNumbering {
  /// Counts the messages of a life of the device.
  var sequence: Int?
  /// Counts the lives.
  var epoch: Int?

  init(_ set: RecordSet, _ statistics: [FieldStatistics], devices: [String]) {
    let candidates = statistics.indices.filter {
      let field = statistics[$0]
      return field.numbers == field.said && field.said == set.records.count && field.areWhole
        && field.least >= 0
        // Of a payload with records they would number each record alike.
        && !field.path.isFromRoot
    }
    sequence = candidates.first {
      TopicWords.isSequence(statistics[$0].path.last) && !statistics[$0].isConstant
        && Self.rises($0, set, devices)
    }
    epoch = candidates.first { TopicWords.isEpoch(statistics[$0].path.last) && Self.rises($0, set, devices) }
  }

  /// Both, which a mapping takes together or not at all.
  var isWhole: Bool { sequence != nil && epoch != nil }

  /// Whether `field` hardly ever falls from one message of a device to a later one.
  private static func rises(_ field: Int, _ set: RecordSet, _ devices: [String]) -> Bool {
    var ordered = Array(set.records.indices)
    ordered.sort {
      set.messages[set.records[$0].message].message.arrival
        < set.messages[set.records[$1].message].message.arrival
    }
    var last: [String: Double] = [:]
    var (steps, falls) = (0, 0)
    for index in ordered {
      guard case .number(let number, _)? = set.records[index][field] else { continue }
      if let before = last.updateValue(number, forKey: devices[index]) {
        steps += 1
        if number < before { falls += 1 }
      }
    }
    return Double(falls) <= Double(steps) * (1 - DiscoveryDefaults.agreement)
  }
}
