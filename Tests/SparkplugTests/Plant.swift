import Sparkplug
import Telemetry

/// Protocol Buffers written field by field, without the code that is tested.
struct Fields {
  private(set) var bytes: [UInt8] = []

  private mutating func number(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(rest & 127) + 128)
      rest /= 128
    }
    bytes.append(UInt8(rest))
  }

  func int(_ field: UInt64, _ value: UInt64) -> Fields {
    var next = self
    next.number(field * 8)
    next.number(value)
    return next
  }

  func data(_ field: UInt64, _ value: [UInt8]) -> Fields {
    var next = self
    next.number(field * 8 + 2)
    next.number(UInt64(value.count))
    next.bytes += value
    return next
  }

  func text(_ field: UInt64, _ value: String) -> Fields { data(field, Array(value.utf8)) }

  func double(_ field: UInt64, _ value: Double) -> Fields {
    var next = self
    next.number(field * 8 + 1)
    next.bytes += (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    return next
  }

  func float(_ field: UInt64, _ value: Float) -> Fields {
    var next = self
    next.number(field * 8 + 5)
    next.bytes += (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    return next
  }
}

/// A metric with a name, an alias or both.
func metric(_ name: String? = nil, alias: UInt64? = nil, type: UInt64? = nil, at milliseconds: UInt64? = nil)
  -> Fields
{
  var fields = Fields()
  if let name { fields = fields.text(1, name) }
  if let alias { fields = fields.int(2, alias) }
  if let milliseconds { fields = fields.int(3, milliseconds) }
  if let type { fields = fields.int(4, type) }
  return fields
}

func payload(_ metrics: [Fields], at milliseconds: UInt64? = nil, seq: UInt64? = nil) -> [UInt8] {
  var fields = Fields()
  if let milliseconds { fields = fields.int(1, milliseconds) }
  for metric in metrics { fields = fields.data(2, metric.bytes) }
  if let seq { fields = fields.int(3, seq) }
  return fields.bytes
}

/// A state, told of messages as they come.
struct Plant {
  var state: SparkplugState

  init(_ settings: SparkplugSettings = SparkplugSettings()) { state = SparkplugState(settings) }

  @discardableResult
  mutating func read(_ topic: String, _ bytes: [UInt8], isRepetition: Bool = false, now: Int64 = 0)
    throws -> SparkplugReading
  {
    try Array(topic.utf8).withUnsafeBufferPointer { topic in
      try bytes.withUnsafeBufferPointer {
        try state.read(topic, $0, isRepetition: isRepetition, receivedMs: now)
      }
    }
  }

  /// The birth of node `g/n`: its number, and sensors with aliases from 1 on.
  @discardableResult
  mutating func nodeBirth(_ sensors: [String] = [], bdSeq: UInt64 = 0, at milliseconds: UInt64 = 1000) throws
    -> SparkplugReading
  {
    try read("spBv1.0/g/NBIRTH/n", Self.birth(sensors, bdSeq: bdSeq, at: milliseconds, seq: 0))
  }

  @discardableResult
  mutating func deviceBirth(
    _ sensors: [String], device: String = "d", seq: UInt64, at milliseconds: UInt64 = 1000
  ) throws -> SparkplugReading {
    try read("spBv1.0/g/DBIRTH/n/\(device)", Self.birth(sensors, bdSeq: nil, at: milliseconds, seq: seq))
  }

  static func birth(_ sensors: [String], bdSeq: UInt64?, at milliseconds: UInt64, seq: UInt64) -> [UInt8] {
    var metrics = bdSeq.map { [metric("bdSeq", type: 4).int(11, $0)] } ?? []
    for (index, sensor) in sensors.enumerated() {
      metrics.append(metric(sensor, alias: UInt64(index + 1), type: 10).int(7, 1))
    }
    return payload(metrics, at: milliseconds, seq: seq)
  }

  @discardableResult
  mutating func nodeDeath(bdSeq: UInt64) throws -> SparkplugReading {
    try read("spBv1.0/g/NDEATH/n", payload([metric("bdSeq", type: 4).int(11, bdSeq)]))
  }

  /// A value of alias 1.
  @discardableResult
  mutating func data(
    _ value: Double, device: String? = "d", seq: UInt64, at milliseconds: UInt64, alias: UInt64 = 1
  ) throws -> SparkplugReading {
    try read(
      device.map { "spBv1.0/g/DDATA/n/\($0)" } ?? "spBv1.0/g/NDATA/n",
      payload([metric(alias: alias, at: milliseconds).double(13, value)], at: milliseconds, seq: seq))
  }
}

extension SparkplugReading {
  /// `device/sensor=value@time#epoch.sequence`, in the order of the payload.
  var texts: [String] {
    messages.flatMap { message in
      message.values.map {
        "\(message.device)/\($0.sensor)=\($0.value)@\(message.timestamp.milliseconds)"
          + "#\(message.position!.epoch).\(message.position!.sequence)"
      }
    }
  }
}
