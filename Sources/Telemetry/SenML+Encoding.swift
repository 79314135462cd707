extension SenML {
  /// Appends a pack with the values of `messages`, which are of one device: the device is the base name, the first instant
  /// the base time, and later ones are told by their distance from it.
  static func encode(_ messages: [Message], units: [SensorID: String], into buffer: inout [UInt8]) {
    func text(_ string: String) { buffer.append(contentsOf: string.utf8) }
    guard let first = messages.first else { return }
    text("[{\"bn\":\"")
    text(first.device.name)
    text(":\",\"bt\":")
    buffer.append(secondsOf: first.timestamp.milliseconds)
    var isFirst = true
    for message in messages {
      let distance = message.timestamp.milliseconds - first.timestamp.milliseconds
      for value in message.values {
        text(isFirst ? ",\"n\":\"" : ",{\"n\":\"")
        isFirst = false
        text(value.sensor.name)
        if let unit = units[value.sensor] {
          text("\",\"u\":\"")
          text(unit)
        }
        text("\",\"v\":")
        text(value.value.description)
        if distance != 0 {
          text(",\"t\":")
          buffer.append(secondsOf: distance)
        }
        text("}")
      }
    }
    text("]")
  }
}
