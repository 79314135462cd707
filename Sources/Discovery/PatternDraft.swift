import PayloadMapping
import Telemetry
import Wording

/// A pattern of topics, and the entry that is made for it.
struct PatternDraft {
  private let group: TopicGroup
  var levels: [TopicLevel] { group.levels }
  var pattern: SurveyedPattern
  /// Of the payloads that the entry reads; nil where there are none.
  private var shape: PayloadShape?
  /// Nil where no pattern can be written.
  var draft: EntryDraft?
  /// Some of its topics.
  private var examples: [String]

  init(_ group: TopicGroup, _ survey: TopicSurvey, _ surveyed: [SurveyedMessage], _ duration: Duration) {
    self.group = group
    var tally = TopicTally()
    for node in group.nodes { tally.add(survey.tree[tally: node]) }
    let messages = group.nodes.flatMap { survey.tree[tally: $0].sample.kept }.sorted().map { surveyed[$0] }
    examples = Array(Set(messages.prefix(64).map(\.message.topic)).sorted().prefix(8))
    var payloads: [String: Int] = [:]
    for message in messages { payloads[message.kind.rawValue, default: 0] += 1 }
    if tally.tooLarge > 0 { payloads[PayloadKind.tooLarge.rawValue] = tally.tooLarge }
    pattern = SurveyedPattern(
      topic: Self.text(group.levels), topics: group.nodes.count,
      hasMoreTopics: group.nodes.contains { survey.tree.isNameless($0) }, messages: tally.messages,
      retained: tally.retained,
      messagesPerSecond: duration > .zero ? Double(tally.messages) / duration.seconds : 0,
      meanBytes: tally.messages == 0 ? 0 : tally.bytes / tally.messages, payloads: payloads,
      keptMessages: messages.count, outcome: .nothing, note: "", devices: 0, exampleDevices: [], fields: [])
    read(messages)
  }

  /// Tells what most payloads are, and makes the entry that reads these.
  private mutating func read(_ messages: [SurveyedMessage]) {
    func of(_ kinds: [PayloadKind]) -> [SurveyedMessage] { messages.filter { kinds.contains($0.kind) } }
    let (objects, lists) = (
      of([.json, .canonical]).filter { $0.shape == .object }, messages.filter { $0.shape == .list }
    )
    let readable = [objects, lists, of([.number, .word]), of([.lineProtocol]), of([.senML])]
    guard let most = readable.max(by: { $0.count < $1.count }), let first = most.first else {
      let binary = of([.binary]).count
      pattern.outcome = of([.sparkplug]).isEmpty && binary == 0 ? .nothing : .unreadable
      pattern.note =
        pattern.outcome == .nothing
        ? messages.isEmpty ? "no message of it was kept" : "no value in it"
        : of([.sparkplug]).isEmpty
          ? "no mapping reads it" : "no matter of a mapping"
      return
    }
    shape = PayloadShape.most(of: most)
    do throws(MappingError) {
      switch first.kind {
      case .senML:
        pattern.outcome = .native
        pattern.note = "read without a mapping, and by none"
        return
      case .number, .word: draft = try EntryDraft(scalars: most, group)
      case .lineProtocol: draft = try EntryDraft(RecordSet(lines: most), group, isLineProtocol: true)
      default:
        draft = try EntryDraft(RecordSet(json: most), group, isLineProtocol: false)
        if most.allSatisfy({ $0.kind == .canonical }) {
          pattern.outcome = .native
          pattern.note = "read without a mapping"
        }
      }
    } catch {
      pattern.outcome = .unreadable
      pattern.note = "no mapping can say it: \(error.reason)"
      return
    }
    if pattern.outcome != .native {
      pattern.outcome = draft?.hasValues == true ? .mapped : .nothing
      if pattern.outcome == .nothing { pattern.note = "nothing in it is a value" }
    }
    if most.count < messages.count {
      pattern.note += (pattern.note.isEmpty ? "" : "; ")
      pattern.note += "\(messages.count - most.count) of \(messages.count) kept messages are of another kind"
      let inverse = shape == .object ? lists.count : shape == .list ? objects.count : 0
      if inverse > 0 { pattern.note += ", \(inverse) of them \(shape == .object ? "lists" : "no lists")" }
    }
    describe()
  }

  private mutating func describe() {
    guard let draft else { return }
    pattern.topic = draft.mapping.topics.first?.text ?? pattern.topic
    pattern.device = draft.mapping.device.text
    pattern.deviceReason = draft.reasons[.key("device")]
    pattern.devices = draft.devices.count
    pattern.exampleDevices = draft.devices.sorted().prefix(4).map { $0.excerpt }
    pattern.sensor = draft.mapping.sensor.text
    pattern.fields = draft.fields
  }

  private static func text(_ levels: [TopicLevel]) -> String {
    levels.map { level in
      switch level {
      case .text(let text): text
      case .varies: "+"
      }
    }.joined(separator: "/")
  }

  // MARK: - All together

  /// Patterns that came out alike, because each is of one device that is like no other, are one, which `draft` makes. Those of payloads of
  /// another shape than most stay by themselves, each with the topic that it was heard on.
  static func joined(_ found: [PatternDraft], _ draft: (TopicGroup) -> PatternDraft) -> [PatternDraft] {
    var byTopic: [String: [PatternDraft]] = [:]
    for one in found { byTopic[one.pattern.topic, default: []].append(one) }
    return byTopic.sorted { $0.key < $1.key }.flatMap { topic, alike -> [PatternDraft] in
      var alike = alike
      let apart = strangers(among: alike).compactMap { index -> (index: Int, draft: PatternDraft)? in
        var group = alike[index].group
        group.isApart = true
        let found = draft(group)
        return found.pattern.topic == topic ? nil : (index, found)
      }
      for index in apart.map(\.index).reversed() { alike.remove(at: index) }
      return apart.map(\.draft) + [one(of: alike, draft)]
    }
  }

  /// The places of patterns whose payloads no entry reads along with those of most messages.
  private static func strangers(among alike: [PatternDraft]) -> [Int] {
    var messages: [PayloadShape: Int] = [:]
    for one in alike { if let shape = one.shape { messages[shape, default: 0] += one.pattern.messages } }
    let most = messages.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
    guard let most else { return [] }
    let strange = alike.indices.filter {
      let one = alike[$0]
      return one.shape.map { $0.isOfReadings && !$0.isLike(most) } ?? false
    }
    return strange.count <= DiscoveryDefaults.maximumNamesApart ? strange : []
  }

  private static func one(of alike: [PatternDraft], _ draft: (TopicGroup) -> PatternDraft) -> PatternDraft {
    guard alike.count > 1 else { return alike[0] }
    let levels = alike[0].levels.indices.map { level in
      alike.allSatisfy { $0.levels[level] == alike[0].levels[level] } ? alike[0].levels[level] : .varies
    }
    return draft(TopicGroup(levels: levels, nodes: alike.flatMap(\.group.nodes)))
  }

  /// Puts the last literal level of topics before sensors that two entries give the same devices.
  static func tellApart(_ found: inout [PatternDraft]) {
    var known: [String: Set<String>] = [:]
    for index in found.indices {
      guard var draft = found[index].draft, found[index].pattern.outcome == .mapped else { continue }
      let isTaken = draft.devices.contains { !(known[$0] ?? []).isDisjoint(with: draft.sensors) }
      if isTaken, let kind = draft.kind,
        let sensor = try? NameTemplate("\(EntryDraft.literal(kind)).\(draft.mapping.sensor.text)")
      {
        draft.mapping.sensor = sensor
        draft.reasons[.key("sensor")] = "other topics of these devices have sensors of the same names"
        found[index].draft = draft
        found[index].describe()
      }
      // Bounded by the messages that are kept.
      for device in draft.devices { known[device, default: []].formUnion(draft.sensors) }
    }
  }

  /// Decides what becomes of patterns that are read without a mapping where there is one, which then reads everything.
  static func settle(_ found: inout [PatternDraft], takesCanonical: Bool) {
    for index in found.indices where takesCanonical && found[index].pattern.outcome == .native {
      guard found[index].draft?.hasValues == true else { continue }
      found[index].pattern.outcome = .mapped
      found[index].pattern.note =
        "said as a mapping, because the rest of the plant needs one"
    }
  }

  /// The entries of the mapping: those that take something, and before them those that take nothing and would otherwise be taken by
  /// them. Literal levels come before those that vary, so that the first that matches is the right one.
  static func ordered(_ found: [PatternDraft]) -> [(draft: EntryDraft, comments: MappingText.Comments)] {
    let taken = found.filter { $0.pattern.outcome == .mapped }
    let patterns = taken.flatMap { $0.draft?.mapping.topics ?? [] }
    var entries: [(levels: [TopicLevel], draft: EntryDraft, comments: MappingText.Comments)] = []
    for one in found {
      if one.pattern.outcome == .mapped, let draft = one.draft {
        entries.append((one.levels, draft, one.comments(draft)))
      } else if one.examples.contains(where: { topic in patterns.contains { $0.match(topic) != nil } }),
        let draft = try? EntryDraft.ignoring(one.levels, one.pattern.note)
      {
        entries.append((one.levels, draft, one.comments(draft)))
      }
    }
    entries.sort { a, b in
      (a.draft.openness, "\(a.levels)") < (b.draft.openness, "\(b.levels)")
    }
    return entries.map { ($0.draft, $0.comments) }
  }

  private func comments(_ draft: EntryDraft) -> MappingText.Comments {
    var comments = MappingText.Comments()
    let more = pattern.hasMoreTopics ? " or more" : ""
    let topics = "\(pattern.topics.grouped)\(more) topic\(pattern.topics == 1 ? "" : "s")"
    let example = examples.first.map { ", such as \($0.excerpt)" } ?? ""
    comments.entry = [
      "\(topics)\(example): \(PlantSurvey.count(pattern.messages, "message"))"
    ]
    if let reason = draft.reasons[.topic] { comments.entry.append(reason) }
    for (part, reason) in draft.reasons where !reason.isEmpty {
      switch part {
      case .topic: break
      case .key(let key): comments.keys[key] = reason
      case .element(let text): comments.elements[text] = reason
      }
    }
    let values = draft.fields.filter { $0.role == .value }
    comments.keys["values"] = values.isEmpty ? nil : "values: " + Self.list(values.map(\.summary))
    let leftOut = draft.fields.filter {
      $0.role == .leftOut && comments.elements[$0.path] == nil && !$0.reason.isEmpty
    }
    if !leftOut.isEmpty {
      comments.keys["leave_out"] =
        "left out: " + Self.list(leftOut.map { "\($0.path.excerpt) (\($0.reason))" })
    }
    return comments
  }

  /// Some of `parts`, and how many more there are.
  private static func list(_ parts: [String]) -> String {
    let most = 16
    return parts.prefix(most).joined(separator: ", ")
      + (parts.count > most ? " and \(parts.count - most) more" : "")
  }
}

extension TopicTree {
  /// Whether `node`, or a level above it, stands for names that are not told apart.
  func isNameless(_ node: Int) -> Bool {
    var node = node
    while node > 0 {
      let parent = nodes[node].parent
      if nodes[parent].others == node { return true }
      node = parent
    }
    return false
  }
}

extension SurveyedField {
  /// For a line of many: the path, and from where to where its numbers go.
  var summary: String {
    let name = path.isEmpty ? "the payload" : path.excerpt
    guard let least, let greatest else { return name }
    return "\(name) \(FigureText.short(least))"
      + (least == greatest ? "" : " to \(FigureText.short(greatest))")
  }
}

/// Numbers for people.
enum FigureText {
  /// With at most six digits that say something.
  static func short(_ number: Double) -> String {
    if let whole = Int64(exactly: number), abs(number) < 1e15 { return String(whole) }
    let text = "\(number)"
    guard text.utf8.count > 9, !text.contains("e"), abs(number) < 1e9, abs(number) >= 1e-3 else {
      return text
    }
    var factor = 1.0
    while abs(number) * factor < 1e5 { factor *= 10 }
    return "\((number * factor).rounded() / factor)"
  }
}
