import Telemetry
import Wording

extension PlantSurvey {
  /// Columns of a terminal, less those of the mark of a comment.
  fileprivate static let columns = 78
  /// Members of a pattern that are shown.
  private static let mostFields = 40

  /// The survey for people, in lines of 78 columns at most; the mapping is not in it.
  package var lines: [String] {
    guard advice != .nothingHeard else { return ["no message came"] }
    var lines: [String] = []
    for pattern in patterns {
      lines.append("")
      lines += pattern.lines(mostFields: Self.mostFields)
    }
    if patternsNotShown > 0 {
      lines += ["", "and \(patternsNotShown.grouped) more patterns with fewer messages each"]
    }
    if uncounted > 0 {
      let what = "of topics that were not told apart: there were too many, or they were too long or too deep"
      lines += ["", "\(Self.count(uncounted, "message")) \(what)"]
    }
    lines += [""] + conclusion
    return lines.flatMap { Self.fitted($0.printable) }
  }

  /// All of it as the file of a mapping, in the comments of which the survey is. Ends with a line feed.
  ///
  /// - Parameters:
  ///   - topic: The filter of the topics that were listened to.
  ///   - broker: Its address.
  ///   - began: When listening began.
  package func document(of topic: String, at broker: String, from began: Timestamp) -> String {
    let heard = Duration.milliseconds(Int64((seconds * 1000).rounded()) / 100 * 100).text
    var lines = PlantSurvey.fitted("topics \(topic.quoted) on \(broker), \(heard) from \(began)")
    lines += PlantSurvey.fitted(headline) + self.lines
    return lines.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined() + (mappingYAML.map { "\n" + $0 } ?? "")
  }

  /// What came, in a line.
  private var headline: String {
    let rate = seconds > 0 ? FigureText.short((Double(messages) / seconds * 10).rounded() / 10) : "0"
    return "\(Self.count(messages, "message")) on \(Self.count(topics, "topic")), \(rate) a second"
      + (keptMessages < messages ? "; \(keptMessages.grouped) were kept and looked at" : "")
  }

  private var conclusion: [String] {
    switch advice {
    case .nothingHeard: return []
    case .nothingToTake: return ["nothing in it is a value that could be taken"]
    case .noMappingNeeded:
      return ["all values are read without a mapping:"]
        + patterns.filter { $0.outcome == .native }.map { "  sonde ingest --topic '\($0.filter)' …" }
    case .mapping, .preset: break
    }
    var lines: [String] = []
    if let proof {
      var tried =
        "tried on the \(keptMessages.grouped) kept messages: \(proof.taken.grouped) taken with "
        + "\(Self.count(proof.readings, "reading")) of \(Self.count(proof.devices, "device"))"
      if proof.ignored > 0 { tried += ", \(proof.ignored.grouped) ignored" }
      if proof.elsewhere > 0 { tried += ", \(proof.elsewhere.grouped) on topics that it does not take" }
      tried += ", \(proof.rejected.grouped) rejected"
      if proof.refusedValues > 0 { tried += ", \(Self.count(proof.refusedValues, "value")) refused" }
      lines.append(tried)
      if let topic = proof.idleTopic {
        let example = proof.idleTopics > 1 ? "such as \(topic.excerpt)" : topic.excerpt
        lines.append(
          "  most messages on \(Self.count(proof.idleTopics, "topic")) are ignored, though their pattern is in the mapping: \(example)"
        )
      }
      if proof.sameTimes > 0 {
        lines.append(
          "  \(Self.count(proof.sameTimes, "reading")) would be refused, because the sensor has another value at the same time: the "
            + "time is too coarse, or two devices have one name")
      }
      lines += proof.reasons.map { "  \($0.times.grouped) × \($0.reason.excerpt)" }
    }
    for pattern in patterns where pattern.outcome == .native {
      lines.append("not in the mapping: \(pattern.filter), \(pattern.note); ingest it by itself")
    }
    for preset in presets {
      let takes = "takes \(Self.percent(min(1, preset.shareOfValues))) of these values"
      let place = "on topics with \(Self.percent(preset.shareOfPlant)) of the plant's"
      lines.append(
        preset.takesAll
          ? "the preset \(preset.name) \(takes), \(place):"
          : "the preset \(preset.name) knows some of these topics (\(place)) and \(takes); what it leaves out is, by its source's "
            + "documentation, no reading:")
      lines.append("  sonde ingest --payload \(preset.name) …")
    }
    return lines
  }

  static func count(_ count: Int, _ noun: String) -> String {
    "\(count.grouped) \(noun)\(count == 1 ? "" : "s")"
  }

  static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded(.down)))%" }

  /// `line` in lines that fit, what follows further in than the first.
  private static func fitted(_ line: String) -> [String] {
    // A command stays what can be copied.
    guard line.columns > columns, !line.hasPrefix("  sonde ") else { return [line] }
    let indent = String(line.prefix { $0 == " " })
    let parts = MappingText.wrapped(line, to: columns - indent.count - 2)
    return parts.enumerated().map { ($0.offset == 0 ? indent : indent + "  ") + $0.element }
  }
}

extension SurveyedPattern {
  /// As `sonde ingest --topic` has it.
  package var filter: String {
    topic.split(separator: "/", omittingEmptySubsequences: false)
      .map { $0.contains("{") ? "+" : String($0) }.joined(separator: "/")
  }

  fileprivate func lines(mostFields: Int) -> [String] {
    let more = hasMoreTopics ? " or more" : ""
    var lines = [topic.excerpt]
    var counts = "  \(topics.grouped)\(more) topic\(topics == 1 ? "" : "s")"
    counts += ", \(PlantSurvey.count(messages, "message"))"
    counts +=
      ", \(FigureText.short((messagesPerSecond * 100).rounded() / 100)) a second, \(meanBytes.grouped) bytes each"
    if retained > 0 { counts += ", \(retained.grouped) retained" }
    lines.append(counts)
    let kinds = payloads.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.compactMap { kind, count in
      PayloadKind(rawValue: kind).map { $0.name + (payloads.count > 1 ? " (\(count.grouped))" : "") }
    }
    lines.append("  \(kinds.joined(separator: ", "))" + (note.isEmpty ? "" : ": \(note)"))
    if let device, outcome == .mapped {
      let names = exampleDevices.joined(separator: ", ") + (devices > exampleDevices.count ? ", …" : "")
      let reason = deviceReason.map { "; \($0)" } ?? ""
      lines.append("  device \(device): \(names)\(reason)")
    }
    // Of many, those that most records have.
    let shown =
      fields.count <= mostFields
      ? fields
      : fields.enumerated().sorted { ($1.element.share, $0.offset) < ($0.element.share, $1.offset) }.map(
        \.element)
    lines += shown.prefix(mostFields).map(\.line)
    if fields.count > mostFields { lines.append("    and \(fields.count - mostFields) members more") }
    return lines
  }
}

extension SurveyedField {
  /// One line, cut with a mark where it is too long.
  fileprivate var line: String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.columns))
    }
    let role =
      switch role {
      case .value: "value"
      case .time: "time"
      case .device: "device"
      case .sensorName: "sensor"
      case .epoch: "epoch"
      case .sequence: "sequence"
      case .leftOut: "left out"
      }
    var detail = reason
    if self.role == .value {
      detail = type
      if let least, let greatest {
        detail +=
          " \(FigureText.short(least))" + (least == greatest ? "" : " to \(FigureText.short(greatest))")
      }
      let words = words.isEmpty ? "" : words.listed
      if !reason.isEmpty || !words.isEmpty { detail += "; \(reason.isEmpty ? words : reason)" }
    } else if detail.isEmpty {
      detail = words.isEmpty ? example.excerpt : words.listed
    }
    let columns =
      "    \(padded(role, 8)) \(padded(path.excerpt, 22)) \(padded(PlantSurvey.percent(share), 4))"
    let line = "\(columns) \(detail)".printable
    return line.columns > PlantSurvey.columns ? line.fitted(to: PlantSurvey.columns - 1) + "…" : line
  }
}
