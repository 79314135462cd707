import Files
import Foundation
import Ingestion
import MQTT
import PayloadMapping
import Telemetry
import Testing
import WindowStore

/// Payloads that a mapping says how to read, through ingestion's fold.
struct MappedPayloadTests {
  private func mapping(_ changes: (inout MessageMapping) throws -> Void = { _ in }) throws -> PayloadMapping {
    var entry = MessageMapping(topics: [try TopicPattern("plant/{device}")])
    entry.records = try PayloadPath("r.*")
    entry.time = MappedTime(paths: [try PayloadPath("t")], unit: .milliseconds)
    try changes(&entry)
    return PayloadMapping(
      name: "plant", messages: [.ignoring([try TopicPattern("plant/+/log")]), entry])
  }

  private func fold(_ mapping: PayloadMapping?) -> IngestionFold {
    var fold = IngestionFold(
      settings: WindowSettings(
        window: .seconds(60), hop: nil, outOfOrderness: .seconds(5), allowedLateness: .seconds(30)),
      idleAfter: .seconds(3600))
    fold.reader = PayloadReader(mapping)
    return fold
  }

  private func take(
    _ payload: some Sequence<UInt8>, on topic: String = "plant/a", packetID: UInt16 = 0,
    received: Int64 = 1_000_000, _ fold: inout IngestionFold, _ batch: inout StoreBatch
  ) {
    Array(topic.utf8).withUnsafeBufferPointer { topic in
      Array(payload).withUnsafeBufferPointer { payload in
        fold.take(
          topic: topic, payload: payload, .init(packetID: packetID),
          received: Timestamp(milliseconds: received), into: &batch)
      }
    }
  }

  @Test func everyValueHasItsPlace() throws {
    var fold = fold(try mapping())
    var batch = StoreBatch()
    take(#"{"r":[{"t":1000,"x":1,"y":"?"},{"t":2000,"x":2},{"x":3}]}"#.utf8, &fold, &batch)
    #expect(batch.stored.map(\.timestamp.milliseconds) == [1000, 2000])
    #expect(batch.rejected.map(\.readings) == [2])
    #expect(
      batch.rejected[0].reason
        == "2 values are not taken: record 3: there is no time: “t” is missing; "
        + "record 1: “y” is the text “?”, which is no number")
    #expect(fold.progress.storedReadings == 2 && fold.progress.rejectedReadings == 2)
    // The same once more is a duplicate, and what is new in it is not.
    take(#"{"r":[{"t":1000,"x":1},{"t":2000,"z":2}]}"#.utf8, &fold, &batch)
    #expect(fold.progress.duplicateReadings == 1 && fold.progress.storedReadings == 3)
  }

  /// Records are of devices of their own: that one came before says nothing of the others.
  @Test func whatIsRefusedBesideADuplicateHasItsReason() throws {
    var fold = fold(try gateway())
    fold.sessionBegan(resumed: false)
    var batch = StoreBatch()
    take(#"{"r":[{"id":"a","t":1000,"x":1}]}"#.utf8, packetID: 1, &fold, &batch)
    let more = #"{"r":[{"id":"a","t":1000,"x":1},{"id":"c","t":1000,"x":"bad"},{"id":"d","t":"x","x":7}]}"#
    take(more.utf8, packetID: 2, &fold, &batch)
    #expect(fold.progress.duplicateReadings == 1 && fold.progress.rejectedReadings == 2)
    #expect(batch.rejected.map(\.readings) == [2])
    // The broker delivers it once more: of that everything came before.
    fold.sessionBegan(resumed: true)
    take(more.utf8, packetID: 2, &fold, &batch)
    #expect(fold.progress.duplicateReadings == 4 && fold.progress.rejectedReadings == 2)
    #expect(batch.rejected.count == 1)
  }

  /// A node with a wrong clock does not cost the readings of its gateway.
  @Test func aTimeTooFarInTheFutureCostsItsDevice() throws {
    var fold = fold(try gateway())
    fold.futureLimit = .seconds(3600)
    var batch = StoreBatch()
    take(
      #"{"r":[{"id":"a","t":1000,"x":1},{"id":"b","t":9999999,"x":2},{"id":"c","t":1000,"x":3}]}"#.utf8,
      &fold,
      &batch)
    #expect(batch.stored.map(\.device.name) == ["a", "c"])
    #expect(fold.progress.storedReadings == 2 && fold.progress.rejectedReadings == 1)
    #expect(batch.rejected.count == 1)
    #expect(
      batch.rejected[0].reason.contains("“x” of “b” is not taken: the time 1970-01-01T02:46:39.999Z is more"))
    // Where nobody else is in it the payload is rejected as a whole.
    take(#"{"r":[{"id":"b","t":9999999,"x":2}]}"#.utf8, &fold, &batch)
    #expect(fold.progress.rejectedMessages == 1 && batch.rejected.last?.readings == nil)
  }

  private func gateway() throws -> PayloadMapping {
    try mapping {
      $0.topics = [try TopicPattern("plant/+")]
      $0.names = [.init(name: "device", paths: [try PayloadPath("id")])]
      $0.device = try NameTemplate("{device}")
    }
  }

  @Test func whatIsIgnoredIsNoMessage() throws {
    var fold = fold(try mapping())
    var batch = StoreBatch()
    take("anything".utf8, on: "plant/a/log", &fold, &batch)
    #expect(fold.progress.deliveries == 1 && fold.progress.messages == 0 && batch.rejected.isEmpty)
    #expect(fold.reader.ignored == 1)
    take("anything".utf8, on: "elsewhere", &fold, &batch)
    #expect(
      batch.rejected.map(\.reason) == [
        "the payload is not a message: no topic of the mapping matches “elsewhere”"
      ])
  }

  @Test func aTimeOfArrivalIsToldByTheDelivery() throws {
    let mapping = try mapping {
      $0.records = nil
      $0.time = .arrival
    }
    var fold = fold(mapping)
    var batch = StoreBatch()
    take(#"{"x":1}"#.utf8, packetID: 7, received: 1_000_000, &fold, &batch)
    #expect(batch.marks.count == 1)
    fold.sessionBegan(resumed: true)
    take(#"{"x":1}"#.utf8, packetID: 7, received: 1_000_250, &fold, &batch)
    #expect(fold.progress.storedMessages == 1 && fold.progress.duplicateMessages == 1)
    // Another delivery of the same bytes is another reading.
    take(#"{"x":1}"#.utf8, packetID: 8, received: 1_000_500, &fold, &batch)
    #expect(fold.progress.storedMessages == 2)
  }

  @Test func numbersOfTheDeviceTellDuplicates() throws {
    let mapping = try mapping {
      $0.epoch = try PayloadPath("e")
      $0.sequence = try PayloadPath("s")
    }
    var fold = fold(mapping)
    var batch = StoreBatch()
    let payload = #"{"r":[{"t":1000,"e":0,"s":0,"x":1},{"t":2000,"e":0,"s":1,"x":1}]}"#
    take(payload.utf8, packetID: 7, &fold, &batch)
    take(payload.utf8, packetID: 9, &fold, &batch)
    #expect(fold.progress.storedMessages == 2 && fold.progress.duplicateMessages == 2)
    // What has numbers needs no mark, which costs a digest.
    #expect(batch.marks.isEmpty)
  }

  @Test func nothingOfAPayloadIsTakenWhereATimeIsNotBelieved() throws {
    var fold = fold(try mapping())
    fold.futureLimit = .seconds(600)
    var batch = StoreBatch()
    take(#"{"r":[{"t":1000000,"x":1},{"t":9000000,"x":2}]}"#.utf8, &fold, &batch)
    #expect(batch.stored.isEmpty && batch.rejected.count == 1 && fold.progress.rejectedMessages == 1)
  }

  @Test func settingsKeepTheMapping() throws {
    var settings = IngestionSettings(
      broker: try #require(BrokerAddress("mqtt://127.0.0.1:1883")), topic: "", clientID: "c", store: "s",
      rules: IngestionRules(
        windows: WindowSettings(
          window: .seconds(60), hop: nil, outOfOrderness: .seconds(5), allowedLateness: .seconds(30))))
    #expect(settings.problems.map(\.setting) == ["topic"])
    settings.payload = try mapping {
      $0.enumeration = [.init(text: "ON", number: 1), .init(text: "?", number: nil)]
    }
    #expect(settings.problems.isEmpty && settings.filters == ["plant/+"])
    let path = NSTemporaryDirectory() + "mapping-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try JSONFile.write(settings, to: path)
    #expect(try IngestionSettings(path: path) == settings)
    settings.payload?.messages[1].sequence = try PayloadPath("s")
    #expect(settings.problems.first?.reason.hasPrefix("messages[1].sequence: ") == true)
    settings.topic = "a/+"
    #expect(settings.filters == ["a/+"])
  }

  /// Random bytes, and payloads that were damaged a little: every message is in exactly one place.
  @Test(.timeLimit(.minutes(30)), arguments: 0..<60) func everyMessageIsInOnePlace(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, stream: "mapped fold")
    let format = MessageMapping.Format.allCases[Int(seed) % 3]
    let mapping = try mapping {
      $0.format = format
      if format != .json { $0.records = nil }
      if format == .text {
        $0.time = .arrival
        $0.sensor = try NameTemplate("v")
      } else if format == .lineProtocol {
        $0.time = MappedTime(
          paths: [try PayloadPath("timestamp")], unit: .milliseconds, isOtherwiseArrival: true)
        $0.values = [.init(path: try PayloadPath("fields"))]
      }
      $0.texts = MessageMapping.TextPolicy.allCases[random.index(below: 4)]
      $0.ignoresWithoutValues = random.index(below: 2) == 0
    }
    #expect(mapping.problems.isEmpty)
    let good: [String] =
      switch format {
      case .json:
        [
          #"{"r":[{"t":61000,"x":1.5,"y":"2"},{"t":62000,"x":[],"z":true}]}"#,
          #"{"r":[{"t":61000,"\u0078":null}]}"#,
        ]
      case .text: ["21.5", "\"on\"", " 7\n"]
      case .lineProtocol: ["m,a=b x=1.5,y=2i,z=\"t\" 61000\nm x=t\n", "m\\ n,a=b x=1 62000"]
      }
    var fold = fold(mapping)
    fold.latePolicy = [.keep, .drop, .adjust][random.index(below: 3)]
    var batch = StoreBatch()
    var taken = 0
    for _ in 0..<200 {
      var payload = Array(good[random.index(below: good.count)].utf8)
      for _ in 0..<random.index(below: 4) where !payload.isEmpty {
        let place = random.index(below: payload.count)
        switch random.index(below: 4) {
        case 0: payload[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: payload.remove(at: place)
        case 2: payload.insert(payload[random.index(below: payload.count)], at: place)
        default: payload.removeLast(payload.count - place)
        }
      }
      if random.index(below: 8) == 0 {
        payload = (0..<random.index(below: 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      }
      let topic = ["plant/a", "plant/b c", "plant/a/log", "x"][random.index(below: 4)]
      let before = fold.progress
      let ignored = fold.reader.ignored
      take(payload, on: topic, received: 60_000 + Int64(taken), &fold, &batch)
      taken += 1
      let news = fold.progress.messages - before.messages
      #expect((news == 0) == (fold.reader.ignored > ignored), "seed \(seed): \(payload)")
    }
    fold.finish(&batch)
    let progress = fold.progress
    #expect(progress.deliveries == taken)
    let lateMessages = progress.lateMessages + progress.droppedMessages * (fold.latePolicy == .drop ? 0 : 1)
    #expect(
      progress.messages
        == progress.storedMessages + lateMessages + progress.duplicateMessages + progress.rejectedMessages,
      "seed \(seed): \(progress)")
    // Every one that was rejected as a whole, and every value that was, has its row.
    #expect(batch.rejected.count { $0.readings == nil } == progress.rejectedMessages, "seed \(seed)")
    #expect(batch.rejected.compactMap(\.readings).reduce(0, +) == progress.rejectedReadings, "seed \(seed)")
    #expect(batch.stored.reduce(0) { $0 + $1.values.count } == progress.storedReadings, "seed \(seed)")
    #expect(batch.rejected.allSatisfy { !$0.reason.isEmpty })
  }
}
