import Telemetry

/// The link is down and the device keeps what it measures; at the end everything leaves at once, in order.
public enum LatenessFault: TransportFault {
  public static let name = "lateness"
  public static let about = "Messages are kept back, and all come at once in the end."
  public static let defaultShare: Double? = nil

  public static func begin(_ context: TransportContext) -> any TransportCourse { Course(context: context) }

  private struct Course: TransportCourse {
    var context: TransportContext

    mutating func carry(_ delivery: Delivery) -> [Delivery] { [Delivery(due: context.end, delivery.parcel)] }
  }
}
