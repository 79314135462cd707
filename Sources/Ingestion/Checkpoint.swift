import Telemetry

/// The bytes of a checkpoint that cannot be read.
package struct CheckpointError: Error, CustomStringConvertible {
  package let description: String
}

/// Writes the state of the fold: whole numbers in as few bytes as they need (LEB128 of the zigzag form), doubles as they are.
struct CheckpointWriter {
  /// Changes with the form of the state.
  static let version: Int64 = 3

  private(set) var bytes: [UInt8] = []

  init() { integer(Self.version) }

  mutating func integer(_ value: Int64) {
    var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func count(_ value: Int) { integer(Int64(value)) }

  mutating func number(_ value: Double) {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func text(_ value: String) {
    count(value.utf8.count)
    bytes.append(contentsOf: value.utf8)
  }
}

/// Reads what ``CheckpointWriter`` wrote. Every method throws ``CheckpointError`` where the bytes are not of that form.
struct CheckpointReader {
  private let bytes: [UInt8]
  private var offset = 0
  /// Of the form of the state. The one before the present form can be read too.
  private(set) var version: Int64 = 0

  init(_ bytes: [UInt8]) throws(CheckpointError) {
    self.bytes = bytes
    version = try integer()
    guard (CheckpointWriter.version - 1...CheckpointWriter.version).contains(version) else {
      throw CheckpointError(description: "the checkpoint was written by another version of sonde")
    }
  }

  private static let damaged = CheckpointError(description: "the checkpoint is damaged")

  var isAtEnd: Bool { offset == bytes.count }

  mutating func integer() throws(CheckpointError) -> Int64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while offset < bytes.count, shift < 64 {
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
      shift += 7
    }
    throw Self.damaged
  }

  /// How many of something follow. Each takes a byte at least, so a number beyond the rest of the bytes is damage.
  mutating func count() throws(CheckpointError) -> Int {
    let value = try integer()
    guard value >= 0, value <= Int64(bytes.count - offset) else { throw Self.damaged }
    return Int(value)
  }

  mutating func number() throws(CheckpointError) -> Double {
    guard bytes.count - offset >= 8 else { throw Self.damaged }
    var pattern: UInt64 = 0
    for index in 0..<8 { pattern |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    offset += 8
    return Double(bitPattern: pattern)
  }

  mutating func device() throws(CheckpointError) -> DeviceID {
    guard let device = DeviceID(try text()) else { throw Self.damaged }
    return device
  }

  mutating func sensor() throws(CheckpointError) -> SensorID {
    guard let sensor = SensorID(try text()) else { throw Self.damaged }
    return sensor
  }

  private mutating func text() throws(CheckpointError) -> String {
    let length = try count()
    defer { offset += length }
    return String(decoding: bytes[offset..<offset + length], as: UTF8.self)
  }
}

extension DeviceState {
  func write(to writer: inout CheckpointWriter) {
    writer.text(name.name)
    writer.integer(maxEvent)
    writer.integer(arrived)
    writer.count(visibleAfter == nil ? 0 : 1)
    if let visibleAfter { writer.integer(visibleAfter) }
    seen.write(to: &writer)
    writer.count(windows.count)
    for window in windows {
      writer.integer(window.start)
      writer.integer(window.end - window.start)
      writer.count(window.isClosed ? 1 : 0)
      writer.count(window.sensors.count)
      for (sensor, content) in zip(window.sensors, window.contents) {
        writer.text(sensor.name)
        writer.count(content.revision)
        writer.count(content.samples.count)
        var last = Sample(timestamp: window.start, epoch: -1, sequence: -1, value: 0)
        for sample in content.samples {
          // Differences to the sample before are small numbers, and may be any: a foreign device numbers as it likes.
          writer.integer(sample.timestamp - last.timestamp)
          writer.integer(sample.epoch &- last.epoch)
          writer.integer(sample.sequence &- last.sequence)
          writer.number(sample.value)
          last = sample
        }
      }
    }
  }

  init(from reader: inout CheckpointReader) throws(CheckpointError) {
    self.init(name: try reader.device(), maxEvent: try reader.integer())
    if reader.version >= 3 {
      arrived = try reader.integer()
      if try reader.integer() == 1 { visibleAfter = try reader.integer() }
    }
    seen = try SeenMessages(from: &reader)
    for _ in 0..<(try reader.count()) {
      let start = try reader.integer()
      var window = DeviceWindow(start: start, end: start &+ (try reader.integer()))
      window.isClosed = try reader.integer() == 1
      for _ in 0..<(try reader.count()) {
        let sensor = try reader.sensor()
        var content = SensorWindow()
        content.revision = Int(try reader.integer())
        let count = try reader.count()
        content.samples.reserveCapacity(count)
        var last = Sample(timestamp: start, epoch: -1, sequence: -1, value: 0)
        for _ in 0..<count {
          last.timestamp &+= try reader.integer()
          last.epoch &+= try reader.integer()
          last.sequence &+= try reader.integer()
          last.value = try reader.number()
          var sample = last
          // Until foreign messages were known by the time that they came with, no sequence of theirs was kept.
          if last.epoch == -1, last.sequence == -1 { sample.sequence = last.timestamp }
          content.samples.append(sample)
        }
        window.sensors.append(sensor)
        window.contents.append(content)
      }
      windows.append(window)
    }
  }
}

extension SeenMessages {
  func write(to writer: inout CheckpointWriter) {
    writer.count(lives.count)
    for life in lives {
      writer.integer(life.epoch)
      writer.count(life.sequences.ranges.count)
      for range in life.sequences.ranges {
        writer.integer(range.lowerBound)
        writer.integer(range.upperBound - range.lowerBound)
      }
    }
  }

  init(from reader: inout CheckpointReader) throws(CheckpointError) {
    for _ in 0..<(try reader.count()) {
      let epoch = try reader.integer()
      var ranges: [ClosedRange<Int64>] = []
      for _ in 0..<(try reader.count()) {
        let lower = try reader.integer()
        let length = try reader.integer()
        let (upper, overflow) = lower.addingReportingOverflow(length)
        guard length >= 0, !overflow else { throw CheckpointError(description: "the checkpoint is damaged") }
        ranges.append(lower...upper)
      }
      lives.append(Life(epoch: epoch, sequences: SequenceSet(ranges: ranges)))
    }
  }
}
