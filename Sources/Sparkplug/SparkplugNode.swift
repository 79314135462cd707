import Telemetry

/// An edge node of Sparkplug B with its devices, as it publishes. A pure value: it says what to publish, and keeps the numbers.
package struct SparkplugNode: Sendable {
  /// A message to be published.
  package struct Publication: Hashable, Sendable {
    package let topic: String
    package let payload: [UInt8]
  }

  /// What belongs to a new connection.
  package struct Greeting: Hashable, Sendable {
    /// What the broker publishes when it breaks.
    package let will: Publication
    /// The births of the node and of its devices, in their order.
    package let births: [Publication]
  }

  /// A device and what it measures.
  package struct Device: Sendable {
    let name: String
    let declarations: [SparkplugEncoder.Declaration]
    let aliases: [SensorID: UInt64]
    /// The topic of its data.
    package let topic: String
  }

  /// A payload that has left, by what was in it.
  private struct Sent: Sendable {
    var device: Int
    var first: Message
    var payload: [UInt8]
  }

  /// How many of the newest payloads can be repeated: as many as a reader knows after a restart, this one among them.
  private static let remembered = SparkplugLimits.durableDigests - 1

  private let group: String
  private let name: String
  package private(set) var devices: [Device] = []
  private var connections: UInt64
  private var sequence: UInt8 = 0
  private var sent: [Sent] = []

  /// - Parameters:
  ///   - devices: Names, and the sensors of each.
  ///   - firstConnection: The number of its first connection; another than that of an earlier life, whose last will may still come.
  package init(
    group: String, name: String, devices: [(name: String, sensors: [SensorID])], firstConnection: UInt64
  ) {
    self.group = group
    self.name = name
    connections = firstConnection
    // Aliases are told apart within a node, not within a device.
    var alias: UInt64 = 0
    self.devices = devices.map { device in
      let declarations = device.sensors.map { sensor in
        alias += 1
        let name = EscapedName.name(of: sensor.name, separator: UInt8(ascii: "/")) ?? sensor.name
        return SparkplugEncoder.Declaration(name: name, alias: alias)
      }
      let aliases = zip(device.sensors, declarations).map { ($0, $1.alias) }
      return Device(
        name: device.name, declarations: declarations,
        aliases: Dictionary(aliases, uniquingKeysWith: { first, _ in first }),
        topic: SparkplugTopic(.deviceData, group: group, node: name, device: device.name).text)
    }
  }

  /// The number of the present connection, from 0 to 255.
  private var bdSeq: UInt64 { (connections + 255) % 256 }

  /// A connection is to be made: a life begins, and with it the numbers.
  package mutating func connect(at milliseconds: Int64) -> Greeting {
    connections += 1
    var births = [
      publication(.nodeBirth, SparkplugEncoder.nodeBirth(bdSeq: bdSeq, at: milliseconds))
    ]
    sequence = 0
    for device in devices {
      sequence &+= 1
      births.append(
        publication(
          .deviceBirth,
          SparkplugEncoder.deviceBirth(device.declarations, at: milliseconds, sequence: sequence),
          device.name))
    }
    sent = []
    return Greeting(will: death(at: milliseconds), births: births)
  }

  /// What a node says before it leaves, and its broker where it cannot.
  package func death(at milliseconds: Int64) -> Publication {
    publication(.nodeDeath, SparkplugEncoder.nodeDeath(bdSeq: bdSeq, at: milliseconds))
  }

  /// Appends the payload of `messages`, of the device at `index`.
  ///
  /// - Parameter milliseconds: When it leaves.
  package mutating func append(
    _ messages: [Message], ofDeviceAt index: Int, at milliseconds: Int64, into buffer: inout [UInt8]
  ) {
    sequence &+= 1
    let aliases = devices[index].aliases
    let begin = buffer.count
    SparkplugEncoder.append(
      messages, at: milliseconds, sequence: sequence, alias: { aliases[$0] }, into: &buffer)
    guard let first = messages.first else { return }
    if sent.count >= 2 * Self.remembered { sent.removeFirst(Self.remembered) }
    sent.append(Sent(device: index, first: first, payload: Array(buffer[begin...])))
  }

  /// Appends the payload that has left with `messages`, bit for bit. False, and nothing is appended, where it left before the present
  /// connection, or before so many others that its bytes tell nobody what it is: with a new number it would be another message, and
  /// count twice.
  package func appendAgain(_ messages: [Message], ofDeviceAt index: Int, into buffer: inout [UInt8]) -> Bool {
    guard let first = messages.first,
      let earlier = sent.suffix(Self.remembered).last(where: { $0.device == index && $0.first == first })
    else { return false }
    buffer.append(contentsOf: earlier.payload)
    return true
  }

  private func publication(
    _ kind: SparkplugTopic.Kind, _ payload: [UInt8], _ device: String? = nil
  ) -> Publication {
    Publication(
      topic: SparkplugTopic(kind, group: group, node: name, device: device).text, payload: payload)
  }
}
