import Telemetry

/// The device says nothing, and what it has measured meanwhile is gone.
package enum SilentFault: TransportFault {
  package static let name = "silent"
  package static let about = "The device says nothing."
  package static let defaultShare: Double? = nil
  package static let withholds = true

  package static func begin(_ context: TransportContext) -> any TransportCourse { Course(context: context) }

  private struct Course: TransportCourse {
    var context: TransportContext

    mutating func carry(_ delivery: Delivery) -> [Delivery] { [] }
  }
}
