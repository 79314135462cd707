import Telemetry

/// Messages do not leave: what QoS 0 does on a bad link, made reproducible. They keep their sequence numbers, so there are
/// gaps, and they are not counted as lost by the pipeline.
package enum LossFault: TransportFault {
  package static let name = "loss"
  package static let about = "Messages get lost on the way."
  package static let defaultShare: Double? = 0.1
  package static let withholds = true

  package static func begin(_ context: TransportContext) -> any TransportCourse {
    ShareCourse(context) { _, _ in [] }
  }
}
