import Charts
import ClusterCharts
import ClusterModel
import Compute
import Testing

/// The picture of a run's jobs.
@Suite struct JobsChartTests {
  /// Two jobs an hour apart on two nodes; a task of the first failed once, and a node was taken away.
  private var sample: JobsPicture {
    func attempt(
      _ job: String, _ task: Int, _ number: Int, node: Int, _ begin: Double, _ end: Double,
      _ outcome: JobsPicture.Attempt.Outcome, _ reason: String? = nil
    ) -> JobsPicture.Attempt {
      JobsPicture.Attempt(
        job: job, task: task, attempt: number, node: node, worker: node, begin: begin, end: end,
        outcome: outcome,
        reason: reason)
    }
    return JobsPicture(
      title: "2 jobs",
      jobs: [
        .init(name: "first", state: "completed", queued: 0, started: 2, ended: 30),
        .init(name: "</text><script>&\"\u{7}", state: "failed", queued: 3600, started: 3601, ended: 3620),
      ],
      attempts: [
        attempt("first", 0, 1, node: 1, 3, 12, .completed),
        attempt("first", 1, 1, node: 2, 3, 9, .failed, "exit 1 <oops>"),
        attempt("first", 1, 2, node: 2, 10, 28, .completed),
        attempt("second", 0, 1, node: 1, 3602, 3610, .completed),
      ],
      nodes: [
        Samples.life(1, [(.provisioning, 0), (.running, 3), (.idle, 30), (.running, 3602)], end: 3620),
        Samples.life(2, [(.provisioning, 0), (.running, 3), (.preempted, 3610)], end: 3611),
      ])
  }

  @Test func aFailedAttemptIsDrawnAsSuch() throws {
    let data = sample
    let picture = try Picture(try #require(JobsChart.svg(data)))
    try picture.expectNothingCut("jobs")
    let failed = picture.all("task-failed").filter { !$0.isDefinition }
    #expect(failed.count == 1 && picture.all("task-completed").count == 3)
    #expect(failed.first?.tooltip?.contains("exit 1 <oops>") == true)
    #expect(picture.texts.contains("failed attempt"))
    // As if it had succeeded.
    var damaged = data
    damaged.attempts[1].outcome = .completed
    let other = try Picture(try #require(JobsChart.svg(damaged)))
    #expect(other.all("task-failed").isEmpty && !other.texts.contains("failed attempt"))
  }

  @Test func jobsAndNodesHaveTheirStates() throws {
    let picture = try Picture(try #require(JobsChart.svg(sample)))
    #expect(picture.all("job-queued").count == 2 && picture.all("job-running").count == 1)
    #expect(picture.all("job-failed").count == 1 && picture.all("node-preempted").count == 1)
    #expect(picture.texts.contains("node 1") && picture.texts.contains("worker 2"))
    for text in ["job queued", "job failed", "node preempted"] { #expect(picture.texts.contains(text)) }
  }

  /// Most of an hour is cut, so that what was done is seen.
  @Test func gapsAreCut() throws {
    let picture = try Picture(try #require(JobsChart.svg(sample)))
    #expect(picture.all("cut").count == 1)
    let task = try #require(picture.all("task-completed").last?.box)
    #expect(task.width > 50)
    let time = CutTime([0...10, 5...20, 1000...1010], from: 100, to: 700, mostCuts: 5)
    #expect(time.pieces.count == 2)
    #expect(abs(time.pieces[1].right - 700) < 0.001 && time.pieces[0].left == 100)
    #expect(time.pixel(500) == time.pieces[1].left && time.pixel(0) < time.pixel(5))
    #expect(CutTime([0...10, 1000...1010], from: 0, to: 100, mostCuts: 0).pieces.count == 1)
    #expect(CutTime([], from: 0, to: 100, mostCuts: 3).pieces.count == 1)
    #expect(CutTime([5...5], from: 0, to: 100, mostCuts: 3).pixel(5) > 0)
  }

  @Test func manyNodesAreBoundedAndSaid() throws {
    var data = sample
    data.attempts = (1...200).map { node in
      .init(
        job: "first", task: node, attempt: 1, node: node, worker: node, begin: 3, end: 20,
        outcome: node == 177 ? .failed : .completed)
    }
    data.nodes = []
    let picture = try Picture(try #require(JobsChart.svg(data)))
    try picture.expectNothingCut("many nodes")
    #expect(picture.texts.contains("16 of 200 nodes are shown."))
    #expect(picture.texts.contains("node 177") && !picture.texts.contains("node 20"))
  }

  @Test func timesThatCannotBeAreLeftOut() throws {
    var data = sample
    data.attempts[0].begin = -1e300
    data.attempts[2].end = .nan
    data.jobs[0].queued = .infinity
    let svg = try #require(JobsChart.svg(data))
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    try Picture(svg).expectNothingCut("odd times")
    #expect(JobsChart.svg(JobsPicture(title: "", jobs: [], attempts: [])) == nil)
  }

  @Test func equalJobsGiveEqualBytes() {
    #expect(JobsChart.svg(sample) == JobsChart.svg(sample))
  }
}
