import Foundation
import GRDB
import MQTT
import TestSupport

/// Messages for a broker of somebody else's: numbered ones, and those of a foreign device, which numbers nothing and of which some
/// come too late and some are no messages. Each is published once, with bytes of its own.
struct BrokerMessages {
  /// Those with epoch and sequence, one a second; their sequence numbers.
  var numbered: Range<Int>
  /// Those without, one every half minute.
  var foreign = 0
  /// Those without that come when their window has gone; only behind ``foreign`` ones of ten minutes.
  var late = 0
  /// Payloads that are no messages.
  var garbage = 0

  private static let start = 1_767_225_600_000

  var count: Int { numbered.count + foreign + late + garbage }

  private var messages: [(topic: String, payload: String)] {
    let first = numbered.map { sequence in
      (
        "devices/d/telemetry",
        #"{"device":"d","epoch":1,"seq":\#(sequence),"ts":\#(Self.start + 1000 * sequence),"values":{"a":1}}"#
      )
    }
    let times = (0..<foreign).map { $0 * 30_000 } + (0..<late).map { 5000 + $0 }
    let second = times.map {
      ("devices/f/telemetry", #"{"device":"f","ts":\#(Self.start + $0),"values":{"a":\#($0)}}"#)
    }
    return first + second + (0..<garbage).map { ("devices/f/telemetry", "garbage \($0)") }
  }

  private struct Stalled: Error, CustomStringConvertible {
    var description: String
  }

  /// Publishes them at QoS 1 and returns when the broker has acknowledged all. Throws ``MQTTError``, and where that takes ten minutes.
  func publish(to broker: BrokerAddress) throws {
    var client = PublisherClient(id: "device-\(UUID().uuidString)")
    client.version = .threeOneOne
    let pool = try PublisherPool(address: broker, clients: [client])
    for (topic, payload) in messages {
      try Array(payload.utf8).withUnsafeBytes {
        try pool.publish(client: 0, topic: topic, payload: $0, as: .messages(1, readings: 1))
      }
    }
    let deadline = ContinuousClock.now + .seconds(600)
    while !pool.isDrained {
      guard ContinuousClock.now < deadline else {
        throw Stalled(description: "the broker acknowledged \(pool.counters.acknowledged) of \(count)")
      }
      try pool.pump(.milliseconds(100))
    }
    pool.close()
  }
}

/// What a store has of ``BrokerMessages``, each as often as it stands there.
struct BrokerAccount {
  /// The sequence numbers of those that have one.
  private(set) var numbered: [Int]
  private var foreign: [Int]
  private var late: [Int]
  private var garbage: [String]
  /// How many payloads were counted as no messages.
  private var rejected: Int

  init(store: String) throws {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(600)
    let database = try DatabaseQueue(path: store, configuration: configuration)
    (numbered, foreign, late, garbage, rejected) = try database.read { db in
      (
        try Int.fetchAll(db, sql: "SELECT seq FROM journal WHERE seq IS NOT NULL ORDER BY seq"),
        try Int.fetchAll(db, sql: "SELECT ts_ms FROM journal WHERE seq IS NULL ORDER BY ts_ms"),
        try Int.fetchAll(db, sql: "SELECT ts_ms FROM late ORDER BY ts_ms"),
        try String.fetchAll(db, sql: "SELECT CAST(payload AS TEXT) FROM rejected ORDER BY 1"),
        try Int.fetchOne(db, sql: "SELECT rejected_messages FROM progress") ?? 0
      )
    }
  }

  /// How many are there, repetitions included.
  var count: Int { numbered.count + foreign.count + late.count + rejected }

  /// The sequence numbers of `messages` that are not there.
  func lost(of messages: BrokerMessages) -> [Int] { messages.numbered.filter { !Set(numbered).contains($0) } }

  /// Where it differs from `messages`, each of them once; empty where it does not.
  func differences(from messages: BrokerMessages) -> [String] {
    var found: [String] = []
    func compare(_ what: String, _ there: [some Hashable], _ expected: Int) {
      let distinct = Set(there).count
      if distinct != expected { found.append("\(distinct) of \(expected) \(what) messages are there") }
      if there.count != distinct {
        found.append("\(there.count - distinct) \(what) messages are there twice")
      }
    }
    compare("numbered", numbered, messages.numbered.count)
    let lost = lost(of: messages)
    if !lost.isEmpty { found.append("lost: \(lost)") }
    compare("foreign", foreign, messages.foreign)
    compare("late", late, messages.late)
    compare("rejected", garbage, messages.garbage)
    if rejected != garbage.count {
      found.append("\(rejected) rejected messages are counted, \(garbage.count) kept")
    }
    return found
  }
}
