import Documents
import HTTPLoad
import Scenario
import Testing

/// The scoring service of a run as scenarios write it.
@Suite struct ServingDocumentTests {
  private static let endpoint = "\(Documents.folder)/endpoints/faq.yaml"
  private static let text = Documents.small + "\nserving: { load: { rate: 100 } }"

  private func settings(_ overrides: String...) throws -> ServingSettings {
    try #require(try Documents.parse(Self.text, set: overrides).serving)
  }

  private func refusals(_ overrides: String...) -> [String] {
    do {
      _ = try Documents.parse(Self.text, set: overrides)
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  @Test func aRateIsAllThatMustBeSaid() throws {
    let settings = try settings()
    #expect(settings.endpoint == nil && settings.spoken == .oip && settings.content == .windows)
    #expect(settings.trials.count == 1 && !settings.needsHAProxy)
    #expect(settings.trials[0].scale.minInstances == 1 && settings.trials[0].scale.maxInstances == 1)
    let plan = settings.trials[0].plan
    #expect(plan.stages == [.init(rate: 100, duration: .seconds(30))])
    #expect(plan.spacing == .poisson && plan.seed == 7)
    #expect(try Documents.parse(Documents.small).serving == nil)
  }

  @Test func eachNumberOfReplicasIsTriedWithEachNumberOfRows() throws {
    let settings = try settings(
      "serving.replicas=[1, 4]", "serving.load={ row_rate: 1000, rows: [10, 50], for: 5s, arrivals: even }")
    #expect(settings.needsHAProxy)
    #expect(settings.trials.map(\.scale.maxInstances) == [1, 1, 4, 4])
    #expect(settings.trials.map(\.rowsPerRequest) == [10, 50, 10, 50])
    // The same rows a second, in fewer requests.
    #expect(settings.trials.map { $0.plan.stages[0].rate } == [100, 20, 100, 20])
    #expect(settings.trials.allSatisfy { $0.plan.spacing == .even && $0.plan.duration == .seconds(5) })
  }

  @Test func replicasMayComeAndGo() throws {
    let settings = try settings("serving.max_instances=4", "serving.min_instances=2")
    #expect(settings.trials.map(\.scale.minInstances) == [2] && settings.trials[0].scale.maxInstances == 4)
    #expect(settings.needsHAProxy)
  }

  @Test func stagesAndWhatIsSent() throws {
    let stages = try settings(
      "serving.load={ stages: [{ rate: 10, for: 2s }, { rate: 0, for: 1s }, { rate: 20, for: 2s }] }")
    #expect(stages.trials[0].plan.stages.map(\.rate) == [10, 0, 20])
    #expect(stages.trials[0].plan.duration == .seconds(5))
    let own = try settings(
      "serving.endpoint=\(Self.endpoint)",
      "serving.load={ rate: 1, body: \(Self.endpoint), connections: 3, timeout: 1s }")
    #expect(own.endpoint == Self.endpoint && own.content == .file(Self.endpoint) && own.spoken == .azure)
    #expect(own.trials.map(\.connections) == [3] && own.timeout == .seconds(1))
    #expect(try settings("serving.load={ rate: 1, features: 12, binary: true }").isBinary)
    let inference = try settings(
      "serving.endpoint=\(Self.endpoint)", "serving.load={ rate: 1, protocol: oip }")
    #expect(inference.spoken == .oip)
  }

  @Test(arguments: [
    ("serving.load={ row_rate: 100, rate: 10 }", "rate"),
    ("serving.load={}", "rate"),
    ("serving.load={ rate: 0 }", "a number above zero"),
    ("serving.load={ stages: [{ rate: 0, for: 1s }] }", "no stage has a rate above 0"),
    ("serving.load={ stages: [{ rate: 1 }] }", "for"),
    ("serving.load={ stages: [{ rate: 1, for: 1s }], for: 2s }", "for"),
    ("serving.load={ rate: 1, for: 25h }", "24h is the longest"),
    ("serving.load={ rate: 1, rows: 0 }", "a whole number of at least 1"),
    ("serving.replicas=[1, 1e0]", "given twice"),
    ("serving.load={ rate: 1, connections: [2, 0x2] }", "given twice"),
    ("serving.load={ rate: 1, rows: [1, no] }", "a whole number of at least 1"),
    ("serving.load={ rate: 1, protocol: azure, binary: true }", "only oip has binary tensors"),
    ("serving.load={ rate: 1, timeout: 11m }", "10m at most"),
    ("serving.load={ rate: 1, features: 3, body: a.json }", "body"),
    ("serving.endpoint=nowhere.yaml", "nowhere.yaml"),
    ("serving.load={ rate: 1, body: nowhere.json }", "nowhere.json"),
    ("serving.replicas=0", "at least 1"), ("serving.replicas=65", "64 is the most"),
    ("serving.replicas=[]", "a list"),
    ("serving.min_instances=2", "max_instances"),
    ("serving={ min_instances: 3, max_instances: 2, load: { rate: 1 } }", "fewer than those that stay"),
    ("serving={ replicas: 2, max_instances: 2, load: { rate: 1 } }", "replicas"),
    ("serving={ replicas: 2 }", "load"),
    (
      "serving={ replicas: [1, 2, 3, 4, 5, 6, 7, 8, 9], load: { rate: 1, rows: [1, 2, 3, 4, 5, 6, 7, 8] } }",
      "72 trials"
    ),
  ])
  func whatCannotBeIsRefused(override: String, reason: String) {
    let found = refusals(override)
    #expect(found.contains { $0.contains(reason) }, "\(found)")
    // Once, and not once a trial.
    #expect(Set(found).count == found.count, "\(found)")
  }

  /// Without models of the run there is nothing to serve, and nothing to make requests of.
  @Test func aRunWithoutModelsNeedsAnEndpointAndRows() throws {
    let plain = Documents.small.components(separatedBy: "model:")[0] + "serving: "
    func refusals(_ serving: String) -> String {
      do {
        _ = try Documents.parse(plain + serving)
        return ""
      } catch { return "\(error)" }
    }
    #expect(refusals("{ load: { rate: 1 } }").contains("there is nothing to serve"))
    #expect(
      refusals("{ endpoint: \(Self.endpoint), load: { rate: 1 } }").contains("give “features” or “body”"))
    #expect(refusals("{ endpoint: \(Self.endpoint), load: { rate: 1, features: 2 } }").isEmpty)
  }

  @Test func figuresOfAServiceNeedOne() throws {
    let expectation = "expect=[\"serving.sweep[replicas=1].latency_ms.p99 < 5\"]"
    let document = try Documents.parse(Documents.small, set: [expectation])
    #expect(throws: Diagnostics.self) { try document.checkExpectations() }
    try Documents.parse(Self.text, set: [expectation]).checkExpectations()
  }
}
