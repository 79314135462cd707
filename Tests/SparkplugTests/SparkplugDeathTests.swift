import Sparkplug
import Telemetry
import TestSupport
import Testing

/// The ends of lives, and births that say little.
@Suite struct SparkplugDeathTests {
  private static func death(_ plant: inout Plant, seq: UInt64, at milliseconds: UInt64) throws {
    let reading = try plant.read("spBv1.0/g/DDEATH/n/d", sparkplugPayload([], at: milliseconds, seq: seq))
    #expect(reading.isNotice)
  }

  /// A birth or a death that another has overtaken is of the life before.
  @Test(arguments: [false, true]) func birthsAndDeathsOvertakeEachOther(restarts: Bool) throws {
    var plant = Plant()
    var kept: [String: SparkplugLife] = [:]
    func life() throws -> SparkplugLife? {
      if restarts { plant = try restarted(&plant, &kept) }
      for life in plant.state.takeChanges() { kept[life.path] = life }
      return kept["g/n/d"]
    }
    try plant.nodeBirth()
    try plant.deviceBirth(["t"], seq: 1, at: 1001)
    try plant.deviceBirth(["u"], seq: 4, at: 1004)
    if restarts { plant = try restarted(&plant, &kept) }
    try Self.death(&plant, seq: 2, at: 1002)
    #expect(try life()?.isAlive == true)
    #expect(try plant.data(1, seq: 5, at: 1005).texts == ["g.n.d/u=1.0@1005#2.5"])
    // Two births.
    try plant.deviceBirth(["v"], seq: 3, at: 1003)
    #expect(try plant.data(2, seq: 6, at: 1006).texts == ["g.n.d/u=2.0@1006#2.6"])
    // A death, and the birth before it.
    try Self.death(&plant, seq: 8, at: 1008)
    if restarts { plant = try restarted(&plant, &kept) }
    try plant.deviceBirth(["w"], seq: 7, at: 1007)
    #expect(try life()?.isAlive == false)
    #expect(try plant.data(3, seq: 9, at: 1009).refused.reasons == ["the alias 1 is of a life that is over"])
  }

  /// Data after the death of its device is refused, but for what the death has overtaken.
  @Test(arguments: [false, true]) func dataAfterTheDeathOfItsDevice(restarts: Bool) throws {
    var plant = Plant(SparkplugSettings(rebirth: .ask))
    var kept: [String: SparkplugLife] = [:]
    try plant.nodeBirth()
    try plant.deviceBirth(["t"], seq: 1)
    try Self.death(&plant, seq: 3, at: 1003)
    if restarts { plant = try restarted(&plant, &kept) }
    #expect(try plant.data(1, seq: 2, at: 1002).texts == ["g.n.d/t=1.0@1002#1.2"])
    #expect(try plant.data(2, seq: 4, at: 1004).refused.reasons == ["the alias 1 is of a life that is over"])
    #expect(plant.state.rebirths(nowMs: 0).count == 1)
    let named = sparkplugPayload([sparkplugMetric("t").double(13, 3)], at: 1005, seq: 5)
    #expect(try plant.read("spBv1.0/g/DDATA/n/d", named).texts == ["g.n.d/t=3.0@1005#1.5"])
    try plant.deviceBirth(["t"], seq: 6, at: 1006)
    #expect(try plant.data(4, seq: 7, at: 1007).texts == ["g.n.d/t=4.0@1007#2.7"])
  }

  /// The number of a death is that of the birth, or it is of another connection; none is no number.
  @Test(arguments: [false, true]) func aDeathWithoutANumber(isBirthNumbered: Bool) throws {
    var plant = Plant()
    try plant.read(
      "spBv1.0/g/NBIRTH/n",
      DamagedSparkplug.birth(["load"], bdSeq: isBirthNumbered ? 3 : nil, at: 1000, seq: 0))
    #expect(try plant.read("spBv1.0/g/NDEATH/n", sparkplugPayload([], at: 1001)).isNotice)
    #expect(plant.state.takeChanges().first?.isAlive == isBirthNumbered)
  }

  /// A birth that is compressed is refused, and nobody knows what aliases mean after it.
  @Test(arguments: [false, true]) func aBirthThatIsCompressed(isOfNode: Bool) throws {
    var plant = Plant(SparkplugSettings(rebirth: .ask))
    var kept: [String: SparkplugLife] = [:]
    try plant.nodeBirth(["load"])
    try plant.deviceBirth(["t"], seq: 1)
    let compressed =
      sparkplugPayload([], at: 1002, seq: isOfNode ? 0 : 2)
      + Fields().text(4, "SPBV1.0_COMPRESSED").data(5, [1, 2]).bytes
    let topic = isOfNode ? "spBv1.0/g/NBIRTH/n" : "spBv1.0/g/DBIRTH/n/d"
    let error = #expect(throws: PayloadError.self) { try plant.read(topic, compressed) }
    #expect(error?.description.contains("it is compressed, which is not read") ?? false)
    #expect(plant.state.rebirths(nowMs: 0).count == 1)
    plant = try restarted(&plant, &kept)
    let reasons = [
      "the alias 1 may have another meaning by now: a birth came that is compressed, and was not read"
    ]
    let seq: UInt64 = isOfNode ? 2 : 3
    #expect(try plant.data(1, seq: seq, at: 1003).refused.reasons == reasons)
    #expect(
      try plant.data(1, device: nil, seq: seq + 1, at: 1004).refused.reasons == (isOfNode ? reasons : []))
    #expect(kept["g/n"]?.missing == 0)
  }

  /// Aliases of a birth that names none, or one for two metrics.
  @Test(arguments: [UInt64(3), 3_000_000]) func aliasesThatABirthDoesNotTell(alias: UInt64) throws {
    var plant = Plant()
    try plant.read(
      "spBv1.0/g/NBIRTH/n",
      sparkplugPayload(
        [
          sparkplugMetric("y", alias: alias, type: 10).int(7, 1),
          sparkplugMetric("z", alias: alias, type: 10).int(7, 1),
          sparkplugMetric("x", alias: 1, type: 10).int(7, 1),
          sparkplugMetric("x", alias: 1, type: 10).int(7, 1),
        ], at: 1000, seq: 0))
    #expect(
      try plant.data(1, device: nil, seq: 1, at: 1001, alias: alias).refused.reasons == [
        "the alias \(alias) is of several metrics of the birth"
      ])
    #expect(try plant.data(2, device: nil, seq: 2, at: 1002).texts == ["g.n/x=2.0@1002#1.2"])
    // A name that is empty is none.
    let unnamed = sparkplugPayload([sparkplugMetric("", alias: 1).double(13, 3)], at: 1003, seq: 3)
    #expect(try plant.read("spBv1.0/g/NDATA/n", unnamed).texts == ["g.n/x=3.0@1003#1.3"])
    #expect(try plant.deviceBirth([], seq: 4).isNotice)
    #expect(
      try plant.data(4, seq: 5, at: 1005).refused.reasons == [
        "the alias 1 is none of the birth, which has no aliases"
      ])
  }

  /// What a name that no birth has is said to be holds for that value, whether there was a restart or not.
  @Test func aTypeWithoutABirth() throws {
    var plant = Plant()
    func data(_ seq: UInt64, type: UInt64?) throws -> SparkplugReading {
      try plant.read(
        "spBv1.0/g/NDATA/n",
        sparkplugPayload([sparkplugMetric("x", type: type).int(10, 7)], at: 1000 + seq, seq: seq))
    }
    #expect(try data(1, type: 3).texts == ["g.n/x=7.0@1001#0.1"])
    #expect(try data(2, type: nil).refused.reasons == ["“x” has no type, and its birth was not seen"])
    #expect(try data(3, type: 3).texts == ["g.n/x=7.0@1003#0.3"])
  }
}
