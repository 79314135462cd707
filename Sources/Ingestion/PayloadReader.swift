import PayloadMapping
import Sparkplug
import Telemetry

/// How payloads become messages: the canonical form and SenML, or as a mapping says.
///
/// A kind of payload more has its reader here, which may have a memory, and is asked in ``messages(_:_:received:into:)``.
package struct PayloadReader: Sendable {
  /// Nil where payloads are canonical, or SenML.
  private var mapped: MappingDecoder?
  private var topics = TopicCache()
  /// The lives of nodes and devices, where payloads are of Sparkplug B; nil where they are not.
  var sparkplug: SparkplugState?
  /// Deliveries that a mapping says are none of ours. They are no messages, and have no row.
  package private(set) var ignored = 0

  /// - Parameter mapping: One without problems; nil: payloads are canonical, or SenML.
  package init(_ mapping: PayloadMapping? = nil) { mapped = mapping.map(MappingDecoder.init) }

  /// Reads Sparkplug B.
  package init(_ sparkplug: SparkplugState) { self.sparkplug = sparkplug }

  /// Whether `payload` is to be read by ``message(_:_:refused:)``, as nearly all are where nothing else was said.
  func isOneMessage(_ payload: UnsafeBufferPointer<UInt8>) -> Bool { mapped == nil && !SenML.isPack(payload) }

  /// The message of a canonical payload. Throws ``PayloadError`` where nothing of it can be taken.
  ///
  /// - Parameter refused: Gets the values that cannot be taken, where others can.
  mutating func message(
    _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, refused: inout RefusedValues
  ) throws(PayloadError) -> Message {
    try PayloadCodec.decode(payload, topicDevice: topics.device(in: topic), refused: &refused)
  }

  /// Appends the messages of any payload to `messages`, and returns the values that cannot be taken, where others can. Nil: it is none
  /// of ours. Throws ``PayloadError`` where nothing of it can be taken.
  mutating func messages(
    _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeBufferPointer<UInt8>, received: Timestamp,
    into messages: inout [Message]
  ) throws(PayloadError) -> RefusedValues? {
    guard
      let outcome = try mapped?.decode(topic: topic, payload: payload, received: received, into: &messages)
    else {
      return try PayloadCodec.decodeAll(payload, topicDevice: topics.device(in: topic), received: received) {
        messages.append($0)
      }
    }
    switch outcome {
    case .ignored:
      ignored += 1
      return nil
    case .messages(let refused): return refused
    }
  }
}
