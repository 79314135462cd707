import PayloadMapping
import Telemetry
import Testing

/// The examples of the page about payloads.
struct PageExampleTests {
  @Test func tasmota() throws {
    let entry = try makeEntry("tele/{device}/SENSOR") {
      $0.time = try MappedTime("Time", .iso8601, zone: "+01:00")
      $0.leaveOut = [try PayloadPath("TempUnit"), try PayloadPath("*.Id")]
    }
    let reading = read(
      entry, "tele/pump-7/SENSOR",
      #"{"Time":"2026-01-01T12:00:00","DS18B20":{"Id":"0C3A","Temperature":21.5},"TempUnit":"C"}"#)
    #expect(reading.messages == ["pump-7@1767265200000:DS18B20.Temperature=21.5"])
    #expect(reading.refused.count == 0)
  }

  @Test func records() throws {
    let entry = try makeEntry("gateway") {
      $0.records = try PayloadPath("readings.*")
      $0.names = [.init(name: "device", paths: [try PayloadPath("id")])]
      $0.time = try MappedTime("t", .seconds)
    }
    let reading = read(
      entry, "gateway",
      #"{"gateway":"g1","readings":[{"id":"pump-7","t":1767225600,"temp":21.5},"#
        + #"{"id":"pump-8","t":1767225600,"temp":22.5}]}"#)
    #expect(reading.messages == ["pump-7@1767225600000:temp=21.5", "pump-8@1767225600000:temp=22.5"])
  }

  @Test func pairs() throws {
    let entry = try makeEntry("gateway") {
      $0.records = try PayloadPath("metrics.*")
      $0.names = [
        .init(name: "device", paths: [try PayloadPath("$.dev")]),
        .init(name: "metric", paths: [try PayloadPath("name")]),
      ]
      $0.time = try MappedTime("ts", .milliseconds)
      var value = MessageMapping.Values(path: try PayloadPath("value"))
      value.sensor = try NameTemplate("{metric}")
      $0.values = [value]
    }
    let reading = read(
      entry, "gateway",
      #"{"metrics":[{"name":"temp","value":21.5,"ts":1767225600000},{"name":"pressure","value":3.1,"ts":1767225600000},"#
        + #"{"value":5,"ts":1767225600000},{"name":"late","value":1}],"dev":"pump-7"}"#)
    #expect(reading.messages == ["pump-7@1767225600000:pressure=3.1,temp=21.5"])
    #expect(
      reading.refused.reasons == [
        "record 4: there is no time: “ts” is missing",
        "record 3: “value” has no “metric” to be named by",
      ])
  }

  @Test func namesOfTopics() throws {
    let entry = try makeEntry("homeassistant/{domain}/{entity}/state") {
      $0.format = .text
      $0.device = try NameTemplate("{domain}.{entity}")
      $0.sensor = try NameTemplate("state")
      $0.enumeration = [
        .init(text: "on", number: 1), .init(text: "off", number: 0), .init(text: "unavailable", number: nil),
      ]
    }
    func state(_ payload: String) -> Reading { read(entry, "homeassistant/sensor/outdoor/state", payload) }
    for (payload, value) in [
      ("21.4", 21.4), (" on\n", 1), ("\"off\"", 0), ("\"15.25\"", 15.25), ("-3e2", -300),
    ] {
      #expect(state(payload).messages == ["sensor.outdoor@5:state=\(value)"], "\(payload)")
    }
    #expect(state("unavailable").error == .noValues)
    #expect(state("").error == .malformed("it is empty"))
    #expect(state(" \n").error == .noValues)
    #expect(
      state("open").error?.description
        == "no value of the message is taken: the value is the text “open”, which is no number")
  }

  @Test func lineProtocol() throws {
    let entry = try makeEntry("sensors") {
      $0.format = .lineProtocol
      $0.names = [
        .init(name: "device", paths: [try PayloadPath("tags.station")]),
        .init(name: "measurement", paths: [try PayloadPath("measurement")]),
      ]
      $0.time = try MappedTime("timestamp", .nanoseconds, isOtherwiseArrival: true)
      $0.values = [.init(path: try PayloadPath("fields"))]
      $0.sensor = try NameTemplate("{measurement}.{name}")
    }
    let reading = read(
      entry, "sensors", "weather,station=north temperature=21.5,humidity=40i 1767225600000000000")
    #expect(
      reading.messages == ["north@1767225600000:weather.humidity=40.0,weather.temperature=21.5"])
  }

  @Test func conditions() throws {
    let topics = [try TopicPattern("{device}/events/rpc")]
    let mapping = PayloadMapping(
      name: "shelly",
      messages: [
        .ignoring(topics, where: [.init(path: try PayloadPath("method"), text: "NotifyE*")]),
        try makeEntry("{device}/events/rpc") {
          $0.conditions = [.init(path: try PayloadPath("params"), text: "*")]
          $0.time = try MappedTime("params.ts", .seconds)
          $0.records = try PayloadPath("params.{component}")
          $0.time = try MappedTime("$.params.ts", .seconds)
          $0.leaveOut = [try PayloadPath("id")]
          $0.sensor = try NameTemplate("{component}.{name}")
        },
      ])
    let event = #"{"method":"NotifyEvent","params":{"ts":1,"events":[]}}"#
    #expect(read(mapping, "shelly/events/rpc", event).isIgnored)
    let status = #"{"method":"NotifyStatus","params":{"ts":1631266595.43,"switch:0":{"id":0,"apower":8.9}}}"#
    let reading = read(mapping, "shelly/events/rpc", status)
    #expect(reading.messages == ["shelly@1631266595430:switch_x3A0.apower=8.9"])
    #expect(
      read(mapping, "shelly/events/rpc", #"{"params":null}"#).error
        == .malformed("no entry of the mapping has a “where” that it fulfils"))
    #expect(
      read(mapping, "elsewhere", "{}").error == .malformed("no topic of the mapping matches “elsewhere”"))
  }

  @Test func whatIsNoJSONIsOfALaterEntryOfAnotherFormat() throws {
    let data = try makeEntry("a/{device}") {
      $0.conditions = [.init(path: try PayloadPath("kind"), text: "data")]
    }
    let event = MessageMapping.ignoring(
      [try TopicPattern("a/{device}")], where: [.init(path: try PayloadPath("kind"), text: "event")])
    let text = try makeEntry("a/{device}") {
      $0.format = .text
      $0.sensor = try NameTemplate("state")
      $0.enumeration = [.init(text: "ON", number: 1)]
    }
    let mapping = PayloadMapping(name: "m", messages: [data, event, text])
    #expect(read(mapping, "a/d", "ON").messages == ["d@5:state=1.0"])
    #expect(read(mapping, "a/d", #"{"kind":"data","x":2}"#).messages == ["d@5:x=2.0"])
    #expect(read(mapping, "a/d", #"{"kind":"event","x":2}"#).isIgnored)
    // What the later entry says of it counts.
    #expect(read(mapping, "a/d", "OFF").error?.description.contains("the text “OFF”") == true)
    // Where none reads it, the reason of the first is said; what ignores does not take it.
    let rest = MessageMapping.ignoring([try TopicPattern("a/#")])
    for others in [[], [event], [rest], [try makeEntry("a/{device}")]] {
      let error = read(PayloadMapping(name: "m", messages: [data] + others), "a/d", "ON").error
      #expect(error == Array("ON".utf8).withUnsafeBufferPointer { PayloadCodec.fault(in: $0) })
      #expect(error?.description.contains("not valid JSON") == true, "\(others)")
    }
    #expect(read(PayloadMapping(name: "m", messages: [data, rest]), "a/d", #"{"kind":"x"}"#).isIgnored)
  }
}
