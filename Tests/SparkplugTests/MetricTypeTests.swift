import Sparkplug
import Telemetry
import TestSupport
import Testing

/// What the values of metrics come to, and what is refused with which reason.
@Suite struct MetricTypeTests {
  private func reading(_ metric: Fields) throws -> SparkplugReading {
    var plant = Plant()
    return try plant.read("spBv1.0/g/NDATA/n", sparkplugPayload([metric], at: 5000, seq: 0))
  }

  /// Two's complement of as many bits as the type has, of 32 and of 64, in either field; 64 bits in the field of 32 have no sign.
  @Test(
    arguments: [
      (1, 10, 0xFF, -1.0), (1, 10, 0xFFFF_FFFF, -1), (1, 10, 0x80, -128), (1, 10, 127, 127),
      (2, 10, 0x8000, -32768), (2, 10, 0xFFFF_8000, -32768), (3, 10, 0x8000_0000, -2_147_483_648),
      (3, 11, 0xFFFF_FFFF_FFFF_FFFF, -1), (3, 11, 0xFFFF_FFFF, -1), (4, 11, 0xFFFF_FFFF_FFFF_FFFF, -1),
      (4, 11, 0x8000_0000_0000_0000, -9_223_372_036_854_775_808), (5, 10, 255, 255), (6, 10, 65535, 65535),
      (7, 10, 0xFFFF_FFFF, 4_294_967_295), (7, 11, 0xFFFF_FFFF, 4_294_967_295),
      (8, 11, 0xFFFF_FFFF_FFFF_FFFF, 18_446_744_073_709_551_616), (4, 10, 5, 5),
      (4, 10, 0xFFFF_FFFB, 4_294_967_291), (11, 14, 1, 1), (11, 14, 0, 0),
      (13, 11, 1_700_000_000_000, 1_700_000_000_000),
    ] as [(UInt64, UInt64, UInt64, Double)])
  func wholeNumbers(type: UInt64, field: UInt64, bits: UInt64, value: Double) throws {
    let reading = try reading(sparkplugMetric("a", type: type).int(field, bits))
    #expect(reading.messages.first?.values.first?.value == value)
    #expect(reading.refused.count == 0)
  }

  @Test func fractions() throws {
    #expect(
      try reading(sparkplugMetric("a", type: 9).float(12, 21.37)).messages[0].values[0].value
        == Double(Float(21.37)))
    #expect(
      try reading(sparkplugMetric("a", type: 10).double(13, 21.37)).messages[0].values[0].value == 21.37)
    // They say themselves of which type they are.
    #expect(try reading(sparkplugMetric("a").double(13, -0.5)).messages[0].values[0].value == -0.5)
    #expect(try reading(sparkplugMetric("a").int(14, 1)).messages[0].values[0].value == 1)
  }

  @Test(arguments: [
    (sparkplugMetric("a", type: 1).int(10, 0x1FF), "“a” is beyond the range of its type, int8"),
    (sparkplugMetric("a", type: 5).int(10, 256), "“a” is beyond the range of its type, uint8"),
    (sparkplugMetric("a", type: 12).text(15, "on"), "“a” is a text, which is no reading"),
    (sparkplugMetric("a", type: 16).data(17, []), "“a” is a data set, which is no reading"),
    (sparkplugMetric("a", type: 19).data(18, []), "“a” is a template, which is no reading"),
    (sparkplugMetric("a", type: 17).data(16, [1, 2]), "“a” is bytes, which is no reading"),
    (sparkplugMetric("a", type: 31).data(16, [1, 2]), "“a” is an array, which is no reading"),
    (sparkplugMetric("a", type: 99).int(10, 1), "“a” is of type 99, which is not known"),
    (sparkplugMetric("a").int(10, 1), "“a” has no type, and its birth was not seen"),
    (sparkplugMetric("a", type: 10), "“a” has no value"),
    (
      sparkplugMetric("a", type: 10).int(10, 1),
      "“a” is said to be of type double, and its value is written as int"
    ),
    (sparkplugMetric("a", type: 10).double(13, .nan), "“a” is not a finite number"),
    (sparkplugMetric("a", type: 9).float(12, .infinity), "“a” is not a finite number"),
    (sparkplugMetric("a", type: 10).int(5, 1).double(13, 1), "“a” is historical and has no time"),
    (
      sparkplugMetric("a", type: 10).int(3, 253_402_300_800_000).double(13, 1),
      "“a” has the time 253402300800000 ms, which is after the year 9999"
    ),
    (
      sparkplugMetric("a", type: 10).data(
        9, Fields().text(1, "Quality").data(2, Fields().int(1, 3).int(3, 500).bytes).bytes
      )
      .double(13, 1),
      "“a” is of quality 500, which is not good"
    ),
    (sparkplugMetric(alias: 7).double(13, 1), "the alias 7 is of a birth that was not seen"),
    (Fields().double(13, 1), "metric 1 has neither name nor alias"),
    (
      sparkplugMetric("").double(13, 1),
      "metric 1 has a name that is empty, no UTF-8 or longer than 1024 bytes"
    ),
    (
      sparkplugMetric(String(repeating: "a", count: 65)).double(13, 1),
      "“\(String(repeating: "a", count: 65))” is longer, as a sensor id, than 64 characters"
    ),
  ])
  func refusals(metric: Fields, reason: String) throws {
    let reading = try reading(metric)
    #expect(reading.messages.isEmpty)
    #expect(reading.refused.reasons == [reason])
  }

  @Test func whatIsNoReadingIsNotRefused() throws {
    for silent in [
      sparkplugMetric("a", type: 10).int(7, 1), sparkplugMetric("Node Control/Rebirth", type: 11).int(14, 0),
      sparkplugMetric("bdSeq", type: 4).int(11, 3),
    ] {
      let reading = try reading(silent)
      #expect(reading.isNotice)
    }
  }

  @Test func goodQualityIsTaken() throws {
    let properties = Fields().text(1, "Units").text(1, "Quality").data(2, Fields().text(8, "Cel").bytes)
      .data(2, Fields().int(1, 3).int(3, 192).bytes)
    #expect(
      try reading(sparkplugMetric("a", type: 10).data(9, properties.bytes).double(13, 1)).messages.count == 1)
  }

  /// Each instant is a message; of two values of one sensor and instant the first counts.
  @Test func severalInstants() throws {
    var plant = Plant()
    let reading = try plant.read(
      "spBv1.0/g/NDATA/n",
      sparkplugPayload(
        [
          sparkplugMetric("a", at: 1000).double(13, 1), sparkplugMetric("b", at: 1000).double(13, 2),
          sparkplugMetric("a", at: 2000).int(5, 1).double(13, 3),
          sparkplugMetric("a", at: 1000).double(13, 4),
          sparkplugMetric("b").double(13, 5),
        ], at: 3000, seq: 9))
    #expect(
      reading.texts == [
        "g.n/a=1.0@1000#0.9", "g.n/b=2.0@1000#0.9", "g.n/a=3.0@2000#0.9", "g.n/b=5.0@3000#0.9",
      ])
    #expect(reading.refused.reasons == ["“a” is there twice for one time; the first value is taken"])
  }

  @Test func namesBecomeIds() throws {
    var plant = Plant()
    let topic = "spBv1.0/Plant 1/DDATA/line.3/pump-7"
    let reading = try plant.read(
      topic, sparkplugPayload([sparkplugMetric("Motor/Speed [rpm]").double(13, 1)], at: 1000, seq: 0))
    #expect(reading.texts == ["Plant_x201.line_x2E3.pump-7/Motor.Speed_x20_x5Brpm_x5D=1.0@1000#0.0"])
    plant = Plant(SparkplugSettings(deviceNames: .own))
    #expect(
      try plant.read(topic, sparkplugPayload([sparkplugMetric("a").double(13, 1)], at: 1000, seq: 0)).texts
        == [
          "pump-7/a=1.0@1000#0.0"
        ])
    let other = try plant.read(
      "spBv1.0/h/DDATA/n/pump-7", sparkplugPayload([sparkplugMetric("a").double(13, 1)], at: 1000, seq: 0))
    #expect(other.refused.reasons.first?.contains("“h/n/pump-7”, whose own name another device has") ?? false)
  }
}
