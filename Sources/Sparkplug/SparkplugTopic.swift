/// What a message of Sparkplug B is about: `spBv1.0/<group>/<kind>/<node>[/<device>]`.
package struct SparkplugTopic: Hashable, Sendable {
  package enum Kind: String, CaseIterable, Hashable, Sendable {
    case nodeBirth = "NBIRTH"
    case nodeData = "NDATA"
    case nodeDeath = "NDEATH"
    case deviceBirth = "DBIRTH"
    case deviceData = "DDATA"
    case deviceDeath = "DDEATH"
    case nodeCommand = "NCMD"
    case deviceCommand = "DCMD"
    /// What a host says of itself; it has neither group nor node.
    case state = "STATE"

    /// Whether it names a device.
    var isOfDevice: Bool {
      switch self {
      case .deviceBirth, .deviceData, .deviceDeath, .deviceCommand: true
      case .nodeBirth, .nodeData, .nodeDeath, .nodeCommand, .state: false
      }
    }

    /// Whether a message of it without a metric says nothing.
    var hasMetrics: Bool {
      switch self {
      case .nodeBirth, .nodeData, .deviceData: true
      case .nodeDeath, .deviceBirth, .deviceDeath, .nodeCommand, .deviceCommand, .state: false
      }
    }
  }

  package static let namespace = "spBv1.0"
  /// Matches the messages of every node and device.
  package static let filter = "\(namespace)/#"

  package let kind: Kind
  package let group: String
  package let node: String
  /// Nil for what is of the node itself.
  package let device: String?

  package init(_ kind: Kind, group: String, node: String, device: String? = nil) {
    self.kind = kind
    self.group = group
    self.node = node
    self.device = device
  }

  /// Nil where `topic` is none of Sparkplug B.
  package init?(_ topic: some StringProtocol) {
    var parts = Self.levels(topic)
    // RabbitMQ hands dots of topics on as slashes.
    if parts.count > 1, "\(parts[0]).\(parts[1])" == Self.namespace { parts[0...1] = [Self.namespace] }
    guard parts.count >= 3, parts.count <= 5, parts[0] == Self.namespace, !parts.contains(where: \.isEmpty)
    else {
      return nil
    }
    if parts[1] == Kind.state.rawValue {
      guard parts.count == 3 else { return nil }
      self.init(.state, group: "", node: parts[2])
      return
    }
    guard parts.count >= 4, let kind = Kind(rawValue: parts[2]), kind != .state,
      parts.count == (kind.isOfDevice ? 5 : 4)
    else { return nil }
    self.init(kind, group: parts[1], node: parts[3], device: parts.count == 5 ? parts[4] : nil)
  }

  /// What stands between the slashes of a topic or a path. A slash and a mark behind it that combines with it are one character, but two to
  /// MQTT, which knows bytes.
  static func levels(_ text: some StringProtocol) -> [String] {
    text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  package var text: String {
    kind == .state
      ? "\(Self.namespace)/\(kind.rawValue)/\(node)"
      : "\(Self.namespace)/\(group)/\(kind.rawValue)/\(node)" + (device.map { "/\($0)" } ?? "")
  }

  /// Group and node.
  package var nodePath: String { "\(group)/\(node)" }
  /// Group, node and, where it has one, device.
  package var path: String { nodePath + (device.map { "/\($0)" } ?? "") }
}
