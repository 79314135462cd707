import Telemetry
import Testing

/// Payloads of every format, and what ingestion makes of them.
@Suite struct PayloadFormatTests {
  private func text(_ format: PayloadFormat, _ messages: [Message]) -> String {
    var buffer: [UInt8] = []
    format.encode(messages, into: &buffer)
    return String(decoding: buffer, as: UTF8.self)
  }

  private func message(_ sequence: Int64, _ milliseconds: Int64, _ values: [(String, Double)]) -> Message {
    Message(
      device: DeviceID("pump-0001")!, position: .init(epoch: 1, sequence: sequence),
      timestamp: Timestamp(milliseconds: milliseconds),
      values: values.map { .init(sensor: SensorID($0.0)!, value: $0.1) })
  }

  @Test func aTemplateHasNamedFields() throws {
    let temperature = SensorID("temperature")!
    let template = try PayloadTemplate(
      #"{"id":"${device}","n":${epoch}.${seq},"at":${seconds},"iso":"${time}","t":${values.temperature},"$$":${values}}"#,
      sensors: [temperature])
    let first = message(7, 1_767_225_600_250, [("temperature", 21.5)])
    #expect(
      text(.template(template), [first])
        == #"{"id":"pump-0001","n":1.7,"at":1767225600.250,"iso":"2026-01-01T00:00:00.250Z","t":21.5,"$":{"temperature":21.5}}"#
    )
    // What a sensor does not say is null; several instants stand one under another.
    let short = try PayloadTemplate("${ts} ${values.temperature}", sensors: [temperature])
    #expect(
      text(.template(short), [first, message(8, 1_767_225_610_000, [("other", 1)])])
        == "1767225600250 21.5\n1767225610000 null")
  }

  @Test(arguments: [
    ("${devise}", "devise"), ("${values.pressure}", "values.pressure"), ("${", nil), ("cost: 5 $", nil),
    ("${device", nil),
  ])
  func whatIsNoTemplateIsRefused(text: String, field: String?) {
    let error = #expect(throws: TemplateError.self) {
      try PayloadTemplate(text, sensors: [SensorID("temperature")!])
    }
    #expect(error?.field == field)
  }

  @Test func aTopicIsFilledInAndMatchedByItsFilter() throws {
    let topic = try AddressTemplate("site/$$1/${group}/${gateway}-x/${device}/telemetry")
    let names = PublisherNames(group: "pump", device: "pump-0001", gateway: "pump-gateway-0001")
    #expect(topic.string(names) == "site/$1/pump/pump-gateway-0001-x/pump-0001/telemetry")
    #expect(topic.filter == "site/$1/+/+/+/telemetry")
    #expect(AddressTemplate.telemetry.filter == TelemetryTopic.filter)
    #expect(topic.topicFault == nil)
    for wrong in ["", "a/+/b", "a/#", "$$SYS/x", String(repeating: "x", count: 2000)] {
      #expect(try AddressTemplate(wrong).topicFault != nil)
    }
  }

  @Test func senMLIsReadAsWhatWasMeasured() throws {
    for seed in UInt64(1)...20 {
      var generator = SeededGenerator(seed: seed)
      var time: Int64 = 1_767_225_600_000 + Int64(generator.index(below: 100_000))
      let sensors = ["b", "flow", "temperature.2", "Z_9"].prefix(1 + generator.index(below: 4))
      let messages = (0..<(1 + generator.index(below: 30))).map { index in
        time += 1 + Int64(generator.index(below: 1_000_000))
        return message(
          Int64(index), time,
          sensors.map { ($0, (generator.uniform(in: -1e4...1e4) * 1000).rounded() / 1000) })
      }
      let units = [SensorID("flow")!: "m3/s", SensorID("b")!: "%RH"]
      let payload = Array(text(.senML(units: units), messages).utf8)
      var read: [Message] = []
      let refused = try payload.withUnsafeBufferPointer {
        try PayloadCodec.decodeAll(
          $0, topicDevice: messages[0].device, received: Timestamp(milliseconds: 0)
        ) { read.append($0) }
      }
      let wanted = messages.map { message in
        var message = message
        message.position = nil
        message.values.sort { $0.sensor < $1.sensor }
        return message
      }
      #expect(read == wanted && refused.count == 0, "seed \(seed)")
    }
  }

  @Test func senMLOfOneInstantIsAsTheStandardHasIt() {
    let message = message(1, 1_767_225_600_000, [("temperature", 21.5), ("flow", 3)])
    #expect(
      text(.senML(units: [SensorID("temperature")!: "Cel"]), [message])
        == #"[{"bn":"pump-0001:","bt":1767225600,"n":"temperature","u":"Cel","v":21.5},{"n":"flow","v":3.0}]"#
    )
  }

  @Test func wholeNumbersAreWrittenAsStringsWouldBe() {
    for number in [0, 1, 9, 10, 99, 1_767_225_600_000, Int64.max, -1, -120, .min] {
      let message = Message(
        device: DeviceID("d")!, position: .init(epoch: number, sequence: 0),
        timestamp: Timestamp(milliseconds: 0), values: [])
      #expect(text(.canonical, [message]).contains("\"epoch\":\(number),"))
    }
  }

  @Test func numbersByIndexDoNotDependOnTheOrderOfAsking() {
    let generator = IndexedGenerator(seed: 5, stream: "a")
    let forward = (0..<1000).map { generator.uniform(at: Int64($0)) }
    let backward = (0..<1000).reversed().map { generator.uniform(at: Int64($0)) }
    #expect(forward == backward.reversed())
    #expect(forward.allSatisfy { (0..<1).contains($0) })
    #expect(abs(forward.reduce(0, +) / 1000 - 0.5) < 0.05)
    #expect(IndexedGenerator(seed: 5, stream: "b").uniform(at: 0) != forward[0])
  }
}
