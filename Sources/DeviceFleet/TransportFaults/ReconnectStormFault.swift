import Telemetry

/// The connections of all chosen devices break at the same instant, and all are made again. It comes with the first message
/// that each has to send.
package enum ReconnectStormFault: TransportFault {
  package static let name = "reconnect-storm"
  package static let about = "All connections break at once, and all are made again."
  package static let defaultShare: Double? = nil
  package static let isCommon = true

  package static func begin(_ context: TransportContext) -> any TransportCourse { Course(context: context) }

  private struct Course: TransportCourse {
    var context: TransportContext
    /// Whether the cut has been ordered.
    var isCut = false

    init(context: TransportContext) { self.context = context }

    mutating func carry(_ delivery: Delivery) -> [Delivery] {
      guard !isCut else { return [delivery] }
      isCut = true
      return [Delivery(due: delivery.due, .cut), delivery]
    }
  }
}
