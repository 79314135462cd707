import Telemetry

/// A device whose clock is not the fleet's, or whose messages take long.
public struct DeviceClock: Hashable, Sendable {
  public var device: DeviceID
  /// By how much it was ahead at the most, in milliseconds; 0 where it never was.
  public var aheadMs: Int64
  /// By how much it was behind at the most.
  public var behindMs: Int64

  public init(device: DeviceID, aheadMs: Int64, behindMs: Int64) {
    self.device = device
    self.aheadMs = aheadMs
    self.behindMs = behindMs
  }

  /// Such as “pump-0004 was up to 4h ahead of the fleet”.
  public var text: String {
    let ways = [(aheadMs, "ahead of"), (behindMs, "behind")].filter { $0.0 > 0 }
      .map { "up to \(Duration.milliseconds($0.0 / 1000 * 1000).text) \($0.1)" }
    return "\(device) was \(ways.joined(separator: " and ")) the fleet"
  }
}
