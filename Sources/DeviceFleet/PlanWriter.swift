import Files
import Foundation
import Telemetry

/// Writes what a source will publish, in order of event time, without publishing it.
package struct PlanWriter {
  /// The forms of a written plan.
  package enum Format: String, CaseIterable, Sendable {
    /// A line a publication: the topic, a space, and the payload, as `mosquitto_sub -v` prints them.
    case messages
    /// A recording that `replay:` reads: the time, the device where there is more than one, a column a sensor, and
    /// `anomaly`, which is 1 in rows that a label covers.
    case csv
  }

  /// What was written. Equal summaries mean equal bytes, whatever machine or process made them.
  package struct Summary: Hashable, Sendable, Codable {
    package var devices: Int
    package var messages: Int
    package var readings: Int
    package var labels: Int
    /// Of the plan as it was written, in its format.
    package var planSHA256: String
    /// Of `labels.csv`.
    package var labelsSHA256: String

    private enum CodingKeys: String, CodingKey {
      case devices, messages, readings, labels
      case planSHA256 = "plan_sha256"
      case labelsSHA256 = "labels_sha256"
    }
  }

  /// Bytes gathered before they go to the file and into the digest.
  private static let pieceBytes = 1 << 20

  private let source: any MessageSource
  private let labelsText: String

  /// - Parameter labelsText: The labels of `source` as the text of their file.
  package init(_ source: any MessageSource, labelsText: String) {
    self.source = source
    self.labelsText = labelsText
  }

  /// Makes the plan, and writes it to the file at `path`, which must not exist; without a path only the summary is made.
  /// Throws `FileError`.
  package func write(_ format: Format, to path: String?) throws -> Summary {
    let sink = try path.map { try Sink(path: $0) }
    var digest = RunningDigest()
    var piece: [UInt8] = []
    piece.reserveCapacity(Self.pieceBytes + 4096)
    func passOn() throws {
      digest.update(piece)
      try sink?.write(piece)
      piece.removeAll(keepingCapacity: true)
    }
    var summary = Summary(
      devices: source.deviceIDs.count, messages: 0, readings: 0, labels: source.labels.count, planSHA256: "",
      labelsSHA256: Digest.sha256(text: labelsText))
    let table = format == .csv ? RecordingTable(source) : nil
    if let table { piece.append(contentsOf: table.header.utf8) }
    if let table {
      var messages = source.messagesInEventOrder()
      while let (message, device) = messages.nextWithDevice() {
        summary.messages += 1
        summary.readings += message.values.count
        piece.append(contentsOf: table.row(message, device: device).utf8)
        if piece.count >= Self.pieceBytes { try passOn() }
      }
    } else {
      let groups = source.groups
      let deviceIDs = source.deviceIDs
      let publishers = source.connections.all.flatMap { connection in
        connection.devices.map { device in
          (
            group: connection.group,
            names: PublisherNames(
              group: groups[connection.group].name, device: deviceIDs[device].name,
              gateway: connection.name)
          )
        }
      }
      var deliveries = source.plannedDeliveriesInOrder()
      while let (delivery, device) = deliveries.next() {
        summary.messages += delivery.messages.count
        summary.readings += delivery.messages.reduce(0) { $0 + $1.values.count }
        let publisher = publishers[device]
        let style = groups[publisher.group].style
        if let mapping = style.mapping {
          for publication in mapping.publications(of: delivery.messages) {
            piece.append(contentsOf: "\(publication.topic) ".utf8)
            piece.append(contentsOf: publication.payload)
            piece.append(UInt8(ascii: "\n"))
          }
        } else {
          style.topic.write(publisher.names, into: &piece)
          piece.append(UInt8(ascii: " "))
          style.payload.encode(delivery.messages, into: &piece)
          piece.append(UInt8(ascii: "\n"))
        }
        if piece.count >= Self.pieceBytes { try passOn() }
      }
    }
    try passOn()
    try sink?.finish()
    summary.planSHA256 = digest.sha256
    return summary
  }

  /// A file that grows under a temporary name and gets its own at the end.
  private final class Sink {
    private let path: String
    private let temporary: String
    private let file: FileHandle
    private var isFinished = false

    init(path: String) throws {
      self.path = path
      temporary = "\(path).\(getpid()).tmp"
      guard !FileManager.default.fileExists(atPath: path) else {
        throw FileError(path: path, action: .create, reason: "it exists already; name another file")
      }
      guard FileManager.default.createFile(atPath: temporary, contents: nil),
        let file = FileHandle(forWritingAtPath: temporary)
      else { throw FileError(path: path, action: .create, reason: "its folder cannot be written to") }
      self.file = file
    }

    deinit { if !isFinished { try? FileManager.default.removeItem(atPath: temporary) } }

    func write(_ bytes: [UInt8]) throws {
      do { try file.write(contentsOf: Data(bytes)) } catch {
        throw FileError(path: path, action: .write, reason: error.localizedDescription)
      }
    }

    func finish() throws {
      do {
        try file.synchronize()
        try file.close()
        try FileManager.default.moveItem(atPath: temporary, toPath: path)
      } catch { throw FileError(path: path, action: .write, reason: error.localizedDescription) }
      isFinished = true
    }
  }
}

/// Messages as rows of a recording.
private struct RecordingTable {
  private let sensors: [SensorID]
  private let labels: [[Label]]
  private let namesDevices: Bool

  init(_ source: any MessageSource) {
    var sensors: [SensorID] = []
    for device in source.deviceIDs.indices {
      for sensor in source.sensors(ofDeviceAt: device) where !sensors.contains(sensor) {
        sensors.append(sensor)
      }
    }
    self.sensors = sensors
    namesDevices = source.deviceIDs.count > 1
    let byDevice = Dictionary(grouping: source.labels, by: \.device)
    labels = source.deviceIDs.map { byDevice[$0] ?? [] }
  }

  var header: String {
    CSVWriter.line(["time"] + (namesDevices ? ["device"] : []) + sensors.map(\.name) + ["anomaly"])
  }

  func row(_ message: Message, device: Int) -> String {
    let values = sensors.map { sensor in
      message.values.first { $0.sensor == sensor }?.value.description ?? ""
    }
    let isAnomalous = labels[device].contains { $0.start <= message.timestamp && message.timestamp < $0.end }
    return CSVWriter.line(
      [message.timestamp.description] + (namesDevices ? [message.device.name] : []) + values
        + [isAnomalous ? "1" : "0"])
  }
}
