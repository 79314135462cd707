import Foundation
import MQTT
import PayloadMapping
import Supervision
import Telemetry

/// How far a publisher may go.
package protocol PublishingAllowance {
  /// Whether what is due at `due` may leave after `published` messages have.
  func permits(published: Int, due: Timestamp) -> Bool
}

/// Publishes a fleet, or the part of it that falls to one process, in order of event time.
///
/// The schedule is absolute (open loop): a message that is late does not move those after it, and its lag is measured
/// against the time at which it was meant to leave.
package final class FleetPublisher {
  /// Bounds, each with its reason.
  enum Limits {
    /// How long the broker may acknowledge nothing while messages are outstanding.
    static let silence = Duration.seconds(30)
    /// The same once publishing has been told to stop.
    static let silenceWhenStopped = Duration.seconds(3)
    /// Publications between two reports of how far publishing is: few enough that other processes do not wait for them.
    static let publicationsPerReport = 512
    /// The longest time between two reports of a fleet that keeps a schedule.
    static let reportInterval = Duration.milliseconds(200)
  }

  /// One device, as it is published.
  private struct Sender {
    let client: Int32
    let group: Int32
    let device: DeviceID
    /// Its place among the devices of its connection.
    let place: Int32
    /// Messages with readings that it has published; without repeated ones.
    var published: Int32 = 0
  }

  private let clock: PublishingClock
  private let pool: PublisherPool
  private let sparkplug: SparkplugFleet
  private let start: Timestamp
  private var senders: [Sender]
  private let groups: [PublishingGroup]
  /// The names of the clients' connections.
  private let names: [String]
  private var deliveries: OrderedDeliveries
  private var ledger = FleetLedger()
  /// Kept, so that their memory is.
  private var topic: [UInt8] = []
  private var payload: [UInt8] = []
  private var stages: StageCounter
  private let stageCount: Int
  /// Of groups that do not say theirs.
  private let version: ProtocolVersion
  /// How long was waited for acknowledgements before a publication was begun.
  private var heldUp = Duration.zero
  /// How late publications were so far.
  package private(set) var lag = ScheduleLag()
  /// Why not everything was published, where it was not told to stop.
  package private(set) var failure: MQTTError?

  /// Opens the connections. Throws `MQTTError`.
  package init(
    source: any MessageSource, broker: BrokerAddress, clock: PublishingClock, options: Options,
    until stop: StopFlag
  ) throws {
    self.clock = clock
    start = source.start
    let stages = options.stages ?? LoadStages([.init(name: "whole", level: nil, begin: .zero, end: .zero)])
    self.stages = StageCounter(stages, tells: options.tellsStages)
    stageCount = stages.all.count
    version = options.version
    let groups = source.groups
    let deviceIDs = source.deviceIDs
    let connections = source.connections.of(options.share)
    var clients: [PublisherClient] = []
    var senders: [Sender] = []
    var indices: [Int] = []
    for (index, connection) in connections.enumerated() {
      let group = groups[connection.group]
      clients.append(Self.client(connection, group, options))
      for (place, device) in connection.devices.enumerated() {
        senders.append(
          Sender(
            client: Int32(index), group: Int32(connection.group), device: deviceIDs[device],
            place: Int32(place)))
        indices.append(device)
        ledger.planned += source.messageCount(ofDeviceAt: device)
      }
    }
    self.groups = groups
    names = connections.map(\.name)
    ledger.connections = clients.count
    self.senders = senders
    deliveries = source.deliveriesInOrder(ofDevicesAt: indices)
    let begin = ContinuousClock.now
    let sparkplug = SparkplugFleet(connections, of: source)
    self.sparkplug = sparkplug
    pool = try PublisherPool(
      address: broker, clients: clients, perSecond: options.connectionsPerSecond,
      greeting: sparkplug.greeting, until: { stop.isSet })
    ledger.connectSeconds = (ContinuousClock.now - begin).seconds
  }

  private static func client(
    _ connection: FleetConnections.Connection, _ group: PublishingGroup, _ options: Options
  ) -> PublisherClient {
    let names = PublisherNames(group: group.name, device: connection.name, gateway: connection.name)
    var client = PublisherClient(id: "\(options.session)-\(connection.name)")
    client.version = group.style.version ?? options.version
    client.quality = group.style.quality
    client.isRetained = group.style.isRetained
    client.birth = group.style.birth?.publication(names)
    client.will = group.style.will?.publication(names)
    return client
  }

  /// Keeps the connections alive until `condition` holds. Throws `MQTTError`.
  package func wait(until condition: () -> Bool) throws {
    while !condition() { try pool.pump(.milliseconds(10)) }
  }

  /// Publishes everything, or what `stop` allows, and waits for the acknowledgements. A broker that is gone does not keep what was
  /// published from being told; ``failure`` then says that it is.
  ///
  /// - Parameters:
  ///   - allowance: Publishing waits where it does not permit what comes next.
  ///   - observe: Told when the schedule begins, and now and then how many messages have left, and the time up to which all have
  ///     been acknowledged.
  package func run(
    until stop: StopFlag, allowance: some PublishingAllowance, observe: (FleetEvent) -> Void = { _ in }
  ) throws -> FleetLedger {
    let begin = ContinuousClock.now
    do {
      try publishAll(since: begin, until: stop, allowance, observe)
      try drain(stop)
      for (client, death) in sparkplug.farewells { try pool.say(death, client) }
      try drain(stop)
    } catch let error as MQTTError {
      if !stop.isSet { failure = error }
    }
    ledger.seconds = (ContinuousClock.now - begin).seconds
    pool.close()
    ledger.incomplete = incomplete(isStopped: stop.isSet || failure != nil)
    let counters = pool.counters
    ledger.publishedReadings = counters.publishedReadings
    ledger.published = counters.published
    ledger.acknowledged = counters.acknowledged
    ledger.acknowledgedReadings = counters.acknowledgedReadings
    ledger.unconfirmed = counters.unconfirmed
    ledger.publications = counters.publications
    ledger.repeated = counters.repeated
    ledger.births = counters.births
    ledger.reconnects = counters.reconnects
    ledger.stages = stages.stages
    ledger.note(lag)
    return ledger
  }

  private func publishAll(
    since begin: ContinuousClock.Instant, until stop: StopFlag, _ allowance: some PublishingAllowance,
    _ observe: (FleetEvent) -> Void
  ) throws {
    let beginMicroseconds = Date().timeIntervalSince1970 * 1e6
    observe(.began(microseconds: Int64(beginMicroseconds)))
    var sinceReport = 0
    var lastReport = ContinuousClock.now
    let underWay = FleetDefaults.underWay(clock).milliseconds
    while !stop.isSet, let (delivery, sender) = deliveries.next() {
      let due = delivery.due.milliseconds
      stages.begin(delivery.due - start)
      try waitForOthers(due - underWay, stop)
      if !allowance.permits(published: pool.counters.published, due: delivery.due) {
        sinceReport = 0
        var reported: Int64?
        while !allowance.permits(published: pool.counters.published, due: delivery.due), !stop.isSet {
          let reached = min(pool.oldestDue ?? due, due)
          if reached != reported { tell(observe, reached) }
          reported = reached
          try pool.pump(.milliseconds(1))
        }
      }
      try waitForSchedule(delivery.due - start, since: begin, stop)
      guard !stop.isSet else { break }
      var intended: IntendedTime?
      if case .scaled(let factor) = clock {
        let time = beginMicroseconds + (delivery.due - start).seconds / factor * 1e6
        intended = stages.intended(Int64(time))
      }
      try hand(delivery, to: sender, intended)
      sinceReport += 1
      // A fleet with a schedule may take hours to so many.
      let isDue = intended != nil && ContinuousClock.now - lastReport > Limits.reportInterval
      if sinceReport >= Limits.publicationsPerReport || isDue {
        tell(observe, min(pool.oldestDue ?? due, due))
        sinceReport = 0
        lastReport = .now
      }
    }
  }

  private func tell(_ observe: (FleetEvent) -> Void, _ reached: Int64) {
    observe(.progress(published: pool.counters.published, reached: Timestamp(milliseconds: reached)))
  }

  /// Waits while something is under way that was due before `time`, in milliseconds since 1970.
  private func waitForOthers(_ time: Int64, _ stop: StopFlag) throws {
    func mustWait() -> Bool { (pool.oldestDue.map { $0 < time } ?? false) && !stop.isSet }
    guard mustWait() else { return }
    let begin = ContinuousClock.now
    while mustWait() { try pool.pump(.milliseconds(1)) }
    heldUp += ContinuousClock.now - begin
  }

  /// - Parameter isStopped: Whether there may be more to publish.
  private func incomplete(isStopped: Bool) -> [FleetLedger.Incomplete] {
    let unacknowledged = pool.unacknowledgedBySender
    guard isStopped || !unacknowledged.isEmpty else { return [] }
    return senders.enumerated().compactMap { index, sender in
      let open = unacknowledged[index] ?? 0
      guard isStopped || open > 0 else { return nil }
      return FleetLedger.Incomplete(
        device: sender.device, published: Int(sender.published), acknowledged: Int(sender.published) - open)
    }
  }

  /// - Parameter intended: When it was meant to leave; nil without a schedule.
  private func hand(_ delivery: Delivery, to index: Int, _ intended: IntendedTime?) throws {
    payload.removeAll(keepingCapacity: true)
    topic.removeAll(keepingCapacity: true)
    let sender = senders[index]
    let group = groups[Int(sender.group)]
    let client = Int(sender.client)
    let style = group.style
    if let mapping = style.mapping { return try hand(delivery, to: index, by: mapping, intended) }
    var content = PublisherPool.Content.repeated
    switch delivery.parcel {
    case .messages(let messages):
      content = .messages(
        messages.count, readings: messages.reduce(0) { $0 + $1.values.count }, sender: index)
      senders[index].published += Int32(messages.count)
    case .again: break
    case .waste:
      content = .messages(1, readings: 0)
      ledger.waste += 1
    case .cut:
      return try pool.cut(client: client)
    }
    if sparkplug.publishes(client) {
      // What a node numbers must leave in its life.
      try pool.awaitRoom(client: client)
      guard sparkplug.encode(delivery, client, device: Int(sender.place), into: &payload) else { return }
      topic.append(contentsOf: sparkplug.topic(client, device: Int(sender.place)).utf8)
    } else {
      switch delivery.parcel {
      case .messages(let messages), .again(let messages): style.payload.encode(messages, into: &payload)
      case .waste(let bytes): payload.append(contentsOf: bytes)
      case .cut: break
      }
      style.topic.write(
        PublisherNames(group: group.name, device: sender.device.name, gateway: names[client]), into: &topic)
    }
    try leave(client, content, style, intended, delivery.due)
  }

  /// Hands over what a mapping makes of a delivery: one publication or more.
  private func hand(
    _ delivery: Delivery, to index: Int, by mapping: MappingEncoder, _ intended: IntendedTime?
  ) throws {
    let sender = senders[index]
    let client = Int(sender.client)
    let style = groups[Int(sender.group)].style
    func leave(_ text: String, _ bytes: [UInt8], _ content: PublisherPool.Content) throws {
      topic.removeAll(keepingCapacity: true)
      topic.append(contentsOf: text.utf8)
      payload = bytes
      try self.leave(client, content, style, intended, delivery.due)
    }
    switch delivery.parcel {
    case .messages(let messages):
      senders[index].published += Int32(messages.count)
      for one in mapping.publications(of: messages) {
        try leave(one.topic, one.payload, .messages(one.messages, readings: one.readings, sender: index))
      }
    case .again(let messages):
      for one in mapping.publications(of: messages) { try leave(one.topic, one.payload, .repeated) }
    case .waste(let bytes):
      ledger.waste += 1
      try leave(mapping.topic(of: sender.device), bytes, .messages(1, readings: 0))
    case .cut: try pool.cut(client: client)
    }
  }

  /// Publishes ``payload`` on ``topic``, and counts it.
  private func leave(
    _ client: Int, _ content: PublisherPool.Content, _ style: PublishingStyle, _ intended: IntendedTime?,
    _ due: Timestamp
  ) throws {
    topic.append(0)
    try topic.withUnsafeBytes { topic in
      guard let start = topic.assumingMemoryBound(to: CChar.self).baseAddress else { return }
      try payload.withUnsafeBytes {
        try pool.publish(
          client: client, topic: start, payload: $0, as: content, intended: intended,
          due: due.milliseconds)
      }
    }
    var published = 0
    if case .messages(let count, _, _) = content { published = count }
    stages.note(
      published: published, isTimed: intended != nil && style.version ?? version == .five,
      waited: pool.counters.waited + heldUp)
  }

  /// Waits until a message that lies `elapsed` after the start of the clock is due, and notes how late it is.
  private func waitForSchedule(_ elapsed: Duration, since begin: ContinuousClock.Instant, _ stop: StopFlag)
    throws
  {
    guard case .scaled(let factor) = clock else { return }
    let due = begin + .seconds(elapsed.seconds / factor)
    while !stop.isSet {
      let rest = due - .now
      guard rest > .zero else { break }
      // epoll waits in whole milliseconds; the last one is slept away exactly.
      if rest > .milliseconds(1) {
        try pool.pump(min(rest - .milliseconds(1), .milliseconds(50)))
      } else {
        Thread.sleep(forTimeInterval: rest.seconds)
      }
    }
    lag.record(ContinuousClock.now - due, stage: stages.stage, of: stageCount)
  }

  private func drain(_ stop: StopFlag) throws {
    var outstanding = pool.counters.outstanding
    var lastProgress = ContinuousClock.now
    while !pool.isDrained {
      try pool.pump(.milliseconds(50))
      if pool.counters.outstanding != outstanding {
        outstanding = pool.counters.outstanding
        lastProgress = .now
      }
      let patience = stop.isSet ? Limits.silenceWhenStopped : Limits.silence
      guard ContinuousClock.now - lastProgress < patience else { return }
    }
  }
}
