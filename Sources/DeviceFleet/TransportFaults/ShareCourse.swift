import Telemetry

/// Something happens to a share of the messages, drawn one by one, and nothing to the others.
struct ShareCourse: TransportCourse {
  private var generator: SeededGenerator
  private let share: Double
  /// What leaves in place of a delivery that is drawn.
  private let change: @Sendable (Delivery, inout SeededGenerator) -> [Delivery]

  init(
    _ context: TransportContext,
    change: @escaping @Sendable (Delivery, inout SeededGenerator) -> [Delivery]
  ) {
    generator = context.generator
    share = context.share
    self.change = change
  }

  mutating func carry(_ delivery: Delivery) -> [Delivery] {
    generator.uniform() < share ? change(delivery, &generator) : [delivery]
  }
}
