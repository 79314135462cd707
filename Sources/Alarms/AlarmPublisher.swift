import Detection
import Files
import Foundation
import MQTT
import Modelling
import Telemetry
import Wording

/// Tells others of alarms over MQTT, once an alarm, also over restarts: `alarms-published.csv` in the run's folder keeps what the broker
/// has acknowledged.
///
/// An alarm is noted after its acknowledgement. A process that is killed between the two publishes that one alarm again.
package final class AlarmPublisher {
  /// Where alarms go.
  package struct Destination: Hashable, Sendable {
    package var broker: BrokerAddress
    /// With `${device}` where the name of the device belongs.
    package var topic: String
    package var mqtt = ProtocolChoice.auto

    package init(broker: BrokerAddress, topic: String, mqtt: ProtocolChoice = .auto) {
      self.broker = broker
      self.topic = topic
      self.mqtt = mqtt
    }

    /// Why nothing can be published to `topic`; nil where it can.
    package static func fault(ofTopic topic: String) -> String? {
      if topic.isEmpty { return "the topic is empty" }
      if topic.contains(where: { "+#\0".contains($0) }) {
        return "the topic \(topic.quoted) is a filter; what is published needs one without + and #"
      }
      let names = topic.matches(of: /\$\{([^}]*)\}/).map { String($0.1) }
      if let unknown = names.first(where: { $0 != "device" }) {
        return "the topic \(topic.quoted) names ${\(unknown)}; there is ${device} alone"
      }
      return nil
    }

    /// The topic of an alarm of `device`.
    package func topic(of device: DeviceID) -> String { topic.replacing("${device}", with: device.name) }
  }

  /// How long the broker may take for its acknowledgements.
  private static let patience = Duration.seconds(30)
  private static let header = "device,from,to,job,topic,broker\n"

  private let destination: Destination
  /// Held while this publisher lives.
  private let lock: DatabaseLock
  private let file: GrowingFile
  private var told: ToldAlarms
  /// Found when there is something to publish, and kept while it leads to a connection.
  private var agreed: AgreedProtocol?

  /// Opens what `folder` knows of alarms published to `destination`. Throws ``ScoringError`` where another publisher has it,
  /// `FileError` and `CSVError`.
  package init(_ folder: RunFolder, to destination: Destination, gap: Duration = .zero) throws {
    let path = folder.publishedAlarms
    self.destination = destination
    do throws(DatabaseLock.Failure) {
      lock = try DatabaseLock(path: path)
    } catch {
      switch error {
      case .heldByAnother:
        throw ScoringError("\(path): somebody publishes the alarms of this folder already; stop that first")
      case .cannotOpen(let reason):
        throw ScoringError("\(path) cannot be opened: \(reason)")
      }
    }
    // What a power cut has left of a last row is no row.
    let bytes = try TextFile.bytes(of: path)
    let whole = Array(bytes[..<((bytes.lastIndex(of: 0x0A) ?? -1) + 1)])
    told = try Self.read(whole.isEmpty ? Array(Self.header.utf8) : whole, path, destination, gap: gap)
    file = try GrowingFile(path: path, keeping: whole.count)
    if whole.isEmpty { try file.write(Array(Self.header.utf8)) }
  }

  private static func read(_ bytes: [UInt8], _ path: String, _ destination: Destination, gap: Duration)
    throws -> ToldAlarms
  {
    var told = ToldAlarms(gap: gap)
    var rows = try CSVReader(bytes: bytes, path: path)
    let columns = try ["device", "from", "to", "topic", "broker"].map { try rows.column($0) }
    while let row = try rows.nextRow() {
      let fields = columns.map { row.fields[$0] }
      guard let device = DeviceID(fields[0]), let from = Timestamp(iso8601: fields[1]),
        let to = Timestamp(iso8601: fields[2])
      else {
        throw CSVError(path: path, line: row.line, reason: "the row is not one of a published alarm")
      }
      guard fields[3] == destination.topic(of: device), fields[4] == "\(destination.broker)" else { continue }
      told.add(AnomalousSpan(start: from, end: to), of: device)
    }
    return told
  }

  /// Publishes those of `alarms` that have not been, each as JSON, in the order given, and waits for the acknowledgements. Returns
  /// those that were published. Throws ``MQTTError``, and `FileError` where the acknowledgement cannot be kept.
  package func publish(_ alarms: [Alarm]) throws -> [Alarm] {
    var new: [Alarm] = []
    for alarm in alarms {
      if told.contains(alarm) { told.add(alarm) } else { new.append(alarm) }
    }
    guard !new.isEmpty else { return [] }
    let pool = try connect()
    defer { pool.close() }
    for alarm in new {
      let payload = try Self.payload(of: alarm)
      try payload.withUnsafeBytes {
        try pool.publish(
          client: 0, topic: destination.topic(of: alarm.device), payload: $0, as: .messages(1, readings: 0))
      }
      let deadline = ContinuousClock.now + Self.patience
      while !pool.isDrained {
        guard ContinuousClock.now < deadline else {
          throw MQTTError.timedOut(destination.broker, waitingFor: "acknowledgement of an alarm")
        }
        try pool.pump(.milliseconds(100))
      }
      try note(alarm)
    }
    return new
  }

  private func connect() throws -> PublisherPool {
    let id = "sonde-alarms-\(getpid())"
    let agreed = try agreed ?? AgreedProtocol.ask(destination.broker, clientID: id, destination.mqtt)
    var client = PublisherClient(id: id)
    client.version = agreed.version
    // Asked for again where it fails: another broker may stand there by then.
    self.agreed = nil
    let pool = try PublisherPool(address: destination.broker, clients: [client])
    self.agreed = agreed
    return pool
  }

  /// The alarm as JSON, as `sonde alarms --format json` has it, on a line.
  private static func payload(of alarm: Alarm) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(alarm))
  }

  /// Adds a row that survives a power cut.
  private func note(_ alarm: Alarm) throws {
    let line = CSVWriter.line([
      alarm.device.name, "\(alarm.from)", "\(alarm.to)", alarm.job, destination.topic(of: alarm.device),
      "\(destination.broker)",
    ])
    try file.write(Array(line.utf8))
    try file.flush()
    told.add(alarm)
  }
}

extension RunFolder {
  /// Which alarms others have been told of over MQTT.
  package var publishedAlarms: String { "\(path)/alarms-published.csv" }
}
