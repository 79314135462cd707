import Telemetry

/// Writes payloads of Sparkplug B.
package enum SparkplugEncoder {
  /// A metric of a birth without a value yet.
  package struct Declaration: Hashable, Sendable {
    package var name: String
    package var alias: UInt64
    package var type: MetricType

    package init(name: String, alias: UInt64, type: MetricType = .double) {
      self.name = name
      self.alias = alias
      self.type = type
    }
  }

  // Fields of a payload and of a metric (Sparkplug 3.0, section 6.4).
  private static let payloadTime: UInt32 = 1
  private static let payloadMetric: UInt32 = 2
  private static let payloadSequence: UInt32 = 3
  private static let name: UInt32 = 1
  private static let alias: UInt32 = 2
  private static let time: UInt32 = 3
  private static let datatype: UInt32 = 4
  private static let isNull: UInt32 = 7
  private static let long: UInt32 = 11
  private static let double: UInt32 = 13
  private static let boolean: UInt32 = 14

  /// The command that asks a node for its birth. It has no sequence number.
  package static func rebirthCommand(_ nowMs: Int64) -> [UInt8] {
    var payload: [UInt8] = []
    payload.appendWire(payloadTime, varint: UInt64(max(0, nowMs)))
    payload.appendWire(payloadMetric, bytes: control(SparkplugNames.rebirth, true, nowMs))
    return payload
  }

  /// The birth of a node: the number of its connection, and that it can be asked for a rebirth.
  package static func nodeBirth(bdSeq: UInt64, at milliseconds: Int64) -> [UInt8] {
    payload(at: milliseconds, sequence: 0) { payload in
      payload.appendWire(payloadMetric, bytes: bdSeqMetric(bdSeq, milliseconds))
      payload.appendWire(payloadMetric, bytes: control(SparkplugNames.rebirth, false, milliseconds))
    }
  }

  /// The last will of a node. It has no sequence number, for nobody knows when it is published.
  package static func nodeDeath(bdSeq: UInt64, at milliseconds: Int64) -> [UInt8] {
    payload(at: milliseconds, sequence: nil) {
      $0.appendWire(payloadMetric, bytes: bdSeqMetric(bdSeq, milliseconds))
    }
  }

  /// The birth of a device: its metrics, of which none has a value yet.
  package static func deviceBirth(_ metrics: [Declaration], at milliseconds: Int64, sequence: UInt8)
    -> [UInt8]
  {
    payload(at: milliseconds, sequence: sequence) { payload in
      for declaration in metrics {
        var metric: [UInt8] = []
        metric.appendWire(name, bytes: declaration.name.utf8)
        metric.appendWire(alias, varint: declaration.alias)
        metric.appendWire(time, varint: UInt64(max(0, milliseconds)))
        metric.appendWire(datatype, varint: UInt64(declaration.type.rawValue))
        metric.appendWire(isNull, varint: 1)
        payload.appendWire(payloadMetric, bytes: metric)
      }
    }
  }

  /// Appends a payload of data, each value as a double with an alias and its own time.
  ///
  /// - Parameter alias: Of a sensor; values without one are named.
  package static func append(
    _ messages: [Message], at milliseconds: Int64, sequence: UInt8, alias aliasOf: (SensorID) -> UInt64?,
    into buffer: inout [UInt8]
  ) {
    buffer.appendWire(payloadTime, varint: UInt64(max(0, milliseconds)))
    var metric: [UInt8] = []
    for message in messages {
      for value in message.values {
        metric.removeAll(keepingCapacity: true)
        if let known = aliasOf(value.sensor) {
          metric.appendWire(alias, varint: known)
        } else {
          metric.appendWire(name, bytes: value.sensor.name.utf8)
          metric.appendWire(datatype, varint: UInt64(MetricType.double.rawValue))
        }
        metric.appendWire(time, varint: UInt64(max(0, message.timestamp.milliseconds)))
        metric.appendWire(double, fixed64: value.value.bitPattern)
        buffer.appendWire(payloadMetric, bytes: metric)
      }
    }
    buffer.appendWire(payloadSequence, varint: UInt64(sequence))
  }

  private static func payload(at milliseconds: Int64, sequence: UInt8?, _ body: (inout [UInt8]) -> Void)
    -> [UInt8]
  {
    var payload: [UInt8] = []
    payload.appendWire(payloadTime, varint: UInt64(max(0, milliseconds)))
    body(&payload)
    if let sequence { payload.appendWire(payloadSequence, varint: UInt64(sequence)) }
    return payload
  }

  private static func control(_ command: String, _ isTrue: Bool, _ milliseconds: Int64) -> [UInt8] {
    var metric: [UInt8] = []
    metric.appendWire(name, bytes: command.utf8)
    metric.appendWire(time, varint: UInt64(max(0, milliseconds)))
    metric.appendWire(datatype, varint: UInt64(MetricType.boolean.rawValue))
    metric.appendWire(boolean, varint: isTrue ? 1 : 0)
    return metric
  }

  private static func bdSeqMetric(_ bdSeq: UInt64, _ milliseconds: Int64) -> [UInt8] {
    var metric: [UInt8] = []
    metric.appendWire(name, bytes: SparkplugNames.birthDeathSequence.utf8)
    metric.appendWire(time, varint: UInt64(max(0, milliseconds)))
    metric.appendWire(datatype, varint: UInt64(MetricType.int64.rawValue))
    metric.appendWire(long, varint: bdSeq)
    return metric
  }
}
