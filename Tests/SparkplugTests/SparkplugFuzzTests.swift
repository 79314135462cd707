import Sparkplug
import Telemetry
import TestSupport
import Testing

/// Payloads that nobody would write.
@Suite struct SparkplugFuzzTests {
  /// Whatever comes, every reading is sound, and a restart in between changes nothing but what the births of before had said last.
  @Test(arguments: [UInt64(1), 2, 3, 4])
  func nothingBreaksIt(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var plant = Plant(SparkplugSettings(rebirth: .ask))
    var kept: [String: SparkplugLife] = [:]
    var counts = (read: 0, refused: 0, readings: 0)
    for step in 0..<6_000 {
      let (topic, bytes) = DamagedSparkplug.next(&generator)
      do {
        let reading = try plant.read(topic, bytes, now: Int64(step))
        counts.read += 1
        for message in reading.messages {
          counts.readings += message.values.count
          #expect(!message.values.isEmpty && message.values.count <= PayloadCodec.maximumValues)
          let areFinite = message.values.allSatisfy { $0.value.isFinite }
          #expect(areFinite)
          #expect(Set(message.values.map(\.sensor)).count == message.values.count)
          #expect((message.position?.sequence ?? -1) >= 0)
          #expect((0...PayloadCodec.latestTimestamp).contains(message.timestamp.milliseconds))
        }
      } catch {
        #expect(error is PayloadError)
        counts.refused += 1
      }
      for life in plant.state.takeChanges() {
        var life = life
        life.birth = life.birth ?? kept[life.path]?.birth
        kept[life.path] = life
      }
      _ = plant.state.rebirths(nowMs: Int64(step) * 100)
      if step % 500 == 499 {
        plant.state = try SparkplugState(
          plant.state.settings, lives: kept.values.sorted { $0.path < $1.path })
      }
    }
    #expect(counts.read > 1500 && counts.refused > 600 && counts.readings > 300, "seed \(seed): \(counts)")
  }

  /// Messages within messages, far deeper than anybody's stack.
  @Test func nestingCostsNothing() throws {
    var nested = Fields().double(13, 1).bytes
    for _ in 0..<6_000 { nested = Fields().data(18, nested).bytes }
    var plant = Plant()
    let reading = try plant.read(
      "spBv1.0/g/NDATA/n",
      sparkplugPayload(
        [sparkplugMetric("a", type: 19).data(18, nested), sparkplugMetric("b").double(13, 2)], at: 1, seq: 0))
    #expect(reading.texts == ["g.n/b=2.0@1#0.0"])
    #expect(reading.refused.reasons == ["“a” is a template, which is no reading"])
    let groups = [UInt8](repeating: 0x0B, count: 100_000)
    #expect(throws: PayloadError.self) { try plant.read("spBv1.0/g/NDATA/n", groups) }
  }

  @Test func whatIsTooLargeIsRefused() throws {
    var plant = Plant()
    let large = [UInt8](repeating: 0, count: SparkplugLimits.maximumBytes + 1)
    let error = #expect(throws: PayloadError.self) { try plant.read("spBv1.0/g/NDATA/n", large) }
    #expect("\(error!)".contains("it has 1048577 bytes; at most 1048576 are read"))
    let many = sparkplugPayload([Fields](repeating: Fields(), count: 40_000), at: 1, seq: 0)
    let other = #expect(throws: PayloadError.self) { try plant.read("spBv1.0/g/NDATA/n", many) }
    #expect("\(other!)".contains("it has 40000 metrics"))
  }

  /// More values of one instant than a message may have become several.
  @Test func manyMetricsOfOneInstant() throws {
    var plant = Plant()
    let reading = try plant.read(
      "spBv1.0/g/NDATA/n",
      sparkplugPayload((0..<600).map { sparkplugMetric("m\($0)").double(13, 1) }, at: 1, seq: 0))
    #expect(reading.messages.map(\.values.count) == [256, 256, 88])
  }

  /// The history of two metrics, each instant a message, with some told twice.
  @Test(arguments: [20, 10_000]) func aHistoryOfManyInstants(count: UInt64) throws {
    var plant = Plant()
    var metrics: [Fields] = []
    for number in 0..<count {
      for name in ["a", "b"] {
        metrics.append(sparkplugMetric(name, at: 1000 + number).int(5, 1).double(13, Double(number)))
      }
      if number % 4 == 0 { metrics.append(sparkplugMetric("a", at: 1000 + number).int(5, 1).double(13, -1)) }
    }
    let reading = try plant.read(
      "spBv1.0/g/NDATA/n", sparkplugPayload(metrics.shuffledInHalves, at: 1, seq: 0))
    #expect(reading.messages.count == count && reading.refused.count == count / 4)
    #expect(reading.messages.allSatisfy { $0.values.count == 2 && $0.values[0].value >= 0 })
  }
}

extension [Fields] {
  /// The first half behind the second.
  fileprivate var shuffledInHalves: [Fields] { Array(self[(count / 2)...] + self[..<(count / 2)]) }
}
