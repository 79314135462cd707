import Sparkplug
import Telemetry
import TestSupport
import Testing

/// Messages of a former life that never came before, behind the birth of another.
@Suite struct SparkplugStrayTests {
  private static let reason =
    "the alias 1 is of a former life: its payload is older than the birth of its node, and does not go on with the numbers"

  @Test(arguments: [false, true]) func theirAliasesAreThoseOfNobody(restarts: Bool) throws {
    var plant = Plant(SparkplugSettings(rebirth: .ask))
    var kept: [String: SparkplugLife] = [:]
    try plant.nodeBirth(["a", "b"], bdSeq: 0, at: 1000)
    try plant.data(10, device: nil, seq: 1, at: 2000)
    try plant.nodeDeath(bdSeq: 0)
    try plant.nodeBirth(["b", "a"], bdSeq: 1, at: 6000)
    try plant.deviceBirth(["t"], seq: 1, at: 6001)
    for seq in UInt64(3)...5 {
      if restarts { plant = try restarted(&plant, &kept) }
      let stray = try plant.data(11, device: nil, seq: seq, at: 3000 + seq)
      #expect(stray.refused.reasons == [Self.reason] && stray.messages.isEmpty)
      // Nobody knows better after another birth.
      #expect(plant.state.rebirths(nowMs: 9_000_000).isEmpty)
      if restarts { plant = try restarted(&plant, &kept) }
      // Sent again, it is a repetition: not of the life, but it came before.
      let again = try plant.data(11, device: nil, seq: seq, at: 3000 + seq)
      #expect(again.isRepetition)
    }
    // Births and deaths of devices change nothing, and what has a name is read.
    let names = sparkplugPayload(
      [sparkplugMetric("old", alias: 1, type: 10).double(13, 7)], at: 3006, seq: 6)
    #expect(try plant.read("spBv1.0/g/DBIRTH/n/d", names).texts == ["g.n.d/old=7.0@3006#1.6"])
    #expect(try plant.read("spBv1.0/g/DDEATH/n/d", sparkplugPayload([], at: 3007, seq: 7)).isNotice)
    #expect(try plant.data(3, seq: 2, at: 7000).texts == ["g.n.d/t=3.0@7000#1.2"])
    #expect(try plant.data(4, device: nil, seq: 3, at: 7001).texts == ["g.n/b=4.0@7001#2.3"])
    _ = try restarted(&plant, &kept)
    #expect(kept["g/n"]?.missing == 0 && kept["g/n/d"]?.isAlive == true && kept["g/n/d"]?.epoch == 1)
  }

  /// Also where the new life has had their numbers.
  @Test func theirNumbersMayBeTaken() throws {
    var plant = Plant()
    try plant.nodeBirth(["a"], bdSeq: 0, at: 1000)
    try plant.nodeBirth(["b"], bdSeq: 1, at: 6000)
    for seq in UInt64(1)...9 { try plant.data(1, device: nil, seq: seq, at: 7000 + seq) }
    for seq in UInt64(1)...9 {
      #expect(try plant.data(1, device: nil, seq: seq, at: 2000 + seq).refused.reasons == [Self.reason])
    }
    #expect(try plant.data(1, device: nil, seq: 10, at: 8000).texts == ["g.n/b=1.0@8000#2.10"])
    #expect(plant.state.takeChanges().first { $0.path == "g/n" }?.missing == 0)
  }

  /// A clock that is set back after a birth makes nothing a stray that goes on.
  @Test func aClockThatIsSetBackAfterABirth() throws {
    var plant = Plant()
    try plant.nodeBirth(["a"], at: 1_000_000)
    #expect(try plant.data(1, device: nil, seq: 1, at: 5000).texts.count == 1)
    // By then it is known.
    #expect(try plant.data(3, device: nil, seq: 3, at: 5002).texts.count == 1)
    #expect(try plant.data(2, device: nil, seq: 2, at: 5001).texts == ["g.n/a=2.0@5001#1.2"])
    #expect(try plant.data(4, device: nil, seq: 4, at: 5003).texts.count == 1)
    #expect(plant.state.takeChanges().first { $0.path == "g/n" }?.missing == 0)
  }

  /// Where the first message after that is lost, the next look like strays, but never for long.
  @Test func aClockThatIsSetBackAndALoss() throws {
    var plant = Plant()
    try plant.nodeBirth(["a"], at: 1_000_000)
    var taken: [UInt64] = []
    for seq in UInt64(2)..<200 {
      if try plant.data(1, device: nil, seq: seq, at: 5000 + seq).texts.count == 1 { taken.append(seq) }
    }
    #expect(taken == Array(66..<200))
  }
}
