import BatchScoring
import Compute
import Files
import Foundation
import Service
import Telemetry
import Testing
import WindowStore

/// What a live page knows and says of a run, as values.
@Suite struct LiveStateTests {
  private static func at(_ seconds: Double) -> Timestamp {
    Timestamp(milliseconds: Int64(1_767_225_600_000 + seconds * 1000))
  }

  static let header =
    "seconds,phase,published,stored,late,rejected,windows,predictions,backlog,ingest_memory_bytes,ingest_cpu_seconds"

  private func object(_ bytes: [UInt8]) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
  }

  private func state(_ looks: [LiveLook]) -> LiveState {
    var state = LiveState(folder: "run", now: Self.at(0))
    for (second, look) in looks.enumerated() { state.take(look, now: Self.at(Double(second))) }
    return state
  }

  @Test func linesBecomeRatesWaitAndCores() throws {
    var look = LiveLook()
    look.timeline = [
      Self.header, "0.0,publishing,0,0,0,0,0,0,0,1000,0.50", "broken,line",
      "1.0,publishing,1200,1000,2,1,30,0,200,2000,0.75", "2.0,publishing,2200,2000,2,1,60,12,200,3000,1.00",
    ]
    let json = try object(state([look]).stateJSON)
    #expect(json["phase"] as? String == "publishing")
    #expect(json["point"] as? [Double] == [2, 2200, 2000, 60, 12, 200])
    let rates = try #require(json["rates"] as? [String: Double])
    #expect(rates == ["published": 1100, "stored": 1000, "windows": 30, "predictions": 6])
    // 133.3 under way on average, 1,000 a second.
    #expect(abs(try #require(json["wait_seconds"] as? Double) - 0.13333) < 1e-4)
    let parts = try #require(json["parts"] as? [[Any]])
    #expect(parts.count == 1 && parts[0][0] as? String == "ingest" && parts[0][2] as? Double == 0.25)
  }

  @Test func theHistoryIsBoundedAndKeepsThePeak() {
    var history = LiveHistory(most: 8)
    for second in 0..<1000 {
      history.add(
        LiveHistory.Point(
          seconds: Double(second), published: second, stored: second, windows: 0, predictions: 0,
          backlog: second == 377 ? 5000 : 1))
      #expect(history.points.count <= 8)
      // The last line is always in it.
      #expect(history.points.last?.stored == second)
    }
    #expect(history.points.map(\.backlog).max() == 5000)
    #expect(history.points.map(\.seconds) == history.points.map(\.seconds).sorted())
    #expect(history.points.count > 4)
  }

  @Test func faultsAreToldAsTheyHappen() throws {
    var first = LiveLook()
    first.log = [
      RunLogEntry(.plan, atMs: 1_000, text: "quick", messages: 500, faults: ["kill a", "kill a", "cut b"]),
      RunLogEntry(.fleet, atMs: 3_000, text: "publishing"),
      RunLogEntry(.phase, atMs: 3_000, text: "publishing"),
      RunLogEntry(.notice, atMs: 5_500, text: "fault kill a: killed with signal 9"),
      RunLogEntry(.notice, atMs: 6_000, text: "ingestion ended"),
    ]
    let json = try object(state([first]).stateJSON)
    #expect(json["scenario"] as? String == "quick" && json["planned"] as? Int == 500)
    let faults = try #require(json["faults"] as? [[Any]])
    #expect(faults.count == 3)
    #expect(faults[0][1] as? String == "killed with signal 9" && faults[0][2] as? Double == 2.5)
    // The second one of the same text has not happened.
    #expect(faults[1][1] is NSNull && faults[2][1] is NSNull)
    let notices = try #require(json["notices"] as? [[Any]])
    #expect(notices.count == 1 && notices[0][0] as? Double == 3)
  }

  @Test func everythingSentIsBounded() throws {
    var look = LiveLook()
    let long = String(repeating: "x", count: 10_000)
    look.log = [
      RunLogEntry(.plan, atMs: 0, text: long, faults: (0..<1000).map { "fault \($0) \(long)" })
    ]
    look.log += (0..<1000).map { RunLogEntry(.notice, atMs: $0, text: "\($0) \(long)") }
    var jobs = JobLook()
    jobs.jobs = (0..<1000).map { number in
      var job = JobRecord(
        cut: JobCut(after: Self.at(0), fire: Self.at(Double(number))), deployment: long, state: .failed,
        queuedAt: Self.at(0))
      job.reason = long
      return job
    }
    jobs.nodeStates = (1...1000).map { NodeStateRecord(target: long, node: $0, state: .idle, at: Self.at(0)) }
    look.jobs = jobs
    look.replicas = (0..<1000).map { ($0, long) }
    var end = LiveEnd(verdict: "failed", reason: long)
    end.failed = (0..<LiveDefaults.expectations).map { _ in .init(expression: long, actual: long) }
    look.end = end
    let state = state([look])
    #expect(state.stateJSON.count < 64 << 10)
    let json = try object(state.stateJSON)
    #expect((json["faults"] as? [Any])?.count == LiveDefaults.faults)
    #expect(json["more_faults"] as? Int == 1000 - LiveDefaults.faults)
    #expect((json["notices"] as? [Any])?.count == LiveDefaults.notices)
    #expect(((json["nodes"] as? [String: Any])?["list"] as? [Any])?.count == LiveDefaults.nodes)
    #expect((json["nodes"] as? [String: Any])?["present"] as? Int == 1000)
  }

  @Test(arguments: [
    "<img src=x onerror=alert(1)>", "</script><svg onload=alert(1)>", "\"'&\\", "a\r\ndata: b\n\nevent: end",
    "\u{202E}desrever", "\u{0}\u{1B}[31m", String(repeating: "W", count: 64),
  ])
  func aNameIsTextAndNothingElse(name: String) throws {
    var look = LiveLook()
    look.log = [RunLogEntry(.plan, atMs: 0, text: name), RunLogEntry(.notice, atMs: 0, text: name)]
    var store = StoreLook()
    store.devices = [StoreLook.Device(number: 1, name: name)]
    store.sensors = [1: name]
    store.readings = [StoreLook.Value(device: 1, sensor: 1, time: Self.at(0), value: 1)]
    look.store = store
    let state = state([look])
    for bytes in [state.stateJSON, state.devicesJSON(), state.historyJSON] {
      // In an event stream a line break would be a new field.
      #expect(!bytes.contains(0x0A) && !bytes.contains(0x0D) && !bytes.contains(0))
      _ = ServerSentEvent.bytes("state", id: 1, bytes)
    }
    let cells = try #require(try object(state.devicesJSON())["cells"] as? [[Any]])
    let shown = try #require(cells[0][0] as? String)
    #expect(shown.unicodeScalars.count == name.unicodeScalars.count)
    #expect(!shown.unicodeScalars.contains { "\u{202A}"..."\u{202E}" ~= $0 || $0.value < 0x20 })
    let page = String(decoding: LivePage(folder: name).bytes, as: UTF8.self)
    #expect(page.components(separatedBy: "<script").count == 2)
    for piece in ["<img", "onerror=alert(1)>", "<svg onload"] { #expect(!page.contains(piece)) }
  }

  @Test func theEndSaysWhatTheReportSays() throws {
    let report = try JSONDecoder().decode(
      JSONValue.self,
      from: Data(
        """
        {"verdict": "failed", "reason": null, "readings": {"lost": 3},
         "expectations": [{"expression": "a == 0", "actual": 3, "passed": false},
           {"expression": "b > 1", "actual": null, "passed": false}, {"expression": "c", "actual": 1, "passed": true}],
         "ingestion": {"end_to_end_ms": {"p50": 1.5, "p99": null}}, "detection": null,
         "cluster": [{"mode": "simulated", "cost_usd": 9}, {"mode": "measured", "cost_usd": 0.5}]}
        """.utf8))
    let end = LiveEnd(report: report)
    #expect(end.sentence == "Failed: 2 of 3 expectations did not hold")
    #expect(
      end.failed == [.init(expression: "a == 0", actual: "3"), .init(expression: "b > 1", actual: "none")])
    #expect(end.lost == 3 && end.latency == ["p50": 1.5] && end.recall == nil && end.costDollars == 0.5)
    var look = LiveLook()
    look.end = end
    let state = state([look])
    #expect(state.phase == "ended")
    let json = try object(state.stateJSON)
    #expect((json["end"] as? [String: Any])?["report"] is NSNull, "there is no page to link to")
    #expect(LiveEnd(report: .object(["verdict": .text("passed")])).sentence.hasPrefix("Nothing was expected"))
  }

  @Test func nodesCostUntilNow() {
    var nodes = LiveNodes()
    nodes.take([
      NodeStateRecord(target: "a", node: 1, state: .provisioning, at: Self.at(0)),
      NodeStateRecord(target: "a", node: 2, state: .idle, at: Self.at(10)),
      NodeStateRecord(target: "a", node: 1, state: .running, at: Self.at(5)),
    ])
    nodes.take([NodeStateRecord(target: "a", node: 1, state: nil, at: Self.at(20))])
    #expect(nodes.nodes.map(\.node) == [2] && nodes.lives == 2)
    #expect(nodes.seconds(at: Self.at(30)) == 40)
  }

  @Test func quietIsTheTimeWithoutNews() {
    var look = LiveLook()
    look.timeline = [Self.header, "0.0,publishing,1,1,0,0,0,0,0,,"]
    let state = state([look, LiveLook(), LiveLook(), LiveLook()])
    #expect(state.quiet == .seconds(3))
  }
}
