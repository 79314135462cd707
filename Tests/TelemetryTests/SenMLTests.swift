import Foundation
import Telemetry
import Testing

private let received = Timestamp(milliseconds: 1_767_225_600_000)

private func messages(_ text: String, device: String = "pump-1") throws -> [Message] {
  var messages: [Message] = []
  try Array(text.utf8).withUnsafeBufferPointer {
    try PayloadCodec.decodeAll($0, topicDevice: DeviceID(device), received: received) { messages.append($0) }
  }
  return messages
}

@Suite struct SenMLTests {
  /// RFC 8428, section 5.1.3, with the times of the example.
  @Test func baseFieldsCarryOver() throws {
    let pack = """
      [{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},
       {"n":"current","t":-5,"v":1.2},{"n":"current","t":-4,"v":1.3},{"n":"current","v":1.7}]
      """
    let messages = try messages(pack)
    #expect(messages.count == 3)
    #expect(
      messages.map { $0.timestamp.milliseconds } == [1_276_020_071_001, 1_276_020_072_001, 1_276_020_076_001])
    #expect(messages[2].values.map(\.sensor.name) == ["current", "voltage"])
    #expect(messages[2].values.map(\.value) == [1.7, 120.1])
    #expect(messages.allSatisfy { $0.position == nil && $0.device.name == "pump-1" })
  }

  @Test func smallTimesAreRelativeToTheReceipt() throws {
    let messages = try messages(#"[{"n":"a","t":-60,"v":1},{"n":"a","v":2}]"#)
    #expect(messages.map { $0.timestamp - received } == [.seconds(-60), .zero])
  }

  @Test func theDevicesOwnNameIsNotPartOfTheSensor() throws {
    #expect(try messages(#"[{"bn":"pump-1/","n":"a","v":1}]"#)[0].values[0].sensor.name == "a")
    #expect(try messages(#"[{"n":"pump-1.temperature","v":1}]"#)[0].values[0].sensor.name == "temperature")
    #expect(
      try messages(#"[{"bn":"pump-1","n":"a","v":1},{"bn":"pump-1_","n":"b","v":1}]"#)[0].values.map(
        \.sensor.name)
        == ["a", "b"])
    #expect(
      try messages(#"[{"bv":20,"n":"a","v":1.5},{"n":"on","vb":true}]"#)[0].values.map(\.value) == [21.5, 1])
  }

  @Test func aSensorMayBeNamedLikeItsDevice() throws {
    func sensors(_ pack: String, of device: String) throws -> [String] {
      try messages(pack, device: device)[0].values.map(\.sensor.name)
    }
    #expect(try sensors(#"[{"n":"temperature","v":1}]"#, of: "t") == ["temperature"])
    #expect(try sensors(#"[{"bn":"motor:","n":"motortemp","v":1}]"#, of: "motor") == ["motortemp"])
    let pack = #"[{"n":"motor-rpm","v":9},{"n":"rpm","v":3},{"n":"motor_rpm","v":4}]"#
    #expect(try sensors(pack, of: "motor") == ["motor-rpm", "motor_rpm", "rpm"])
  }

  @Test(arguments: [
    (#"[]"#, "no values"), (#"[{"n":"a"}]"#, "no values"), (#"[{"n":"a","vs":"x"}]"#, "“vs” is no reading"),
    (#"[{"n":"a","v":1},{"n":"a","v":2}]"#, "two values"), (#"[{"v":1}]"#, "not a sensor id"),
    (#"[{"n":"a","v":1,"z_":1}]"#, "“z_” is not known"), (#"[{"n":"a","v":"1"}]"#, "not SenML"),
    (#"[{"n":"a","v":1,"bver":99}]"#, "version 99"), (#"[1]"#, "not SenML"),
    (#"[{"n":"a","v":1"#, "not SenML"),
  ])
  func aPackThatIsNotSoundIsRefusedWhole(pack: String, reason: String) throws {
    let error = #expect(throws: PayloadError.self) { try messages(pack) }
    #expect("\(try #require(error))".contains(reason), "\(error!)")
  }
}
