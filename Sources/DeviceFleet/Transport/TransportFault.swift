import Telemetry

/// A way in which messages fail to arrive as they left. One kind a file, in `TransportFaults/`; ``TransportCatalogue``
/// lists them. They change what is published and when, never what was planned, and are labelled apart from anomalies.
package protocol TransportFault: Sendable {
  /// The kind, as scenarios and labels spell it.
  static var name: String { get }
  /// What happens, in a sentence.
  static var about: String { get }
  /// The share of messages that it hits where a scenario gives none; nil for a kind that hits all of them.
  static var defaultShare: Double? { get }
  /// Whether it hits every chosen device at the same instant.
  static var isCommon: Bool { get }
  /// Whether it keeps messages from leaving at all.
  static var withholds: Bool { get }

  /// The fault as it unfolds on one device.
  static func begin(_ context: TransportContext) -> any TransportCourse
}

extension TransportFault {
  package static var isCommon: Bool { false }
  package static var withholds: Bool { false }
}

/// What a transport fault is given to begin with on one device.
package struct TransportContext: Sendable {
  /// The share of messages that it hits, from 0 to 1.
  package var share: Double
  /// The longest time by which it puts a message off, for kinds that do so one by one.
  package var by: Duration
  /// The first instant after it.
  package var end: Timestamp
  /// For whatever it draws.
  package var generator: SeededGenerator
}

/// A transport fault as it unfolds on one device.
package protocol TransportCourse: Sendable {
  /// What leaves in place of `delivery`, which carries messages. Called once for each that leaves while the fault lasts, in order of time. Nothing may leave before it was due.
  mutating func carry(_ delivery: Delivery) -> [Delivery]
}

/// Which transport fault hits which devices of a group, and when.
package struct TransportPlacement: Sendable {
  package var kind: any TransportFault.Type
  package var devices: AnomalyPlacement.Devices
  /// The earliest start and the latest end, as offsets from the start of the clock.
  package var between: ClosedRange<Duration>
  /// How long each lasts; nil: all of ``between``.
  package var length: Duration?
  /// Nil: ``TransportFault/defaultShare``.
  package var share: Double?
  /// Nil: ``defaultBy``.
  package var by: Duration?

  /// Two or three messages of a device that publishes every ten seconds.
  package static let defaultBy = Duration.seconds(25)

  package init(
    _ kind: any TransportFault.Type, devices: AnomalyPlacement.Devices = .all, between: ClosedRange<Duration>,
    length: Duration? = nil, share: Double? = nil, by: Duration? = nil
  ) {
    self.kind = kind
    self.devices = devices
    self.between = between
    self.length = length
    self.share = share
    self.by = by
  }

  /// The fault on one device, with its label. `number` is that of the placement in its group.
  func place(
    on device: DeviceID, start: Timestamp, seed: UInt64, number: Int
  ) -> (fault: PlacedTransportFault, label: Label) {
    let stream =
      kind.isCommon ? RandomStream.transport(number) : RandomStream.transport(device.name, number)
    var generator = SeededGenerator(seed: seed, stream: stream)
    let span = between.upperBound.milliseconds - between.lowerBound.milliseconds
    let lengthMs = min(span, length?.milliseconds ?? span)
    let begin =
      start + between.lowerBound + .milliseconds(Int64(generator.index(below: Int(span - lengthMs) + 1)))
    let end = begin + .milliseconds(lengthMs)
    let share = share ?? kind.defaultShare ?? 1
    let course = kind.begin(
      TransportContext(
        share: share, by: by ?? Self.defaultBy, end: end,
        generator: SeededGenerator(seed: seed, stream: RandomStream.transportCourse(device.name, number))))
    let label = Label(
      device: device, sensor: nil, kind: kind.name, start: begin, end: end,
      parameters: kind.defaultShare == nil ? [:] : ["share": String(share)])
    return (PlacedTransportFault(begin: begin, end: end, withholds: kind.withholds, course: course), label)
  }
}

/// The kinds of transport fault there are.
package enum TransportCatalogue {
  /// Every kind, by name.
  package static let kinds: [any TransportFault.Type] = [
    DuplicatesFault.self, FlappingFault.self, GarbageFault.self, HalfOpenFault.self, LatenessFault.self,
    LossFault.self, OversizedFault.self, ReconnectStormFault.self, ReorderingFault.self, SilentFault.self,
  ]

  /// The kind called `name`; underscores may stand for hyphens. Nil where there is none.
  package static func kind(named name: String) -> (any TransportFault.Type)? {
    let name = name.replacing("_", with: "-")
    return kinds.first { $0.name == name }
  }
}
