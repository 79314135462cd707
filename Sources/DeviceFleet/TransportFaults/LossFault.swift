import Telemetry

/// Messages do not leave: what QoS 0 does on a bad link, made reproducible. They keep their sequence numbers, so there are
/// gaps, and they are not counted as lost by the pipeline.
public enum LossFault: TransportFault {
  public static let name = "loss"
  public static let about = "Messages get lost on the way."
  public static let defaultShare: Double? = 0.1

  public static func begin(_ context: TransportContext) -> any TransportCourse { Course(context: context) }

  private struct Course: TransportCourse {
    var context: TransportContext

    mutating func carry(_ delivery: Delivery) -> [Delivery] {
      context.generator.uniform() < context.share ? [] : [delivery]
    }
  }
}
