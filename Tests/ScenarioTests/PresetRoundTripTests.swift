import Foundation
import PayloadMapping
import Scenario
import Telemetry
import Testing

/// What the fleet publishes as each preset has it is read as it was measured.
@Suite(.timeLimit(.minutes(30))) struct PresetRoundTripTests {
  /// A group of devices as the preset's source has them, and a topic that it publishes on.
  struct Group {
    var device: String
    var sensors: [String]
    var topic: String
  }

  static func group(_ preset: PayloadPreset) -> Group {
    switch preset {
    case .tasmota:
      Group(
        device: "boiler-0001", sensors: ["DS18B20.Temperature", "POWER", "ANALOG.A0", "ENERGY.Power"],
        topic: "tele/boiler-0001/SENSOR")
    case .zigbee2mqtt:
      Group(
        device: "kitchen_x2Fplug-0001", sensors: ["temperature", "linkquality", "state"],
        topic: "zigbee2mqtt/kitchen/plug-0001")
    case .shellyGen2:
      Group(
        device: "shellyplus1pm-0001", sensors: ["switch_x3A0.apower", "switch_x3A0.aenergy.total", "light"],
        topic: "shellyplus1pm-0001/events/rpc")
    case .homeAssistantStatestream:
      Group(
        device: "light.hall-0001", sensors: ["brightness", "state"],
        topic: "homeassistant/light/hall-0001/brightness")
    case .theThingsStack:
      Group(
        device: "soil-0001", sensors: ["temperature", "soil.moisture"],
        topic: "v3/sonde/devices/soil-0001/up")
    case .chirpstack:
      Group(
        device: "valve-0001", sensors: ["pressure", "temperature"],
        topic: "application/sonde/device/valve-0001/event/up")
    case .azureIoTHub:
      Group(
        device: "pump-0001", sensors: ["pressure", "motor.rpm"],
        topic: "devices/pump-0001/messages/events")
    case .awsIoTShadow:
      Group(
        device: "pump-0001", sensors: ["rpm", "motor.running"],
        topic: "$aws/things/pump-0001/shadow/update/accepted")
    case .influxLineProtocol:
      Group(
        device: "raynor-0001", sensors: ["cpu.usage_idle", "cpu.cpu0.usage_user", "mem.free"], topic: "influx"
      )
    case .telegrafJSON:
      Group(
        device: "raynor-0001", sensors: ["docker.n_images", "docker.n_containers", "mem.free"],
        topic: "telegraf")
    }
  }

  @Test(arguments: PayloadPreset.allCases) func whatIsPublishedIsRead(preset: PayloadPreset) throws {
    let mapping = try PayloadDocument.mapping(of: preset)
    let group = Self.group(preset)
    let device = try #require(DeviceID(group.device))
    let sensors = group.sensors.compactMap { SensorID($0) }
    let encoder = try MappingEncoder(mapping, devices: [device], sensors: sensors)
    var trial = PayloadTrial(mapping)
    var random = SeededGenerator(seed: 21, stream: preset.rawValue)
    let arrival = Timestamp(milliseconds: 5)
    #expect(encoder.topic(of: device) == group.topic)
    for number in 0..<500 {
      let message = Self.message(device, sensors, number, &random)
      let publications = encoder.publications(of: [message])
      var readings: [PayloadOutcome.Reading] = []
      for publication in publications {
        let outcome = trial.outcome(topic: publication.topic, payload: publication.payload, arrival: arrival)
        #expect(outcome.rejection == nil && outcome.refusedCount == 0 && !outcome.isNothing, "\(outcome)")
        readings += outcome.readings
      }
      let found = readings.map {
        "\($0.device) \($0.timestamp.milliseconds) \($0.position == nil) \($0.sensor) \($0.value.bitPattern)"
      }
      let time = encoder.carriesTime ? message.timestamp : arrival
      let expected = message.values.map {
        "\(device) \(time.milliseconds) true \($0.sensor) \($0.value.bitPattern)"
      }
      #expect(
        found.sorted() == expected.sorted(), "\(String(decoding: publications[0].payload, as: UTF8.self))")
    }
    #expect(encoder.carriesTime == (preset != .homeAssistantStatestream))
  }

  /// Any instant of a millisecond, and values that are hard to write; sensors drop out.
  private static func message(
    _ device: DeviceID, _ sensors: [SensorID], _ number: Int, _ random: inout SeededGenerator
  ) -> Message {
    let hard: [Double] = [-0.0, 0, 1, -12, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e21, 0.1]
    let values = sensors.enumerated().compactMap { place, sensor -> Message.Value? in
      guard place == number % sensors.count || random.next() % 3 > 0 else { return nil }
      let value = random.next() % 2 == 0 ? hard[Int(random.next() % 8)] : Double(bitPattern: random.next())
      return Message.Value(sensor: sensor, value: value.isFinite ? value : 2)
    }
    return Message(
      device: device, position: nil,
      timestamp: Timestamp(milliseconds: 1_767_225_600_000 + Int64(random.next() % 30_000_000_000)),
      values: values)
  }

  @Test func onlyListsOfRecordsGatherInstants() throws {
    let gathering = try PayloadPreset.allCases.filter { preset in
      let group = Self.group(preset)
      return try MappingEncoder(
        PayloadDocument.mapping(of: preset), devices: [DeviceID(group.device)!],
        sensors: group.sensors.compactMap { SensorID($0) }
      ).gathersInstants
    }
    #expect(gathering == [.influxLineProtocol, .telegrafJSON])
  }
}
