import Telemetry

/// Messages are put off, each by a time of its own, so that later ones overtake them.
public enum ReorderingFault: TransportFault {
  public static let name = "reordering"
  public static let about = "Later messages overtake earlier ones."
  public static let defaultShare: Double? = 0.3

  public static func begin(_ context: TransportContext) -> any TransportCourse { Course(context: context) }

  private struct Course: TransportCourse {
    var context: TransportContext

    mutating func carry(_ delivery: Delivery) -> [Delivery] {
      guard context.generator.uniform() < context.share else { return [delivery] }
      var delivery = delivery
      let by = context.generator.index(below: Int(max(1, context.by.milliseconds)))
      delivery.due = delivery.due + .milliseconds(1 + Int64(by))
      return [delivery]
    }
  }
}
