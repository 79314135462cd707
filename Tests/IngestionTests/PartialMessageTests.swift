import Ingestion
import Telemetry
import Testing
import WindowStore

private let settings = WindowSettings(
  window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero)

/// A fold with the batch that it fills, which takes payloads of the device `d`.
private struct Taker {
  var fold = IngestionFold(settings: settings, idleAfter: .seconds(3600))
  var batch = StoreBatch()

  mutating func take(
    _ payload: String, packetID: UInt16 = 0, isRetained: Bool = false, topic: String = "devices/d/telemetry"
  ) {
    Array(topic.utf8).withUnsafeBufferPointer { topic in
      Array(payload.utf8).withUnsafeBufferPointer {
        fold.take(
          topic: topic, payload: $0, .init(packetID: packetID, isRetained: isRetained),
          received: Timestamp(milliseconds: 1_767_225_600_000), into: &batch)
      }
    }
    fold.finish(&batch)
  }

  /// As after a crash behind the commit.
  mutating func recover() throws {
    let stored = batch.stored
    fold = try IngestionFold(
      settings: settings, idleAfter: .seconds(3600), checkpoint: nil, progress: batch.progress,
      marks: batch.marks, retained: batch.retained)
    for message in stored { fold.replay(message) }
  }

  /// A message counts in one place.
  var isClosed: Bool {
    let progress = batch.progress
    return progress.messages
      == progress.storedMessages + progress.duplicateMessages + progress.lateMessages
      + progress.rejectedMessages
  }
}

private func numbered(_ sequence: Int, _ values: String, at seconds: Int = 10) -> String {
  #"{"device":"d","epoch":1,"seq":\#(sequence),"ts":\#(seconds * 1000),"values":\#(values)}"#
}

private func foreign(_ values: String, at seconds: Int = 10) -> String {
  #"{"device":"d","ts":\#(seconds * 1000),"values":\#(values)}"#
}

@Suite struct PartialMessageTests {
  @Test func aValueThatIsNoNumberCostsItselfAlone() {
    var taker = Taker()
    taker.take(numbered(0, #"{"t":1,"p":NaN,"room temp":2,"q":null}"#))
    #expect(taker.batch.stored.map { $0.values.map(\.value) } == [[1]])
    #expect(taker.batch.progress.storedReadings == 1 && taker.batch.progress.rejectedReadings == 2)
    #expect(taker.batch.progress.rejectedMessages == 0)
    #expect(taker.batch.rejected.map(\.readings) == [2])
    #expect(taker.batch.rejected.first?.reason.contains("2 values are not taken: “p” is NaN") == true)
    // Nothing of the next is sound, and it is rejected as a whole.
    taker.take(numbered(1, #"{"t":true}"#))
    #expect(taker.batch.progress.rejectedMessages == 1 && taker.batch.rejected.last?.readings == nil)
    #expect(taker.isClosed)
  }

  /// Epoch and sequence, a packet id, or the time tell what comes again; its values are not rejected a second time.
  @Test(arguments: [
    numbered(0, #"{"t":1,"p":NaN}"#), foreign(#"{"t":1,"p":NaN}"#),
    #"[{"n":"t","bt":1767225600,"v":1},{"n":"p","vs":"x"}]"#,
  ])
  func whatComesAgainIsNotRejectedAgain(payload: String) throws {
    var taker = Taker()
    taker.fold.sessionBegan(resumed: false)
    taker.take(payload, packetID: 7)
    try taker.recover()
    taker.fold.sessionBegan(resumed: true)
    taker.take(payload, packetID: 7)
    #expect(taker.batch.progress.rejectedReadings == 1 && taker.batch.rejected.count == 1)
    #expect(taker.batch.progress.storedReadings == 1)
    #expect(taker.batch.progress.duplicateMessages == 1 && taker.batch.progress.duplicateReadings == 2)
    #expect(taker.isClosed)
  }

  @Test func aMessageThatIsLateHasItsUnsoundValuesRejected() {
    var taker = Taker()
    taker.take(numbered(0, #"{"t":1}"#, at: 600))
    taker.take(numbered(1, #"{"t":1,"p":"x"}"#, at: 10))
    #expect(taker.batch.progress.lateReadings == 1 && taker.batch.progress.rejectedReadings == 1)
    #expect(taker.batch.rejected.count == 1 && taker.isClosed)
  }
}

@Suite struct SameInstantTests {
  @Test func anotherValueOfTheSameInstantIsNoDuplicate() {
    var taker = Taker()
    taker.take(foreign(#"{"count":600}"#))
    taker.take(foreign(#"{"count":700}"#))
    taker.take(foreign(#"{"count":600}"#))
    #expect(taker.batch.stored.count == 1)
    #expect(taker.batch.progress.duplicateMessages == 1 && taker.batch.progress.duplicateReadings == 1)
    #expect(taker.batch.progress.rejectedMessages == 1 && taker.batch.progress.rejectedReadings == 0)
    #expect(
      taker.batch.rejected.first?.reason.contains("“count” is 700.0, and 600.0 was stored for the same time")
        == true)
    #expect(taker.isClosed)
  }

  @Test func eachValueOfAMessageGoesItsOwnWay() {
    var taker = Taker()
    taker.take(foreign(#"{"a":1,"b":2}"#))
    taker.take(foreign(#"{"a":1,"b":3,"c":4}"#))
    #expect(taker.batch.stored.map { $0.values.map(\.value) } == [[1, 2], [4]])
    #expect(taker.batch.progress.duplicateReadings == 1 && taker.batch.progress.rejectedReadings == 1)
    // Nothing of this is new but what contradicts.
    taker.take(foreign(#"{"a":1,"b":5}"#))
    #expect(taker.batch.progress.duplicateMessages == 1 && taker.batch.progress.rejectedReadings == 2)
    #expect(taker.batch.rejected.map(\.readings) == [1, 1] && taker.isClosed)
  }

  /// A message that is taken without a payload is kept as one.
  @Test func aContradictionHasARow() {
    let batch = fold([message("f", nil, at: 10, ["a": 1]), message("f", nil, at: 10, ["a": 2])], settings)
    #expect(batch.rejected.map(\.topic) == ["devices/f/telemetry"])
    let payload = String(decoding: batch.rejected.first?.payload ?? [], as: UTF8.self)
    #expect(payload.contains(#""a":2"#))
  }
}

@Suite struct RetainedMessageTests {
  private static let reading = #"[{"bn":"d:","bt":1767225600,"n":"temp","v":22}]"#

  @Test(arguments: [LatePolicy.keep, .drop, .adjust], [reading, "garbage"])
  func aRetainedMessageThatComesWithANewSubscriptionCountsOnce(policy: LatePolicy, payload: String) throws {
    var taker = Taker()
    taker.fold.latePolicy = policy
    taker.fold.sessionBegan(resumed: false)
    taker.take(payload, packetID: 1, isRetained: true)
    taker.take(#"[{"bn":"d:","bt":1767226600,"n":"temp","v":30}]"#, packetID: 2)
    let before = taker.batch.progress
    // The session was lost, or another client id was chosen: packet ids begin again.
    try taker.recover()
    taker.fold.latePolicy = policy
    taker.fold.sessionBegan(resumed: false)
    taker.take(payload, packetID: 1, isRetained: true)
    var after = taker.batch.progress
    #expect(after.duplicateMessages == 1)
    after.messages -= 1
    after.deliveries -= 1
    after.duplicateMessages = 0
    after.duplicateReadings = 0
    #expect(after == before)
  }

  @Test func whatIsPublishedAfterwardsIsNewEvenWithTheSameBytes() {
    var taker = Taker()
    taker.fold.sessionBegan(resumed: false)
    // No time: now. So the same bytes are another reading.
    let now = "not a message"
    taker.take(now, packetID: 1, isRetained: true)
    taker.take(now, packetID: 2, isRetained: true)
    #expect(taker.batch.progress.rejectedMessages == 2)
    taker.fold.sessionBegan(resumed: false)
    taker.take(now, packetID: 1, isRetained: true)
    taker.take(now, packetID: 2, isRetained: true)
    #expect(taker.batch.progress.rejectedMessages == 3 && taker.batch.progress.duplicateMessages == 1)
    // A session that goes on with its subscription brings nothing again.
    taker.fold.sessionBegan(resumed: true)
    taker.take(now, packetID: 3, isRetained: true)
    #expect(taker.batch.progress.rejectedMessages == 4)
    // One with another filter does.
    taker.fold.sessionBegan(resumed: true, subscribedAfter: taker.fold.progress.deliveries)
    taker.take(now, packetID: 4, isRetained: true)
    #expect(taker.batch.progress.rejectedMessages == 4)
  }

  /// Ingestion was killed after the broker had sent again what it retains, and before that was stored.
  @Test func aSubscriptionThatWasMadeInAnEarlierLifeIsKnown() throws {
    var taker = Taker()
    taker.take(Self.reading, packetID: 1, isRetained: true)
    let deliveries = taker.fold.progress.deliveries
    try taker.recover()
    taker.fold.sessionBegan(resumed: true, subscribedAfter: deliveries)
    taker.take(Self.reading, packetID: 9, isRetained: true)
    #expect(taker.batch.progress.duplicateMessages == 1 && taker.batch.progress.storedMessages == 1)
  }

  @Test func anotherRetainedMessageOfTheTopicIsNew() {
    var taker = Taker()
    taker.take("a", packetID: 1, isRetained: true)
    taker.fold.sessionBegan(resumed: false)
    taker.take("b", packetID: 1, isRetained: true)
    taker.take("a", packetID: 2, isRetained: true, topic: "devices/e/telemetry")
    #expect(taker.batch.progress.rejectedMessages == 3)
  }
}
