import PayloadMapping
import Telemetry

/// What a decoder says of a message.
struct Reading: Equatable {
  /// `device@milliseconds[#epoch.sequence]:sensor=value,…`, a text a message.
  var messages: [String] = []
  var refused = RefusedValues()
  var error: PayloadError?
  var isIgnored = false

  init(_ decoder: inout MappingDecoder, _ topic: String, _ payload: some Sequence<UInt8>, received: Int64 = 5)
  {
    var messages: [Message] = []
    let outcome: Result<MappingDecoder.Outcome, PayloadError> = Array(topic.utf8).withUnsafeBufferPointer {
      topic in
      Array(payload).withUnsafeBufferPointer { payload in
        do throws(PayloadError) {
          return .success(
            try decoder.decode(
              topic: topic, payload: payload, received: Timestamp(milliseconds: received), into: &messages))
        } catch {
          return .failure(error)
        }
      }
    }
    switch outcome {
    case .success(.ignored): isIgnored = true
    case .success(.messages(let refused)): self.refused = refused
    case .failure(let error): self.error = error
    }
    self.messages = messages.map(Self.text)
  }

  static func text(_ message: Message) -> String {
    let position = message.position.map { "#\($0.epoch).\($0.sequence)" } ?? ""
    let values = message.values.map { "\($0.sensor)=\($0.value)" }.joined(separator: ",")
    return "\(message.device)@\(message.timestamp.milliseconds)\(position):\(values)"
  }
}

/// What becomes of one message by a mapping of one entry.
func read(_ entry: MessageMapping, _ topic: String, _ payload: String) -> Reading {
  read(PayloadMapping(name: "m", messages: [entry]), topic, payload)
}

func read(_ mapping: PayloadMapping, _ topic: String, _ payload: String) -> Reading {
  var decoder = MappingDecoder(mapping)
  let first = Reading(&decoder, topic, payload.utf8)
  // What it has learned changes nothing.
  precondition(Reading(&decoder, topic, payload.utf8) == first, "a second reading differs: \(payload)")
  return first
}

/// An entry for `topic`, as `change` makes it.
func makeEntry(_ topic: String = "t/{device}", _ change: (inout MessageMapping) throws -> Void = { _ in })
  throws
  -> MessageMapping
{
  var entry = MessageMapping(topics: [try TopicPattern(topic)])
  try change(&entry)
  return entry
}

extension MappedTime {
  init(_ path: String, _ unit: Unit, zone: String = "Z", isOtherwiseArrival: Bool = false) throws {
    self.init(
      paths: [try PayloadPath(path)], unit: unit, zone: try Zone(zone), isOtherwiseArrival: isOtherwiseArrival
    )
  }
}
