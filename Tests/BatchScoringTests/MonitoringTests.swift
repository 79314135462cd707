import BatchScoring
import Compute
import Files
import Foundation
import Telemetry
import Testing

@Suite struct MonitoringTests {
  private func time(_ seconds: Int64) -> Timestamp {
    Timestamp(milliseconds: 1_767_225_600_000 + seconds * 1000)
  }

  private func node(_ number: Int, _ state: NodeState?, _ seconds: Int64) -> NodeStateRecord {
    NodeStateRecord(target: "local", node: number, state: state, at: time(seconds))
  }

  private var nodes: [NodeStateRecord] {
    [
      node(1, .provisioning, 0), node(2, .provisioning, 10), node(1, .idle, 11), node(2, .running, 12),
      node(1, .leaving, 20), node(1, nil, 30), node(1, .provisioning, 50),
    ]
  }

  @Test func nodeSecondsAreTheTimesThatNodesWereThere() {
    let usage = NodeUsage(nodes)
    #expect(usage.lives.count == 3 && usage.mostNodes == 2)
    #expect(usage.seconds(at: time(60)) == 30 + 50 + 10)
    #expect(usage.seconds(from: time(20), to: time(55)) == 10 + 35 + 5)
    #expect(usage.lives.filter { $0.to == nil }.map(\.state) == [.running, .provisioning])
  }

  /// A reader of the text format 0.0.4, as strict as `promtool check metrics` is on what is used here.
  private func check(_ text: String) throws -> [String: Double] {
    var types: [String: String] = [:]
    var samples: [String: Double] = [:]
    var current: String?
    #expect(text.hasSuffix("\n"))
    for line in text.split(separator: "\n") {
      if let match = line.wholeMatch(of: /# HELP ([a-z_]+) (.+)/) {
        current = String(match.1)
        #expect(match.2.hasSuffix("."), "\(line)")
      } else if let match = line.wholeMatch(of: /# TYPE ([a-z_]+) (counter|gauge)/) {
        #expect(current == String(match.1), "HELP comes first: \(line)")
        #expect(types.updateValue(String(match.2), forKey: String(match.1)) == nil, "one group a metric")
      } else {
        let match = try #require(
          line.wholeMatch(of: /([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)+\})? (-?[0-9.e+-]+)/),
          "\(line)")
        #expect(String(match.1) == current, "samples stand with their metric: \(line)")
        #expect(
          samples.updateValue(try #require(Double(match.3)), forKey: "\(match.1)\(match.2 ?? "")") == nil)
      }
    }
    for (name, type) in types {
      #expect((type == "counter") == name.hasSuffix("_total"), "\(name) is a \(type)")
      #expect(name.hasPrefix("sonde_"))
      #expect(!name.contains("milliseconds") && !name.hasSuffix("_ms"), "base units")
    }
    return samples
  }

  @Test func metricsAreInPrometheusTextFormat() throws {
    var metrics = ScoringMetrics(run: "runs/a")
    let job = "2026-01-01T13-00-00Z"
    metrics.add(ScoringEvent(.jobStarted, job: job, tasks: 4), at: time(0))
    metrics.add(ScoringEvent(.progress, job: job, tasks: 4, tasksDone: 1, rows: 7), at: time(1))
    metrics.add(ScoringEvent(.retry, job: job, reason: "flaky"), at: time(1))
    var samples = try check(metrics.text(nodes: nodes, at: time(60)))
    #expect(samples["sonde_scoring_running_jobs{run=\"runs/a\"}"] == 1)
    #expect(
      samples["sonde_scoring_running_job_tasks{batch_job=\"\(job)\",run=\"runs/a\",state=\"open\"}"] == 3)
    #expect(samples["sonde_compute_nodes{run=\"runs/a\",state=\"running\"}"] == 1)
    #expect(samples["sonde_compute_node_seconds_total{run=\"runs/a\"}"] == 90)
    metrics.add(
      ScoringEvent(.jobCompleted, job: job, tasks: 4, rows: 100, failedRows: 3, retries: 1, seconds: 2.5),
      at: time(3))
    samples = try check(metrics.text(nodes: nodes, at: time(60)))
    #expect(samples["sonde_scoring_running_jobs{run=\"runs/a\"}"] == 0)
    #expect(samples["sonde_scoring_jobs_total{run=\"runs/a\",state=\"completed\"}"] == 1)
    #expect(samples["sonde_scoring_jobs_total{run=\"runs/a\",state=\"failed\"}"] == 0)
    #expect(samples["sonde_scoring_rows_total{outcome=\"failed\",run=\"runs/a\"}"] == 3)
    #expect(samples["sonde_scoring_job_seconds_total{run=\"runs/a\"}"] == 2.5)
    #expect(samples["sonde_scoring_last_completion_timestamp_seconds{run=\"runs/a\"}"] == 1_767_225_603)
    #expect(samples["sonde_scoring_failed_attempts_total{run=\"runs/a\"}"] == 1)
  }

  @Test func labelsAndHelpAreEscaped() {
    var text = PrometheusText()
    text.add("a_total", .counter, help: "one\\two\nthree", [.init(1.5, labels: ["x": "a\"b\\c\nd"])])
    #expect(
      text.text
        == "# HELP a_total one\\\\two\\nthree\n# TYPE a_total counter\na_total{x=\"a\\\"b\\\\c\\nd\"} 1.5\n")
  }

  /// A line feed after a carriage return and a quote before an accent are parts of other characters of a Swift string.
  @Test func everyScalarIsEscaped() {
    var text = PrometheusText(labels: ["run": "/a\r\nb"])
    text.add("a_total", .counter, help: "x\r\ny", [.init(1, labels: ["x": "\"\u{301}\\"])])
    #expect(text.text.utf8.count { $0 == 0x0A } == 3)
    #expect(
      text.text.unicodeScalars.elementsEqual(
        "# HELP a_total x\r\\ny\n# TYPE a_total counter\na_total{run=\"/a\r\\nb\",x=\"\\\"\u{301}\\\\\"} 1\n"
          .unicodeScalars))
  }

  /// The textfile collector reads the files of a folder as one: a sample that stands in two of them spoils all.
  @Test func metricsOfTwoRunsCanLieInOneFolder() throws {
    func text(_ run: String) -> String {
      var metrics = ScoringMetrics(run: run)
      metrics.add(ScoringEvent(.jobStarted, job: "a", tasks: 4), at: time(0))
      metrics.add(ScoringEvent(.jobStarted, job: "b", tasks: 4), at: time(0))
      metrics.add(ScoringEvent(.jobCompleted, job: "b", tasks: 4, rows: 1, seconds: 1), at: time(1))
      return metrics.text(nodes: nodes, at: time(60))
    }
    let texts = [text("/x/runs/a"), text("/y/runs/a")]
    let samples = try texts.map(check)
    #expect(Set(samples[0].keys).isDisjoint(with: samples[1].keys))
    #expect(samples[0].count == samples[1].count)
    let comments = texts.map { $0.split(separator: "\n").filter { $0.hasPrefix("#") } }
    #expect(comments[0] == comments[1], "of one metric there is one help text and one type")
    let labels = texts.joined().matches(of: /[{,]([a-z_]+)="/).map { String($0.1) }
    #expect(!labels.isEmpty && !labels.contains("job") && !labels.contains("instance"))
  }

  @Test func overheadThatDominatesIsToldOf() {
    var overhead = TaskOverhead()
    for _ in 0..<1000 { overhead.add(taskSeconds: 0.005, busySeconds: 0.001) }
    #expect(overhead.warning?.contains("80%") == true)
    #expect(overhead.warning?.contains("4.0 ms a task") == true)
    var small = TaskOverhead()
    for _ in 0..<10 { small.add(taskSeconds: 0.005, busySeconds: 0.001) }
    #expect(small.warning == nil, "nobody would notice")
    var sound = TaskOverhead()
    for _ in 0..<1000 { sound.add(taskSeconds: 0.005, busySeconds: 0.004) }
    #expect(sound.warning == nil)
  }

  @Test func whatWasMeasuredDecidesHowManyTasksThereAre() {
    let loads = (0..<1000).compactMap { number in
      DeviceID("d-\(number + 1000)").map { MiniBatchPlan.Load(device: $0, rows: 10, supportVectors: 0) }
    }
    func tasks(_ overhead: Double, _ rate: Double) -> Int {
      MiniBatchPlan.tasks(
        for: loads, size: .auto, slots: 8, cost: .init(overheadSeconds: overhead, weightPerSecond: rate)
      ).count
    }
    // 10 million units of work: 10 s at a million a second.
    #expect(tasks(0.001, 1e6) == 8 * ScoringDefaults.tasksPerSlot, "as many as even out stragglers")
    #expect(tasks(0.1, 1e6) == 11, "0.9 s of work to 0.1 s of overhead")
    #expect(tasks(0.1, 1e8) == 1, "all of it is not worth a second task")
    #expect(tasks(0, 1e6) == 8 * ScoringDefaults.tasksPerSlot)
  }

  @Test func aViewSaysHowFarAJobIs() {
    func task(_ number: Int, _ state: String, rows: Int) -> TaskRecord {
      TaskRecord(
        task: number, devices: 1, state: state, attempts: 1, worker: 1, node: 1, rows: rows, failedRows: 0,
        durationMs: 10, reason: nil)
    }
    let tasks = [task(0, "completed", rows: 100), task(1, "running", rows: 0), task(2, "queued", rows: 0)]
    let record = JobRecord(
      cut: JobCut(after: time(0), fire: time(3600)), deployment: "blue", state: .running, queuedAt: time(0),
      startedAt: time(50))
    let view = JobView(
      record, progress: JobProgress(tasks: tasks), failedAttempts: 2, nodes: nodes, now: time(60))
    #expect(
      view.rowsPerSecond == 10 && view.secondsLeft == 20 && view.nodes == ["running": 1, "provisioning": 1])
    #expect(view.line.contains("1/3 tasks, 2 failed attempts, 100 rows, 10 rows/s, 20 s left"))
    #expect(view.line.contains("nodes: 1 provisioning, 1 running"))
    #expect(view.screen(width: 60).allSatisfy { $0.count <= 60 })
    #expect(view.screen(width: 20).allSatisfy { $0.count <= 20 })
    #expect(view.screen(width: 80).joined().contains("deployment blue"))
  }

  /// Progress is also told while nothing happens, and of tasks that an earlier life has done.
  @Test func aTaskIsCountedOnce() {
    var metrics = ScoringMetrics(run: "runs/a")
    metrics.add(ScoringEvent(.jobStarted, job: "a", tasks: 9, tasksDone: 4), at: time(0))
    for done in [4, 4, 5, 4, 5, 7, 6, 7] {
      metrics.add(ScoringEvent(.progress, job: "a", tasks: 9, tasksDone: done), at: time(1))
    }
    #expect(metrics.text(nodes: [], at: time(2)).contains("\nsonde_scoring_tasks_total{run=\"runs/a\"} 3\n"))
  }
}
