import Telemetry

/// Both sides believe in a connection through which nothing passes. In the end it is cut and made again, and then what was
/// kept leaves.
package enum HalfOpenFault: TransportFault {
  package static let name = "half-open"
  package static let about = "The connection stands and nothing passes, until it is cut and made again."
  package static let defaultShare: Double? = nil

  package static func begin(_ context: TransportContext) -> any TransportCourse { Course(context: context) }

  private struct Course: TransportCourse {
    var context: TransportContext
    /// Whether the cut has been ordered.
    var isCut = false

    init(context: TransportContext) { self.context = context }

    mutating func carry(_ delivery: Delivery) -> [Delivery] {
      let cut = isCut ? [] : [Delivery(due: context.end, .cut)]
      isCut = true
      return cut + [Delivery(due: context.end, delivery.parcel)]
    }
  }
}
