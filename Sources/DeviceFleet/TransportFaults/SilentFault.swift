import Telemetry

/// The device says nothing, and what it has measured meanwhile is gone.
public enum SilentFault: TransportFault {
  public static let name = "silent"
  public static let about = "The device says nothing."
  public static let defaultShare: Double? = nil
  public static let withholds = true

  public static func begin(_ context: TransportContext) -> any TransportCourse { Course(context: context) }

  private struct Course: TransportCourse {
    var context: TransportContext

    mutating func carry(_ delivery: Delivery) -> [Delivery] { [] }
  }
}
