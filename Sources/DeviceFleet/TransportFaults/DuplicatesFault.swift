import Telemetry

/// Messages leave twice, the second time right behind the first, as QoS 1 allows.
package enum DuplicatesFault: TransportFault {
  package static let name = "duplicates"
  package static let about = "Messages come twice."
  package static let defaultShare: Double? = 0.2

  package static func begin(_ context: TransportContext) -> any TransportCourse {
    ShareCourse(context) { delivery, _ in
      [delivery, Delivery(due: delivery.due, .again(delivery.messages))]
    }
  }
}
