import PayloadMapping
import Telemetry
import Testing

/// Random mappings: what is published is read as it was measured, or it was said before that it cannot be.
@Suite(.timeLimit(.minutes(30))) struct EncoderPropertyTests {
  @Test(arguments: 0..<40) func whatIsPublishedIsRead(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "mapping encoder")
    var encoders = 0
    for _ in 0..<60 {
      let mapping = try PublishedMapping.mapping(&random)
      guard mapping.problems.isEmpty else { continue }
      let sensors = PublishedMapping.sensors(&random)
      let device = DeviceID(PublishedMapping.devices[Int(random.next() % 4)])!
      let encoder: MappingEncoder
      do throws(EncodingProblem) {
        encoder = try MappingEncoder(mapping, devices: [device], sensors: sensors)
      } catch {
        #expect(!error.reason.isEmpty)
        continue
      }
      encoders += 1
      let messages = hardMessages(
        device, sensors, count: 6, hasPosition: encoder.carriesPosition, &random)
      let batches = encoder.gathersInstants ? [messages] : messages.map { [$0] }
      for batch in batches {
        let publications = encoder.publications(of: batch)
        let expected = lines(batch, arrival: encoder.carriesTime ? nil : 5)
        #expect(publications.reduce(0) { $0 + $1.messages } == batch.count)
        #expect(publications.reduce(0) { $0 + $1.readings } == expected.count)
        let found = readBack(publications, by: mapping)
        let payloads = publications.map { "\($0.topic) \(String(decoding: $0.payload, as: UTF8.self))" }
        #expect(found == expected, "seed \(seed): \(mapping)\n\(payloads)")
        guard found == expected else { return }
      }
    }
    // What is always refused would prove nothing.
    #expect(encoders >= 15, "of 60 mappings \(encoders) can be published by")
  }

  /// Mappings as the plan is tried with: mostly paths that lead anywhere.
  @Test(arguments: 0..<20) func mappingsOfTheOracleToo(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "mapping oracle")
    var encoders = 0
    for _ in 0..<60 {
      let mapping = PayloadMapping(
        name: "m", messages: [try RandomMapping.mapping(RandomMapping.entry(&random))])
      let device = DeviceID("d")!
      guard
        let encoder = try? MappingEncoder(
          mapping, devices: [device], sensors: sensorIDs(["a", random.next() % 2 == 0 ? "b" : "a.c"]))
      else { continue }
      encoders += 1
      for message in hardMessages(device, sensorIDs(["a"]), count: 3, hasPosition: false, &random) {
        #expect(readBack(encoder.publications(of: [message]), by: mapping) == lines([message]))
      }
    }
    #expect(encoders >= 5, "of 60 mappings \(encoders) can be published by")
  }
}

/// Mappings of the kinds that devices have, put together at random.
enum PublishedMapping {
  static let devices = ["pump-0007", "a.b-0001", "x_x2Fy-0001", "7"]

  static func sensors(_ random: inout SeededGenerator) -> [SensorID] {
    let names = [
      "temperature", "env.temp", "env.hum", "env.a.b", "env", "switch_x3A0.power", "a_x20b", "analog_in",
      "x.y.z",
      "count", "ts",
    ]
    return sensorIDs(Array(names.shuffled(using: &random).prefix(1 + Int(random.next() % 5))))
  }

  static func mapping(_ random: inout SeededGenerator) throws -> PayloadMapping {
    func one<T>(_ list: [T]) -> T { list[Int(random.next() % UInt64(list.count))] }
    let topic = one([
      "t/{device}", "t/{device}/up", "a/{area}/{device}", "t/{device+}", "t/+/{device}/#",
      "t/x{device}y/{kind}",
      "{domain}/{entity}", "t/{group}",
    ])
    let format = one([MessageMapping.Format.json, .json, .json, .text, .lineProtocol])
    var entry = MessageMapping(topics: [try TopicPattern(topic)])
    entry.format = format
    let ofTopic = entry.topics[0].names
    let prefix = format == .lineProtocol ? "tags." : one(["", "meta."])
    if !ofTopic.contains("device"), format != .text, random.next() % 2 == 0 {
      entry.names.append(.init(name: "device", paths: [try PayloadPath(prefix + "dev")]))
    } else if !ofTopic.contains("device") {
      entry.device = try NameTemplate(
        one(["{\(ofTopic[0])}", ofTopic.count > 1 ? "{domain}.{entity}" : "{group}"]))
    }
    if format != .text, random.next() % 3 == 0 {
      entry.names.append(.init(name: "part", paths: [try PayloadPath(prefix + "part")]))
    }
    let known =
      ofTopic.filter { $0 != "device" && $0 != "domain" && $0 != "entity" }
      + entry.names.map(\.name).filter { $0 == "part" }
    if let name = known.randomElement(using: &random) {
      entry.sensor = try NameTemplate(one(["{\(name)}.{name}", "{\(name)}", "[{\(name)}.]{name}"]))
    }
    if format == .text, entry.sensor == .keys {
      entry.sensor = try NameTemplate(one(["temperature", "count"]))
    }
    guard format != .text else { return PayloadMapping(name: "m", messages: [entry]) }
    let units: [MappedTime.Unit] = [.seconds, .milliseconds, .microseconds, .nanoseconds, .iso8601, .auto]
    if format == .lineProtocol {
      entry.time = try MappedTime("timestamp", one(units), isOtherwiseArrival: random.next() % 2 == 0)
      entry.values = [.init(path: try PayloadPath("fields"))]
      return PayloadMapping(name: "m", messages: [entry])
    }
    entry.time =
      random.next() % 6 == 0 ? .arrival : try MappedTime(one(["ts", "meta.at", "/a.b/0"]), one(units))
    if random.next() % 3 == 0 {
      entry.epoch = try PayloadPath("boot")
      entry.sequence = try PayloadPath("meta.n")
    }
    if random.next() % 3 == 0 { entry.records = try PayloadPath(one(["records.*", "*", "r.*.data", "one"])) }
    if random.next() % 2 == 0 {
      entry.values = [
        .init(path: try PayloadPath(one(["data", "data.*", "d.**", "x*.{kind2}", "object.*.v"])))
      ]
      if random.next() % 3 == 0 { entry.values.append(.init(path: try PayloadPath("more"))) }
    }
    if random.next() % 4 == 0 { entry.separator = one(["_", "", "/", "."]) }
    if random.next() % 5 == 0 { entry.dropPrefix = "analog_" }
    if random.next() % 4 == 0 { entry.leaveOut = [try PayloadPath(one(["env", "**.count", "meta"]))] }
    if random.next() % 3 == 0 {
      entry.conditions = [
        .init(path: try PayloadPath(one(["kind", "data", "meta.kind"])), text: one(["*", "up", "N*x"]))
      ]
    }
    var messages = [entry]
    if random.next() % 4 == 0 {
      messages.insert(
        .ignoring(
          [try TopicPattern(one(["t/+", "t/#", "t/x/+"]))],
          where: [.init(path: try PayloadPath("env.hum"), text: "*")]),
        at: 0)
    }
    return PayloadMapping(name: "m", messages: messages)
  }
}
