import Foundation
import Histogram
import MQTT
import Supervision
import Telemetry

/// What a fleet planned, handed to the broker and got acknowledged, in messages.
public struct FleetLedger: Sendable, Codable {
  /// How late publications were against the schedule, in milliseconds. Under ``PublishingClock/max`` there is no schedule.
  public struct Lag: Sendable, Codable {
    public var p50: Double
    public var p99: Double
    public var max: Double
  }

  public var planned: Int
  public var published: Int
  public var acknowledged: Int
  /// Values of sensors in the messages that were acknowledged.
  public var acknowledgedReadings: Int
  public var scheduleLagMs: Lag?
  /// Messages published a second time on purpose; not among those above.
  public var repeated: Int
  /// Payloads published that were no messages; among those published and acknowledged.
  public var waste: Int
  /// Connections that were open at once.
  public var connections: Int
  /// Connections that broke and were made again.
  public var reconnects: Int
  /// Wall-clock time from the first publication to the last acknowledgement.
  public var seconds: Double

  enum CodingKeys: String, CodingKey {
    case planned, published, acknowledged, repeated, waste, connections, reconnects, seconds
    case acknowledgedReadings = "acknowledged_readings"
    case scheduleLagMs = "schedule_lag_ms"
  }
}

/// Publishes the messages of a source: one connection a device, QoS 1, in order of event time.
///
/// The schedule is absolute (open loop): a message that is late does not move those after it, and its lag is measured
/// against the time at which it was meant to leave.
public final class FleetPublisher {
  /// Bounds, each with its reason.
  enum Limits {
    /// How long the broker may acknowledge nothing while messages are outstanding.
    static let silence = Duration.seconds(30)
    /// How often the observer is told how far publishing is.
    static let reportEvery = Duration.milliseconds(100)
  }

  /// How far publishing is.
  public struct Position: Sendable, Codable {
    public var published: Int
    public var acknowledged: Int
    /// Event time of the newest message.
    public var eventTime: Timestamp
  }

  private let source: any MessageSource
  private let clock: PublishingClock
  private let pool: PublisherPool
  /// Payloads published that were no messages.
  private var waste = 0
  private var lag = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

  /// Opens the connections. Throws `MQTTError`.
  ///
  /// - Parameter session: Makes the client ids of this run different from those of others on the same broker.
  public init(source: any MessageSource, broker: BrokerAddress, clock: PublishingClock, session: String)
    throws
  {
    self.source = source
    self.clock = clock
    pool = try PublisherPool(
      address: broker,
      clients: source.deviceIDs.map { (id: "\(session)-\($0.name)", topic: TelemetryTopic.name(of: $0)) })
  }

  /// Publishes everything, or what `stop` allows, and waits for the acknowledgements. Throws `MQTTError`.
  ///
  /// - Parameters:
  ///   - allowance: How many messages may have been published by now. Publishing waits where they have.
  ///   - observe: Called now and then, and at the end.
  public func run(
    until stop: StopFlag, allowance: () -> Int = { .max }, observe: (Position) -> Void = { _ in }
  )
    throws -> FleetLedger
  {
    let begin = ContinuousClock.now
    let beginMicroseconds = Date().timeIntervalSince1970 * 1e6
    var nextReport = begin
    var position: Position?
    var payload: [UInt8] = []
    var deliveries = source.deliveriesInOrder()
    var firstDue: Timestamp?
    while !stop.isSet, let (delivery, device) = deliveries.next() {
      while pool.counters.published >= allowance(), !stop.isSet { try pool.pump(.milliseconds(5)) }
      firstDue = firstDue ?? delivery.due
      var intended: Int64?
      if let firstDue {
        try waitForSchedule(delivery.due - firstDue, since: begin, stop)
        if case .scaled(let factor) = clock {
          intended = Int64(beginMicroseconds + (delivery.due - firstDue).seconds / factor * 1e6)
        }
      }
      try hand(delivery.parcel, to: device, intended, &payload)
      position = Position(
        published: pool.counters.published, acknowledged: pool.counters.acknowledged, eventTime: delivery.due)
      if let position, pool.counters.published % 256 == 0 || clock != .max, ContinuousClock.now >= nextReport
      {
        observe(position)
        nextReport = .now + Limits.reportEvery
      }
    }
    try drain()
    if var position {
      position.acknowledged = pool.counters.acknowledged
      observe(position)
    }
    let seconds = (ContinuousClock.now - begin).seconds
    pool.close()
    return FleetLedger(
      planned: source.messageCount, published: pool.counters.published,
      acknowledged: pool.counters.acknowledged,
      acknowledgedReadings: pool.counters.acknowledgedReadings, scheduleLagMs: lagSummary(),
      repeated: pool.counters.repeated, waste: waste, connections: source.deviceIDs.count,
      reconnects: pool.counters.reconnects, seconds: seconds)
  }

  private func hand(
    _ parcel: Delivery.Parcel, to device: Int, _ intended: Int64?, _ payload: inout [UInt8]
  ) throws {
    payload.removeAll(keepingCapacity: true)
    var readings = 0
    var isRepeated = false
    switch parcel {
    case .message(let message):
      PayloadCodec.encode(message, into: &payload)
      readings = message.values.count
    case .again(let message):
      PayloadCodec.encode(message, into: &payload)
      isRepeated = true
    case .waste(let bytes):
      payload.append(contentsOf: bytes)
      waste += 1
    case .cut:
      return try pool.cut(client: device)
    }
    try payload.withUnsafeBytes {
      try pool.publish(
        client: device, payload: $0, readings: readings, isRepeated: isRepeated, intended: intended)
    }
  }

  /// Waits until a message that lies `elapsed` after the first in event time is due, and notes how late it is.
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
    lag.record(UInt64(max(0, (ContinuousClock.now - due).seconds * 1e6)))
  }

  private func drain() throws {
    var acknowledged = pool.counters.acknowledged
    var lastProgress = ContinuousClock.now
    while !pool.isDrained {
      try pool.pump(.milliseconds(50))
      if pool.counters.acknowledged > acknowledged {
        acknowledged = pool.counters.acknowledged
        lastProgress = .now
      }
      guard ContinuousClock.now - lastProgress < Limits.silence else { return }
    }
  }

  private func lagSummary() -> FleetLedger.Lag? {
    guard clock != .max, lag.totalCount > 0 else { return nil }
    func milliseconds(_ microseconds: UInt64) -> Double { Double(microseconds) / 1000 }
    return FleetLedger.Lag(
      p50: milliseconds(lag.valueAtPercentile(50)), p99: milliseconds(lag.valueAtPercentile(99)),
      max: milliseconds(lag.max))
  }
}
