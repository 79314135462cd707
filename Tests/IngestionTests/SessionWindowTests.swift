import ExactArithmetic
import Foundation
import Ingestion
import Telemetry
import Testing
import WindowStore

private let sessions = WindowSettings(
  window: .seconds(600), sessionGap: .seconds(30), outOfOrderness: .seconds(5),
  allowedLateness: .seconds(120))

/// A row in words, to be compared at a glance.
private func words(_ row: WindowRow) -> String {
  "\(row.sensor)@\(row.start.milliseconds / 1000)-\(row.end.milliseconds / 1000)"
    + "r\(row.revision)" + (row.isWithdrawn ? " withdrawn" : " n\(row.aggregates.count)")
}

@Suite struct SessionWindowTests {
  @Test func aSilenceEndsASession() {
    let batch = fold(
      [
        message("d", 0, at: 10, ["a": 1]), message("d", 1, at: 39, ["a": 2, "b": 5]),
        // 30 seconds after the last reading is the first instant outside.
        message("d", 2, at: 69, ["a": 3]), message("d", 3, at: 200, ["a": 4]),
      ], sessions)
    #expect(batch.windows.map(words) == ["a@10-69r1 n2", "b@10-69r1 n1", "a@69-99r1 n1"])
    #expect(batch.windows.allSatisfy { $0.visibleFrom == $0.end })
  }

  @Test func aSessionWithoutAnEndIsCutAtTheMultiplesOfTheWindow() {
    let messages = (0..<150).map { message("d", Int64($0), at: 500 + Double($0) * 10, ["a": 1]) }
    let batch = fold(messages, sessions)
    #expect(batch.windows.map(words) == ["a@500-600r1 n10", "a@600-1200r1 n60", "a@1200-1800r1 n60"])
  }

  @Test func aLateReadingJoinsTwoSessionsAndTakesTheSecondBack() {
    let batch = fold(
      [
        message("d", 0, at: 10, ["a": 1]), message("d", 1, at: 60, ["a": 2, "b": 7]),
        message("d", 2, at: 130, ["a": 9]), message("d", 3, at: 35, ["a": 3]),
      ], sessions)
    #expect(
      batch.windows.map(words) == [
        "a@10-40r1 n1", "a@60-90r1 n1", "b@60-90r1 n1",
        "a@60-90r2 withdrawn", "b@60-90r2 withdrawn", "a@10-90r2 n3", "b@10-90r1 n1",
      ])
    #expect(standing(batch.windows).map(words) == ["a@10-90r2 n3", "b@10-90r1 n1"])
  }

  @Test func aReadingBeforeItsBeginningGivesASessionAnotherName() {
    let batch = fold(
      [
        message("d", 0, at: 60, ["a": 1]), message("d", 1, at: 130, ["a": 9]),
        message("d", 2, at: 40, ["b": 3]),
      ], sessions)
    #expect(
      batch.windows.map(words) == ["a@60-90r1 n1", "a@60-90r2 withdrawn", "a@40-90r1 n1", "b@40-90r1 n1"])
  }

  @Test func aReadingThatReachesBeyondTheWatermarkOpensASessionAgain() {
    let first = [
      message("d", 0, at: 10, ["a": 1]), message("d", 1, at: 46, ["a": 9]), message("d", 2, at: 30, ["a": 2]),
    ]
    // 10–40 was over at the watermark 41; with a reading at 30 it lasts until 46 at least, and goes on.
    #expect(fold(first, sessions).windows.map(words) == ["a@10-40r1 n1", "a@10-40r2 withdrawn"])
    let batch = fold(first + [message("d", 3, at: 200, ["a": 5])], sessions)
    #expect(batch.windows.last.map(words) == "a@10-76r3 n3")
    #expect(standing(batch.windows).count == 1)
  }

  @Test func aReadingIsLateWhenTheSessionItWouldFormIsOver() {
    let last = message("d", 1, at: 300, ["a": 9])
    // The watermark is 295; a session of its own from 145 on ends at 175, and is final at 295.
    let inTime = fold(
      [message("d", 0, at: 10, ["a": 1]), last, message("d", 2, at: 146, ["a": 2])], sessions)
    #expect(inTime.late.isEmpty)
    let tooLate = fold(
      [message("d", 0, at: 10, ["a": 1]), last, message("d", 2, at: 145, ["a": 2])], sessions)
    #expect(tooLate.late.count == 1)
  }

  /// The sessions of readings in the plainest way: sorted, cut at silences and multiples, those that are over.
  private func naive(_ messages: [Message], watermarks: [String: Int64]) -> [String] {
    var rows: [String] = []
    for (device, messages) in Dictionary(grouping: messages, by: \.device.name) {
      var groups: [[Message]] = []
      for message in messages.sorted(by: {
        ($0.timestamp, $0.position!.sequence) < ($1.timestamp, $1.position!.sequence)
      }) {
        if let last = groups.last?.last, message.timestamp - last.timestamp < sessions.sessionGap!,
          message.timestamp.milliseconds / 600_000 == last.timestamp.milliseconds / 600_000
        {
          groups[groups.count - 1].append(message)
        } else {
          groups.append([message])
        }
      }
      for group in groups {
        let start = group[0].timestamp.milliseconds
        let end = min(group.last!.timestamp.milliseconds + 30_000, (start / 600_000 + 1) * 600_000)
        guard end <= watermarks[device]! else { continue }
        for sensor in Set(group.flatMap { $0.values.map(\.sensor) }) {
          let values = group.flatMap { $0.values.filter { $0.sensor == sensor }.map(\.value) }
          rows.append(
            "\(device)/\(sensor)/\(start)/\(end)/\(values.count)/\(Moments(of: values).mean)"
          )
        }
      }
    }
    return rows.sorted()
  }

  private func described(_ rows: [WindowRow]) -> [String] {
    standing(rows).map {
      "\($0.device)/\($0.sensor)/\($0.start.milliseconds)/\($0.end.milliseconds)/\($0.aggregates.count)"
        + "/\($0.aggregates.mean)"
    }.sorted()
  }

  /// Bursts and silences, arriving in any order within the allowed lateness: what stands are the sessions of a naive
  /// computation, revisions follow each other, and a crash in between changes nothing.
  @Test(arguments: 0..<100) func sessionsDoNotDependOnTheOrderOfArrival(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "sessions")
    var arrivals: [(at: Double, message: Message)] = []
    var watermarks: [String: Int64] = [:]
    for device in ["d1", "d2"] {
      var time = 1000.0
      for sequence in 0..<150 {
        time += random.index(below: 4) == 0 ? random.uniform() * 90 : random.uniform() * 12
        var values = ["a": random.uniform(in: -1...1) * 1e6]
        if random.index(below: 3) == 0 { values["b"] = random.uniform() }
        // Whatever overtakes it, the watermark stays below the end of its session and the lateness.
        arrivals.append(
          (time + random.uniform() * 120, message(device, Int64(sequence), at: time, values)))
      }
      watermarks[device] =
        arrivals.filter { $0.message.device.name == device }.map(\.message.timestamp.milliseconds).max()!
        - 5000
    }
    let messages = arrivals.sorted { $0.at < $1.at }.map(\.message)
    let batch = fold(messages, batchSize: 1 + random.index(below: 30), sessions)
    #expect(batch.late.isEmpty, "seed \(seed)")
    #expect(described(batch.windows) == naive(messages, watermarks: watermarks), "seed \(seed)")
    for rows in Dictionary(grouping: batch.windows, by: { "\($0.device)/\($0.sensor)/\($0.start)" }).values {
      #expect(rows.map(\.revision) == Array(1...rows.count), "seed \(seed)")
      #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.visibleFrom <= $1.visibleFrom }, "seed \(seed)")
    }

    let checkpointAt = random.index(below: 150)
    let crashAt = checkpointAt + random.index(below: 100)
    var before = IngestionFold(settings: sessions, idleAfter: .seconds(3600))
    var rows = StoreBatch()
    var checkpoint: [UInt8] = []
    for (index, message) in messages[..<crashAt].enumerated() {
      if index == checkpointAt { checkpoint = before.checkpoint() }
      before.take(message, into: &rows)
    }
    if checkpointAt == crashAt { checkpoint = before.checkpoint() }
    var after = try IngestionFold(
      settings: sessions, idleAfter: .seconds(3600), checkpoint: checkpoint, progress: before.progress)
    for message in messages[checkpointAt..<crashAt] { after.replay(message) }
    for message in messages[crashAt...] { after.take(message, into: &rows) }
    #expect(described(rows.windows) == described(batch.windows), "seed \(seed)")
  }
}

@Suite struct SnapshotWindowTests {
  @Test func aSnapshotHoldsTheReadingsOfOneInstant() {
    let snapshots = WindowSettings(
      window: WindowSettings.snapshot, outOfOrderness: .seconds(1), allowedLateness: .seconds(5))
    let batch = fold(
      [
        message("d", 0, at: 10, ["a": 1]), message("d", 1, at: 10, ["a": 3]),
        message("d", 2, at: 10.001, ["a": 5]), message("d", 3, at: 12, ["a": 0]),
        message("d", 4, at: 10, ["a": 8]),
      ], snapshots)
    #expect(
      standing(batch.windows).map { "\($0.start.milliseconds)n\($0.aggregates.count)=\($0.aggregates.mean)" }
        == ["10000n3=4.0", "10001n1=5.0"])
    #expect(batch.windows.allSatisfy { $0.end == $0.start + .milliseconds(1) })
  }
}
