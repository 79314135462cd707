/// Protocol Buffers written field by field, without the code that is tested.
package struct Fields {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  private mutating func number(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(rest & 127) + 128)
      rest /= 128
    }
    bytes.append(UInt8(rest))
  }

  package func int(_ field: UInt64, _ value: UInt64) -> Fields {
    var next = self
    next.number(field * 8)
    next.number(value)
    return next
  }

  package func data(_ field: UInt64, _ value: [UInt8]) -> Fields {
    var next = self
    next.number(field * 8 + 2)
    next.number(UInt64(value.count))
    next.bytes += value
    return next
  }

  package func text(_ field: UInt64, _ value: String) -> Fields { data(field, Array(value.utf8)) }

  package func double(_ field: UInt64, _ value: Double) -> Fields {
    var next = self
    next.number(field * 8 + 1)
    next.bytes += (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    return next
  }

  package func float(_ field: UInt64, _ value: Float) -> Fields {
    var next = self
    next.number(field * 8 + 5)
    next.bytes += (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    return next
  }
}

/// A metric with a name, an alias or both.
package func sparkplugMetric(
  _ name: String? = nil, alias: UInt64? = nil, type: UInt64? = nil, at milliseconds: UInt64? = nil
)
  -> Fields
{
  var fields = Fields()
  if let name { fields = fields.text(1, name) }
  if let alias { fields = fields.int(2, alias) }
  if let milliseconds { fields = fields.int(3, milliseconds) }
  if let type { fields = fields.int(4, type) }
  return fields
}

/// A payload of Sparkplug B.
package func sparkplugPayload(_ metrics: [Fields], at milliseconds: UInt64? = nil, seq: UInt64? = nil)
  -> [UInt8]
{
  var fields = Fields()
  if let milliseconds { fields = fields.int(1, milliseconds) }
  for metric in metrics { fields = fields.data(2, metric.bytes) }
  if let seq { fields = fields.int(3, seq) }
  return fields.bytes
}

/// Payloads of Sparkplug B, sound and not.
package enum DamagedSparkplug {
  /// Sound payloads of every kind, to be damaged; each step has others.
  private static func samples(_ step: UInt64) -> [(topic: String, bytes: [UInt8])] {
    let time = 1000 + step
    let seq = step % 256
    let properties = Fields().text(1, "Quality").data(2, Fields().int(1, 3).int(3, 192).bytes)
    let rich = sparkplugPayload(
      [
        sparkplugMetric("a/b", alias: 1, type: 10, at: time).data(9, properties.bytes).double(13, 1.5),
        sparkplugMetric("text", alias: 2, type: 12).text(15, "on"),
        sparkplugMetric("set", type: 16).data(17, [1, 2, 3]),
        sparkplugMetric("template", type: 19).data(18, [UInt8](repeating: 0x0A, count: 9)),
        sparkplugMetric("n", alias: 9_999_999, type: 1, at: step).int(5, 1).int(10, 255),
      ], at: time, seq: seq)
    return [
      ("spBv1.0/g/NBIRTH/n", birth(["load", "speed"], bdSeq: step % 3, at: time, seq: 0)),
      ("spBv1.0/g/DBIRTH/n/d", birth(["t", "p"], bdSeq: nil, at: time, seq: seq)),
      (
        "spBv1.0/g/DDATA/n/d",
        sparkplugPayload(
          [sparkplugMetric(alias: 1).double(13, 2), sparkplugMetric(alias: 2).double(13, 3)], at: time,
          seq: seq
        )
      ),
      ("spBv1.0/g/NDATA/n", rich),
      ("spBv1.0/g/NDEATH/n", sparkplugPayload([sparkplugMetric("bdSeq", type: 4).int(11, step % 3)])),
      ("spBv1.0/g/DDEATH/n/d", sparkplugPayload([], at: time, seq: seq)), ("spBv1.0/g/NCMD/n", rich),
      ("spBv1.0/STATE/h", Array(#"{"online":true}"#.utf8)),
    ]
  }

  /// A sound payload, one of random bytes, or one that was damaged somewhere.
  package static func next(_ generator: inout some RandomNumberGenerator) -> (topic: String, bytes: [UInt8]) {
    let samples = samples(UInt64(generator.below(3000)))
    var (topic, bytes) = samples[generator.below(samples.count)]
    switch generator.below(8) {
    case 0:
      bytes = (0..<generator.below(200)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    case 1: bytes = Array(bytes.prefix(generator.below(bytes.count + 1)))
    case 2:
      for _ in 0...generator.below(4) where !bytes.isEmpty {
        bytes[generator.below(bytes.count)] = UInt8.random(in: 0...255, using: &generator)
      }
    case 3:
      let other = samples[generator.below(samples.count)].bytes
      bytes.insert(contentsOf: other, at: generator.below(bytes.count + 1))
    case 4 where !bytes.isEmpty:
      // A length that is far beyond the end.
      bytes.replaceSubrange(
        generator.below(bytes.count)..<bytes.count, with: [0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])
    case 5 where !bytes.isEmpty: bytes.remove(at: generator.below(bytes.count))
    default: break
    }
    if generator.below(12) == 0 {
      topic =
        samples[generator.below(samples.count)].topic + ["", "/x", "x"][generator.below(3)]
    }
    return (topic, bytes)
  }

  package static func birth(_ sensors: [String], bdSeq: UInt64?, at milliseconds: UInt64, seq: UInt64)
    -> [UInt8]
  {
    var metrics = bdSeq.map { [sparkplugMetric("bdSeq", type: 4).int(11, $0)] } ?? []
    for (index, sensor) in sensors.enumerated() {
      metrics.append(sparkplugMetric(sensor, alias: UInt64(index + 1), type: 10).int(7, 1))
    }
    return sparkplugPayload(metrics, at: milliseconds, seq: seq)
  }
}

extension RandomNumberGenerator {
  fileprivate mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
}
