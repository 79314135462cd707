import Sparkplug
import Telemetry
import TestSupport

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
    try read("spBv1.0/g/NBIRTH/n", DamagedSparkplug.birth(sensors, bdSeq: bdSeq, at: milliseconds, seq: 0))
  }

  @discardableResult
  mutating func deviceBirth(
    _ sensors: [String], device: String = "d", seq: UInt64, at milliseconds: UInt64 = 1000
  ) throws -> SparkplugReading {
    try read(
      "spBv1.0/g/DBIRTH/n/\(device)", DamagedSparkplug.birth(sensors, bdSeq: nil, at: milliseconds, seq: seq))
  }

  @discardableResult
  mutating func nodeDeath(bdSeq: UInt64) throws -> SparkplugReading {
    try read("spBv1.0/g/NDEATH/n", sparkplugPayload([sparkplugMetric("bdSeq", type: 4).int(11, bdSeq)]))
  }

  /// A value of alias 1.
  @discardableResult
  mutating func data(
    _ value: Double, device: String? = "d", seq: UInt64, at milliseconds: UInt64, alias: UInt64 = 1
  ) throws -> SparkplugReading {
    try read(
      device.map { "spBv1.0/g/DDATA/n/\($0)" } ?? "spBv1.0/g/NDATA/n",
      sparkplugPayload(
        [sparkplugMetric(alias: alias, at: milliseconds).double(13, value)], at: milliseconds, seq: seq))
  }
}

/// A plant that goes on with what `plant` has kept.
func restarted(_ plant: inout Plant, _ kept: inout [String: SparkplugLife]) throws -> Plant {
  for var life in plant.state.takeChanges() {
    life.birth = life.birth ?? kept[life.path]?.birth
    life.times = life.times ?? kept[life.path]?.times
    kept[life.path] = life
  }
  var next = Plant(plant.state.settings)
  next.state = try SparkplugState(plant.state.settings, lives: kept.values.sorted { $0.path < $1.path })
  next.state.connected(resumed: true)
  return next
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
