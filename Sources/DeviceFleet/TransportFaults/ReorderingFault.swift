import Telemetry

/// Messages are put off, each by a time of its own, so that later ones overtake them.
package enum ReorderingFault: TransportFault {
  package static let name = "reordering"
  package static let about = "Later messages overtake earlier ones."
  package static let defaultShare: Double? = 0.3

  package static func begin(_ context: TransportContext) -> any TransportCourse {
    let longest = max(1, Int(context.by.milliseconds))
    return ShareCourse(context) { delivery, generator in
      let by = 1 + Int64(generator.index(below: longest))
      return [Delivery(due: delivery.due + .milliseconds(by), delivery.parcel)]
    }
  }
}
