import ArgumentParser
import Files
import Foundation
import Modelling
import StreamScoring
import Supervision
import Telemetry
import Wording

/// `sonde stream`: scores windows as they close, by a scoring service.
struct StreamCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stream",
    abstract: "Score the windows of a run as they close, by a scoring service.",
    discussion: """
      Reads what “sonde ingest” closes, sends it to the service in requests of many rows, and stores the scores in the same file, each \
      revision once:

        sonde serve --models RUN_DIR/models
        sonde stream RUN_DIR --service http://127.0.0.1:8080/v2/models/models/infer
        sqlite3 -readonly RUN_DIR/sonde.sqlite 'SELECT * FROM stream_predictions LIMIT 10'

      A service that does not answer, or answers 503, is tried again without end, after longer and longer pauses. Which answers end it is what \
      --fatal-codes says. It runs until SIGTERM or SIGINT, and started again goes on where it was.

      Exit codes: 1 an answer was fatal, 64 bad arguments, 69 there is no such service, 70 the store cannot be read or written.
      """)

  @Argument(help: "The folder of a run.", completion: .directory)
  var runDir: String?

  @Option(
    help: "All of the settings below as a JSON file, as a scenario run writes it, in place of them.",
    completion: .file(extensions: ["json"]))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "Where rows are scored: the name that takes rows of many devices, “models” or the endpoint's.",
      valueName: "url"))
  var service: String?

  @Option(
    help: "The folder of the models that the service has; by default the run's own.", completion: .directory)
  var models: String?

  @Option(
    help: "The service has a script in place of models, whose scores are of a device or of a sensor.")
  var script: ModelScope?

  @Option(help: "Windows visible at this time are not scored, such as 2026-01-01T12:00:00Z.")
  var from: String?

  @Option(help: ArgumentHelp("Rows a request at most.", valueName: "n"))
  var maxBatchCount = StreamDefaults.maxBatchCount

  @Option(help: ArgumentHelp("Requests under way at a time.", valueName: "n"))
  var parallelRequests = StreamDefaults.parallelRequests

  @Option(
    help: ArgumentHelp(
      "Which answers end it. 2020: all but 200 and 503. 2022: 400, 401, 404 and 409.",
      discussion: "The years are those of the two texts that Azure Stream Analytics has had on this."))
  var fatalCodes = FatalCodes.text2022

  @Option(help: "A file whose first line is the key for the service.", completion: .file())
  var keyFile: String?

  @Flag(help: "Leave when everything is scored that has closed by then.")
  var once = false

  @Flag(help: .hidden)
  var untilStdinCloses = false

  @Flag(help: .hidden)
  var events = false

  func run() throws {
    let settings = try config.map { try StreamSettings(path: $0) } ?? settings()
    let folder = RunFolder(settings.run, models: settings.models)
    let scorer: StreamRowBuilder.Scorer
    if let scope = settings.script {
      scorer = .script(scope)
    } else if let layout = try ModelLayout.known(of: folder) {
      scorer = .models(folder: folder.models, layout: layout)
    } else {
      throw StreamError("there are no models in \(folder.models); “sonde train” trains some", .usage)
    }
    let key = try settings.keyFile.map { path in
      try TextFile.text(of: path).prefix { !$0.isNewline }.trimmingCharacters(in: .whitespaces)
    }
    let stop = StopSignal()
    let stream = try StreamScorer(settings, scorer, store: folder.store, key: key) { StandardError.write($0) }
    let hasEnded = StopFlag()
    if once { hasEnded.set() }
    if untilStdinCloses {
      Thread.detachNewThread {
        while readLine() != nil {}
        hasEnded.set()
      }
    }
    StandardError.write("scoring the windows of \(folder.store) by \(settings.service)")
    let line = ProgressLine()
    let tell = { (event: StreamEvent) in
      if events {
        try? StandardOutput.writeMessage(event)
      } else if case .progress(let state) = event {
        line.show { _ in
          "\(state.functionEvents.grouped) rows sent, \(state.backloggedWindows.grouped) to come, "
            + "\(Duration.milliseconds(state.watermarkDelayMs).text) behind the watermark"
        }
      }
    }
    try stream.run(until: stop.flag, isEnded: { hasEnded.isSet }, observe: tell)
    line.clear()
    if stop.received == SIGINT { throw ExitCode(ExitStatus.interrupted) }
  }

  /// What the options say.
  private func settings() throws -> StreamSettings {
    guard let runDir, let service else {
      throw ValidationError("RUN_DIR and --service are needed, or --config in place of them")
    }
    var settings = StreamSettings(run: runDir, service: service)
    settings.models = models
    settings.script = script
    settings.maxBatchCount = maxBatchCount
    settings.parallelRequests = parallelRequests
    settings.fatalCodes = fatalCodes
    settings.keyFile = keyFile
    if let from {
      guard let time = Timestamp(iso8601: from) else {
        throw ValidationError("--from: \(from.quoted) is no time such as 2026-01-01T12:00:00Z")
      }
      settings.from = time
    }
    return settings
  }
}

extension FatalCodes: ExpressibleByArgument {}
