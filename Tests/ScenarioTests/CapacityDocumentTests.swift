import Documents
import Scenario
import Telemetry
import Testing

/// A climbing load as scenarios write it.
@Suite struct CapacityDocumentTests {
  private static let text = """
    name: capacity
    fleet:
      - device: pump
        count: 20
        every: 2s
        sensors: { t: { signal: [{ noise: { stddev: 1 } }] } }
    ingestion: { window: 2s }
    capacity: { from: 300% }
    """

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

  @Test func aClimbSaysHowLongTheClockRuns() throws {
    let document = try Documents.parse(Self.text, set: ["capacity.steps=3", "capacity.for=3s"])
    #expect(document.clock.duration == .seconds(12) && document.clock.speed == .real)
    #expect(document.loadStages.all.map(\.level) == [3, 3.75, 4.6875])
    #expect(document.loadStages.all.map(\.end) == [.seconds(3), .seconds(7), .seconds(11)])
    #expect(document.climb?.latency == .milliseconds(250))
    let early = try document.climbed(steps: 2)
    #expect(early.clock.duration == .seconds(8) && early.name == "capacity")
    // Without a climb there is one stage.
    let small = try Documents.parse(Documents.small)
    #expect(small.climb == nil && small.loadStages.all.count == 1)
  }

  @Test(arguments: [
    ("clock.duration=1h", "leave duration out"), ("clock.speed=max", "under max there is no load"),
    ("fleet[0].stages=[{ step: 100%, for: 1s }]", "leave “stages” out"),
    ("fleet[0].batch=2", "leave “batch” out"),
    ("fleet[0].anomalies=[{ kind: mean, sensor: t, between: [1s, 2s] }]", "leave “anomalies” out"),
    ("faults=[{ at: 1s, kill: ingestion }]", "leave “faults” out"),
    ("ingestion.window=4s", "not a whole number of windows"), ("capacity.ratio=1", "a number above 1"),
    ("capacity.from=0%", "above zero"), ("capacity.steps=65", "at most 64"),
    ("capacity.steps=0", "at least 1"),
    ("clock.speed=x60", "a step takes"), ("fleet[0].every=7s", "at most as long as a step and its rest, 6s"),
    ("capacity.rest=400ms", "a rest takes 400ms"),
  ])
  func whatCannotBeIsRefused(override: String, reason: String) {
    let found = refusals(override)
    #expect(found.contains { $0.contains(reason) }, "\(found)")
  }

  @Test func figuresOfAClimbNeedOne() throws {
    let document = try Documents.parse(
      Documents.small, set: ["expect=[capacity.knee_step >= 1]"])
    #expect(document.unfilledExpectations.first?.description.contains("no “capacity”") == true)
    #expect(refusals("expect=[capacity.knee_step >= 1]").isEmpty)
  }
}
