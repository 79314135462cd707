import Ingestion
import MQTT
import Telemetry
import Testing
import WindowStore

/// Brokers that give new packet ids to what they deliver again, and retained messages of MQTT 3.1.1.
@Suite struct RenumberedRedeliveryTests {
  private static let settings = WindowSettings(
    window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero)

  /// A fold, and what it has made of everything so far.
  private struct Life {
    var fold = IngestionFold(settings: RenumberedRedeliveryTests.settings, idleAfter: .seconds(3600))
    var batch = StoreBatch()
    private var marks: [DeliveryMark] = []
    private var retained: [RetainedMark] = []
    private var nextID: UInt16 = 0

    /// Begins a session of a broker that counts its packet ids anew.
    mutating func connect(
      resumed: Bool, acknowledged: Int? = nil, redelivery: RedeliveryForm = .newPacketID,
      version: ProtocolVersion = .threeOneOne
    ) {
      nextID = 0
      fold.sessionBegan(
        resumed: resumed, acknowledged: acknowledged, redelivery: redelivery, version: version)
    }

    mutating func take(
      _ payloads: [String], isMarked: Bool = false, isRetained: Bool = false, isAtMostOnce: Bool = false,
      topic: String = "devices/d/telemetry"
    ) {
      batch.removeAll()
      for payload in payloads {
        nextID += 1
        Array(topic.utf8).withUnsafeBufferPointer { topic in
          Array(payload.utf8).withUnsafeBufferPointer {
            fold.take(
              topic: topic, payload: $0,
              .init(packetID: isAtMostOnce ? 0 : nextID, isRetained: isRetained, isRepetition: isMarked),
              received: Timestamp(milliseconds: 1_767_225_600_000), into: &batch)
          }
        }
      }
      fold.finish(&batch)
      marks += batch.marks
      retained += batch.retained
    }

    /// As after a kill behind the commit.
    mutating func die() throws {
      fold = try IngestionFold(
        settings: RenumberedRedeliveryTests.settings, idleAfter: .seconds(3600), checkpoint: nil,
        progress: batch.progress, marks: marks, retained: retained)
    }

    var rejected: Int { fold.progress.rejectedMessages }
    var duplicates: Int { fold.progress.duplicateMessages }
  }

  @Test func whatIsMarkedAndKnownCountsOnce() throws {
    var life = Life()
    life.connect(resumed: false)
    life.take(["x1", "x2", "x3", "x4"])
    // Killed before x3 and x4 were acknowledged, twice; x5 was on its way.
    for round in 1...2 {
      try life.die()
      life.connect(resumed: true)
      life.take(["x3", "x4"], isMarked: true)
      #expect(life.duplicates == 2 * round && life.rejected == 4)
    }
    life.take(["x5"], isMarked: true)
    life.take(["x3", "x6"])
    // Without a mark the same bytes are new.
    #expect(life.duplicates == 4 && life.rejected == 7)
  }

  /// The ids are counted anew, so the same id and the same bytes mean nothing.
  @Test func thePacketIDOfAnEarlierConnectionIsNoSign() throws {
    for form in [RedeliveryForm.newPacketID, .unmarked] {
      var life = Life()
      life.connect(resumed: false, redelivery: form)
      life.take(["x1"])
      try life.die()
      life.connect(resumed: true, redelivery: form)
      life.take(["x1"])
      #expect(life.rejected == 2 && life.duplicates == 0)
    }
    // Where a broker keeps them, it is one.
    var life = Life()
    life.connect(resumed: false, redelivery: .samePacketID)
    life.take(["x1"])
    try life.die()
    life.connect(resumed: true, redelivery: .samePacketID)
    life.take(["x1"], isMarked: true)
    #expect(life.rejected == 1 && life.duplicates == 1)
  }

  /// The mark costs more to read than the rest of a message. Where it is not needed, it changes nothing.
  @Test(arguments: RedeliveryForm.allCases)
  func theMarkIsReadWhereItCanTellSomething(form: RedeliveryForm) throws {
    func numbered(_ sequence: Int) -> String {
      #"{"device":"d","ts":\#(sequence * 1000),"epoch":1,"seq":\#(sequence),"values":{"a":1}}"#
    }
    for (payloads, isNeeded) in [
      ((1...4).map(numbered), false), (["x1", "x2"], form != .unmarked), ([], false),
      ((1...4).map(numbered) + ["x1"], form != .unmarked),
    ] {
      var life = Life()
      life.connect(resumed: false, redelivery: form)
      life.take(payloads)
      try life.die()
      #expect(life.fold.needsDuplicateFlag(form) == isNeeded, "\(payloads)")
      var unmarked = life
      life.connect(resumed: true, redelivery: form)
      life.take(payloads + ["new"], isMarked: true)
      unmarked.connect(resumed: true, redelivery: form)
      unmarked.take(payloads + ["new"])
      if !isNeeded { #expect(unmarked.fold.progress == life.fold.progress, "\(payloads)") }
    }
  }

  /// A broker that has not noticed that the connection is gone sends new ones before those that it sends again.
  @Test func newOnesMayComeBeforeThoseThatComeAgain() {
    var life = Life()
    life.connect(resumed: false)
    life.take(["x1", "x2"])
    life.connect(resumed: true)
    life.take(["x3"])
    life.take(["x1", "x2"], isMarked: true)
    #expect(life.rejected == 3 && life.duplicates == 2)
  }

  /// The same bytes again and again are a repetition only where they are known to be unacknowledged.
  @Test func bytesThatComeAgainAndAgainAreNotLost() throws {
    var life = Life()
    life.connect(resumed: false)
    life.take(["garbage", "garbage", "garbage"])
    let acknowledged = life.fold.progress.deliveries
    life.take(["garbage", "garbage"])
    // The connection broke before the last two were acknowledged; one more had been sent and not arrived.
    life.connect(resumed: true, acknowledged: acknowledged)
    life.take(["garbage", "garbage", "garbage"], isMarked: true)
    #expect(life.rejected == 6 && life.duplicates == 2)
    // After a kill nobody knows, and none is lost.
    try life.die()
    life.connect(resumed: true)
    life.take(["garbage"], isMarked: true)
    #expect(life.rejected == 7 && life.duplicates == 2)
  }

  /// In MQTT 3.1.1 what is published does not say that it is retained, and comes again with each connection.
  @Test func aRetainedMessageOfMQTT311CountsOnceHoweverOftenItComes() throws {
    var life = Life()
    life.connect(resumed: false)
    life.take(["on"])
    life.take(["said in between"])
    for round in 1...3 {
      try life.die()
      life.connect(resumed: round < 3)
      life.take(["on"], isRetained: true)
      #expect(life.rejected == 2 && life.duplicates == round)
    }
    // Of another topic, or with other bytes, it is new, and then it is known.
    for payload in ["off", "off"] { life.take([payload], isRetained: true) }
    life.take(["on"], isRetained: true, topic: "devices/e/telemetry")
    #expect(life.rejected == 4 && life.duplicates == 4)
  }

  @Test func itIsKnownAlsoWhereItWasPublishedAtMostOnce() throws {
    var life = Life()
    life.connect(resumed: false)
    life.take(["on"], isAtMostOnce: true)
    try life.die()
    life.connect(resumed: true)
    life.take(["on"], isRetained: true, isAtMostOnce: true)
    #expect(life.rejected == 1 && life.duplicates == 1)
  }

  /// What is published again is new in either version; in MQTT 5 it says that it is retained.
  @Test func whatIsPublishedAgainIsNew() {
    for version in ProtocolVersion.allCases {
      var life = Life()
      life.connect(resumed: false, version: version)
      life.take(["on", "on"], isRetained: version == .five)
      #expect(life.rejected == 2 && life.duplicates == 0)
    }
  }

  /// Topics are told apart by their bytes: the last retained message of one is not that of another that is equal as a text.
  @Test func topicsOfOtherBytesAreOthers() throws {
    let topics = ["devices/\u{E9}", "devices/e\u{301}"]
    var life = Life()
    life.connect(resumed: false, version: .five)
    for topic in topics { life.take(["on"], isRetained: true, topic: topic) }
    try life.die()
    life.connect(resumed: false, version: .five)
    for topic in topics { life.take(["on"], isRetained: true, topic: topic) }
    #expect(life.rejected == 2 && life.duplicates == 2)
  }
}
