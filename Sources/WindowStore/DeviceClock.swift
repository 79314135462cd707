import Telemetry

/// A device whose clock is not the fleet's, or whose messages take long.
package struct DeviceClock: Hashable, Sendable {
  package var device: DeviceID
  /// By how much it was ahead at the most, in milliseconds; 0 where it never was.
  package var aheadMs: Int64
  /// By how much it was behind at the most.
  package var behindMs: Int64

  package init(device: DeviceID, aheadMs: Int64, behindMs: Int64) {
    self.device = device
    self.aheadMs = aheadMs
    self.behindMs = behindMs
  }

  /// Such as “pump-0004 was up to 4h ahead of the fleet”.
  package var text: String {
    let ways = [(aheadMs, "ahead of"), (behindMs, "behind")].filter { $0.0 > 0 }
      .map { "up to \(Duration.milliseconds($0.0 / 1000 * 1000).text) \($0.1)" }
    return "\(device) was \(ways.joined(separator: " and ")) the fleet"
  }
}
