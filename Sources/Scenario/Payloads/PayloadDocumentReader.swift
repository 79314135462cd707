import Documents
import PayloadMapping
import Telemetry
import Wording

/// Turns the tree of a payload mapping into a ``PayloadMapping``, or into the diagnostics that say why it is none.
struct PayloadDocumentReader {
  let diagnostics: DiagnosticList

  /// - Parameter name: What a mapping is called that has no name.
  func mapping(_ reader: MappingReader, name: String) -> PayloadMapping {
    var mapping = PayloadMapping(
      name: reader.text("name") ?? name, about: reader.text("about"), messages: [])
    var readers: [MappingReader] = []
    for node in reader.list("messages") ?? [] {
      guard let entry = MappingReader(node, PayloadSchema.message, diagnostics) else { continue }
      readers.append(entry)
      mapping.messages.append(message(entry))
    }
    // What does not hold together is only looked for where each part is sound by itself.
    guard diagnostics.isEmpty else { return mapping }
    for problem in mapping.problems {
      let location =
        problem.message.map { readers[$0].location(of: problem.key) } ?? reader.location(of: problem.key)
      diagnostics.add(location, "\(problem.key): \(problem.reason)")
    }
    return mapping
  }

  private func message(_ reader: MappingReader) -> MessageMapping {
    let topics = texts(reader, "topic").compactMap { parsed(TopicPattern.self, $0, "topic") }
    let conditions = entries(reader, "where").compactMap { entry -> MessageMapping.Condition? in
      guard let path = parsed(PayloadPath.self, entry.key, "where", entry.location) else { return nil }
      return entry.value.text.map { MessageMapping.Condition(path: path, text: $0) }
    }
    if let isIgnored = reader.boolean("ignore") {
      checkIgnored(reader, isIgnored)
      return .ignoring(topics, where: conditions)
    }
    var message = MessageMapping(topics: topics)
    message.conditions = conditions
    if let format = reader.choice("format", MessageMapping.Format.self) { message.format = format }
    message.records = one(PayloadPath.self, reader, "records")
    message.names = entries(reader, "names").map { entry in
      MessageMapping.Name(
        name: entry.key,
        paths: texts(entry.value).compactMap { parsed(PayloadPath.self, $0, "names") })
    }
    if let device = one(NameTemplate.self, reader, "device") { message.device = device }
    if let time = time(reader) { message.time = time }
    message.epoch = one(PayloadPath.self, reader, "epoch")
    message.sequence = one(PayloadPath.self, reader, "sequence")
    if let values = reader.list("values") { message.values = values.compactMap(self.values) }
    message.leaveOut = (reader.list("leave_out") ?? []).compactMap {
      parsed(PayloadPath.self, $0, "leave_out")
    }
    if let sensor = one(NameTemplate.self, reader, "sensor") { message.sensor = sensor }
    if let separator = reader.text("separator") { message.separator = separator }
    if let prefix = reader.text("drop_prefix") { message.dropPrefix = prefix }
    if let texts = reader.choice("texts", MessageMapping.TextPolicy.self) { message.texts = texts }
    if let booleans = reader.choice("booleans", MessageMapping.BooleanPolicy.self) {
      message.booleans = booleans
    }
    if let lists = reader.choice("lists", MessageMapping.ListPolicy.self) { message.lists = lists }
    message.enumeration = enumeration(reader) ?? []
    message.ignoresWithoutValues = reader.choice("without_values", PayloadSchema.withoutValues) == "ignore"
    return message
  }

  private func checkIgnored(_ reader: MappingReader, _ isIgnored: Bool) {
    guard isIgnored else {
      diagnostics.add(
        reader.location(of: "ignore"),
        "ignore: leave it out, or write true; a message that is read has a time")
      return
    }
    for key in PayloadSchema.message.keys.map(\.name)
    where !["topic", "where", "ignore", "time"].contains(key) {
      guard reader.node(key) != nil else { continue }
      diagnostics.add(
        reader.location(of: key), "\(key): a message that is ignored has topic and where, and nothing else")
    }
  }

  private func values(_ node: DocumentNode) -> MessageMapping.Values? {
    guard case .mapping = node.content else {
      return parsed(PayloadPath.self, node, "values").map(MessageMapping.Values.init(path:))
    }
    guard let reader = MappingReader(node, PayloadSchema.values, diagnostics),
      let path = one(PayloadPath.self, reader, "path")
    else { return nil }
    var values = MessageMapping.Values(path: path)
    values.sensor = one(NameTemplate.self, reader, "sensor")
    values.separator = reader.text("separator")
    values.dropPrefix = reader.text("drop_prefix")
    values.texts = reader.choice("texts", MessageMapping.TextPolicy.self)
    values.booleans = reader.choice("booleans", MessageMapping.BooleanPolicy.self)
    values.lists = reader.choice("lists", MessageMapping.ListPolicy.self)
    values.enumeration = enumeration(reader)
    return values
  }

  private func time(_ reader: MappingReader) -> MappedTime? {
    guard let node = reader.node("time") else { return nil }
    guard case .mapping = node.content else {
      if node.choice(among: [PayloadSchema.arrival]) != nil { return .arrival }
      diagnostics.add(
        node.location, "time: expected arrival, or { path: …, unit: … }, found \(node.summary)",
        suggestion: node.text.flatMap { NearestName.of($0, among: [PayloadSchema.arrival]) })
      return nil
    }
    guard let section = MappingReader(node, PayloadSchema.time, diagnostics) else { return nil }
    let unit = section.choice("unit", MappedTime.Unit.self)
    let zone = one(MappedTime.Zone.self, section, "zone")
    if zone != nil, let unit, unit != .iso8601, unit != .auto {
      diagnostics.add(section.location(of: "zone"), "zone: only times of iso8601 have one, and those of auto")
    }
    let paths = texts(section, "path").compactMap { parsed(PayloadPath.self, $0, "path") }
    guard let unit, !paths.isEmpty else { return nil }
    return MappedTime(
      paths: paths, unit: unit, zone: zone ?? .utc,
      isOtherwiseArrival: section.choice("otherwise", [PayloadSchema.arrival]) != nil)
  }

  private func enumeration(_ reader: MappingReader) -> [MessageMapping.Enumerated]? {
    guard reader.node("enumeration") != nil else { return nil }
    return entries(reader, "enumeration").map { entry in
      MessageMapping.Enumerated(text: entry.key, number: entry.value.isNull ? nil : entry.value.number)
    }
  }

  // MARK: - Texts with a grammar of their own

  /// The text of `key` as what it stands for.
  private func one<Text: MappingText>(_ type: Text.Type, _ reader: MappingReader, _ key: String) -> Text? {
    reader.node(key).flatMap { parsed(type, $0, key) }
  }

  private func parsed<Text: MappingText>(_ type: Text.Type, _ node: DocumentNode, _ key: String) -> Text? {
    // What is no text the schema has refused.
    guard let text = node.text, !node.isNull else { return nil }
    return parsed(type, text, key, node.location)
  }

  private func parsed<Text: MappingText>(
    _ type: Text.Type, _ text: String, _ key: String, _ location: SourceLocation
  ) -> Text? {
    do throws(MappingError) {
      return try type.init(text)
    } catch {
      diagnostics.add(location, "\(key): \(error.reason) (in \(text.quoted))")
      return nil
    }
  }

  /// The text of `key`, or the texts of its list.
  private func texts(_ reader: MappingReader, _ key: String) -> [DocumentNode] {
    reader.node(key).map(texts) ?? []
  }

  private func texts(_ node: DocumentNode) -> [DocumentNode] {
    if case .sequence(let elements) = node.content { elements } else { [node] }
  }

  private func entries(_ reader: MappingReader, _ key: String) -> [DocumentNode.Entry] {
    if case .mapping(let entries)? = reader.node(key)?.content { entries } else { [] }
  }
}
