/// What becomes of a message whose windows can no longer change.
package enum LatePolicy: String, CaseIterable, Hashable, Sendable, Codable {
  /// Its readings are kept apart, in `late_readings`.
  case keep
  /// Its readings are counted and thrown away; which message it was is kept, in `dropped_messages`.
  case drop
  /// It is stored as if it had been measured at the earliest time that is never late: the device's watermark less the
  /// allowed lateness, as in Azure Stream Analytics. What was changed is kept, in `adjusted_messages`.
  case adjust
}
