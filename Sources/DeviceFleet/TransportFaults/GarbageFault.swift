import Telemetry

/// Between the messages there are payloads that are no messages: random bytes, text, a message that is cut short.
package enum GarbageFault: TransportFault {
  package static let name = "garbage"
  package static let about = "Payloads come that are no messages."
  package static let defaultShare: Double? = 0.1

  package static func begin(_ context: TransportContext) -> any TransportCourse {
    ShareCourse(context) { delivery, generator in
      [delivery, Delivery(due: delivery.due, .waste(waste(delivery.messages, &generator)))]
    }
  }

  private static func waste(_ messages: [Message], _ generator: inout SeededGenerator) -> [UInt8] {
    switch generator.index(below: 3) {
    case 0: return (0..<32).map { _ in UInt8(generator.index(below: 256)) }
    case 1: return Array("ERR sensor bus timeout".utf8)
    default:
      var payload: [UInt8] = []
      if let message = messages.first { PayloadCodec.encode(message, into: &payload) }
      return Array(payload.prefix(payload.count / 2))
    }
  }
}
