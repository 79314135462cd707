import Telemetry
import Wording

/// The nodes and devices of a Sparkplug B namespace, told of each message in the order of its arrival: who lives since when, what
/// their aliases mean, and which of their messages are missing.
///
/// A pure value: it says what the readings of a payload are, what is to be kept (``takeChanges()``), and who is to be asked for a
/// birth (``rebirths(nowMs:)``).
package struct SparkplugState: Sendable {
  /// A node itself, or one of its devices.
  struct Entity: Sendable {
    let path: String
    /// Nil where no id can be made of its name.
    let device: DeviceID?
    /// Its node's place in ``nodes``.
    let node: Int
    var epoch: Int64 = 0
    /// The life of its node in which its own began.
    var nodeLife: Int64 = 0
    var isAlive = false
    /// Which message of its node's life its birth was.
    var bornAt: Int64 = 0
    /// Which its own death was; −1 where it lives, or its node died.
    var diedAt: Int64 = -1
    /// Whether it has had a reading, and with it its device id.
    var isNamed = false
    /// Whether its life began with a birth that was seen.
    var hasBirth = false
    var metrics = MetricTable()
    /// Why another birth, or its death, may have been missed; nil where nothing says so.
    var doubt: Doubt?
    /// Whether it is among ``touched``.
    var isTouched = false
    /// Whether it is among ``renewed``.
    var isRenewed = false
    /// The payload of a birth that is not kept yet.
    var newBirth: [UInt8]?
  }

  /// Why the aliases of a life may be over.
  enum Doubt: Sendable {
    /// The broker had forgotten us.
    case sessionLost
    /// Messages of the node were missed while we were not connected.
    case gap
    /// A birth came that cannot be read.
    case unread
  }

  struct Node: Sendable {
    /// Its own place in ``entities``.
    let entity: Int
    var devices: [Int] = []
    var numbers = NodeNumbers()
    var bdSeq: UInt64?
    /// Of the birth that its life began with.
    var birthDigest: UInt64 = 0
    /// The connection of ours in which its newest message came.
    var heardIn = -1
    /// The connection of ours in which it died; what it had under way then still comes.
    var diedIn = -1
    var missing: Int64 = 0
    /// Of those, the ones that may still come.
    var openGap: Int64 = 0
    var gapSinceMs: Int64 = 0
    var rebirth = RebirthWish()
  }

  package let settings: SparkplugSettings
  var entities: [Entity] = []
  var nodes: [Node] = []
  var paths: [ExactText: Int] = [:]
  /// Whose a device id is: of two that would have the same, that of the first reading.
  var owners: [DeviceID: Int] = [:]
  var topics = TopicTable()
  /// Entities of which something is to be kept.
  var touched: [Int] = []
  /// Entities of which newer values came since their times were kept.
  var renewed: [Int] = []
  /// The readings of the payload that was read last.
  var told: [ToldReading] = []
  /// Whose they are.
  var tellingEntity = 0
  /// Nodes that may have to be asked for a birth.
  var wishing: [Int] = []
  /// How many connections of ours there were.
  private(set) var connection = 0
  /// Counts payloads, for ``MetricTable/Entry/seenIn``.
  var payloads = 0
  var knownMetrics = 0

  package init(_ settings: SparkplugSettings) { self.settings = settings }

  /// To be called when a connection to the broker was made.
  ///
  /// - Parameter resumed: Whether the broker had kept our session, and with it every death.
  package mutating func connected(resumed: Bool) {
    connection += 1
    guard !resumed else { return }
    // Kept until a birth comes, however often we are started again until then.
    for index in entities.indices { doubt(index, .sessionLost) }
  }

  mutating func doubt(_ entity: Int, _ doubt: Doubt) {
    guard entities[entity].hasBirth, entities[entity].doubt == nil else { return }
    entities[entity].doubt = doubt
    touch(entity)
  }

  // MARK: - Messages

  /// Takes a payload. Throws ``PayloadError`` where nothing of it can be read.
  ///
  /// - Parameters:
  ///   - isRepetition: Whether the broker is known to deliver it again. Then nothing changes.
  ///   - receivedMs: The wall clock, in milliseconds since 1970.
  package mutating func read(
    _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, isRepetition: Bool = false,
    receivedMs: Int64
  ) throws(PayloadError) -> SparkplugReading {
    let route = try route(topic)
    guard route.node >= 0 else { return SparkplugReading() }
    guard payload.count <= SparkplugLimits.maximumBytes else {
      throw .malformed("it has \(payload.count) bytes; at most \(SparkplugLimits.maximumBytes) are read")
    }
    let wire: WirePayload
    let metrics: [WireMetric]
    do throws(WireFault) {
      wire = try WirePayload(payload)
      metrics = try wire.metrics()
    } catch {
      throw .malformed(error.reason)
    }
    if let sequence = wire.sequence, sequence > 255 {
      throw .malformed("its sequence number is \(sequence), and may be 0 to 255")
    }
    var digest = MessageDigest()
    digest.add(topic)
    digest.add(payload)
    payloads += 1
    beginTelling(Int(route.entity))
    let message = SparkplugMessage(
      node: Int(route.node), entity: Int(route.entity), wire: wire, metrics: metrics, digest: digest.value,
      isKnownRepetition: isRepetition, receivedMs: receivedMs)
    if wire.isCompressed || metrics.isEmpty && route.kind.hasMetrics {
      // It says nothing, but it came. Without a number it is no message of the node: an empty payload, or bytes that are nobody's.
      if route.kind != .nodeBirth, message.sequence != nil {
        let place = number(message)
        if place.isRepetition { return SparkplugReading(repetitionWithoutValues: ()) }
        take(place, message)
        guard !place.isStray else { throw .noValues }
      }
      guard wire.isCompressed else { throw .noValues }
      if !isRepetition { doubt(message, route.kind) }
      throw .malformed("it is compressed, which is not read")
    }
    switch route.kind {
    case .nodeBirth: return nodeBirth(message, payload)
    case .deviceBirth: return deviceBirth(message, payload)
    case .nodeData, .deviceData: return data(message)
    case .nodeDeath: return nodeDeath(message)
    case .deviceDeath: return deviceDeath(message)
    case .nodeCommand, .deviceCommand, .state: return SparkplugReading()
    }
  }

  private mutating func nodeBirth(_ message: SparkplugMessage, _ payload: UnsafeBufferPointer<UInt8>)
    -> SparkplugReading
  {
    let index = message.node
    let sequence = message.sequence ?? 0
    let isLast = message.digest == nodes[index].birthDigest
    if message.isKnownRepetition || isLast
      || nodes[index].numbers.isFormer(message.digest, sent: message.wire.timestamp)
    {
      // Sent again after its death: what it says holds again.
      if !message.isKnownRepetition, isLast, !isAlive(index) { setAlive(message.entity) }
      return readings(of: message, number: Int64(sequence), isBirth: true, isRepetition: true)
    }
    nodes[index].bdSeq = message.bdSeq
    nodes[index].birthDigest = message.digest
    nodes[index].numbers = NodeNumbers(
      birth: sequence, digest: message.digest, sent: message.wire.timestamp, after: nodes[index].numbers)
    nodes[index].openGap = 0
    nodes[index].heardIn = connection
    nodes[index].rebirth.isFulfilled(message.receivedMs)
    for device in nodes[index].devices where entities[device].isAlive {
      entities[device].isAlive = false
      touch(device)
    }
    beginLife(message, payload, number: Int64(sequence))
    entities[message.entity].nodeLife = entities[message.entity].epoch
    return readings(of: message, number: Int64(sequence), isBirth: true)
  }

  private mutating func deviceBirth(_ message: SparkplugMessage, _ payload: UnsafeBufferPointer<UInt8>)
    -> SparkplugReading
  {
    let place = number(message)
    if place.isRepetition {
      if !message.isKnownRepetition, place != .former, !entities[message.entity].isAlive {
        setAlive(message.entity)
      }
      return readings(of: message, number: place.number, isBirth: true, isRepetition: true)
    }
    take(place, message)
    var message = message
    message.isOvertaken = place.isLate || place.isStray
    // What it names is read, and no life begins with one of a former life, nor with one that another has overtaken.
    guard !place.isStray, !isOver(place, entities[message.entity].bornAt, message) else {
      return readings(of: message, number: place.number, isBirth: true)
    }
    if !isAlive(message.node) { wish(message) }
    let diedAt = entities[message.entity].diedAt
    let isDead = isOver(place, diedAt, message)
    beginLife(message, payload, number: place.number)
    if isDead {
      entities[message.entity].isAlive = false
      entities[message.entity].diedAt = diedAt
    }
    entities[message.entity].nodeLife = epoch(ofNode: message.node)
    return readings(of: message, number: place.number, isBirth: true)
  }

  private mutating func setAlive(_ entity: Int) {
    entities[entity].isAlive = true
    entities[entity].diedAt = -1
    touch(entity)
  }

  /// A life that begins with a birth.
  private mutating func beginLife(
    _ message: SparkplugMessage, _ payload: UnsafeBufferPointer<UInt8>, number: Int64
  ) {
    let index = message.entity
    knownMetrics -= entities[index].metrics.entries.count
    entities[index].metrics =
      knownMetrics + message.metrics.count <= SparkplugLimits.maximumKnownMetrics
      ? MetricTable(birth: message.metrics, former: entities[index].metrics) : MetricTable()
    knownMetrics += entities[index].metrics.entries.count
    entities[index].epoch += 1
    entities[index].isAlive = true
    entities[index].hasBirth = true
    entities[index].bornAt = number
    entities[index].diedAt = -1
    entities[index].doubt = nil
    entities[index].newBirth = Array(payload)
    touch(index)
  }

  private mutating func data(_ message: SparkplugMessage) -> SparkplugReading {
    let place = number(message)
    guard !place.isRepetition else { return readings(of: message, number: place.number, isRepetition: true) }
    take(place, message)
    if place.isStray {
      var message = message
      message.obstacle = .formerLife
      message.isOvertaken = true
      return readings(of: message, number: place.number)
    }
    let nodeLife = epoch(ofNode: message.node)
    if entities[message.entity].nodeLife != nodeLife {
      // Its node was born again, and it was not, or nobody saw it.
      entities[message.entity].nodeLife = nodeLife
      entities[message.entity].epoch += 1
      entities[message.entity].hasBirth = false
      entities[message.entity].isAlive = false
      entities[message.entity].bornAt = 0
      entities[message.entity].diedAt = -1
      entities[message.entity].metrics.forgetAliases()
      touch(message.entity)
    }
    var message = message
    message.obstacle = aliasObstacle(message, place)
    message.isOvertaken = place.isLate
    if !entities[message.entity].isAlive || !isAlive(message.node) { wish(message) }
    return readings(of: message, number: place.number)
  }

  func number(_ message: SparkplugMessage) -> NodeNumbers.Place {
    let place = nodes[message.node].numbers.place(
      message.sequence, message.digest, sent: message.wire.timestamp)
    return message.isKnownRepetition ? .again(place.number) : place
  }

  mutating func take(_ place: NodeNumbers.Place, _ message: SparkplugMessage) {
    let index = message.node
    nodes[index].numbers.take(place, message.digest, sent: message.wire.timestamp)
    touch(nodes[index].entity)
    guard !place.isStray else { return }
    let isFirst = nodes[index].heardIn != connection
    nodes[index].heardIn = connection
    switch place {
    case .next(_, let missing) where missing > 0:
      nodes[index].missing += missing
      if nodes[index].openGap == 0 { nodes[index].gapSinceMs = message.receivedMs }
      nodes[index].openGap += missing
      wish(message, isGap: true)
      // Where nobody is asked, no birth would end the doubt, which is nearly always wrong.
      if isFirst, settings.rebirth == .ask {
        for entity in [nodes[index].entity] + nodes[index].devices { doubt(entity, .gap) }
      }
    case .late:
      nodes[index].missing = max(0, nodes[index].missing - 1)
      nodes[index].openGap = max(0, nodes[index].openGap - 1)
    case .next, .again, .former, .stray: break
    }
  }

  func isAlive(_ node: Int) -> Bool { entities[nodes[node].entity].isAlive }

  /// How many births of a node were seen.
  func epoch(ofNode node: Int) -> Int64 { entities[nodes[node].entity].epoch }
}
