import ArgumentParser
import Files
import Foundation
import HTTPLoad
import MQTT
import Supervision
import Wording

/// `sonde load`: an open-loop load on a scoring service.
struct LoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Send planned requests to a scoring service, and measure how long each takes.",
    discussion: """
      Requests are planned beforehand and sent when they are due, whatever became of those before. Latency counts from \
      the planned send, so that a service that stalls cannot hide the requests that had to wait.

        sonde load http://127.0.0.1:8080/v2/models/pump-0001/infer --run day
        sonde load 'http://127.0.0.1:8080/v2/models/{model}/infer' --run day \\
          --stages 100:10s,200:10s,400:10s
        sonde load http://127.0.0.1:8080/score --run day --rows 100 --rate 20

      It speaks the Open Inference Protocol v2 and the one of Azure ML's online endpoints, by the path. {model} in the \
      URL stands for the models of the run, in turns. Each answer must have the id of its request.

      Exit codes: 1 there were errors, 3 the generator itself was late and nothing may be concluded. Answers that turn a \
      request away (503, 429) are no errors; they are counted apart.
      """)

  @Argument(help: ArgumentHelp("Where to send requests.", valueName: "url"))
  var url: String
  @OptionGroup var arrivals: ArrivalOptions
  @OptionGroup var content: RequestOptions
  @Option(
    help: ArgumentHelp(
      "Connections that are kept open; each carries one request at a time.", valueName: "n"))
  var connections = HTTPLoadDefaults.connections
  @Option(
    help: ArgumentHelp("A socket file to connect to, in place of the URL's host.", valueName: "path"),
    completion: .file())
  var unix: String?
  @Option(
    help: ArgumentHelp(
      "How long a request may wait for a connection, and then for its answer.", valueName: "duration"))
  var timeout = Span(HTTPLoadDefaults.timeout)
  @Flag(help: "Send to another machine. A load can take a service down.")
  var remote = false
  @Flag(help: "Send the key to another machine over plain HTTP, where everybody on the way can read it.")
  var sendKeyInClear = false
  @Flag(help: "Leave with 0 although there were errors.")
  var allowErrors = false
  @Option(
    help: ArgumentHelp(
      "A process whose processor time is measured, with its children: the service, where it runs here.",
      valueName: "pid"))
  var process: Int32?
  @Option(help: "How the result is told: text or json.")
  var format = OutputFormat.text
  @Option(
    help: ArgumentHelp(
      "A new folder for load.json, the distribution of latencies and a line a second.", valueName: "folder"),
    completion: .directory)
  var out: String?

  func run() throws {
    let target = try LoadTarget(url, socket: unix)
    let plan = try arrivals.plan
    let requests = try content.writer(for: target, seed: arrivals.seed)
    let address = try address(of: target)
    DescriptorLimit.raise()
    guard connections + Self.otherDescriptors <= DescriptorLimit.current else {
      throw ValidationError(
        "--connections: this process may have \(DescriptorLimit.current) files and sockets open; “ulimit -n” says so"
      )
    }
    let generator = try LoadGenerator(
      plan, requests, to: address, connections: connections, timeout: timeout.duration)
    let files = try out.map { try LoadReportFiles(folder: $0) }
    let stop = StopSignal()
    let before = try serviceCPUSeconds()
    let outcome = watched(plan.duration) { generator.run(until: stop.flag, progress: $0) }
    var used: Double?
    if let before, let after = try? serviceCPUSeconds() { used = after - before }
    let report = LoadReport(
      outcome,
      of: LoadReport.Setting(target: target, plan: plan, requests: requests, connections: connections),
      serviceCPUSeconds: used)
    switch format {
    case .text: StandardOutput.write(LoadReportText.text(report))
    case .json: try StandardOutput.writeJSON(report, indented: true)
    }
    try files?.write(report, outcome.account)
    if let missed = report.missed { StandardError.write("sonde: \(missed)") }
    if stop.received != 0 { throw ExitCode(ExitStatus.interrupted) }
    if !report.planKept { throw ExitCode(ExitStatus.invalidRun) }
    if report.errors > 0, !allowErrors { throw ExitCode(ExitStatus.expectationFailed) }
  }

  /// Where somebody listens. Refuses other machines, and keys on their way there, unless that was asked for.
  private func address(of target: LoadTarget) throws -> LoadAddress {
    let addresses = try LoadAddress.all(of: target.place)
    if !addresses.allSatisfy(\.isLoopback) {
      guard remote else {
        throw ValidationError(
          "\(target.authority.excerpt) is another machine, and a load can take a service down; add --remote where that is meant"
        )
      }
      guard try content.key() == nil || sendKeyInClear else {
        throw ValidationError(
          "the key would travel over plain HTTP, where everybody on the way can read it; add --send-key-in-clear where that is meant"
        )
      }
    }
    return try LoadAddress.listening(addresses, target, within: timeout.duration)
  }

  private func serviceCPUSeconds() throws -> Double? {
    guard let process else { return nil }
    guard let usage = ProcessTable().usage(of: process) else {
      throw ValidationError("--process: there is no process \(process)")
    }
    return usage.cpuSeconds
  }

  /// Runs `body`, and shows how far it is from another thread: the load must not wait for a terminal.
  private func watched(_ duration: Duration, _ body: (LoadProgress) -> LoadOutcome) -> LoadOutcome {
    let progress = LoadProgress()
    let line = ProgressLine()
    let isDone = StopFlag()
    let hasEnded = DispatchSemaphore(value: 0)
    let total = duration.text
    Thread.detachNewThread {
      while !isDone.isSet {
        usleep(Self.progressMicroseconds)
        let snapshot = progress.snapshot
        if snapshot.seconds >= 0, !isDone.isSet {
          line.show { _ in LoadReportText.line(snapshot, total: total) }
        }
      }
      line.clear()
      hasEnded.signal()
    }
    let outcome = body(progress)
    isDone.set()
    hasEnded.wait()
    return outcome
  }

  /// What the process has open beside its connections: logs, pipes, files of the report.
  private static let otherDescriptors = 32
  /// How often it is looked whether there is something new to show.
  private static let progressMicroseconds: UInt32 = 50_000
}
