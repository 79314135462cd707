import Telemetry

/// Messages do not leave: what QoS 0 does on a bad link, made reproducible. They keep their sequence numbers, so there are
/// gaps, and they are not counted as lost by the pipeline.
public enum LossFault: TransportFault {
  public static let name = "loss"
  public static let about = "Messages get lost on the way."
  public static let defaultShare: Double? = 0.1
  public static let withholds = true

  public static func begin(_ context: TransportContext) -> any TransportCourse {
    ShareCourse(context) { _, _ in [] }
  }
}
