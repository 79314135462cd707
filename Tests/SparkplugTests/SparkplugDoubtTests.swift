import Sparkplug
import Telemetry
import TestSupport
import Testing

/// When aliases are no longer trusted, and when a node is asked for its birth.
@Suite struct SparkplugDoubtTests {
  /// What a lost session leaves in doubt stays so over restarts in which the session is there.
  @Test func aLostSessionIsRemembered() throws {
    var plant = Plant()
    var kept: [String: SparkplugLife] = [:]
    try plant.nodeBirth(["load"])
    try plant.deviceBirth(["t"], seq: 1)
    plant = try restarted(&plant, &kept)
    plant.state.connected(resumed: false)
    for seq in UInt64(2)...3 {
      plant = try restarted(&plant, &kept)
      let reading = try plant.data(1, seq: seq, at: 1000 + seq)
      #expect(reading.messages.isEmpty)
      #expect(reading.refused.reasons.first?.contains("the broker had forgotten us") ?? false)
    }
    try plant.deviceBirth(["u"], seq: 4, at: 2000)
    plant = try restarted(&plant, &kept)
    #expect(try plant.data(1, seq: 5, at: 2001).texts == ["g.n.d/u=1.0@2001#2.5"])
  }

  /// A birth at QoS 0 that was published while we were away is among what is missing, if anything is.
  @Test(arguments: SparkplugSettings.Rebirth.allCases) func aGapOfWhileWeWereAway(
    rebirth: SparkplugSettings.Rebirth
  ) throws {
    var plant = Plant(SparkplugSettings(rebirth: rebirth))
    var kept: [String: SparkplugLife] = [:]
    plant.state.connected(resumed: false)
    try plant.nodeBirth(["load"])
    try plant.deviceBirth(["t"], seq: 1)
    // We were listening: a birth would have come.
    #expect(try plant.data(1, seq: 4, at: 1004).texts.count == 1)
    plant.state.connected(resumed: true)
    #expect(try plant.data(2, seq: 5, at: 1005).texts.count == 1)
    plant = try restarted(&plant, &kept)
    #expect(try plant.data(3, seq: 6, at: 1006).texts.count == 1)
    plant = try restarted(&plant, &kept)
    let first = try plant.data(4, seq: 9, at: 1009)
    guard rebirth == .ask else {
      #expect(first.texts == ["g.n.d/t=4.0@1009#1.9"])
      return
    }
    let reason =
      "the alias 1 may have another meaning by now: messages of its node are missing since we were away, and a birth may be one"
    #expect(first.refused.reasons == [reason] && first.messages.isEmpty)
    #expect(plant.state.rebirths(nowMs: 0).count == 1)
    plant = try restarted(&plant, &kept)
    for device in ["d", nil] {
      let seq: UInt64 = device == nil ? 11 : 10
      #expect(try plant.data(5, device: device, seq: seq, at: 1000 + seq).refused.reasons == [reason])
    }
    try plant.nodeBirth(["speed"], bdSeq: 0, at: 2000)
    try plant.deviceBirth(["u"], seq: 1, at: 2000)
    #expect(try plant.data(6, device: nil, seq: 2, at: 2002).texts == ["g.n/speed=6.0@2002#2.2"])
    #expect(try plant.data(7, seq: 3, at: 2003).texts == ["g.n.d/u=7.0@2003#2.3"])
  }

  /// A value that cannot be what the birth says is of another metric.
  @Test func aTypeThatContradictsTheBirthIsRefused() throws {
    var plant = Plant(SparkplugSettings(rebirth: .ask))
    try plant.nodeBirth(["load"])
    func data(_ metric: Fields, _ seq: UInt64) throws -> SparkplugReading {
      try plant.read("spBv1.0/g/NDATA/n", sparkplugPayload([metric], at: 1000 + seq, seq: seq))
    }
    #expect(try data(sparkplugMetric(alias: 1, type: 9).float(12, 1), 1).texts == ["g.n/load=1.0@1001#1.1"])
    #expect(plant.state.rebirths(nowMs: 0).isEmpty)
    #expect(
      try data(sparkplugMetric(alias: 1, type: 3).int(10, 1), 2).refused.reasons == [
        "“load” is of type double by its birth, and of type int32 now: its alias may have another meaning"
      ])
    #expect(plant.state.rebirths(nowMs: 0).count == 1)
    #expect(
      try data(sparkplugMetric(alias: 1).int(10, 1), 3).refused.reasons == [
        "“load” is said to be of type double, and its value is written as int"
      ])
    // A name says itself what it is.
    #expect(try data(sparkplugMetric("load", type: 3).int(10, 1), 4).texts == ["g.n/load=1.0@1004#1.4"])
  }

  @Test func aNodeIsAskedForItsBirth() throws {
    var plant = Plant(SparkplugSettings(rebirth: .ask))
    try plant.read(
      "spBv1.0/g/NDATA/n", sparkplugPayload([sparkplugMetric(alias: 1).double(13, 1)], at: 1, seq: 5),
      now: 1000)
    let commands = plant.state.rebirths(nowMs: 1000)
    #expect(commands.map(\.topic) == ["spBv1.0/g/NCMD/n"])
    let command = try #require(commands.first)
    #expect(
      command.payload
        == sparkplugPayload(
          [sparkplugMetric("Node Control/Rebirth", type: 11, at: 1000).int(14, 1)], at: 1000))
    // Not again at once; later, ever more seldom.
    #expect(plant.state.rebirths(nowMs: 30_999).isEmpty)
    #expect(plant.state.rebirths(nowMs: 31_000).count == 1)
    #expect(plant.state.rebirths(nowMs: 90_999).isEmpty)
    #expect(plant.state.rebirths(nowMs: 91_000).count == 1)
    try plant.nodeBirth(["load"])
    #expect(plant.state.rebirths(nowMs: 9_000_000).isEmpty)
    // A listener asks nobody.
    var listener = Plant()
    try listener.read(
      "spBv1.0/g/NDATA/n", sparkplugPayload([sparkplugMetric(alias: 1).double(13, 1)], at: 1, seq: 5))
    #expect(listener.state.rebirths(nowMs: 9_000_000).isEmpty)
  }

  /// A node whose births do not help, because they lack what its data has, is asked ever more seldom too.
  @Test func aBirthThatDoesNotHelpIsNotAskedForAtOnce() throws {
    var plant = Plant(SparkplugSettings(rebirth: .ask))
    var asked: [Int64] = []
    var seq: UInt64 = 0
    /// Answers each command at once.
    func live(from begin: Int64, to end: Int64, alias: UInt64) throws {
      for now in stride(from: begin, to: end, by: 500) {
        let bytes = sparkplugPayload(
          [sparkplugMetric(alias: alias).double(13, 1)], at: UInt64(now), seq: seq % 256)
        try plant.read("spBv1.0/g/NDATA/n", bytes, now: now)
        seq += 1
        for _ in plant.state.rebirths(nowMs: now) {
          asked.append(now)
          seq = 1
          try plant.read(
            "spBv1.0/g/NBIRTH/n", DamagedSparkplug.birth(["a"], bdSeq: 0, at: UInt64(now), seq: 0), now: now)
        }
      }
    }
    try live(from: 0, to: 300_000, alias: 9)
    #expect(asked == [0, 30_000, 90_000, 210_000])
    // All is well for long: the next trouble is a new one.
    try live(from: 300_000, to: 3_000_000, alias: 1)
    asked = []
    try live(from: 3_000_000, to: 3_100_000, alias: 9)
    #expect(asked == [3_000_000, 3_030_000, 3_090_000])
  }

  /// A message without metrics is refused, and has its number none the less.
  @Test func whatSaysNothingIsNotMissing() throws {
    var plant = Plant(SparkplugSettings(rebirth: .ask))
    try plant.nodeBirth(["load"])
    for seq in UInt64(1)...5 {
      #expect(throws: PayloadError.noValues) {
        try plant.read("spBv1.0/g/NDATA/n", sparkplugPayload([], at: 1000 + seq, seq: seq))
      }
    }
    #expect(try plant.data(1, device: nil, seq: 6, at: 1006).texts == ["g.n/load=1.0@1006#1.6"])
    // A birth without metrics begins nothing.
    #expect(throws: PayloadError.noValues) {
      try plant.read("spBv1.0/g/NBIRTH/n", sparkplugPayload([], at: 2000, seq: 0))
    }
    #expect(try plant.data(2, device: nil, seq: 7, at: 1007).texts == ["g.n/load=2.0@1007#1.7"])
    #expect(plant.state.takeChanges().first { $0.path == "g/n" }?.missing == 0)
    #expect(plant.state.rebirths(nowMs: 9_000_000).isEmpty)
  }

  /// What has no number takes none: the next message would count as one of the next round, and once more when it comes again.
  @Test func anEmptyPayloadHasNoNumber() throws {
    var plant = Plant(SparkplugSettings())
    try plant.nodeBirth(["load"])
    #expect(throws: PayloadError.noValues) { try plant.read("spBv1.0/g/NDATA/n", []) }
    #expect(try plant.data(1, device: nil, seq: 1, at: 1001).texts == ["g.n/load=1.0@1001#1.1"])
    #expect(try plant.data(1, device: nil, seq: 1, at: 1001).isRepetition)
  }

  @Test func aGapIsWaitedFor() throws {
    var plant = Plant(SparkplugSettings(rebirth: .ask))
    try plant.nodeBirth(["load"])
    func data(_ seq: UInt64, now: Int64) throws {
      try plant.read(
        "spBv1.0/g/NDATA/n",
        sparkplugPayload([sparkplugMetric(alias: 1).double(13, 1)], at: 1000 + seq, seq: seq), now: now)
    }
    try data(1, now: 100)
    try data(3, now: 200)
    #expect(plant.state.rebirths(nowMs: 2199).isEmpty)
    // The one that was overtaken.
    try data(2, now: 2200)
    #expect(plant.state.rebirths(nowMs: 99_000).isEmpty)
    try data(5, now: 100_000)
    #expect(plant.state.rebirths(nowMs: 102_000).count == 1)
    let life = plant.state.takeChanges().first { $0.path == "g/n" }
    #expect(life?.missing == 1)
  }
}
