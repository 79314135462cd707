import Telemetry

/// Between the messages there are payloads that are no messages: random bytes, text, a message that is cut short.
public enum GarbageFault: TransportFault {
  public static let name = "garbage"
  public static let about = "Payloads come that are no messages."
  public static let defaultShare: Double? = 0.1

  public static func begin(_ context: TransportContext) -> any TransportCourse { Course(context: context) }

  private struct Course: TransportCourse {
    var context: TransportContext

    mutating func carry(_ delivery: Delivery) -> [Delivery] {
      guard let message = delivery.messages.first, context.generator.uniform() < context.share else {
        return [delivery]
      }
      return [delivery, Delivery(due: delivery.due, .waste(waste(message)))]
    }

    private mutating func waste(_ message: Message) -> [UInt8] {
      switch context.generator.index(below: 3) {
      case 0: return (0..<32).map { _ in UInt8(context.generator.index(below: 256)) }
      case 1: return Array("ERR sensor bus timeout".utf8)
      default:
        var payload: [UInt8] = []
        PayloadCodec.encode(message, into: &payload)
        return Array(payload.prefix(payload.count / 2))
      }
    }
  }
}
