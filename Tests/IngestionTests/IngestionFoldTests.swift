import ExactArithmetic
import Foundation
import Ingestion
import Telemetry
import Testing
import WindowStore

private let settings = WindowSettings(
  window: .seconds(60), outOfOrderness: .seconds(5), allowedLateness: .seconds(30))

private func fold(_ messages: [Message], batchSize: Int = 7) -> StoreBatch {
  fold(messages, batchSize: batchSize, settings)
}

@Suite struct IngestionFoldTests {
  @Test func aWindowClosesWhenTheWatermarkReachesItsEnd() throws {
    var fold = IngestionFold(settings: settings, idleAfter: .seconds(3600))
    var batch = StoreBatch()
    fold.take(message("d", 0, at: 10, ["a": 1]), into: &batch)
    fold.take(message("d", 1, at: 50, ["a": 4]), into: &batch)
    fold.take(message("d", 2, at: 64.999, ["a": 100]), into: &batch)
    #expect(batch.windows.isEmpty)
    fold.take(message("d", 3, at: 65, ["a": 100]), into: &batch)
    let window = try #require(batch.windows.first)
    #expect(batch.windows.count == 1)
    #expect(window.start.milliseconds == 0 && window.end.milliseconds == 60_000)
    #expect(
      window.aggregates
        == Aggregates(
          count: 2, mean: 2.5, stddev: 1.5, min: 1, max: 4, first: 1, last: 4, slope: 3.0 / 40, p05: 1.15,
          p25: 1.75,
          median: 2.5, p75: 3.25, p95: 3.85))
    #expect(window.revision == 1)
    #expect(window.visibleFrom == window.end)
  }

  @Test func aLateReadingWithinTheAllowanceMakesARevisionAndOneBeyondItIsKeptApart() throws {
    let batch = fold([
      message("d", 0, at: 10, ["a": 1]), message("d", 1, at: 70, ["a": 2]), message("d", 2, at: 20, ["a": 3]),
      message("d", 3, at: 95, ["a": 2]), message("d", 4, at: 30, ["a": 9]),
    ])
    #expect(batch.windows.map(\.revision) == [1, 2])
    #expect(batch.windows[1].aggregates.count == 2)
    #expect(batch.windows[1].visibleFrom > batch.windows[0].visibleFrom)
    #expect(batch.late.count == 1)
    #expect(batch.late[0].lateBy == .seconds(60))
    #expect(batch.progress.lateReadings == 1)
  }

  @Test func aMessageThatComesTwiceCountsOnce() {
    let first = message("d", 0, at: 10, ["a": 1, "b": 2])
    let foreign = message("f", nil, at: 10, ["a": 1])
    let batch = fold([first, first, foreign, foreign, message("d", 0, at: 10, ["a": 1], epoch: 2)])
    #expect(batch.progress.storedMessages == 3)
    #expect(batch.progress.duplicateMessages == 2)
    #expect(batch.progress.duplicateReadings == 3)
  }

  /// Foreign devices number as they like, and no number may stop ingestion.
  @Test func positionsMayBeAsHighAsNumbersGo() throws {
    let highest = Int64.max
    let messages = [
      message("d", highest, at: 10, ["a": 1]), message("d", 0, at: 11, ["a": 1]),
      message("d", highest - 1, at: 12, ["a": 1]), message("d", highest, at: 10, ["a": 1]),
      message("d", 1, at: 13, ["a": 1]), message("d", highest, at: 14, ["a": 1], epoch: highest),
      message("f", nil, at: 15, ["a": 1]),
    ]
    var before = IngestionFold(settings: settings, idleAfter: .seconds(3600))
    var batch = StoreBatch()
    for message in messages {
      before.take(message, into: &batch)
      before.finish(&batch)
    }
    #expect(batch.progress.storedMessages == 6)
    var after = try IngestionFold(
      settings: settings, idleAfter: .seconds(3600), checkpoint: before.checkpoint(),
      progress: before.progress)
    #expect(after.checkpoint() == before.checkpoint())
    var rest = StoreBatch()
    for message in messages {
      after.take(message, into: &rest)
      after.finish(&rest)
    }
    #expect(rest.progress.storedMessages == 6)
    #expect(rest.progress.duplicateMessages == 8)
  }

  @Test func aForeignDeviceMayReportItsSensorsOneByOne() {
    let batch = fold([
      message("f", nil, at: 10, ["a": 1]), message("f", nil, at: 10, ["b": 2]),
      message("f", nil, at: 10, ["a": 1, "c": 3]),
    ])
    #expect(batch.progress.storedReadings == 3)
    #expect(batch.progress.duplicateReadings == 1)
    #expect(batch.stored.last?.values.map(\.sensor.name) == ["c"])
  }

  @Test func anIdleDeviceDoesNotHoldTheFleetBack() {
    var messages = [message("sleeper", 0, at: 10, ["a": 1])]
    for step in 0..<100 { messages.append(message("busy", Int64(step), at: Double(step) * 60, ["a": 1])) }
    let batch = fold(messages, batchSize: 1)
    #expect(batch.progress.fleetWatermark == Timestamp(milliseconds: (99 * 60 - 5) * 1000))
    // When it wakes up, its windows become visible after what jobs have read already.
    let woken = fold(messages + [message("sleeper", 1, at: 100, ["a": 1])], batchSize: 1)
    let late = woken.windows.filter { $0.device.name == "sleeper" }
    #expect(late.count == 1)
    #expect(late.allSatisfy { $0.visibleFrom > batch.progress.fleetWatermark! })
  }

  /// Any arrival order within the allowed disorder, with any duplicates, gives the windows of a naive computation.
  @Test(arguments: 0..<50) func windowsDoNotDependOnTheOrderOfArrival(seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: "order")
    var messages: [Message] = []
    for device in 0..<3 {
      for sequence in 0..<200 {
        messages.append(
          message(
            "d\(device)", Int64(sequence), at: Double(sequence) * 2,
            ["a": random.uniform(in: -1...1) * 1e6, "b": random.uniform()]))
      }
    }
    // Each message is delayed by less than the allowed disorder, and one in five comes twice.
    var arrivals = messages.map {
      (at: Double($0.timestamp.milliseconds) + random.uniform() * 4999, message: $0)
    }
    for message in messages where random.index(below: 5) == 0 {
      arrivals.append((Double(message.timestamp.milliseconds) + random.uniform() * 200_000, message))
    }
    arrivals.sort { $0.at < $1.at }
    let batch = fold(arrivals.map(\.message), batchSize: 1 + random.index(below: 50))

    #expect(batch.progress.lateMessages == 0, "seed \(seed)")
    #expect(batch.progress.storedMessages == messages.count, "seed \(seed)")
    #expect(batch.windows.allSatisfy { $0.revision == 1 }, "seed \(seed)")
    var expected: [String: [Double]] = [:]
    for message in messages where message.timestamp.milliseconds < 360_000 {
      for value in message.values {
        let key = "\(message.device)/\(value.sensor)/\(message.timestamp.milliseconds / 60_000)"
        expected[key, default: []].append(value.value)
      }
    }
    #expect(batch.windows.count == expected.count, "seed \(seed)")
    for window in batch.windows {
      let values = expected["\(window.device)/\(window.sensor)/\(window.start.milliseconds / 60_000)"]
      #expect(window.aggregates.count == values?.count, "seed \(seed)")
      #expect(window.aggregates.mean == values.map { Moments(of: $0).mean }, "seed \(seed)")
    }
  }

  /// A crash between two batches: the state is loaded from a checkpoint and the journal after it, and goes on as if
  /// nothing had happened.
  @Test(arguments: 0..<50) func aCrashChangesNothing(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "crash")
    let messages = (0..<300).map { index in
      message(
        "d\(index % 4)", random.index(below: 3) == 0 ? nil : Int64(index / 4),
        at: Double(index / 4) * 5 + random.uniform() * 60, ["a": random.uniform()])
    }
    let checkpointAt = random.index(below: 150)
    let crashAt = checkpointAt + random.index(below: 150)

    var undisturbed = IngestionFold(settings: settings, idleAfter: .seconds(3600))
    var whole = StoreBatch()
    var checkpoint: [UInt8] = []
    var stored: [(index: Int, message: Message)] = []
    var lates: [(index: Int, message: LateMessage)] = []
    var crashProgress = IngestionProgress()
    var windowsAtCrash = 0
    for (index, message) in messages.enumerated() {
      if index == checkpointAt { checkpoint = undisturbed.checkpoint() }
      if index == crashAt {
        crashProgress = undisturbed.progress
        windowsAtCrash = whole.windows.count
      }
      let before = (whole.stored.count, whole.late.count)
      undisturbed.take(message, into: &whole)
      undisturbed.finish(&whole)
      if whole.stored.count > before.0 { stored.append((index, whole.stored.last!)) }
      if whole.late.count > before.1 { lates.append((index, whole.late.last!)) }
    }

    var recovered = try IngestionFold(
      settings: settings, idleAfter: .seconds(3600), checkpoint: checkpoint, progress: crashProgress)
    for (index, message) in stored where index >= checkpointAt && index < crashAt {
      recovered.replay(message)
    }
    for (index, late) in lates where index >= checkpointAt && index < crashAt {
      if let position = late.message.position { recovered.replayLate(late.message.device, position) }
    }
    var rest = StoreBatch()
    for message in messages[crashAt...] {
      recovered.take(message, into: &rest)
      recovered.finish(&rest)
    }
    #expect(rest.windows == Array(whole.windows[windowsAtCrash...]), "seed \(seed)")
    #expect(rest.progress == whole.progress, "seed \(seed)")
  }
}

@Suite struct HoppingWindowTests {
  private let hopping = WindowSettings(
    window: .seconds(60), hop: .seconds(20), outOfOrderness: .zero, allowedLateness: .zero)

  @Test func aReadingIsInEveryWindowThatHoldsIt() {
    let batch = fold(
      (0..<30).map { message("d", Int64($0), at: 600 + Double($0) * 10, ["a": Double($0)]) }, hopping)
    let starts = batch.windows.map { $0.start.milliseconds / 1000 }
    #expect(starts == Array(stride(from: 560, through: 820, by: 20)))
    for window in batch.windows {
      let inside = (0..<30).filter { index in
        let at = 600_000 + Int64(index) * 10_000
        return window.start.milliseconds <= at && at < window.end.milliseconds
      }
      #expect(window.aggregates.count == inside.count)
      #expect(window.aggregates.min == Double(inside.first ?? -1))
      #expect(window.aggregates.max == Double(inside.last ?? -1))
    }
  }

  @Test func aReadingIsLateOnlyWhenNoWindowTakesItAnyMore() {
    let batch = fold(
      [
        message("d", 0, at: 100, ["a": 1]), message("d", 1, at: 150, ["a": 2]),
        // The windows from 60 and 80 are over; that from 100 still takes it.
        message("d", 2, at: 110, ["a": 3]), message("d", 3, at: 85, ["a": 4]),
      ], hopping)
    #expect(batch.progress.lateMessages == 1)
    #expect(batch.progress.storedMessages == 3)
  }
}

@Suite struct UnbelievableTimeTests {
  @Test func aTimeFarInTheFutureIsRejectedAndClosesNothing() {
    var fold = IngestionFold(settings: settings, idleAfter: .seconds(3600))
    fold.futureLimit = .seconds(3600)
    var batch = StoreBatch()
    let now = Timestamp(milliseconds: 1_767_225_600_000)
    func take(_ milliseconds: Int64, _ sequence: Int) {
      let payload = #"{"device":"d","epoch":1,"seq":\#(sequence),"ts":\#(milliseconds),"values":{"a":1}}"#
      let topic = Array("devices/d/telemetry".utf8)
      topic.withUnsafeBufferPointer { topic in
        Array(payload.utf8).withUnsafeBufferPointer {
          fold.take(topic: topic, payload: $0, received: now, into: &batch)
        }
      }
    }
    take(now.milliseconds, 0)
    take(now.milliseconds + 86_400_000, 1)
    take(now.milliseconds + 3_600_000, 2)
    fold.finish(&batch)
    #expect(batch.progress.rejectedMessages == 1)
    #expect(batch.rejected.first?.reason.contains("ahead of every clock") == true)
    #expect(batch.progress.storedMessages == 2)
  }
}
