import Ingestion
import MQTT
import Sparkplug
import Telemetry
import TestSupport
import Testing
import WindowStore

/// Sparkplug B through the fold: each message counts in one place, also across crashes.
@Suite struct SparkplugFoldTests {
  private static let start: UInt64 = 1_767_225_600_000

  /// What a node with two devices sends in two lives: topic, payload, and how many readings are in it.
  private static func plant(messages: Int) -> [(topic: String, bytes: [UInt8])] {
    var sent: [(String, [UInt8])] = []
    for life in 0..<2 {
      let begin = start + UInt64(life * messages * 1000)
      let birth = DamagedSparkplug.birth(["load"], bdSeq: UInt64(life), at: begin, seq: 0)
      sent.append(("spBv1.0/g/NBIRTH/n", birth))
      for (index, device) in ["a", "b"].enumerated() {
        sent.append(
          (
            "spBv1.0/g/DBIRTH/n/\(device)",
            DamagedSparkplug.birth(["t", "p"], bdSeq: nil, at: begin, seq: UInt64(index + 1))
          ))
      }
      for number in 0..<messages {
        let time = begin + UInt64(number * 1000)
        sent.append(
          (
            "spBv1.0/g/DDATA/n/\(number % 2 == 0 ? "a" : "b")",
            sparkplugPayload(
              [
                sparkplugMetric(alias: 1, at: time).double(13, Double(number)),
                sparkplugMetric(alias: 2, at: time).double(13, 7),
              ], at: time, seq: UInt64((number + 3) % 256))
          ))
      }
      sent.append(
        ("spBv1.0/g/NDEATH/n", sparkplugPayload([sparkplugMetric("bdSeq", type: 4).int(11, UInt64(life))])))
    }
    return sent
  }

  @Test func livesAreEpochs() {
    var ingester = SparkplugIngester()
    for (topic, bytes) in Self.plant(messages: 600) { ingester.take(topic, bytes) }
    ingester.commit()
    let progress = ingester.progress
    #expect(progress.storedMessages == 1200 && progress.storedReadings == 2400)
    #expect(progress.notices == 8 && progress.rejectedMessages == 0 && progress.duplicateMessages == 0)
    let positions = ingester.stored.filter { $0.device.name == "g.n.a" }.map { $0.position! }
    #expect(positions == positions.sorted() && Set(positions).count == 600)
    #expect(Set(positions.map(\.epoch)) == [1, 2])
    let wanted = (0..<300).map { Int64(2 * $0 + 3) }
    #expect(positions.prefix(300).map(\.sequence) == wanted)
    #expect(ingester.lives["g/n"]?.missing == 0)
  }

  /// Killed anywhere, before or after a commit, with everything that was not acknowledged sent again.
  @Test(arguments: [UInt64(1), 2, 3, 4, 5])
  func killsChangeNothing(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let sent = Self.plant(messages: 600)
    var steady = SparkplugIngester()
    for (topic, bytes) in sent { steady.take(topic, bytes) }
    steady.commit()

    var ingester = SparkplugIngester()
    var acknowledged = 0
    var next = 0
    while acknowledged < sent.count {
      let count = min(1 + generator.index(below: 90), sent.count - next)
      for index in next..<(next + count) {
        ingester.take(sent[index].topic, sent[index].bytes, packetID: UInt16(index % 60_000 + 1))
      }
      next += count
      let fate = generator.index(below: 4)
      if fate > 0 { ingester.commit(withCheckpoint: generator.index(below: 5) == 0) }
      if fate > 1 { acknowledged = next }
      if fate < 2 || generator.index(below: 6) == 0 {
        try ingester.restart()
        next = acknowledged
      }
    }
    #expect(ingester.stored == steady.stored, "seed \(seed)")
    #expect(ingester.rejected.isEmpty)
    #expect(ingester.progress.storedReadings == steady.progress.storedReadings)
    #expect(ingester.progress.fleetWatermark == steady.progress.fleetWatermark)
    #expect(ingester.lives.mapValues(\.epoch) == steady.lives.mapValues(\.epoch))
  }

  /// A node that publishes again what it had under way counts once, with another packet id and after a restart too.
  @Test func whatANodeSendsAgainCountsOnce() throws {
    let sent = Self.plant(messages: 300)
    var ingester = SparkplugIngester()
    for (topic, bytes) in sent.prefix(200) { ingester.take(topic, bytes, packetID: 1) }
    ingester.commit()
    try ingester.restart()
    for (topic, bytes) in sent[180..<303] { ingester.take(topic, bytes, packetID: 2) }
    ingester.commit()
    #expect(ingester.progress.storedMessages == 300 && ingester.progress.duplicateMessages == 20)
    #expect(ingester.progress.duplicateReadings == 40)
  }

  /// A birth tells values again that were stored before a restart, when nothing but the windows knows them.
  @Test func aBirthAfterARestartTellsNothingTwice() throws {
    func birth(_ bdSeq: UInt64, at time: UInt64) -> [UInt8] {
      sparkplugPayload(
        [
          sparkplugMetric("bdSeq", type: 4).int(11, bdSeq),
          sparkplugMetric("load", alias: 1, type: 10, at: Self.start + 5).double(13, 4),
          sparkplugMetric("state", alias: 2, type: 12, at: Self.start + 5).text(15, "on"),
        ], at: time, seq: 0)
    }
    var ingester = SparkplugIngester()
    ingester.take("spBv1.0/g/NBIRTH/n", birth(0, at: Self.start + 5))
    ingester.commit()
    #expect(ingester.progress.storedReadings == 1 && ingester.progress.rejectedReadings == 1)
    for bdSeq in UInt64(1)...2 {
      if bdSeq == 2 { try ingester.restart() }
      ingester.take("spBv1.0/g/NBIRTH/n", birth(bdSeq, at: Self.start + 10 * bdSeq))
      ingester.commit()
      #expect(ingester.progress.storedReadings == 1)
      #expect(ingester.progress.duplicateMessages == Int(bdSeq))
      #expect(ingester.lives["g/n"]?.epoch == Int64(bdSeq) + 1)
    }
  }

  /// The same where the windows of the values are over and forgotten, whether a checkpoint has the times or the journal after it.
  @Test(arguments: [LatePolicy.keep, .drop, .adjust], [false, true])
  func aBirthTellsNothingTwiceOfLongAgo(latePolicy: LatePolicy, withCheckpoint: Bool) throws {
    func birth(_ bdSeq: UInt64, at time: UInt64, _ b: UInt64) -> [UInt8] {
      sparkplugPayload(
        [
          sparkplugMetric("bdSeq", type: 4).int(11, bdSeq),
          sparkplugMetric("slow/a", alias: 1, type: 10, at: Self.start + 5 * (bdSeq == 0 ? 0 : 1)).double(
            13, bdSeq == 0 ? 4 : 5),
          sparkplugMetric("b", alias: 2, type: 10, at: b).double(13, 5),
        ], at: time, seq: 0)
    }
    var ingester = SparkplugIngester(latePolicy)
    ingester.take("spBv1.0/g/NBIRTH/n", birth(0, at: Self.start, Self.start))
    // Its times are kept with it; those of what follows are not.
    ingester.commit()
    func data(_ alias: UInt64, at time: UInt64, _ seq: UInt64) {
      ingester.take(
        "spBv1.0/g/NDATA/n",
        sparkplugPayload([sparkplugMetric(alias: alias, at: time).double(13, 5)], at: time, seq: seq))
    }
    data(1, at: Self.start + 5, 1)
    // A metric that no birth has named.
    ingester.take(
      "spBv1.0/g/NDATA/n",
      sparkplugPayload([sparkplugMetric("late/c").double(13, 5)], at: Self.start + 7, seq: 2))
    for minute in UInt64(1)...9 { data(2, at: Self.start + 60_000 * minute, minute + 2) }
    ingester.commit(withCheckpoint: withCheckpoint)
    #expect(ingester.progress.storedReadings == 13 && ingester.progress.lateMessages == 0)
    for restart in UInt64(1)...2 {
      try ingester.restart()
      var bytes = birth(restart, at: Self.start + 540_000 + restart, Self.start + 540_000)
      bytes += sparkplugPayload([sparkplugMetric("late/c", type: 10, at: Self.start + 7).double(13, 5)])
      ingester.take("spBv1.0/g/NBIRTH/n", bytes)
      ingester.commit(withCheckpoint: withCheckpoint)
      #expect(ingester.progress.storedReadings == 13 && ingester.stored.count == 12)
      #expect(ingester.progress.lateMessages == 0 && ingester.progress.adjustedMessages == 0)
      #expect(ingester.progress.droppedMessages == 0)
      #expect(ingester.progress.duplicateReadings == 3 * Int(restart))
    }
    // A newer value is one.
    data(1, at: Self.start + 540_010, 1)
    ingester.commit()
    #expect(ingester.progress.storedReadings == 14)
  }

  /// In MQTT 3.1.1 nothing says of a message that is published that it is retained. It comes with the next connection, at any
  /// quality of service, when its node is far beyond it.
  @Test(arguments: [UInt16(0), 1]) func whatIsRetainedCountsOnce(packetID: UInt16) {
    var ingester = SparkplugIngester()
    ingester.fold.sessionBegan(resumed: false, version: .threeOneOne)
    ingester.take("spBv1.0/g/NBIRTH/n", DamagedSparkplug.birth(["a"], bdSeq: 0, at: Self.start, seq: 0))
    func data(_ number: UInt64) -> [UInt8] {
      let time = Self.start + number
      return sparkplugPayload(
        [sparkplugMetric(alias: 1, at: time).double(13, 5)], at: time, seq: number % 256)
    }
    for number in UInt64(1)...300 { ingester.take("spBv1.0/g/NDATA/n", data(number), packetID: packetID) }
    ingester.commit()
    ingester.fold.sessionBegan(resumed: true, version: .threeOneOne)
    ingester.take("spBv1.0/g/NDATA/n", data(7), isRetained: true)
    ingester.commit()
    #expect(ingester.progress.storedReadings == 300 && ingester.progress.duplicateReadings == 1)
    #expect(ingester.lives["g/n"]?.missing == 0)
  }

  @Test func aTimeFarInTheFutureCostsItself() {
    var ingester = SparkplugIngester()
    ingester.fold.futureLimit = .seconds(3600)
    ingester.take(
      "spBv1.0/g/NDATA/n",
      sparkplugPayload(
        [
          sparkplugMetric("a").double(13, 1),
          sparkplugMetric("b", at: Self.start + 99_000_000).double(13, 2),
        ], at: Self.start, seq: 0))
    ingester.commit()
    #expect(ingester.progress.storedReadings == 1 && ingester.progress.rejectedReadings == 1)
    #expect(ingester.rejected.first?.reason.contains("“b” is not taken: the time") ?? false)
  }

  /// Whatever comes: a payload is a notice, or one or more messages, each stored, late, a duplicate or rejected with a row.
  @Test(arguments: [UInt64(11), 12, 13, 14])
  func everyPayloadIsInOnePlace(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var ingester = SparkplugIngester()
    for step in 0..<5000 {
      let before = ingester.fold.progress
      let rows = ingester.batch.rejected.count
      let (topic, bytes) = DamagedSparkplug.next(&generator)
      ingester.take(topic, bytes, packetID: UInt16(generator.index(below: 50)))
      let after = ingester.fold.progress
      let messages = after.messages - before.messages
      #expect(after.deliveries == before.deliveries + 1)
      #expect((after.notices - before.notices == 1) == (messages == 0), "seed \(seed), step \(step)")
      #expect(after.notices - before.notices <= 1)
      let counted =
        after.storedMessages + after.duplicateMessages + after.lateMessages + after.rejectedMessages
      #expect(after.messages == counted, "seed \(seed), step \(step)")
      let isRejected =
        after.rejectedMessages > before.rejectedMessages || after.rejectedReadings > before.rejectedReadings
      #expect((ingester.batch.rejected.count == rows + 1) == isRejected, "seed \(seed), step \(step)")
      #expect(after.storedMessages == ingester.stored.count + ingester.batch.stored.count)
      #expect(after.lateMessages == ingester.late.count + ingester.batch.late.count)
      if step % 97 == 96 { ingester.commit(withCheckpoint: step % 5 == 0) }
      if step % 970 == 969 { try ingester.restart() }
    }
    ingester.commit()
    #expect(ingester.progress.storedMessages > 100 && ingester.progress.rejectedMessages > 100)
  }
}
