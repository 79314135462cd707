import Wording

extension PayloadMapping {
  /// A part of a mapping that cannot be, and why.
  package struct Problem: Hashable, Sendable {
    /// The entry of ``messages``, from 0; nil where it is of the mapping as a whole.
    package let message: Int?
    /// The key in the entry, such as `time`.
    package let key: String
    package let reason: String

    /// The key with the entry, as `messages[2].time`.
    package var place: String { message.map { "messages[\($0)].\(key)" } ?? key }
  }

  /// What cannot be. Files of settings, scenarios and options all ask here.
  package var problems: [Problem] {
    var problems: [Problem] = []
    if messages.isEmpty {
      problems.append(Problem(message: nil, key: "messages", reason: "at least one entry"))
    }
    if messages.count > Self.maximumMessages {
      problems.append(
        Problem(message: nil, key: "messages", reason: "at most \(Self.maximumMessages) entries"))
    }
    if !messages.isEmpty, messages.allSatisfy(\.isIgnored) {
      problems.append(Problem(message: nil, key: "messages", reason: "every entry is ignored"))
    }
    if let (one, other) = overlap {
      problems.append(
        Problem(
          message: nil, key: "messages",
          reason:
            "\(one.quoted) and \(other.quoted) have topics in common, of which a broker may deliver each message "
            + "twice; write topics that have none in common, or one that covers both"))
    }
    for (index, message) in messages.enumerated() {
      message.check { problems.append(Problem(message: index, key: $0, reason: $1)) }
    }
    problems += unreachable.map(Self.problem)
    return problems
  }

  private static func problem(_ entry: Unreachable) -> Problem {
    let taken = entry.takers.prefix(3).map {
      "\($0.topic.text.quoted) of messages[\($0.message)], which has no “where”, takes what "
        + "\($0.taken.text.quoted) would"
    }
    return Problem(
      message: entry.message, key: "topic",
      reason: "messages[\(entry.message)] never takes a message: \(taken.joined(separator: ", and ")); "
        + "put messages[\(entry.message)] before it, or leave it out")
  }
}

extension MessageMapping {
  /// Calls `problem` with the key and the reason of what cannot be.
  func check(_ problem: (String, String) -> Void) {
    if topics.isEmpty { problem("topic", "at least one topic") }
    for topic in topics where Set(topic.names) != Set(topics[0].names) {
      problem(
        "topic",
        "\(topic.text.quoted) has other names than \(topics[0].text.quoted); make entries of their own")
    }
    if format != .json, !conditions.isEmpty { problem("where", "for payloads of JSON alone") }
    for condition in conditions where !condition.path.names.isEmpty {
      problem("where", "\(condition.path.text.quoted) has a name; write *")
    }
    guard !isIgnored else { return }
    checkNames(problem)
    if (epoch == nil) != (sequence == nil) {
      problem(
        epoch == nil ? "sequence" : "epoch",
        "epoch and sequence are given both; a sequence alone begins again when the device does, "
          + "and tells no duplicates")
    }
    for (key, path) in [("epoch", epoch), ("sequence", sequence)] {
      guard let path else { continue }
      if records != nil, path.isFromRoot {
        problem(key, "the records of a payload would all have the same number; give a path from the record")
      }
    }
    if values.isEmpty { problem("values", "at least one path") }
    for value in values where value.path.isFromRoot && records != nil {
      problem("values", "\(value.path.text.quoted) leads from the whole payload; values are in records")
    }
    for path in leaveOut where path.isFromRoot && records != nil {
      problem("leave_out", "\(path.text.quoted) leads from the whole payload; what is left out is in records")
    }
    for path in leaveOut where !path.names.isEmpty {
      problem("leave_out", "\(path.text.quoted) has a name; write *")
    }
    if let records, records.parts.isEmpty { problem("records", "a path to the elements, such as readings.*") }
    for enumeration in [enumeration] + values.compactMap(\.enumeration) {
      if let twice = enumeration.first(where: { one in enumeration.count { $0.text == one.text } > 1 }) {
        problem("enumeration", "\(twice.text.quoted) is there twice")
      }
      for one in enumeration where one.number?.isFinite == false {
        problem("enumeration", "\(one.text.quoted) is no number")
      }
    }
    if format == .lineProtocol, records != nil { problem("records", "each line is a record already") }
    guard format == .text else { return }
    if records != nil { problem("records", "a text has no records") }
    if !names.isEmpty { problem("names", "a text has no members") }
    if !time.isArrival { problem("time", "a text has no time of its own; arrival") }
    if epoch != nil { problem("epoch", "a text has no numbers of its own") }
    if values.contains(where: { !$0.path.parts.isEmpty }) { problem("values", "a text is one value") }
  }

  private func checkNames(_ problem: (String, String) -> Void) {
    let ofTopic = topics.first?.names ?? []
    let ofRecords = records?.names ?? []
    var known = Set(ofTopic)
    for name in ofRecords + names.map(\.name) where !known.insert(name).inserted {
      problem(ofRecords.contains(name) ? "records" : "names", "the name \(name.quoted) is there twice")
    }
    for name in names {
      if !MappingName.isValid(name.name) {
        problem("names", "\(name.name.quoted) is no name; \(MappingName.sentence)")
      }
      if name.name == MappingName.ofValue {
        problem("names", "“name” is the name of the value; choose another")
      }
      if name.paths.isEmpty { problem("names", "\(name.name.quoted) has no path") }
    }
    let single = names.flatMap(\.paths) + time.paths + [epoch, sequence].compactMap(\.self)
    for path in single where !path.names.isEmpty {
      problem("names", "\(path.text.quoted) has a name, which only topics, records and values have; write *")
    }
    for path in single where path.parts.isEmpty && format != .json {
      problem("names", "the record itself is no text")
    }
    func check(_ template: NameTemplate, _ key: String, _ more: [String]) {
      for name in template.names where !known.contains(name) && !more.contains(name) {
        problem(key, "there is no name \(name.quoted) in topic, records or names")
      }
    }
    check(device, "device", [])
    for value in values {
      for name in value.path.names where known.contains(name) {
        problem("values", "the name \(name.quoted) is there twice")
      }
      let template = value.sensor ?? sensor
      check(template, value.sensor == nil ? "sensor" : "values", value.path.names + [MappingName.ofValue])
      if format == .text, template.names.contains(MappingName.ofValue) {
        problem("sensor", "a text has no key to be named by")
      }
    }
  }
}
