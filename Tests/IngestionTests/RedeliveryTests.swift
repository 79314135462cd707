import Ingestion
import Telemetry
import Testing
import WindowStore

private let settings = WindowSettings(
  window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero)

/// What a broker delivered.
private struct Delivery {
  var packetID: UInt16
  var payload: String
  /// Whether the broker says that it may have come before.
  var isMarked = false
  /// Whether it says that it is retained.
  var isRetained = false
}

private func deliver(_ deliveries: [Delivery], to fold: inout IngestionFold, into batch: inout StoreBatch) {
  let topic = Array("devices/d/telemetry".utf8)
  for delivery in deliveries {
    topic.withUnsafeBufferPointer { topic in
      Array(delivery.payload.utf8).withUnsafeBufferPointer {
        fold.take(
          topic: topic, payload: $0,
          .init(
            packetID: delivery.packetID, isRetained: delivery.isRetained, isRepetition: delivery.isMarked),
          received: Timestamp(milliseconds: 1_767_225_600_000), into: &batch)
      }
    }
  }
  fold.finish(&batch)
}

private func foreign(_ seconds: Int, _ value: Int) -> String {
  #"{"device":"d","ts":\#(seconds * 1000),"values":{"a":\#(value)}}"#
}

@Suite struct RedeliveryTests {
  /// Garbage, a pack, a foreign reading that became late within its own batch, and one that was late at once.
  private let deliveries = [
    Delivery(packetID: 1, payload: "garbage"), Delivery(packetID: 2, payload: foreign(10, 1)),
    Delivery(packetID: 3, payload: foreign(500, 2)), Delivery(packetID: 4, payload: foreign(20, 3)),
    Delivery(packetID: 5, payload: #"[{"n":"a","t":600,"v":1},{"n":"b","t":600,"v":1}]"#),
    Delivery(packetID: 6, payload: "garbage"),
  ]

  private func recovered(_ batch: StoreBatch) throws -> IngestionFold {
    var fold = try IngestionFold(
      settings: settings, idleAfter: .seconds(3600), checkpoint: nil, progress: batch.progress,
      marks: batch.marks)
    for message in batch.stored { fold.replay(message) }
    return fold
  }

  @Test func whatTheBrokerDeliversAgainAfterACrashCountsOnce() throws {
    var fold = IngestionFold(settings: settings, idleAfter: .seconds(3600))
    var batch = StoreBatch()
    fold.sessionBegan(resumed: false)
    deliver(deliveries, to: &fold, into: &batch)
    #expect(batch.progress.rejectedMessages == 2 && batch.progress.lateMessages == 1)

    // Every acknowledgement was lost, twice; the second time a new message follows.
    var life = try recovered(batch)
    for round in 1...2 {
      life.sessionBegan(resumed: true)
      var again = StoreBatch()
      deliver(deliveries, to: &life, into: &again)
      #expect(again.rejected.isEmpty && again.late.isEmpty && again.stored.isEmpty)
      #expect(again.progress.duplicateMessages == 6 * round)
      #expect(again.progress.rejectedMessages == 2)
    }
    var fresh = StoreBatch()
    deliver([Delivery(packetID: 7, payload: "garbage")], to: &life, into: &fresh)
    #expect(fresh.rejected.count == 1)
  }

  @Test func theSameBytesAreNewUnderAnotherPacketIDOrInAnotherSession() throws {
    var fold = IngestionFold(settings: settings, idleAfter: .seconds(3600))
    var batch = StoreBatch()
    deliver(
      [Delivery(packetID: 1, payload: "x"), Delivery(packetID: 2, payload: "x")], to: &fold, into: &batch)
    #expect(batch.progress.rejectedMessages == 2)
    var lost = try recovered(batch)
    lost.sessionBegan(resumed: false)
    var again = StoreBatch()
    deliver([Delivery(packetID: 1, payload: "x")], to: &lost, into: &again)
    #expect(again.rejected.count == 1)
  }

  /// Packet ids come round after 65,535 messages: then the same id and the same bytes are another message.
  @Test func packetIDsThatComeRoundAreNotMistaken() throws {
    var fold = IngestionFold(settings: settings, idleAfter: .seconds(3600))
    var batch = StoreBatch()
    deliver(
      (1...60_000).map { Delivery(packetID: UInt16($0), payload: "x") }, to: &fold, into: &batch)
    var life = try recovered(batch)
    life.sessionBegan(resumed: true)
    // Of the last hundred the acknowledgements were lost; then the stream goes on, past the end of the ids.
    let rest = (59_901...60_000).map { UInt16($0) }
    let on = (0..<20_000).map { UInt16((60_000 + $0) % 65_535 + 1) }
    var again = StoreBatch()
    deliver((rest + on).map { Delivery(packetID: $0, payload: "x") }, to: &life, into: &again)
    #expect(again.progress.duplicateMessages == 100)
    #expect(again.rejected.count == 20_000)
  }

  /// A broker that goes on from an older save gives packet ids again: after what had waited in it, all is new that it does not mark.
  @Test(arguments: ["silence", "something new", "nothing", "a mark"])
  func whatComesUnderIDsThatAreGivenAgainIsNew(_ between: String) throws {
    var fold = IngestionFold(settings: settings, idleAfter: .seconds(3600))
    var batch = StoreBatch()
    let ten = (1...10).map { Delivery(packetID: $0, payload: "x") }
    deliver(ten, to: &fold, into: &batch)
    #expect(batch.progress.rejectedMessages == 10)

    // The save was made when the first four waited. After them come six that were published anew.
    fold.sessionBegan(resumed: true)
    deliver(Array(ten[..<4]), to: &fold, into: &batch)
    #expect(batch.progress.duplicateMessages == 4)
    switch between {
    case "silence": fold.brokerFellSilent()
    case "something new": deliver([Delivery(packetID: 11, payload: "y")], to: &fold, into: &batch)
    default: break
    }
    let rest = ten[4...].map { Delivery(packetID: $0.packetID, payload: "x", isMarked: between == "a mark") }
    deliver(rest, to: &fold, into: &batch)
    let isNew = between == "silence" || between == "something new"
    #expect(batch.progress.duplicateMessages == (isNew ? 4 : 10))
    #expect(batch.progress.rejectedMessages == (isNew ? 16 : 10) + (between == "something new" ? 1 : 0))

    // With the next connection it may be as before.
    fold.sessionBegan(resumed: true)
    deliver(rest.map { Delivery(packetID: $0.packetID, payload: "x") }, to: &fold, into: &batch)
    #expect(batch.progress.duplicateMessages == (isNew ? 10 : 16))
  }

  /// What is known by its own number says nothing of those that are not.
  @Test func redeliveriesOfNumberedMessagesDoNotEndThoseThatFollow() throws {
    var fold = IngestionFold(settings: settings, idleAfter: .seconds(3600))
    var batch = StoreBatch()
    let numbered = #"{"device":"d","epoch":1,"seq":1,"ts":1000,"values":{"a":1}}"#
    let deliveries = [Delivery(packetID: 1, payload: numbered), Delivery(packetID: 2, payload: "garbage")]
    deliver(deliveries, to: &fold, into: &batch)
    fold.sessionBegan(resumed: true)
    deliver(deliveries, to: &fold, into: &batch)
    #expect(batch.progress.duplicateMessages == 2 && batch.progress.rejectedMessages == 1)
  }
}
