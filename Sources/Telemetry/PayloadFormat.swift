/// A payload of one's own: text with the fields of a message.
package struct PayloadTemplate: Hashable, Sendable {
  package enum Field: Hashable, Sendable {
    case device
    case epoch
    case sequence
    /// Milliseconds since 1970 UTC.
    case milliseconds
    /// Seconds since 1970 UTC, with three decimals where they are not whole.
    case seconds
    /// ISO 8601, UTC, in milliseconds.
    case time
    /// All values as a JSON object by sensor.
    case values
    /// One sensor's value; `null` where it says nothing.
    case value(SensorID)
  }

  /// The names of the fields that every message has; a sensor's value is `values.<sensor>`.
  package static let fieldNames = ["device", "epoch", "seq", "ts", "seconds", "time", "values"]

  private let template: FieldTemplate<Field>

  /// Throws ``TemplateError``, also for a sensor that is not among `sensors`.
  package init(_ text: String, sensors: [SensorID]) throws(TemplateError) {
    template = try FieldTemplate(text) { name in
      switch name {
      case "device": .device
      case "epoch": .epoch
      case "seq": .sequence
      case "ts": .milliseconds
      case "seconds": .seconds
      case "time": .time
      case "values": .values
      default:
        name.hasPrefix("values.")
          ? SensorID(name.dropFirst(7)).flatMap { sensors.contains($0) ? .value($0) : nil } : nil
      }
    }
  }

  package var text: String { template.text }

  func write(_ message: Message, into buffer: inout [UInt8]) {
    template.write(into: &buffer) { field, buffer in
      switch field {
      case .device: buffer.append(contentsOf: message.device.name.utf8)
      case .epoch: buffer.append(decimal: message.position?.epoch ?? 0)
      case .sequence: buffer.append(decimal: message.position?.sequence ?? 0)
      case .milliseconds: buffer.append(decimal: message.timestamp.milliseconds)
      case .seconds: buffer.append(secondsOf: message.timestamp.milliseconds)
      case .time: buffer.append(contentsOf: message.timestamp.description.utf8)
      case .values: PayloadCodec.encode(values: message.values, into: &buffer)
      case .value(let sensor):
        guard let value = message.values.first(where: { $0.sensor == sensor })?.value else {
          buffer.append(contentsOf: "null".utf8)
          return
        }
        buffer.append(contentsOf: value.description.utf8)
      }
    }
  }
}

/// How messages become payloads.
package enum PayloadFormat: Hashable, Sendable {
  /// The JSON of ``PayloadCodec``: one instant.
  case canonical
  /// A SenML JSON pack (RFC 8428) of one or more instants, with the units of sensors that have one. It carries no epoch
  /// and no sequence.
  case senML(units: [SensorID: String])
  /// A template filled in for each instant; several stand one under another.
  case template(PayloadTemplate)
  /// Sparkplug B. A payload of it is of a node, which numbers what it publishes; whoever publishes has one.
  case sparkplug

  /// Whether one payload may carry several instants of a device.
  package var carriesInstants: Bool { self != .canonical }

  /// Appends the payload that carries `messages`, which are of one device and, where ``carriesInstants`` is false, one.
  package func encode(_ messages: [Message], into buffer: inout [UInt8]) {
    switch self {
    case .canonical:
      for message in messages { PayloadCodec.encode(message, into: &buffer) }
    // There is nothing in a message alone.
    case .sparkplug: break
    case .senML(let units): SenML.encode(messages, units: units, into: &buffer)
    case .template(let template):
      for (index, message) in messages.enumerated() {
        if index > 0 { buffer.append(UInt8(ascii: "\n")) }
        template.write(message, into: &buffer)
      }
    }
  }
}

extension [UInt8] {
  /// Appends a whole number in decimal, without making a string of it.
  @inline(__always)
  mutating func append(decimal number: Int64) {
    if number < 0 { append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    let start = count
    repeat {
      append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    var (low, high) = (start, count - 1)
    while low < high {
      swapAt(low, high)
      low += 1
      high -= 1
    }
  }

  /// Appends `milliseconds` as seconds with three decimals, or none where they are whole.
  mutating func append(secondsOf milliseconds: Int64) {
    if milliseconds < 0 { append(UInt8(ascii: "-")) }
    let (whole, rest) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
    append(decimal: Int64(whole))
    guard rest > 0 else { return }
    append(UInt8(ascii: "."))
    for divisor: UInt64 in [100, 10, 1] { append(UInt8(ascii: "0") + UInt8(rest / divisor % 10)) }
  }
}
