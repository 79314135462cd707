import Documents
import Files
import Scenario
import StreamScoring
import TestSupport
import Testing

/// Scoring inside the stream as scenarios write it.
@Suite struct StreamDocumentTests {
  private static let text = Documents.small + "\nstream_scoring: {}"
  /// The small scenario without models and jobs.
  private static let unscored = Documents.small.split(separator: "\n", omittingEmptySubsequences: false)
    .filter { !$0.hasPrefix("model") && !$0.hasPrefix("scoring") }.joined(separator: "\n")

  private func settings(_ overrides: String..., in text: String = text) throws -> StreamScoringSettings {
    try #require(try Documents.parse(text, set: overrides).streamScoring)
  }

  private func refusals(_ overrides: [String], in text: String = text) -> [String] {
    do {
      _ = try Documents.parse(text, set: overrides)
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  /// Runs `body` with the path of an endpoint file whose only deployment has these lines.
  private func withEndpoint(_ lines: [String], _ body: (String) throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      try AtomicFile.write("def init(): pass\ndef run(files): pass\n", to: "\(folder)/score.py")
      let deployment = lines.map { "    \($0)\n" }.joined()
      try AtomicFile.write(
        "name: fleet\ndeployments:\n  own:\n\(deployment)", to: "\(folder)/endpoint.yaml")
      try body("\(folder)/endpoint.yaml")
    }
  }

  @Test func nothingMustBeSaid() throws {
    let settings = try settings()
    #expect(settings.maxBatchCount == 1000 && settings.parallelRequests == 1)
    #expect(settings.fatalCodes == .text2022)
    #expect(settings.scale == nil && settings.threads == nil && settings.queue == nil)
    #expect(!settings.needsHAProxy)
    // The models of the run's own training are served, under the name for rows of many devices.
    #expect(settings.endpoint == nil && settings.models == nil && settings.script == nil)
    #expect(settings.model == "models" && settings.awaitsTraining)
    #expect(try Documents.parse(Documents.small).streamScoring == nil)
  }

  @Test func whatIsWrittenIsRead() throws {
    let settings = try settings(
      "stream_scoring={ max_batch_count: 10000, parallel_requests: 256, fatal_codes: 2020 }",
      "serving={ replicas: 2, threads: 3, queue: 4 }")
    #expect(settings.maxBatchCount == 10_000 && settings.parallelRequests == 256)
    #expect(settings.fatalCodes == .text2020)
    #expect(settings.threads == 3 && settings.queue == 4)
    #expect(settings.scale?.minInstances == 2 && settings.scale?.maxInstances == 2)
    #expect(settings.needsHAProxy)
    let scaled = try self.settings("serving={ min_instances: 1, max_instances: 4 }")
    #expect(scaled.scale?.minInstances == 1 && scaled.scale?.maxInstances == 4 && scaled.needsHAProxy)
    #expect(try self.settings("serving={ replicas: 1 }").needsHAProxy == false)
  }

  /// A year may be written as a number and as text.
  @Test(arguments: [
    ("2020", FatalCodes.text2020), ("\"2020\"", .text2020), ("2022", .text2022), ("'2022'", .text2022),
  ])
  func yearsAreNumbersAndTexts(written: String, codes: FatalCodes) throws {
    #expect(try settings("stream_scoring.fatal_codes=\(written)").fatalCodes == codes)
  }

  @Test(arguments: [
    ("stream_scoring.fatal_codes=2021", "fatal_codes: expected 2020 or 2022"),
    ("stream_scoring.fatal_codes=none", "fatal_codes: expected 2020 or 2022"),
    ("stream_scoring.max_batch_count=0", "max_batch_count: expected a whole number of at least 1"),
    ("stream_scoring.max_batch_count=10001", "max_batch_count: expected a whole number of at most 10000"),
    ("stream_scoring.parallel_requests=0", "parallel_requests: expected a whole number of at least 1"),
    ("stream_scoring.parallel_requests=257", "parallel_requests: expected a whole number of at most 256"),
    ("stream_scoring.max_batch_size=1", "unknown key “max_batch_size”"),
    ("serving={ replicas: [1, 2] }", "replicas: one service scores the stream; give one number"),
  ])
  func whatCannotBeIsRefused(override: String, reason: String) {
    let found = refusals([override])
    #expect(found.count == 1 && found[0].contains(reason), "\(found)")
  }

  /// Only a stream asks a service that no load asks.
  @Test func aServiceWithoutLoadIsForTheStream() throws {
    #expect(try Documents.parse(Self.text, set: ["serving={ replicas: 2 }"]).serving == nil)
    let found = refusals(["serving={ replicas: 2 }"], in: Documents.small)
    #expect(found.count == 1 && found[0].contains("serving: nobody asks the service"), "\(found)")
    // Both may ask.
    let both = try Documents.parse(Self.text, set: ["serving={ replicas: 2, load: { rate: 10 } }"])
    #expect(both.serving?.trials.count == 1 && both.streamScoring?.needsHAProxy == true)
    let several = refusals(["serving={ replicas: [1, 2], load: { rate: 10 } }"])
    #expect(several.contains { $0.contains("one service scores the stream") }, "\(several)")
  }

  @Test func theReportHasAStreamWhereThereIsOne() throws {
    let expectation = ["expect=[stream.backlogged_windows == 0]"]
    #expect(try Documents.parse(Self.text, set: expectation).expectations.count == 1)
    let document = try Documents.parse(Documents.small, set: expectation)
    #expect(throws: Diagnostics.self) { try document.checkExpectations() }
  }

  // MARK: - Models

  @Test func withoutModelsThereIsNothingToAsk() {
    let found = refusals([], in: Self.unscored + "\nstream_scoring: {}")
    #expect(
      found.count == 1 && found[0].contains("stream_scoring: there are no models; give “scoring”"),
      "\(found)")
  }

  @Test func anEndpointIsServedInPlaceOfTheModels() async throws {
    try await withEndpoint(["models: trained"]) { path in
      let settings = try self.settings("serving={ endpoint: \(path) }")
      #expect(settings.endpoint == path && settings.model == "fleet" && settings.script == nil)
      #expect(settings.models?.hasSuffix("/trained") == true)
      // With models of its own it needs no jobs.
      let alone = Self.unscored + "\nstream_scoring: {}\nserving: { endpoint: \(path) }"
      #expect(try Documents.parse(alone).streamScoring?.awaitsTraining == false)
    }
    let script = "code_configuration: { code: ., scoring_script: score.py }"
    for (scope, name) in [("device", "per: device"), ("sensor", "per: sensor")] {
      try await withEndpoint([script, name]) { path in
        let settings = try self.settings("serving={ endpoint: \(path) }")
        #expect(settings.script?.rawValue == scope && settings.awaitsTraining)
      }
    }
    try await withEndpoint([script, "input: raw"]) { path in
      let found = self.refusals(["serving={ endpoint: \(path) }"])
      #expect(found.count == 1 && found[0].contains("input: raw"), "\(found)")
    }
  }

  /// Models that nobody trains would be waited for to the end of the run, and nothing be scored.
  @Test func modelsThatNobodyTrainsAreNotWaitedFor() async throws {
    try await withEndpoint(["features: [mean]"]) { path in
      let settings = try self.settings("serving={ endpoint: \(path) }")
      #expect(settings.awaitsTraining)
      let alone = Self.unscored + "\nstream_scoring: {}\nserving: { endpoint: \(path) }"
      let found = self.refusals([], in: alone)
      #expect(found.count == 1 && found[0].contains("“own” names no models"), "\(found)")
    }
  }

  // MARK: - Faults

  private static let faults = [
    "{ at: 1h10m, kill: stream }", "{ at: 1h11m, kill: stream, for: 1s }", "{ at: 1h12m, kill: replica }",
    "{ at: 1h13m, kill: haproxy }", "{ at: 1h14m, pause: stream, for: 1s }",
    "{ at: 1h15m, pause: replica, for: 1s }", "{ at: 1h16m, cut: stream, for: 1s }",
  ]

  @Test func partsOfTheStreamBreak() throws {
    let list = "faults=[\(Self.faults.joined(separator: ", "))]"
    let document = try Documents.parse(Self.text, set: [list])
    #expect(document.faults.map(\.text) == Self.faults)
    // Replicas and haproxy are there to be broken, though one replica needs none.
    #expect(document.streamScoring?.needsHAProxy == true)
    for (fault, needsHAProxy) in zip(Self.faults, [false, false, true, true, false, true, false]) {
      let settings = try self.settings("faults=[\(fault)]")
      #expect(settings.needsHAProxy == needsHAProxy, "\(fault)")
    }
  }

  @Test(arguments: faults) func onlyAStreamHasThem(fault: String) {
    let found = refusals(["faults=[\(fault)]"], in: Documents.small)
    #expect(found.count == 1 && found[0].contains("only “stream_scoring” has a "), "\(found)")
  }

  @Test(arguments: ["replica", "haproxy"]) func theServiceStartsThemAgainAtOnce(target: String) {
    let found = refusals(["faults=[{ at: 1h10m, kill: \(target), for: 1s }]"])
    #expect(found.count == 1 && found[0].contains("the service starts \(target) again by itself"), "\(found)")
  }

  @Test func haproxyIsNotPaused() {
    let found = refusals(["faults=[{ at: 1h10m, pause: haproxy, for: 1s }]"])
    #expect(
      found.contains { $0.contains("pause: expected ingestion, broker, stream or replica") }, "\(found)")
  }

  /// The stream has the same file open, and a cut of one process's power is none of the other's.
  @Test func aStreamWouldLoseItsPowerToo() async throws {
    try await withEndpoint(["models: trained"]) { path in
      let scored = Self.unscored + "\nserving: { endpoint: \(path) }\nstream_scoring: {}"
      let found = self.refusals(["faults=[{ at: 1h10m, power_cut: ingestion }]"], in: scored)
      #expect(found.count == 1 && found[0].contains("leave “stream_scoring” out"), "\(found)")
      let drawn = try Documents.parse(scored, set: ["faults=[{ random: 40, between: [10m, 100m] }]"]).faults
      #expect(drawn.count == 40 && drawn.allSatisfy { $0.kind != .powerCut })
    }
  }

  /// What a seed drew before there was any stream, written down then: it goes on meaning the same.
  @Test func randomFaultsOfOldSeedsAreThoseOfBefore() throws {
    func drawn(_ seed: UInt64, in text: String) throws -> [String] {
      try Documents.parse(text, set: ["faults=[{ random: 12, between: [10m, 100m] }]"], seed: seed).faults
        .map(\.text)
    }
    #expect(
      try drawn(42, in: Self.unscored) == [
        "{ at: 23m26s404ms, clock_step: ingestion, for: 396ms, by: 72h }",
        "{ at: 38m51s12ms, lock: store, for: 116ms }",
        "{ at: 50m26s730ms, kill: broker, saved: true }",
        "{ at: 51m15s939ms, disk_full: store, for: 303ms }",
        "{ at: 51m30s120ms, power_cut: ingestion }",
        "{ at: 51m55s930ms, disk_full: store, for: 260ms }",
        "{ at: 56m16s168ms, cut: fleet, for: 71ms }",
        "{ at: 56m19s388ms, power_cut: ingestion, for: 335ms }",
        "{ at: 1h5m20s418ms, pause: ingestion, for: 123ms }",
        "{ at: 1h5m48s975ms, clock_step: ingestion, by: 72h }",
        "{ at: 1h37m59s159ms, cut: fleet }",
        "{ at: 1h39m27s, clock_step: ingestion, for: 281ms, by: -1h }",
      ])
    // Nor does a stream in the scenario add to them.
    #expect(try drawn(42, in: Self.text) == (try drawn(42, in: Documents.small)))
  }
}
