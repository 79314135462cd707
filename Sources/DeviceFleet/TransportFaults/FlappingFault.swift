import Telemetry

/// The connection breaks again and again, without a word to the broker, before a share of the messages.
package enum FlappingFault: TransportFault {
  package static let name = "flapping"
  package static let about = "The connection breaks again and again."
  package static let defaultShare: Double? = 0.1

  package static func begin(_ context: TransportContext) -> any TransportCourse {
    ShareCourse(context) { delivery, _ in [Delivery(due: delivery.due, .cut), delivery] }
  }
}
