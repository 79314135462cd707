import ArgumentParser
import BatchScoring
import Files
import Foundation
import Synchronization

/// The options that say how work is watched by machines.
struct MonitoringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Writes metrics in Prometheus' text format to this file.",
      discussion: """
        Put it where node_exporter's textfile collector looks (--collector.textfile.directory), with a name that ends in \
        .prom; several runs can have their files there, each under a name of its own, and the label run tells them apart. \
        The file is replaced as a whole, once a second at most, and when a job ends.
        """), completion: .file(extensions: ["prom"]))
  var metrics: String?

  func validate() throws {
    guard let metrics else { return }
    var status = stat()
    guard stat(metrics, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
      throw ValidationError("--metrics \(metrics) is no file that could be replaced")
    }
  }
}

/// Writes what a scheduler or a job tells: a JSON object a line on standard output, or sentences on standard error, where
/// a terminal also shows the job that runs.
final class ScoringReporter: Sendable {

  private struct State {
    var metrics: ScoringMetrics
    var nextMetrics = ContinuousClock.now
    var nextView = ContinuousClock.now
    var hasComplained = false
  }

  let format: OutputFormat
  private let metricsPath: String?
  private let jobs: JobStore
  private let screen: TerminalScreen?
  private let state: Mutex<State>

  init(format: OutputFormat, monitoring: MonitoringOptions, jobs: JobStore) {
    self.format = format
    self.jobs = jobs
    let folder = URL(fileURLWithPath: jobs.path).deletingLastPathComponent().resolvingSymlinksInPath().path
    state = Mutex(State(metrics: ScoringMetrics(run: folder)))
    // Where the name is a link, the file behind it is replaced, and not the link.
    metricsPath = monitoring.metrics.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
    screen = format == .text ? TerminalScreen() : nil
    if metricsPath != nil { watchNodes() }
  }

  /// Writes the metrics while nodes are there, or come and go: they cost something between jobs as well.
  private func watchNodes() {
    Task { [weak self] in
      var known = 0
      while let self {
        let nodes = (try? self.jobs.nodeStates()) ?? []
        if nodes.count != known || NodeUsage(nodes).lives.contains(where: { $0.to == nil }) {
          known = nodes.count
          self.state.withLock { self.writeMetrics(&$0) }
        }
        try? await Task.sleep(for: ScoringDefaults.metricsInterval)
      }
    }
  }

  func report(_ event: ScoringEvent) {
    switch format {
    case .json:
      // A reader that has gone away does not stop the scoring.
      try? StandardOutput.writeMessage(event)
    case .text:
      if let sentence = event.sentence {
        screen?.clear()
        StandardError.write(sentence)
      }
      show(event)
    }
    count(event)
  }

  /// Takes the view away, and writes the metrics for the last time.
  func finish() {
    screen?.clear()
    state.withLock { writeMetrics(&$0) }
  }

  private func show(_ event: ScoringEvent) {
    guard let screen, event.event == .progress, let job = event.job else { return }
    let isDue = state.withLock { state in
      guard ContinuousClock.now >= state.nextView else { return false }
      state.nextView = .now + ScoringDefaults.metricsInterval
      return true
    }
    if isDue, let view = try? jobs.view(of: job, now: ScoringCommandSupport.now()) {
      screen.show(view.screen(width: screen.width))
    }
  }

  private func count(_ event: ScoringEvent) {
    guard metricsPath != nil else { return }
    state.withLock { state in
      state.metrics.add(event, at: ScoringCommandSupport.now())
      guard event.event != .progress || ContinuousClock.now >= state.nextMetrics else { return }
      writeMetrics(&state)
    }
  }

  private func writeMetrics(_ state: inout State) {
    guard let metricsPath else { return }
    state.nextMetrics = .now + ScoringDefaults.metricsInterval
    do {
      let text = state.metrics.text(nodes: try jobs.nodeStates(), at: ScoringCommandSupport.now())
      try AtomicFile.write(Array(text.utf8), to: metricsPath, existing: .replace, survivesPowerCut: false)
    } catch {
      // Scoring goes on without its metrics; one word about it is enough.
      if !state.hasComplained { StandardError.write("no metrics: \(error)") }
      state.hasComplained = true
    }
  }
}
