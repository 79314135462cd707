// What it costs to read a payload: the canonical form by its own scanner, the same payload by a mapping, and payloads of devices
// by theirs. One core, the least of several rounds, in nanoseconds a message.
import Foundation
import PayloadMapping
import Telemetry

let rounds = 15
let messages = 100_000

/// Mappings as `docs/payloads.md` shows them.
func entry(_ topic: String, _ change: (inout MessageMapping) throws -> Void) throws -> PayloadMapping {
  var entry = MessageMapping(topics: [try TopicPattern(topic)])
  try change(&entry)
  let mapping = PayloadMapping(name: "benchmark", messages: [entry])
  precondition(mapping.problems.isEmpty, "\(mapping.problems)")
  return mapping
}

let canonicalTopic = "devices/pump-0007/telemetry"
let canonical =
  #"{"device":"pump-0007","epoch":1,"seq":4711,"ts":1767225600000,"values":{"temperature":21.37,"vibration":0.021}}"#
/// A batch of records of as many devices, as Telegraf writes it.
func batch(_ count: Int) -> String {
  let records = (0..<count).map {
    #"{"fields":{"temp":21.5,"load":0.25},"name":"m","tags":{"host":"host-\#($0)"},"timestamp":1767225600}"#
  }
  return "{\"metrics\":[\(records.joined(separator: ","))]}"
}

let telegraf = try entry("gateway") {
  $0.records = try PayloadPath("metrics.*")
  $0.names = [
    .init(name: "device", paths: [try PayloadPath("tags.host")]),
    .init(name: "measurement", paths: [try PayloadPath("name")]),
  ]
  $0.time = MappedTime(paths: [try PayloadPath("timestamp")], unit: .seconds)
  $0.values = [.init(path: try PayloadPath("fields"))]
  $0.sensor = try NameTemplate("{measurement}.{name}")
}

let cases: [(name: String, mapping: PayloadMapping, topic: String, payload: String)] = [
  (
    "mapped",
    try entry("devices/{device}/telemetry") {
      $0.time = MappedTime(paths: [try PayloadPath("ts")], unit: .milliseconds)
      $0.epoch = try PayloadPath("epoch")
      $0.sequence = try PayloadPath("seq")
      $0.values = [.init(path: try PayloadPath("values"))]
    }, canonicalTopic, canonical
  ),
  (
    "tasmota",
    try entry("tele/{device}/SENSOR") {
      $0.time = MappedTime(paths: [try PayloadPath("Time")], unit: .iso8601)
      $0.leaveOut = [try PayloadPath("TempUnit"), try PayloadPath("*.Id")]
    }, "tele/pump-7/SENSOR",
    #"{"Time":"2026-01-01T12:00:00","DS18B20":{"Id":"0C3A","Temperature":21.5},"AM2301":{"Temperature":20.5,"#
      + #""Humidity":47.1},"TempUnit":"C"}"#
  ),
  ("records of 2", telegraf, "gateway", batch(2)),
  ("records of 100", telegraf, "gateway", batch(100)),
  (
    "line-protocol",
    try entry("sensors") {
      $0.format = .lineProtocol
      $0.names = [.init(name: "device", paths: [try PayloadPath("tags.station")])]
      $0.time = MappedTime(paths: [try PayloadPath("timestamp")], unit: .nanoseconds)
      $0.values = [.init(path: try PayloadPath("fields"))]
    }, "sensors", "weather,station=north temperature=21.5,humidity=40i 1767225600000000000"
  ),
]

/// The shortest time that a message takes where a call of `body` reads and returns some, in nanoseconds.
func least(_ body: () throws -> Int) rethrows -> Double {
  var least = Double.infinity
  for _ in 0..<rounds {
    let begin = ContinuousClock.now
    var count = 0
    while count < messages { count += try body() }
    least = min(least, (ContinuousClock.now - begin).seconds / Double(count) * 1e9)
  }
  return least
}

func withBytes(
  _ topic: String, _ payload: String,
  _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) throws -> Double
) rethrows -> Double {
  try Array(topic.utf8).withUnsafeBufferPointer { topic in
    try Array(payload.utf8).withUnsafeBufferPointer { try body(topic, $0) }
  }
}

var readings = 0
let scanned = try withBytes(canonicalTopic, canonical) { topic, payload in
  var topics = TopicCache()
  return try least {
    var refused = RefusedValues()
    readings += try PayloadCodec.decode(
      payload, topicDevice: topics.device(in: topic), refused: &refused
    ).values.count
    return 1
  }
}
var results: [(name: String, nanoseconds: Double)] = [("canonical", scanned)]
for (name, mapping, topic, payload) in cases {
  var decoder = MappingDecoder(mapping)
  var found: [Message] = []
  let nanoseconds = try withBytes(topic, payload) { topic, payload in
    try least {
      found.removeAll(keepingCapacity: true)
      _ = try decoder.decode(
        topic: topic, payload: payload, received: Timestamp(milliseconds: 1_767_225_600_000), into: &found)
      precondition(!found.isEmpty)
      return found.count
    }
  }
  results.append((name, nanoseconds))
}
precondition(readings > 0)
print("payload        ns/message  over canonical")
for (name, nanoseconds) in results {
  let ratio = nanoseconds / scanned
  print(
    name.padding(toLength: 14, withPad: " ", startingAt: 0),
    String(format: "%10.0f  %14.2f", nanoseconds, ratio))
}
if CommandLine.arguments.count > 1 {
  let rows = results.map {
    "{\"payload\": \"\($0.name)\", \"nanoseconds\": \($0.nanoseconds), \"over_canonical\": \($0.nanoseconds / scanned)}"
  }
  try Data("[\(rows.joined(separator: ",\n "))]\n".utf8).write(
    to: URL(fileURLWithPath: CommandLine.arguments[1]))
}
