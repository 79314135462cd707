import Telemetry

/// Messages leave twice, the second time right behind the first, as QoS 1 allows.
public enum DuplicatesFault: TransportFault {
  public static let name = "duplicates"
  public static let about = "Messages come twice."
  public static let defaultShare: Double? = 0.2

  public static func begin(_ context: TransportContext) -> any TransportCourse {
    ShareCourse(context) { delivery, _ in
      [delivery, Delivery(due: delivery.due, .again(delivery.messages))]
    }
  }
}
