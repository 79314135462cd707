import Ingestion
import Telemetry
import Testing
import WindowStore

private let settings = WindowSettings(
  window: .seconds(60), outOfOrderness: .seconds(5), allowedLateness: .seconds(30))

@Suite struct LatePolicyTests {
  private let messages = [
    message("d", 0, at: 10, ["a": 1]), message("d", 1, at: 200, ["a": 2]),
    message("d", 2, at: 20, ["a": 3, "b": 4]), message("d", 2, at: 20, ["a": 3, "b": 4]),
  ]

  @Test func droppedReadingsAreCountedAndNamed() {
    let batch = fold(messages, settings, .drop)
    #expect(batch.late.isEmpty && batch.dropped.map(\.message.position?.sequence) == [2])
    #expect(batch.dropped[0].lateBy == .seconds(175))
    #expect(batch.progress.lateReadings == 2 && batch.progress.droppedReadings == 2)
    #expect(batch.progress.duplicateMessages == 1)
  }

  @Test func adjustedReadingsAreStoredAtTheEarliestTimeThatIsNeverLate() {
    let batch = fold(messages, settings, .adjust)
    #expect(batch.adjusted.map(\.original.milliseconds) == [20_000])
    // The watermark is 195, the allowed lateness 30.
    #expect(batch.stored.last?.timestamp.milliseconds == 165_000)
    #expect(batch.progress.lateMessages == 0 && batch.progress.adjustedReadings == 2)
    #expect(batch.progress.storedReadings == 4)
    let window = batch.windows.filter { $0.start.milliseconds == 120_000 }
    #expect(window.map(\.aggregates.count) == [1, 1])
  }

  /// Foreign messages are told apart by the time that they came with, whatever time they are stored with.
  @Test func whatIsMovedToOneInstantIsNotTakenForADuplicate() {
    let late = [
      message("f", nil, at: 200, ["a": 1]), message("f", nil, at: 20, ["a": 2]),
      message("f", nil, at: 10, ["a": 3]),
      message("f", nil, at: 20, ["a": 2]), message("f", nil, at: 165, ["a": 4]),
      message("f", nil, at: 165, ["a": 4]),
    ]
    let batch = fold(late, settings, .adjust)
    #expect(batch.stored.map { Int($0.timestamp.milliseconds) } == [200_000, 165_000, 165_000, 165_000])
    #expect(batch.adjusted.map(\.place) == [1, 2])
    #expect(batch.progress.duplicateMessages == 2 && batch.progress.adjustedMessages == 2)
    // In the order of the times that they came with.
    let rows = standing(fold(late + [message("f", nil, at: 1000, ["a": 5])], settings, .adjust).windows)
    let moved = rows.first { $0.start.milliseconds == 120_000 }
    #expect(moved?.aggregates.count == 3 && moved?.aggregates.first == 3 && moved?.aggregates.last == 4)
  }

  private func described(_ rows: [WindowRow]) -> [String] {
    standing(rows).map {
      "\($0.device) \($0.sensor) \($0.start)–\($0.end) revision \($0.revision): \($0.aggregates)"
    }
  }

  /// Whatever arrives, under every policy and kind of window: each message is stored, late, a duplicate, or rejected because it
  /// contradicts another of the same instant, and what is stored can be folded again from the journal.
  @Test(arguments: 0..<60) func theAccountCloses(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "policies")
    let kinds = [
      settings,
      WindowSettings(
        window: .seconds(60), hop: .seconds(20), outOfOrderness: .seconds(5), allowedLateness: .zero),
      WindowSettings(
        window: .seconds(300), sessionGap: .seconds(8), outOfOrderness: .zero, allowedLateness: .seconds(10)),
      WindowSettings(window: WindowSettings.snapshot, outOfOrderness: .zero, allowedLateness: .seconds(20)),
    ]
    let kind = kinds[random.index(below: kinds.count)]
    let messages = (0..<400).map { index in
      let isForeign = random.index(below: 3) == 0
      return message(
        isForeign ? "f" : "d", isForeign ? nil : Int64(random.index(below: 300)),
        at: (Double(index) * 2 + random.uniform() * 200 * Double(random.index(below: 2))).rounded(),
        ["a": random.uniform()])
    }
    for policy in LatePolicy.allCases {
      let batch = fold(messages, kind, policy)
      let progress = batch.progress
      #expect(progress.messages == 400, "seed \(seed)")
      #expect(
        progress.storedMessages + progress.duplicateMessages + progress.lateMessages
          + progress.rejectedMessages == 400, "seed \(seed)")
      #expect(batch.rejected.count == progress.rejectedMessages, "seed \(seed)")
      #expect(batch.stored.count == progress.storedMessages, "seed \(seed)")
      #expect(batch.late.count + batch.dropped.count == progress.lateMessages, "seed \(seed)")
      #expect(batch.dropped.count == progress.droppedMessages, "seed \(seed)")
      #expect(batch.adjusted.count == progress.adjustedMessages, "seed \(seed)")
      if policy == .adjust { #expect(progress.lateMessages == 0, "seed \(seed)") }

      // The journal, folded by one that starts with it, closes the same windows later on.
      let end = message("d", 100_000, at: 5000, ["a": 1])
      let foreignEnd = message("f", nil, at: 5000, ["a": 1])
      var recovered = try IngestionFold(
        settings: kind, idleAfter: .seconds(3600), checkpoint: nil, progress: progress)
      recovered.latePolicy = policy
      let originals = Dictionary(uniqueKeysWithValues: batch.adjusted.map { ($0.place, $0.original) })
      for (place, message) in batch.stored.enumerated() {
        recovered.replay(message, original: originals[place])
      }
      for late in batch.late + batch.dropped {
        if let position = late.message.position { recovered.replayLate(late.message.device, position) }
      }
      var rest = StoreBatch()
      recovered.take(end, into: &rest)
      recovered.take(foreignEnd, into: &rest)
      let whole = fold(messages + [end, foreignEnd], kind, policy)
      #expect(described(batch.windows + rest.windows) == described(whole.windows), "seed \(seed)")
    }
  }
}
