/// The ends of lives, and what still holds after them.
extension SparkplugState {
  /// Why the aliases of a message cannot be told; nil where they can.
  func aliasObstacle(_ message: SparkplugMessage, _ place: NodeNumbers.Place) -> AliasObstacle? {
    guard entities[message.entity].hasBirth else {
      return entities[message.entity].epoch == 0 ? .birthNotSeen : .bornAgain
    }
    if let doubt = entities[message.entity].doubt { return .doubt(doubt) }
    if entities[message.entity].diedAt >= 0, place.number > entities[message.entity].diedAt { return .dead }
    guard !isAlive(message.node) else { return nil }
    // A node whose birth nobody saw has not died by that: its devices live from their own births on, to its death or theirs.
    if epoch(ofNode: message.node) == 0, entities[message.entity].isAlive { return nil }
    // What was under way when the connection of the node broke comes after its death, and continues its numbers.
    var continues = true
    if case .next(_, let missing) = place { continues = missing == 0 }
    return continues && nodes[message.node].diedIn == connection ? nil : .dead
  }

  mutating func nodeDeath(_ message: SparkplugMessage) -> SparkplugReading {
    var reading = SparkplugReading()
    let index = message.node
    reading.isRepetition = message.isKnownRepetition
    guard !message.isKnownRepetition, isAlive(index) || epoch(ofNode: index) == 0 else { return reading }
    // One of an earlier connection of the node comes late, and is of a life that is over.
    if let ours = nodes[index].bdSeq, message.bdSeq != ours { return reading }
    nodes[index].diedIn = connection
    for entity in [nodes[index].entity] + nodes[index].devices where entities[entity].isAlive {
      entities[entity].isAlive = false
      touch(entity)
    }
    return reading
  }

  mutating func deviceDeath(_ message: SparkplugMessage) -> SparkplugReading {
    var reading = SparkplugReading()
    let place = number(message)
    reading.isRepetition = place.isRepetition
    guard !reading.isRepetition else { return reading }
    take(place, message)
    // One that a birth has overtaken is of the life before.
    guard !place.isStray, !isOver(place, entities[message.entity].bornAt, message) else { return reading }
    entities[message.entity].isAlive = false
    if entities[message.entity].nodeLife == epoch(ofNode: message.node) {
      entities[message.entity].diedAt = place.number
    }
    touch(message.entity)
    return reading
  }

  /// Whether a message of a device was overtaken by its birth or death that was the message `number` of the same life of its node.
  func isOver(_ place: NodeNumbers.Place, _ number: Int64, _ message: SparkplugMessage) -> Bool {
    place.isLate && place.number < number
      && entities[message.entity].nodeLife == epoch(ofNode: message.node)
  }

  /// Takes down that a birth came which cannot be read: nobody knows what aliases mean from there on.
  mutating func doubt(_ message: SparkplugMessage, _ kind: SparkplugTopic.Kind) {
    switch kind {
    case .nodeBirth:
      for entity in [message.entity] + nodes[message.node].devices { doubt(entity, .unread) }
    case .deviceBirth: doubt(message.entity, .unread)
    default: return
    }
    wish(message)
  }
}
