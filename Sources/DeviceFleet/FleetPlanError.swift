/// A fleet that cannot be: which group and which of its anomalies, and why.
public struct FleetPlanError: Error, CustomStringConvertible, Hashable {
  /// Index of the group.
  public let group: Int
  /// Index of the anomaly in its group; nil where the group itself is at fault.
  public let anomaly: Int?
  public let reason: String

  public var description: String {
    "fleet[\(group)]" + (anomaly.map { ".anomalies[\($0)]" } ?? "") + ": " + reason
  }
}
