import Telemetry

/// The connection breaks again and again, without a word to the broker, before a share of the messages.
public enum FlappingFault: TransportFault {
  public static let name = "flapping"
  public static let about = "The connection breaks again and again."
  public static let defaultShare: Double? = 0.1

  public static func begin(_ context: TransportContext) -> any TransportCourse {
    ShareCourse(context) { delivery, _ in [Delivery(due: delivery.due, .cut), delivery] }
  }
}
