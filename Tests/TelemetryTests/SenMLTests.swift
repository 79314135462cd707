import Foundation
import Telemetry
import Testing

private let received = Timestamp(milliseconds: 1_767_225_600_000)

private func messages(_ text: String, device: String = "pump-1") throws -> [Message] {
  try decodeAll(text, of: device, received: received.milliseconds).messages
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
    (#"[]"#, "no values"), (#"[{"n":"a"}]"#, "has no value"), (#"[{"n":"a","vs":"x"}]"#, "has a text"),
    (#"[{"v":1}]"#, "not named as a sensor id"), (#"[{"n":"a","v":1,"z_":1}]"#, "“z_” is not known"),
    (#"[{"n":"a","v":"1"}]"#, "the text “1”, which is no number"),
    (#"[{"n":"a","v":1,"bver":99}]"#, "version 99"),
    (#"[1]"#, "record 1 is 1"), (#"[{"n":"a","v":1"#, "not valid JSON"),
    (#"[{"n":"a","v":null}]"#, "no values"),
    (#"[{"n":"a","bt":"x","v":1}]"#, "“bt” of record 1"),
    (#"[{"n":"a","v":1,"t":1e300}]"#, "outside the years"),
    (#"[{"n":"a","v":1,"vb":true}]"#, "may have one value"), (#"[{"n":"a","v":1e400}]"#, "range of a double"),
    (#"[{"bn":"a","bn":"b","v":1}]"#, "“bn” is there twice"),
  ])
  func aPackOfWhichNothingIsAReadingIsRefused(pack: String, reason: String) throws {
    let error = #expect(throws: PayloadError.self) { try messages(pack) }
    #expect("\(try #require(error))".contains(reason), "\(error!)")
  }

  /// RFC 8428, record by record: what is a reading is taken, and the rest is told.
  @Test(arguments: [
    (#"[{"n":"a","v":1},{"n":"a","v":2}]"#, ["a 1.0"], 1),
    (#"[{"bn":"d:","n":"text","vs":"031b15c4"},{"n":"port","v":2.0}]"#, ["port 2.0"], 1),
    (#"[{"bn":"d:","n":"power","u":"W","v":120,"s":43567}]"#, ["power 120.0"], 1),
    (#"[{"bn":"d:","n":"power","s":43567},{"n":"b","v":1}]"#, ["b 1.0"], 1),
    (#"[{"bn":"d:","bu":"Cel"},{"n":"temp","v":20},{"n":"open","vb":true}]"#, ["open 1.0", "temp 20.0"], 0),
    (
      #"[{"bn":"d:","bv":20,"n":"t"},{"n":"t","t":1},{"n":"t","t":2,"v":0.5}]"#,
      ["t 20.0", "t 20.0", "t 20.5"], 0
    ),
    (#"[{"n":"a","v":1},{"n":"room temp","v":2},{"n":"b","v":"x"},7,{"n":"c"}]"#, ["a 1.0"], 4),
    (#"[{"n":"a","v":null},{"n":"b","v":2}]"#, ["b 2.0"], 0),
    (#"[{"n":"a","v":NaN},{"n":"b","v":2}]"#, ["b 2.0"], 1),
    (#"[{"n":"a","v":1,"v":3},{"n":"b","v":2}]"#, ["b 2.0"], 1),
    ("\u{FEFF}" + #"[{"n":"a","v":1}]"#, ["a 1.0"], 0),
  ])
  func eachRecordStandsForItself(pack: String, readings: [String], refused: Int) throws {
    let decoded = try decodeAll(pack, of: "d")
    #expect(
      decoded.messages.flatMap { $0.values.map { "\($0.sensor) \($0.value)" } } == readings)
    #expect(decoded.refused.count == refused, "\(decoded.refused.reasonText)")
  }

  /// An example of the RFC (section 5.1.4) in small: one name carries a humidity and a position.
  @Test func oneNameWithSeveralUnitsIsSeveralSensors() throws {
    let pack = """
      [{"bn":"urn:dev:ow:10e2","bt":1.767e9,"bu":"%RH","v":20},{"u":"lon","v":24.3},{"u":"lat","v":60.1},
       {"t":60,"v":20.3}]
      """
    let decoded = try decodeAll(pack, of: "box")
    #expect(decoded.refused.count == 0)
    #expect(
      decoded.messages.map { $0.values.map(\.sensor.name) } == [
        ["10e2._RH", "10e2.lat", "10e2.lon"], ["10e2._RH"],
      ])
    // A name that has one unit keeps it out of its own.
    #expect(
      try decodeAll(#"[{"n":"a","u":"V","v":1},{"n":"b","u":"A","v":1}]"#, of: "d").messages[0].values.map(
        \.sensor.name) == ["a", "b"])
  }
}
