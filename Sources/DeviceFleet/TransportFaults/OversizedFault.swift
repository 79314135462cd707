import Telemetry

/// Between the messages there are payloads longer than anybody reads.
package enum OversizedFault: TransportFault {
  package static let name = "oversized"
  package static let about = "Payloads come that are too long."
  package static let defaultShare: Double? = 0.02

  package static func begin(_ context: TransportContext) -> any TransportCourse {
    ShareCourse(context) { delivery, _ in
      let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: PayloadCodec.maximumBytes + 1)
      return [delivery, Delivery(due: delivery.due, .waste(bytes))]
    }
  }
}
