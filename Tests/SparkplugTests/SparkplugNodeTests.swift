import Sparkplug
import Telemetry
import TestSupport
import Testing

/// What a node publishes is what the state reads, and stands in the fields where the specification has it.
@Suite struct SparkplugNodeTests {
  private let sensors = ["t", "motor.speed"].map { SensorID($0)! }

  private func message(_ device: String, at milliseconds: Int64, _ values: [Double]) -> Message {
    Message(
      device: DeviceID(device)!, position: nil, timestamp: Timestamp(milliseconds: milliseconds),
      values: zip(sensors, values).map { .init(sensor: $0, value: $1) })
  }

  private func node() -> SparkplugNode {
    SparkplugNode(
      group: "g", name: "n", devices: [("a", sensors), ("b", sensors)], firstConnection: 255)
  }

  @Test func whatItPublishesIsRead() throws {
    var node = node()
    var plant = Plant(SparkplugSettings(deviceNames: .own))
    for connection in Int64(1)...3 {
      let greeting = node.connect(at: connection * 1_000_000)
      for birth in greeting.births { #expect(try plant.read(birth.topic, birth.payload).isNotice) }
      for number in Int64(0)..<600 {
        let device = Int(number % 2)
        let sent = message(["a", "b"][device], at: connection * 1_000_000 + number, [Double(number), -0.5])
        var payload: [UInt8] = []
        node.append([sent], ofDeviceAt: device, at: sent.timestamp.milliseconds, into: &payload)
        let reading = try plant.read(node.devices[device].topic, payload)
        #expect(reading.refused.count == 0 && !reading.isRepetition)
        var wanted = sent
        wanted.position = Message.Position(epoch: connection, sequence: number + 3)
        #expect(reading.messages == [wanted])
        var again: [UInt8] = []
        #expect(node.appendAgain([sent], ofDeviceAt: device, into: &again) && again == payload)
        #expect(try plant.read(node.devices[device].topic, again).isRepetition)
      }
      try plant.read(greeting.will.topic, greeting.will.payload)
      let kept = plant.state.takeChanges()
      #expect(kept.allSatisfy { !$0.isAlive } && kept.first { $0.path == "g/n" }?.missing == 0)
    }
  }

  /// Field by field, and the numbers of connections go on from 255 to 0.
  @Test func theFieldsAreThoseOfTheSpecification() {
    var node = node()
    func bdSeq(_ number: UInt64) -> Fields { sparkplugMetric("bdSeq", type: 4, at: 1000).int(11, number) }
    let first = node.connect(at: 1000)
    #expect(
      first.births[0].payload
        == sparkplugPayload(
          [bdSeq(255), sparkplugMetric("Node Control/Rebirth", type: 11, at: 1000).int(14, 0)], at: 1000,
          seq: 0))
    #expect(
      first.births[2].payload
        == sparkplugPayload(
          [
            sparkplugMetric("t", alias: 3, type: 10, at: 1000).int(7, 1),
            sparkplugMetric("motor/speed", alias: 4, type: 10, at: 1000).int(7, 1),
          ], at: 1000, seq: 2))
    #expect(
      first.births.map(\.topic) == ["spBv1.0/g/NBIRTH/n", "spBv1.0/g/DBIRTH/n/a", "spBv1.0/g/DBIRTH/n/b"])
    #expect(first.will.topic == "spBv1.0/g/NDEATH/n")
    #expect(first.will.payload == sparkplugPayload([bdSeq(255)], at: 1000))
    var payload: [UInt8] = []
    node.append([message("b", at: 1500, [1, 2])], ofDeviceAt: 1, at: 2000, into: &payload)
    #expect(
      payload
        == sparkplugPayload(
          [
            sparkplugMetric(alias: 3, at: 1500).double(13, 1),
            sparkplugMetric(alias: 4, at: 1500).double(13, 2),
          ], at: 2000, seq: 3))
    #expect(node.connect(at: 1000).will.payload == sparkplugPayload([bdSeq(0)], at: 1000))
  }

  /// What was put off for long, or over a new connection, cannot be told from a new message by anybody: it is not repeated.
  @Test func whatNobodyWouldKnowIsNotRepeated() throws {
    var node = node()
    var plant = Plant(SparkplugSettings(deviceNames: .own))
    for birth in node.connect(at: 0).births { try plant.read(birth.topic, birth.payload) }
    let early = message("a", at: 1, [1, 2])
    var payload: [UInt8] = []
    node.append([early], ofDeviceAt: 0, at: 1, into: &payload)
    #expect(try plant.read(node.devices[0].topic, payload).messages.count == 1)
    var kept: [String: SparkplugLife] = [:]
    var repeated = 0
    for number in Int64(2)..<200 {
      var again: [UInt8] = []
      guard node.appendAgain([early], ofDeviceAt: 0, into: &again) else { break }
      repeated += 1
      #expect(again == payload)
      // A reader that was started again just now knows it too.
      for var life in plant.state.takeChanges() {
        life.birth = life.birth ?? kept[life.path]?.birth
        kept[life.path] = life
      }
      plant.state = try SparkplugState(plant.state.settings, lives: kept.values.sorted { $0.path < $1.path })
      #expect(try plant.read(node.devices[0].topic, again).isRepetition, "before message \(number)")
      var next: [UInt8] = []
      node.append([message("b", at: number, [3])], ofDeviceAt: 1, at: number, into: &next)
      #expect(try plant.read(node.devices[1].topic, next).isRepetition == false)
    }
    #expect(repeated > 32 && repeated < 198)
    let late = message("b", at: 300, [4])
    payload = []
    node.append([late], ofDeviceAt: 1, at: 300, into: &payload)
    _ = node.connect(at: 400)
    var again: [UInt8] = []
    #expect(!node.appendAgain([late], ofDeviceAt: 1, into: &again) && again.isEmpty)
  }
}
