import Telemetry

/// The link is down and the device keeps what it measures; at the end everything leaves at once, in order.
package enum LatenessFault: TransportFault {
  package static let name = "lateness"
  package static let about = "Messages are kept back, and all come at once in the end."
  package static let defaultShare: Double? = nil

  package static func begin(_ context: TransportContext) -> any TransportCourse { Course(context: context) }

  private struct Course: TransportCourse {
    var context: TransportContext

    mutating func carry(_ delivery: Delivery) -> [Delivery] { [Delivery(due: context.end, delivery.parcel)] }
  }
}
