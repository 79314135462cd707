/// How messages of Sparkplug B are read.
package struct SparkplugSettings: Hashable, Sendable, Codable {
  /// Whether a node is asked for its birth where that is needed.
  package enum Rebirth: String, CaseIterable, Hashable, Sendable, Codable {
    /// Nothing is ever published: a listener.
    case never
    /// The command “Node Control/Rebirth” is sent to the node.
    case ask
  }

  /// What the devices of readings are called.
  package enum DeviceNames: String, CaseIterable, Hashable, Sendable, Codable {
    /// Group, node and device: `plant1.line3.pump-7`.
    case path
    /// What is last of these, where no other node has it too: `pump-7`.
    case own
  }

  package var rebirth = Rebirth.never
  package var deviceNames = DeviceNames.path

  package init(rebirth: Rebirth = .never, deviceNames: DeviceNames = .path) {
    self.rebirth = rebirth
    self.deviceNames = deviceNames
  }
}
