import Sparkplug
import Telemetry
import TestSupport
import Testing

/// What births tell again, through the fold.
@Suite struct SparkplugBirthTests {
  private static let start: UInt64 = 1_767_225_600_000

  /// A birth of the value of `x`, and of what else it says.
  private static func birth(
    _ x: Double, measured: UInt64, at time: UInt64, _ others: [Fields] = []
  ) -> [UInt8] {
    sparkplugPayload(
      [
        sparkplugMetric("bdSeq", type: 4).int(11, 0),
        sparkplugMetric("x", alias: 1, type: 10, at: measured).double(13, x),
      ] + others, at: time, seq: 0)
  }

  private static func data(_ x: Double, at time: UInt64, _ seq: UInt64) -> [UInt8] {
    sparkplugPayload([sparkplugMetric(alias: 1).double(13, x)], at: time, seq: seq)
  }

  /// A time that nobody believes is none that was told.
  @Test(arguments: [false, true]) func aTimeThatIsNotBelievedWasNotTold(restarts: Bool) throws {
    let start = Self.start
    var ingester = SparkplugIngester()
    ingester.fold.futureLimit = .seconds(3600)
    ingester.take("spBv1.0/g/NBIRTH/n", Self.birth(1, measured: start, at: start))
    let ahead = sparkplugMetric(alias: 1, at: start + 8_640_000_000).double(13, 2)
    ingester.take("spBv1.0/g/NDATA/n", sparkplugPayload([ahead], at: start + 1, seq: 1))
    // One of the same payload is believed, before the other and behind it.
    ingester.take(
      "spBv1.0/g/NDATA/n",
      sparkplugPayload(
        [ahead, sparkplugMetric(alias: 1, at: start + 1000).double(13, 3), ahead], at: start + 1000, seq: 2))
    #expect(ingester.fold.progress.rejectedMessages == 1 && ingester.fold.progress.storedReadings == 2)
    ingester.take(
      "spBv1.0/g/NDATA/n",
      sparkplugPayload([sparkplugMetric("y").double(13, 3)], at: start + 1_000_000, seq: 3))
    ingester.commit(withCheckpoint: true)
    for number in UInt64(1)...2 {
      if restarts {
        try ingester.restart()
        ingester.fold.futureLimit = .seconds(3600)
      }
      ingester.take(
        "spBv1.0/g/NBIRTH/n", Self.birth(3, measured: start + 1000, at: start + 1_000_000 + number))
      ingester.commit()
      #expect(ingester.progress.duplicateReadings == Int(number))
      #expect(ingester.progress.lateReadings == 0 && ingester.progress.storedReadings == 3)
    }
  }

  /// The last value of a clock that was ahead and set right is older than others; a birth that tells it tells nothing new.
  @Test(arguments: [false, true], [false, true])
  func whatWasToldLastIsKnownBehindNewerTimes(restarts: Bool, withCheckpoint: Bool) throws {
    let start = Self.start
    var ingester = SparkplugIngester()
    ingester.take("spBv1.0/g/NBIRTH/n", Self.birth(1, measured: start, at: start))
    ingester.take("spBv1.0/g/NDATA/n", Self.data(2, at: start + 1_800_000, 1))
    ingester.take("spBv1.0/g/NDATA/n", Self.data(3, at: start + 2000, 2))
    ingester.commit(withCheckpoint: withCheckpoint || restarts)
    #expect(ingester.progress.storedReadings == 2 && ingester.progress.lateReadings == 1)
    for number in UInt64(1)...3 {
      if restarts { try ingester.restart() }
      // The newest is known too, whichever the node tells.
      let (value, time) = number < 3 ? (3.0, start + 2000) : (2, start + 1_800_000)
      ingester.take("spBv1.0/g/NBIRTH/n", Self.birth(value, measured: time, at: start + 3000 + number))
      ingester.commit(withCheckpoint: withCheckpoint)
      #expect(ingester.progress.storedReadings == 2 && ingester.progress.lateReadings == 1)
      #expect(ingester.progress.duplicateReadings == Int(number))
    }
  }

  /// A message that was overtaken, or tells history, tells nothing of what its node had last.
  @Test func whatWasOvertakenIsNotTheLast() throws {
    let start = Self.start
    var ingester = SparkplugIngester()
    ingester.take("spBv1.0/g/NBIRTH/n", Self.birth(1, measured: start, at: start))
    ingester.take("spBv1.0/g/NDATA/n", Self.data(2, at: start + 1_800_000, 1))
    ingester.take("spBv1.0/g/NDATA/n", Self.data(4, at: start + 2002, 3))
    ingester.take("spBv1.0/g/NDATA/n", Self.data(3, at: start + 2001, 2))
    let history = sparkplugMetric(alias: 1, at: start + 1).int(5, 1).double(13, 9)
    ingester.take("spBv1.0/g/NDATA/n", sparkplugPayload([history], at: start + 2003, seq: 4))
    ingester.take("spBv1.0/g/NBIRTH/n", Self.birth(4, measured: start + 2002, at: start + 3000))
    ingester.commit()
    #expect(ingester.progress.duplicateReadings == 1 && ingester.progress.lateReadings == 3)
    #expect(ingester.lives["g/n"]?.missing == 0)
  }

  // MARK: - What is refused

  /// What cannot be taken of a birth has its reason, also where the rest repeats, by what was told or by what windows know.
  @Test(arguments: [UInt64(0), 1000]) func whatABirthAddsAndCannotBeTaken(later: UInt64) {
    let start = Self.start
    var ingester = SparkplugIngester()
    ingester.fold.futureLimit = .seconds(3600)
    func y(_ value: Double, at time: UInt64) -> [Fields] {
      [sparkplugMetric("y", alias: 2, type: 10, at: time).double(13, value)]
    }
    ingester.take("spBv1.0/g/NBIRTH/n", Self.birth(1, measured: start, at: start, y(1.5, at: start)))
    // Windows know the first value, and it is neither the newest nor the last.
    if later > 0 { ingester.take("spBv1.0/g/NDATA/n", Self.data(2, at: start + later, 1)) }
    ingester.take(
      "spBv1.0/g/NBIRTH/n", Self.birth(1, measured: start, at: start + 5000, y(.nan, at: start + 5000)))
    ingester.take(
      "spBv1.0/g/NBIRTH/n", Self.birth(1, measured: start, at: start + 6000, y(2, at: start + 9_000_000)))
    ingester.commit()
    #expect(ingester.progress.duplicateMessages == 2 && ingester.progress.duplicateReadings == 2)
    #expect(ingester.progress.rejectedReadings == 2 && ingester.progress.rejectedMessages == 0)
    #expect(ingester.rejected.first?.reason == "one value is not taken: “y” is not a finite number")
    #expect(ingester.rejected.last?.reason.contains("“y” is not taken: the time") ?? false)
  }

  /// A birth that tells one metric twice for one time, with different values.
  @Test func twoValuesOfOneInstantInABirth() {
    let start = Self.start
    let other = sparkplugMetric("x", alias: 1, type: 10, at: start).double(13, 2)
    var ingester = SparkplugIngester()
    ingester.take("spBv1.0/g/NBIRTH/n", Self.birth(1, measured: start, at: start, [other]))
    ingester.commit()
    #expect(ingester.progress.storedReadings == 1 && ingester.progress.duplicateReadings == 0)
    #expect(
      ingester.rejected.map(\.reason) == [
        "one value is not taken: “x” is there twice for one time; the first value is taken"
      ])
    ingester.take("spBv1.0/g/NBIRTH/n", Self.birth(1, measured: start, at: start + 1, [other]))
    ingester.commit()
    #expect(ingester.progress.storedReadings == 1 && ingester.progress.duplicateReadings == 1)
    #expect(
      ingester.rejected.last?.reason
        == "one value is not taken: “x” is 2.0, and 1.0 was told for the same time")
  }

  /// A birth that tells another value than is known of its instant: by the last, by the newest, or by a window.
  @Test(arguments: [false, true]) func aBirthThatContradicts(restarts: Bool) throws {
    let start = Self.start
    var ingester = SparkplugIngester()
    ingester.take("spBv1.0/g/NBIRTH/n", Self.birth(1, measured: start, at: start))
    ingester.take("spBv1.0/g/NDATA/n", Self.data(4, at: start + 2000, 1))
    ingester.take("spBv1.0/g/NDATA/n", Self.data(5, at: start + 1000, 2))
    ingester.commit(withCheckpoint: restarts)
    if restarts { try ingester.restart() }
    for (number, (time, known)) in [(start + 1000, 5.0), (start + 2000, 4), (start, 1)].enumerated() {
      for again in 0..<2 {
        ingester.take(
          "spBv1.0/g/NBIRTH/n", Self.birth(6, measured: time, at: start + 3000 + UInt64(2 * number + again)))
        ingester.commit()
        #expect(ingester.progress.rejectedMessages == 2 * number + again + 1)
        #expect(ingester.rejected.last?.reason.contains("“x” is 6.0, and \(known) was") ?? false)
      }
      // What was refused was not told.
      ingester.take(
        "spBv1.0/g/NBIRTH/n", Self.birth(known, measured: time, at: start + 4000 + UInt64(number)))
      ingester.commit()
      #expect(ingester.progress.duplicateReadings == number + 1)
    }
    #expect(ingester.progress.storedReadings == 3 && ingester.progress.lateReadings == 0)
  }

  /// What has no values is refused once, and is a duplicate when its node sends it again.
  @Test func whatHasNoValuesIsRefusedOnce() {
    let start = Self.start
    var ingester = SparkplugIngester()
    ingester.take("spBv1.0/g/NBIRTH/n", Self.birth(1, measured: start, at: start))
    for _ in 0..<3 { ingester.take("spBv1.0/g/NDATA/n", sparkplugPayload([], at: start + 1, seq: 1)) }
    ingester.commit()
    #expect(ingester.progress.rejectedMessages == 1 && ingester.rejected.count == 1)
    #expect(ingester.progress.duplicateMessages == 2 && ingester.progress.duplicateReadings == 0)
    #expect(ingester.progress.notices == 0)
  }
}
