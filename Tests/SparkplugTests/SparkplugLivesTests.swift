import Sparkplug
import Telemetry
import TestSupport
import Testing

/// Births, deaths and aliases.
@Suite struct SparkplugLivesTests {
  @Test func aliasesHaveTheNamesOfTheBirth() throws {
    var plant = Plant()
    #expect(try plant.nodeBirth(["load"]).isNotice)
    #expect(try plant.deviceBirth(["temperature", "pressure"], seq: 1).isNotice)
    #expect(try plant.data(5, seq: 2, at: 1100).texts == ["g.n.d/temperature=5.0@1100#1.2"])
    #expect(try plant.data(6, seq: 3, at: 1200, alias: 2).texts == ["g.n.d/pressure=6.0@1200#1.3"])
    #expect(try plant.data(7, device: nil, seq: 4, at: 1300).texts == ["g.n/load=7.0@1300#1.4"])
    let unknown = try plant.data(8, seq: 5, at: 1400, alias: 3)
    #expect(unknown.refused.reasons == ["the alias 3 is none of the birth"])
  }

  /// Names that are equal as texts and have other bytes are two names.
  @Test(arguments: [false, true]) func namesAreToldApartByTheirBytes(restarts: Bool) throws {
    let composed = "\u{E9}"
    let decomposed = "e\u{301}"
    var plant = Plant()
    var kept: [ExactText: SparkplugLife] = [:]
    try plant.nodeBirth([composed, decomposed])
    try plant.deviceBirth(["pressure"], device: composed, seq: 1)
    try plant.deviceBirth(["temperature"], device: decomposed, seq: 2)
    if restarts {
      for life in plant.state.takeChanges() { kept[ExactText(life.path)] = life }
      #expect(kept.count == 3)
      plant.state = try SparkplugState(
        plant.state.settings, lives: kept.values.sorted { $0.path.utf8.count < $1.path.utf8.count })
    }
    #expect(
      try plant.data(77, device: composed, seq: 3, at: 1003).texts == ["g.n._xC3_xA9/pressure=77.0@1003#1.3"])
    #expect(
      try plant.data(78, device: decomposed, seq: 4, at: 1004).texts
        == ["g.n.e_xCC_x81/temperature=78.0@1004#1.4"])
    #expect(try plant.data(79, device: nil, seq: 5, at: 1005).texts == ["g.n/xC3__xA9=79.0@1005#1.5"])
    #expect(
      try plant.data(80, device: nil, seq: 6, at: 1006, alias: 2).texts == ["g.n/e_xCC_x81=80.0@1006#1.6"])
  }

  /// A mark that combines with the slash before it makes no other topic, nor another metric.
  @Test func aNameMayBeginWithACombiningMark() throws {
    let group = "\u{301}g"
    var plant = Plant(SparkplugSettings(rebirth: .ask))
    try plant.read(
      "spBv1.0/\(group)/DBIRTH/\u{302}n/\u{303}d", DamagedSparkplug.birth(["t"], bdSeq: nil, at: 1000, seq: 1)
    )
    var kept: [String: SparkplugLife] = [:]
    plant = try restarted(&plant, &kept)
    let data = sparkplugPayload([sparkplugMetric(alias: 1).double(13, 5)], at: 1002, seq: 2)
    let reading = try plant.read("spBv1.0/\(group)/DDATA/\u{302}n/\u{303}d", data)
    #expect(reading.texts == ["xCC__x81g._xCC_x82n._xCC_x83d/t=5.0@1002#1.2"])
    // It is asked for the birth of its node.
    #expect(plant.state.rebirths(nowMs: 0).map(\.topic) == ["spBv1.0/\(group)/NCMD/\u{302}n"])
    let control = sparkplugPayload(
      [
        sparkplugMetric("Node Control/\u{301}x", type: 10).double(13, 1),
        sparkplugMetric("a/Device Control/\u{301}x", type: 10).double(13, 1),
      ], at: 1003, seq: 3)
    #expect(try plant.read("spBv1.0/\(group)/DDATA/\u{302}n/\u{303}d", control).isNotice)
  }

  @Test func eachBirthBeginsALife() throws {
    var plant = Plant()
    try plant.nodeBirth(["load"], bdSeq: 0, at: 1000)
    try plant.deviceBirth(["t"], seq: 1)
    #expect(try plant.data(1, seq: 2, at: 1001).texts == ["g.n.d/t=1.0@1001#1.2"])
    // The device dies and is born again; its node lives on.
    try plant.read("spBv1.0/g/DDEATH/n/d", sparkplugPayload([], at: 1002, seq: 3))
    try plant.deviceBirth(["u"], seq: 4, at: 1003)
    #expect(try plant.data(2, seq: 5, at: 1004).texts == ["g.n.d/u=2.0@1004#2.5"])
    // The node dies, and both are born again.
    try plant.nodeDeath(bdSeq: 0)
    try plant.nodeBirth(["load"], bdSeq: 1, at: 2000)
    #expect(
      try plant.data(3, seq: 1, at: 2001).refused.reasons == [
        "the alias 1 is of before its node was born again"
      ])
    try plant.deviceBirth(["v"], seq: 2, at: 2002)
    #expect(try plant.data(3, seq: 3, at: 2003).texts == ["g.n.d/v=3.0@2003#4.3"])
    #expect(try plant.data(4, device: nil, seq: 4, at: 2004).texts == ["g.n/load=4.0@2004#2.4"])
  }

  @Test func aDeathOfAnEarlierConnectionIsIgnored() throws {
    var plant = Plant()
    try plant.nodeBirth(["load"], bdSeq: 7, at: 1000)
    #expect(try plant.nodeDeath(bdSeq: 6).isNotice)
    plant.state.connected(resumed: true)
    #expect(try plant.data(1, device: nil, seq: 1, at: 1001).texts.count == 1)
    try plant.nodeDeath(bdSeq: 7)
    plant.state.connected(resumed: true)
    #expect(
      try plant.data(2, device: nil, seq: 2, at: 1002).refused.reasons == [
        "the alias 1 is of a life that is over"
      ])
  }

  /// What a node had under way when its connection broke comes after its last will, and before its next birth.
  @Test func whatWasUnderWayAtTheDeathIsTaken() throws {
    var plant = Plant()
    try plant.nodeBirth(["load"], bdSeq: 0, at: 1000)
    try plant.data(1, device: nil, seq: 1, at: 1001)
    try plant.nodeDeath(bdSeq: 0)
    let again = try plant.data(1, device: nil, seq: 1, at: 1001)
    #expect(again.isRepetition)
    #expect(try plant.data(2, device: nil, seq: 2, at: 1002).texts == ["g.n/load=2.0@1002#1.2"])
    // After a gap nobody knows whether a birth was missed.
    #expect(try plant.data(3, device: nil, seq: 9, at: 1009).messages.isEmpty)
    try plant.nodeBirth(["speed"], bdSeq: 1, at: 1010)
    #expect(try plant.data(4, device: nil, seq: 1, at: 1011).texts == ["g.n/speed=4.0@1011#2.1"])
  }

  @Test func whatIsNamedNeedsNoBirth() throws {
    var plant = Plant()
    let named = sparkplugPayload(
      [sparkplugMetric("t").double(13, 1), sparkplugMetric(alias: 1).double(13, 2)], at: 5, seq: 8)
    let reading = try plant.read("spBv1.0/g/DDATA/n/d", named)
    #expect(reading.texts == ["g.n.d/t=1.0@5#0.8"])
    #expect(reading.refused.reasons == ["the alias 1 is of a birth that was not seen"])
    try plant.nodeBirth()
    // A life of the device without a birth.
    #expect(
      try plant.read(
        "spBv1.0/g/DDATA/n/d", sparkplugPayload([sparkplugMetric("t").double(13, 2)], at: 6, seq: 1)
      ).texts
        == ["g.n.d/t=2.0@6#1.1"])
  }

  /// A node of which nothing was seen is not a node that died: the aliases of a device hold from its own birth on.
  @Test(arguments: [false, true]) func aDeviceWhoseNodeWasNotSeenBorn(restarts: Bool) throws {
    var plant = Plant()
    var kept: [String: SparkplugLife] = [:]
    try plant.deviceBirth(["t"], seq: 7)
    for seq in UInt64(8)...9 {
      if restarts { plant = try restarted(&plant, &kept) }
      #expect(try plant.data(1, seq: seq, at: 1000 + seq).texts == ["g.n.d/t=1.0@\(1000 + seq)#1.\(seq)"])
    }
    // Its death ends that.
    try plant.nodeDeath(bdSeq: 3)
    plant = try restarted(&plant, &kept)
    #expect(kept["g/n/d"]?.isAlive == false)
    #expect(try plant.data(2, seq: 10, at: 1010).refused.reasons == ["the alias 1 is of a life that is over"])
    try plant.deviceBirth(["u"], seq: 11, at: 1011)
    #expect(try plant.data(3, seq: 12, at: 1012).texts == ["g.n.d/u=3.0@1012#2.12"])
    // Its birth needs the device's again.
    try plant.nodeBirth(["load"], at: 2000)
    #expect(
      try plant.data(4, seq: 1, at: 2001).refused.reasons == [
        "the alias 1 is of before its node was born again"
      ])
  }

  /// Where the broker had forgotten us, the death of a node may be among what nobody heard.
  @Test func aLostSessionGivesAliasesUp() throws {
    var plant = Plant()
    try plant.nodeBirth(["load"])
    plant.state.connected(resumed: true)
    #expect(try plant.data(1, device: nil, seq: 1, at: 1001).texts.count == 1)
    plant.state.connected(resumed: false)
    #expect(
      try plant.data(2, device: nil, seq: 2, at: 1002).refused.reasons.first?.contains(
        "the broker had forgotten us")
        ?? false)
    #expect(
      try plant.read(
        "spBv1.0/g/NDATA/n", sparkplugPayload([sparkplugMetric("load").double(13, 3)], at: 3, seq: 3)
      ).texts.count
        == 1)
    try plant.nodeBirth(["load"], bdSeq: 1, at: 2000)
    #expect(try plant.data(4, device: nil, seq: 1, at: 2001).texts == ["g.n/load=4.0@2001#2.1"])
  }

  /// A birth tells the last values again; those with the time of the last that was told are no readings.
  @Test func aBirthRepeatsValues() throws {
    var plant = Plant()
    func birth(_ bdSeq: UInt64, at milliseconds: UInt64, _ value: Double, measured: UInt64) -> [UInt8] {
      sparkplugPayload(
        [
          sparkplugMetric("bdSeq", type: 4).int(11, bdSeq),
          sparkplugMetric("load", alias: 1, type: 10, at: measured).double(13, value),
        ], at: milliseconds, seq: 0)
    }
    let first = try plant.read("spBv1.0/g/NBIRTH/n", birth(0, at: 1000, 1, measured: 900))
    #expect(first.isBirth && first.texts == ["g.n/load=1.0@900#1.0"])
    try plant.data(2, device: nil, seq: 1, at: 1100)
    let second = try plant.read("spBv1.0/g/NBIRTH/n", birth(1, at: 2000, 2, measured: 1100))
    #expect(second.messages.isEmpty && second.repeatedReadings == 1 && !second.isNotice)
    let third = try plant.read("spBv1.0/g/NBIRTH/n", birth(2, at: 3000, 3, measured: 1101))
    #expect(third.texts == ["g.n/load=3.0@1101#3.0"])
    // The same birth again is none.
    let again = try plant.read("spBv1.0/g/NBIRTH/n", birth(2, at: 3000, 3, measured: 1101))
    #expect(again.isRepetition && again.texts == third.texts)
    // What is older was told by nobody.
    let older = try plant.read("spBv1.0/g/NBIRTH/n", birth(3, at: 3500, 3, measured: 1000))
    #expect(older.texts == ["g.n/load=3.0@1000#4.0"])
  }

  @Test func whatIsNoneOfSparkplugIsRefused() throws {
    var plant = Plant()
    for topic in [
      "devices/a/telemetry", "spBv1.0/g/NDATA", "spBv1.0/g/NDATA/n/d", "spBv1.0/g/DDATA/n",
      "spBv1.0//NDATA/n",
      "spAv1.0/g/NDATA/n", "spBv1.0/g/XDATA/n", "spBv1.0/g/NDATA/n/d/e",
    ] {
      #expect(throws: PayloadError.self) { try plant.read(topic, sparkplugPayload([], at: 1, seq: 0)) }
    }
    for (bytes, reason) in [
      ([UInt8(0x0A)], "it ends inside of a number"),
      ([0x0A, 5, 1], "field 1 should have 5 bytes, and 1 are there"),
      ([0x0B], "field 1 is of wire type 3"), ([0x00, 0x00], "a field has the number 0"),
      (sparkplugPayload([sparkplugMetric("a")], at: 1, seq: 256), "its sequence number is 256"),
      (Array(repeating: 0xFF, count: 12), "a number is too long"),
      ([0x12, 2, 0x0A, 9], "field 1 should have 9 bytes"),
    ] {
      let error = #expect(throws: PayloadError.self) { try plant.read("spBv1.0/g/NDATA/n", bytes) }
      #expect("\(error!)".contains(reason), "\(error!)")
    }
    #expect(throws: PayloadError.noValues) {
      try plant.read("spBv1.0/g/NDATA/n", sparkplugPayload([], at: 1, seq: 0))
    }
    for silent in ["spBv1.0/g/NCMD/n", "spBv1.0/g/DCMD/n/d", "spBv1.0/STATE/host"] {
      #expect(try plant.read(silent, Array("no protobuf".utf8)).isNotice)
    }
    // RabbitMQ's spelling.
    #expect(
      try plant.read(
        "spBv1/0/g/NDATA/n", sparkplugPayload([sparkplugMetric("a").double(13, 1)], at: 1, seq: 0)
      ).texts.count
        == 1)
  }

  /// Where one connection of a node after the other breaks, what was under way at the first comes behind the birth of another life.
  @Test(arguments: [false, true]) func whatCameInAFormerLifeCameBefore(restarts: Bool) throws {
    var plant = Plant()
    var kept: [String: SparkplugLife] = [:]
    try plant.nodeBirth(["load"], bdSeq: 0, at: 1000)
    try plant.deviceBirth(["t"], seq: 1, at: 1000)
    for number in UInt64(2)..<50 { try plant.data(Double(number), seq: number, at: 1000 + number) }
    try plant.nodeBirth(["load"], bdSeq: 1, at: 2000)
    if restarts { plant = try restarted(&plant, &kept) }
    #expect(try plant.nodeBirth(["load"], bdSeq: 0, at: 1000).isRepetition)
    #expect(try plant.deviceBirth(["t"], seq: 1, at: 1000).isRepetition)
    for number in UInt64(2)..<50 {
      #expect(try plant.data(Double(number), seq: number, at: 1000 + number).isRepetition, "\(number)")
    }
    try plant.deviceBirth(["t"], seq: 1, at: 2000)
    #expect(try plant.data(2, seq: 2, at: 2002).texts == ["g.n.d/t=2.0@2002#2.2"])
    #expect(try plant.data(49, seq: 49, at: 1049).isRepetition)
    _ = try restarted(&plant, &kept)
    #expect(kept["g/n"]?.epoch == 2 && kept["g/n"]?.missing == 0)
    // Without a time the same bytes may be another message.
    for bdSeq in UInt64(2)...3 {
      try plant.nodeBirth(["load"], bdSeq: bdSeq, at: 1000 * bdSeq)
      let untimed = sparkplugPayload([sparkplugMetric(alias: 1, at: 5000).double(13, 1)], seq: 1)
      #expect(try plant.read("spBv1.0/g/NDATA/n", untimed).isRepetition == false)
    }
  }

  // MARK: - Restarts

  /// A life goes on after each message as if there had been no restart.
  @Test func aRestartChangesNothing() throws {
    var steady = Plant()
    var restarting = Plant()
    var kept: [String: SparkplugLife] = [:]
    let steps: [(inout Plant) throws -> SparkplugReading] = [
      { try $0.nodeBirth(["load"], bdSeq: 3) }, { try $0.deviceBirth(["t", "p"], seq: 1) },
      { try $0.data(1, seq: 2, at: 1002) }, { try $0.data(2, device: nil, seq: 3, at: 1003) },
      { try $0.data(2, device: nil, seq: 3, at: 1003) }, { try $0.data(4, seq: 6, at: 1006, alias: 2) },
      { try $0.data(3, seq: 5, at: 1005) }, { try $0.nodeDeath(bdSeq: 2) },
      { try $0.data(5, seq: 7, at: 1007) },
      { try $0.read("spBv1.0/g/DDEATH/n/d", sparkplugPayload([], at: 1008, seq: 8)) },
      { try $0.deviceBirth(["p", "t"], seq: 9, at: 1009) }, { try $0.data(6, seq: 10, at: 1010) },
      { try $0.data(9, device: "e", seq: 11, at: 1011) }, { try $0.nodeDeath(bdSeq: 3) },
      { try $0.nodeBirth(["load"], bdSeq: 4, at: 2000) }, { try $0.nodeBirth(["load"], bdSeq: 4, at: 2000) },
      { try $0.data(7, seq: 1, at: 2001) }, { try $0.data(8, device: nil, seq: 2, at: 2002) },
    ]
    for (number, step) in steps.enumerated() {
      let wanted = try step(&steady)
      let reading = try step(&restarting)
      #expect(reading.texts == wanted.texts, "step \(number)")
      #expect(reading.refused == wanted.refused, "step \(number)")
      #expect(reading.isRepetition == wanted.isRepetition, "step \(number)")
      restarting = try restarted(&restarting, &kept)
    }
    #expect(kept["g/n"]?.epoch == 2 && kept["g/n"]?.isAlive == true && kept["g/n"]?.missing == 1)
    #expect(kept["g/n/d"]?.isAlive == false)
  }

  @Test func damageOfWhatWasKeptIsSaid() throws {
    var plant = Plant()
    var kept: [String: SparkplugLife] = [:]
    try plant.nodeBirth(["load"])
    _ = try restarted(&plant, &kept)
    let life = try #require(kept["g/n"])
    for damage in [
      { (life: inout SparkplugLife) in life.state.removeLast() }, { $0.state.append(0) }, { $0.state = [] },
      { $0.state[0] = 9 }, { $0.birth = [0x0A] }, { $0.times = [1, 7] }, { $0.times = [0, 0] },
      // The second of two values is cut off.
      { $0.times = [1] + [UInt8](repeating: 1, count: 8) + [7] + [UInt8](repeating: 0, count: 8) + [5] },
      { $0.path = "g" }, { $0.path = "a/b/c/d" },
    ] {
      var damaged = life
      damage(&damaged)
      #expect(throws: SparkplugDamage.self) { try SparkplugState(SparkplugSettings(), lives: [damaged]) }
    }
  }
}
