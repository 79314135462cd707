import PayloadMapping
import Telemetry
import Testing

/// What is published by a mapping is what the mapping reads.
struct EncoderTests {
  private let device = DeviceID("pump-0007")!
  private let time = Timestamp(milliseconds: 1_767_225_600_250)

  private func encoder(_ entry: MessageMapping, _ sensors: [String], device: String = "pump-0007") throws
    -> MappingEncoder
  {
    let mapping = PayloadMapping(name: "m", messages: [entry])
    #expect(mapping.problems.isEmpty, "\(mapping.problems)")
    return try MappingEncoder(mapping, devices: [DeviceID(device)!], sensors: sensorIDs(sensors))
  }

  /// What is published of one message whose values are 0.5, 1.5 and so on.
  private func published(_ encoder: MappingEncoder, _ sensors: [String], device: String = "pump-0007")
    -> [String]
  {
    let message = Message(
      device: DeviceID(device)!, position: encoder.carriesPosition ? .init(epoch: 2, sequence: 9) : nil,
      timestamp: time,
      values: sensorIDs(sensors).enumerated().map { .init(sensor: $1, value: Double($0) + 0.5) })
    return encoder.publications(of: [message]).map {
      "\($0.topic) \(String(decoding: $0.payload, as: UTF8.self))"
    }
  }

  @Test func membersStandAlongThePaths() throws {
    let entry = try makeEntry("site/{area}/+/{device}/up/#") {
      $0.conditions = [.init(path: try PayloadPath("kind"), text: "Notify*Status")]
      $0.time = try MappedTime("meta.at", .seconds)
      $0.epoch = try PayloadPath("/meta/boot")
      $0.sequence = try PayloadPath("/meta/n")
      $0.values = [.init(path: try PayloadPath("data.*.decoded"))]
    }
    let sensors = ["env.temp", "env.hum", "switch_x3A0", "a_x20b"]
    let encoder = try encoder(entry, sensors)
    #expect(
      published(encoder, sensors) == [
        "site/sonde/sonde/pump-0007/up "
          + #"{"kind":"NotifyStatus","meta":{"at":1767225600.25,"boot":2,"n":9},"data":{"sonde":"#
          + #"{"decoded":{"env":{"temp":0.5,"hum":1.5},"switch:0":2.5,"a b":3.5}}}}"#
      ])
  }

  @Test func namesAreTakenOutOfDevicesAndSensors() throws {
    let entry = try makeEntry("{domain}/{part}/{entity}") {
      $0.device = try NameTemplate("{domain}.{entity}")
      $0.sensor = try NameTemplate("{part}:{name}")
      $0.separator = "_"
      $0.time = try MappedTime("t", .iso8601, zone: "+01:00")
    }
    let sensors = ["a_x3Ab", "a_x3Ac_d", "b_x3Ab"]
    let encoder = try encoder(entry, sensors, device: "light.hall-0001")
    #expect(
      published(encoder, sensors, device: "light.hall-0001") == [
        #"light/a/hall-0001 {"t":"2026-01-01T00:00:00.250Z","b":0.5,"c":{"d":1.5}}"#,
        #"light/b/hall-0001 {"t":"2026-01-01T00:00:00.250Z","b":2.5}"#,
      ])
  }

  @Test func recordsAndPairsAreLists() throws {
    let pairs = try makeEntry("t") {
      $0.records = try PayloadPath("metrics.*")
      $0.names = [
        .init(name: "device", paths: [try PayloadPath("$.dev")]),
        .init(name: "metric", paths: [try PayloadPath("name")]),
      ]
      $0.time = try MappedTime("ts", .microseconds)
      $0.sensor = try NameTemplate("{metric}")
      $0.values = [.init(path: try PayloadPath("value"))]
    }
    let encoder = try encoder(pairs, ["temp", "hum"])
    #expect(encoder.gathersInstants)
    #expect(
      published(encoder, ["temp", "hum"]) == [
        #"t {"dev":"pump-0007","metrics":[{"name":"temp","ts":1767225600250000,"value":0.5},"#
          + #"{"name":"hum","ts":1767225600250000,"value":1.5}]}"#
      ])
    let grouped = try makeEntry("t/{device}") {
      $0.records = try PayloadPath("params.{component}")
      $0.time = try MappedTime("$.ts", .milliseconds)
      $0.sensor = try NameTemplate("{component}.{name}")
    }
    #expect(
      published(try self.encoder(grouped, ["a.x", "b.x"]), ["a.x", "b.x"]) == [
        #"t/pump-0007 {"ts":1767225600250,"params":{"a":{"x":0.5},"b":{"x":1.5}}}"#
      ])
  }

  @Test func linesAndTexts() throws {
    let lines = try makeEntry("sensors/#") {
      $0.format = .lineProtocol
      $0.names = [
        .init(name: "device", paths: [try PayloadPath("tags.station")]),
        .init(name: "measurement", paths: [try PayloadPath("measurement")]),
        .init(name: "cpu", paths: [try PayloadPath("tags.cpu")]),
      ]
      $0.time = try MappedTime("timestamp", .nanoseconds, isOtherwiseArrival: true)
      $0.values = [.init(path: try PayloadPath("fields"))]
      $0.sensor = try NameTemplate("{measurement}[.{cpu}].{name}")
    }
    let sensors = ["we_x20a.t.x", "we_x20a.u", "c_x2Cd.x_x3Dy"]
    #expect(
      published(try encoder(lines, sensors), sensors) == [
        "sensors we\\ a,station=pump-0007 t.x=0.5,u=1.5 1767225600250000000\n"
          + "c\\,d,station=pump-0007 x\\=y=2.5 1767225600250000000"
      ])
    let texts = try makeEntry("h/{device}/{attribute}") {
      $0.format = .text
      $0.sensor = try NameTemplate("{attribute}")
    }
    let encoder = try encoder(texts, ["a", "b"])
    #expect(!encoder.carriesTime)
    #expect(published(encoder, ["a", "b"]) == ["h/pump-0007/a 0.5", "h/pump-0007/b 1.5"])
  }

  /// A message is counted with the last of its publications, and each value once.
  @Test func whatIsCounted() throws {
    let texts = try makeEntry("h/{device}/{attribute}") {
      $0.format = .text
      $0.sensor = try NameTemplate("{attribute}")
    }
    let message = Message(
      device: device, position: nil, timestamp: time,
      values: sensorIDs(["a", "b"]).map { .init(sensor: $0, value: 1) })
    let publications = try encoder(texts, ["a", "b"]).publications(of: [message, message])
    #expect(publications.map(\.messages) == [0, 1, 0, 1])
    #expect(publications.map(\.readings) == [1, 1, 1, 1])
  }

  @Test func whatCannotBePublishedIsSaidAtOnce() throws {
    func reason(
      _ sensors: [String], device: String = "pump-0007", _ change: (inout MessageMapping) throws -> Void
    )
      throws -> String
    {
      let mapping = PayloadMapping(
        name: "m",
        messages: [
          try makeEntry {
            $0.time = try MappedTime("ts", .milliseconds)
            try change(&$0)
          }
        ])
      #expect(mapping.problems.isEmpty)
      return refusal(mapping, DeviceID(device)!, sensorIDs(sensors)) ?? ""
    }
    #expect(try reason(["a", "b"]) { _ in } == "")
    #expect(try reason(["a", "b"]) { $0.leaveOut = [try PayloadPath("b")] }.contains("“b” would be read"))
    #expect(try reason(["a"]) { $0.sensor = try NameTemplate("{device}") }.contains("form “{device}”"))
    #expect(
      try reason(["a"]) { $0.device = try NameTemplate("x/{device}") }.contains("form “x/{device}”"))
    for (device, name) in [("plug_x2B", "plug+"), ("a_x23", "a#"), ("a_x2Fb", "a/b")] {
      #expect(
        try reason(["a"], device: device) { _ in }
          == "the device “\(device)” has the name “\(name)”, which cannot stand in the topic “t/{device}”")
    }
    #expect(try reason(["a_x5F"]) { _ in }.contains("there is no name of which the sensor “a_x5F”"))
    #expect(
      try reason(["a"]) {
        $0.format = .lineProtocol
        $0.time = try MappedTime("timestamp", .seconds)
      }.contains("no place for milliseconds"))
    // A member cannot be a number and hold others.
    #expect(
      try reason(["b", "c"]) { $0.values = [.init(path: try PayloadPath("v.b"))] }
        .contains("“c” would be read"))
  }

  /// The check is checked: whatever one member says otherwise, it is found.
  @Test func aWrongMemberIsFound() throws {
    let entry = try makeEntry {
      $0.time = try MappedTime("ts", .milliseconds)
      $0.epoch = try PayloadPath("boot")
      $0.sequence = try PayloadPath("n")
    }
    let encoder = try encoder(entry, ["a", "b"])
    let message = Message(
      device: device, position: .init(epoch: 2, sequence: 9), timestamp: time,
      values: [.init(sensor: SensorID("a")!, value: -0.0), .init(sensor: SensorID("b")!, value: 3)])
    let sound = encoder.publications(of: [message])
    #expect(encoder.isRead(sound, as: [message]))
    let payload = String(decoding: sound[0].payload, as: UTF8.self)
    #expect(payload == #"{"ts":1767225600250,"boot":2,"n":9,"a":-0.0,"b":3.0}"#)
    for (old, new) in [
      ("-0.0", "0.0"), ("3.0", "3.0000000000000004"), ("\"b\"", "\"c\""), ("\"b\":3.0", "\"b\":null"),
      (",\"b\":3.0", ""), ("\"n\":9", "\"n\":8"), ("boot\":2", "boot\":3"), ("250,", "251,"),
      ("3.0}", "3.0,\"c\":1}"), ("3.0}", "3.0,\"b\":3.0}"), ("3.0}", "3.0"), ("\"boot\":2,", ""),
    ] {
      var damaged = sound
      damaged[0].payload = Array(payload.replacing(old, with: new).utf8)
      #expect(damaged != sound)
      #expect(!encoder.isRead(damaged, as: [message]), "\(old) as \(new)")
    }
    var elsewhere = sound
    elsewhere[0].topic = "t/pump-0008"
    #expect(!encoder.isRead(elsewhere, as: [message]))
    #expect(!encoder.isRead([], as: [message]))
    #expect(!encoder.isRead(sound + sound, as: [message]))
  }
}
