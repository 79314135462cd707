/// A fleet that cannot be: which group and which of its anomalies, and why.
package struct FleetPlanError: Error, CustomStringConvertible, Hashable {
  /// Index of the group.
  package let group: Int
  /// Index of the anomaly in its group; nil where the group itself is at fault.
  package let anomaly: Int?
  package let reason: String

  package var description: String {
    "fleet[\(group)]" + (anomaly.map { ".anomalies[\($0)]" } ?? "") + ": " + reason
  }
}
