import Telemetry
import Wording

/// What is published of messages.
package struct MappedPublication: Hashable, Sendable {
  package var topic: String
  package var payload: [UInt8]
  /// How many messages it is the last publication of: mostly each has one alone.
  package var messages: Int
  /// The values in it.
  package var readings: Int
}

/// Why a fleet cannot publish by a mapping.
package struct EncodingProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// In a sentence, after “it cannot be published: ”.
  package let reason: String

  package var description: String { reason }
}

/// Writes messages so that a mapping reads them: the other way round of ``MappingDecoder``.
///
/// Made from what a mapping says. What it leaves open is chosen, and whether it is read as it was meant is tried when an
/// encoder is made, with the decoder itself; what cannot be written so is refused then, and not while it is published.
package struct MappingEncoder: Hashable, Sendable {
  package let mapping: PayloadMapping
  private let entry: EntryEncoder

  /// The most places that are tried for a sensor.
  static let maximumTrials = 256

  /// Throws ``EncodingProblem``.
  ///
  /// - Parameters:
  ///   - mapping: One without ``PayloadMapping/problems``.
  ///   - devices: Some of those that will publish, at least one; all are named alike.
  ///   - sensors: All that they have, at least one.
  package init(_ mapping: PayloadMapping, devices: [DeviceID], sensors: [SensorID]) throws(EncodingProblem) {
    self.mapping = mapping
    var problems: [(topic: String, reason: String)] = []
    for entry in mapping.messages where !entry.isIgnored {
      for topic in entry.topics {
        do throws(EncodingProblem) {
          self.entry = try Self.encoder(
            EntryEncoder(entry, topic: topic), MappingTrial(mapping), devices, sensors)
          return
        } catch {
          problems.append((topic.text, error.reason))
        }
      }
    }
    guard let first = problems.first else { throw EncodingProblem(reason: "every entry is ignored") }
    guard problems.count > 1 else { throw EncodingProblem(reason: first.reason) }
    let named = problems.prefix(3).map { "on \($0.topic.quoted) \($0.reason)" }
    throw EncodingProblem(reason: named.joined(separator: "; "))
  }

  /// Whether payloads say when they were measured.
  package var carriesTime: Bool { !entry.entry.time.isArrival }

  /// Whether payloads have the number of a message.
  package var carriesPosition: Bool { entry.entry.epoch != nil }

  /// Whether one payload may carry several instants of a device.
  package var gathersInstants: Bool { entry.gathersInstants }

  /// What is published of `messages`, which are of one of the devices and have values of the sensors that the encoder was made for.
  package func publications(of messages: [Message]) -> [MappedPublication] {
    guard let publications = entry.publications(of: messages) else {
      preconditionFailure(
        "\(mapping.name) was tried with these sensors and devices like \(messages[0].device)")
    }
    return publications
  }

  /// Whether the mapping reads `publications` as `messages`: bit by bit, each value once, and nothing else. Where payloads have no time,
  /// that of arrival counts.
  package func isRead(_ publications: [MappedPublication], as messages: [Message]) -> Bool {
    MappingTrial(mapping).isRead(publications, as: messages, hasTime: carriesTime)
  }

  /// The topic on which a device publishes first.
  package func topic(of device: DeviceID) -> String {
    let values = entry.places.keys.min().map { [Message.Value(sensor: $0, value: 0)] } ?? []
    let message = Message(
      device: device, position: nil, timestamp: Timestamp(milliseconds: 0), values: values)
    return publications(of: [message])[0].topic
  }

  // MARK: - How it is found

  private static func encoder(
    _ encoder: EntryEncoder, _ trial: MappingTrial, _ devices: [DeviceID], _ sensors: [SensorID]
  ) throws(EncodingProblem) -> EntryEncoder {
    var encoder = encoder
    let entry = encoder.entry
    if entry.format == .lineProtocol, entry.time.unit == .seconds, !entry.time.isArrival {
      throw EncodingProblem(
        reason: "lines with times in seconds have no place for milliseconds; write unit: ms, us or ns")
    }
    for device in devices {
      guard let names = encoder.names(of: device) else {
        throw EncodingProblem(
          reason: "the device \(device.name.quoted) is not of the form \(entry.device.text.quoted)")
      }
      // Before the sensors, which would else be said to be at fault.
      guard encoder.topicText(names) != nil || encoder.topicText([:]) == nil else {
        let name = EscapedName.name(of: device.name) ?? device.name
        throw EncodingProblem(
          reason: "the device \(device.name.quoted) has the name \(name.quoted), which cannot stand in the "
            + "topic \(encoder.topic.text.quoted)")
      }
    }
    guard let device = devices.first, let known = encoder.names(of: device) else {
      throw EncodingProblem(reason: "there is no device")
    }
    for sensor in sensors {
      guard let name = EscapedName.name(of: sensor.name) else {
        throw EncodingProblem(reason: "there is no name of which the sensor “\(sensor)” is the id")
      }
      let candidates = encoder.candidates(for: name, known: known).prefix(maximumTrials)
      guard !candidates.isEmpty else {
        let templates = Set(entry.values.map { ($0.sensor ?? entry.sensor).text }).sorted()
        throw EncodingProblem(
          reason: "the sensor “\(sensor)” is not of the form \(templates.map(\.quoted).listed)")
      }
      let fits = candidates.contains { candidate in
        encoder.places[sensor] = candidate
        return trial.isRead(encoder, device, times: 1)
      }
      guard fits else {
        throw EncodingProblem(
          reason: "there is no payload of which the sensor “\(sensor)” would be read, with those before it")
      }
    }
    for device in devices where !trial.isRead(encoder, device, times: encoder.gathersInstants ? 3 : 1) {
      throw EncodingProblem(reason: "what \(device.name.quoted) publishes would be read as something else")
    }
    return encoder
  }
}
