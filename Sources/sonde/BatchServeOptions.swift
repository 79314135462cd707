import ArgumentParser
import Service

/// What `sonde serve` needs to serve batch endpoints in place of models.
struct BatchServeOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Serves batch endpoints in place of models: jobs that others start score these runs.",
      discussion: "Their inputs are these folders and those below them, and nothing else.",
      valueName: "run_dir"),
    completion: .directory)
  var batch: [String] = []

  @Option(
    help: "With --batch: a file with more endpoint files and with inputs that have names.",
    completion: .file(extensions: ["yaml", "yml"]))
  var settings: String?

  @Option(
    help: "With --batch: the folder where jobs are kept. Default: batch in the first run.",
    completion: .directory)
  var state: String?

  @Option(help: "With --batch: how many jobs run at a time, each in a folder of its own. Default 4.")
  var jobs: Int?

  /// Whether batch endpoints are served.
  var isAsked: Bool { !batch.isEmpty }

  var isUnused: Bool { !isAsked && settings == nil && state == nil && jobs == nil }
}
