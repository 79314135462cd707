import Telemetry

/// Which nodes and devices there are, and what is kept of them.
extension SparkplugState {
  mutating func route(_ topic: UnsafeBufferPointer<UInt8>) throws(PayloadError) -> TopicTable.Route {
    if let known = topics[topic] { return known }
    guard let text = String(validating: topic, as: UTF8.self), let parts = SparkplugTopic(text) else {
      throw .malformed(
        "its topic is none of Sparkplug B, spBv1.0/group/kind/node or spBv1.0/group/kind/node/device")
    }
    var route = TopicTable.Route(kind: parts.kind)
    switch parts.kind {
    case .nodeCommand, .deviceCommand, .state: break
    default:
      let entity = try entity(parts)
      route.entity = Int32(entity)
      route.node = Int32(entities[entity].node)
    }
    topics.insert(topic, route)
    return route
  }

  /// The entity that a topic names, known from now on.
  private mutating func entity(_ topic: SparkplugTopic) throws(PayloadError) -> Int {
    if let known = paths[ExactText(topic.path)] { return known }
    guard let device = topic.device else {
      guard nodes.count < SparkplugLimits.maximumNodes else {
        throw .malformed("there are more than \(SparkplugLimits.maximumNodes) nodes")
      }
      let entity = add(topic.nodePath, own: topic.node, node: nodes.count)
      nodes.append(Node(entity: entity))
      return entity
    }
    guard entities.count - nodes.count < SparkplugLimits.maximumDevices else {
      throw .malformed("there are more than \(SparkplugLimits.maximumDevices) devices")
    }
    let node = try entity(SparkplugTopic(.nodeData, group: topic.group, node: topic.node))
    let entity = add(topic.path, own: device, node: entities[node].node)
    entities[entity].nodeLife = entities[node].epoch
    nodes[entities[node].node].devices.append(entity)
    return entity
  }

  private mutating func add(_ path: String, own: String, node: Int) -> Int {
    let slash = UInt8(ascii: "/")
    let id =
      settings.deviceNames == .own ? EscapedName.id(of: own) : EscapedName.id(of: path, separator: slash)
    entities.append(Entity(path: path, device: id.flatMap { DeviceID($0) }, node: node))
    paths[ExactText(path)] = entities.count - 1
    touch(entities.count - 1)
    return entities.count - 1
  }

  /// The device id of the readings of an entity; nil where it has none.
  mutating func device(ofEntityAt index: Int) -> DeviceID? {
    guard let device = entities[index].device else { return nil }
    if entities[index].isNamed { return device }
    guard owners[device] == nil else { return nil }
    owners[device] = index
    entities[index].isNamed = true
    touch(index)
    return device
  }

  mutating func touch(_ entity: Int) {
    guard !entities[entity].isTouched else { return }
    entities[entity].isTouched = true
    touched.append(entity)
  }

  /// What has changed since the last call and is to be kept, in the transaction that stores the readings.
  package mutating func takeChanges() -> [SparkplugLife] {
    guard !touched.isEmpty else { return [] }
    defer { touched.removeAll(keepingCapacity: true) }
    return touched.map { index in
      entities[index].isTouched = false
      defer { entities[index].newBirth = nil }
      return life(ofEntityAt: index)
    }
  }

  /// Goes on with what was kept, nodes before their devices. Throws ``SparkplugDamage``.
  package init(_ settings: SparkplugSettings, lives: [SparkplugLife]) throws(SparkplugDamage) {
    self.init(settings)
    for life in lives {
      let parts = SparkplugTopic.levels(life.path)
      guard parts.count == 2 || parts.count == 3 else { throw SparkplugDamage(path: life.path) }
      let topic = SparkplugTopic(
        .nodeData, group: parts[0], node: parts[1], device: parts.count == 3 ? parts[2] : nil)
      guard let index = try? entity(topic) else { throw SparkplugDamage(path: life.path) }
      try restore(index, life)
      entities[index].isTouched = false
      knownMetrics += entities[index].metrics.entries.count
    }
    touched = []
  }
}
