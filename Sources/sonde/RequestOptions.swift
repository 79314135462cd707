import ArgumentParser
import Files
import Foundation
import HTTPLoad
import Telemetry
import Wording

/// When the requests of a load are sent.
struct ArrivalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Requests a second; by default \(Int(HTTPLoadDefaults.rate)).", valueName: "n"))
  var rate: Double?
  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "How long requests are sent; by default \(HTTPLoadDefaults.duration.text).", valueName: "duration"))
  var length: Span?
  @Option(
    help: ArgumentHelp(
      "Several rates one after the other, in place of --rate and --for, such as 100:10s,200:10s.",
      valueName: "rate:duration,…"))
  var stages: String?
  @Option(
    help: ArgumentHelp(
      "poisson: as callers come who know nothing of each other; even: at equal gaps.",
      valueName: "poisson|even"))
  var arrivals = ArrivalPlan.Spacing.poisson
  @Option(help: "What arrivals and made-up rows are drawn from: a whole number of at least 0.")
  var seed: UInt64 = 1

  func validate() throws {
    if stages != nil, rate != nil || length != nil {
      throw ValidationError("--stages has rates and durations; leave --rate and --for out")
    }
  }

  /// Throws `HTTPLoadError`.
  var plan: ArrivalPlan {
    get throws {
      let list =
        try stages.map { try ArrivalPlan.Stage.list($0) } ?? [
          ArrivalPlan.Stage(
            rate: rate ?? HTTPLoadDefaults.rate, duration: length?.duration ?? HTTPLoadDefaults.duration)
        ]
      return try ArrivalPlan(list, spacing: arrivals, seed: seed)
    }
  }
}

/// What the requests of a load are.
struct RequestOptions: ParsableArguments {
  @Option(
    name: .customLong("run"),
    help: ArgumentHelp(
      "The folder of a run: rows are its windows, with the features that its models were trained on.",
      valueName: "folder"),
    completion: .directory)
  var runFolder: String?
  @Option(
    help: ArgumentHelp("Rows that are made up, with so many features, in place of a run's.", valueName: "n"))
  var features: Int?
  @Option(
    help: ArgumentHelp(
      "A file that is sent as it is, in place of rows. Answers are then not looked into.", valueName: "file"),
    completion: .file())
  var body: String?
  @Option(
    help: ArgumentHelp("Rows a request; with --body, how many it counts as.", valueName: "n"))
  var rows = 1
  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp(
      "oip: the Open Inference Protocol v2; azure: Azure ML's online endpoints. By default by the path.",
      valueName: "oip|azure"))
  var spoken: ScoringProtocol?
  @Flag(help: "Send and ask for binary tensors, in the Open Inference Protocol.")
  var binary = false
  @Option(
    help: ArgumentHelp(
      "A file whose first line is the key, which is sent as a bearer token; else SONDE_KEY of the environment.",
      valueName: "file"),
    completion: .file())
  var keyFile: String?
  @Option(
    help: ArgumentHelp("Which deployment is asked (azureml-model-deployment).", valueName: "name"))
  var deployment: String?

  func validate() throws {
    let given = [runFolder != nil, features != nil, body != nil].count { $0 }
    guard given == 1 else {
      throw ValidationError("say what is sent, by one of --run FOLDER, --features N and --body FILE")
    }
    if body != nil, binary || spoken != nil {
      throw ValidationError("--body is sent as it is; leave --binary and --protocol out")
    }
  }

  /// The key that requests are sent with; nil where there is none. Throws `FileError` and `ValidationError`.
  func key() throws -> String? {
    guard let keyFile else {
      let key = ProcessInfo.processInfo.environment["SONDE_KEY"] ?? ""
      return key.isEmpty ? nil : key
    }
    let line = try TextFile.text(of: keyFile).split(separator: "\n", omittingEmptySubsequences: false).first
    let key = (line ?? "").trimmingCharacters(in: .whitespaces)
    guard !key.isEmpty else { throw ValidationError("the first line of \(keyFile) has no key") }
    return key
  }

  /// What writes the requests. Throws `HTTPLoadError`, and what the reading of a run or a file throws.
  func writer(for target: LoadTarget, seed: UInt64) throws -> RequestWriter {
    try RequestWriter(
      content(for: target, seed: seed), to: target,
      headers: RequestWriter.Headers(key: key(), deployment: deployment),
      // Two generators that run at once differ by it, and two that run one after the other.
      session: "\(getpid())-\(String(ScoringCommandSupport.now().milliseconds, radix: 36))")
  }

  private func content(for target: LoadTarget, seed: UInt64) throws -> RequestWriter.Content {
    if let body { return .file(try TextFile.bytes(of: body), rows: rows) }
    guard let spoken = spoken ?? ScoringProtocol(path: target.path) else {
      throw ValidationError(
        "the path \(target.path.quoted) does not tell which protocol is spoken there; say --protocol oip or azure"
      )
    }
    let found: RequestRows
    if let features {
      found = try RequestRows.madeUp(width: features, seed: seed)
    } else {
      found = try RequestRows.windows(of: RunFolder(runFolder ?? "."), grouping(spoken, target))
    }
    return .rows(found, perRequest: rows, spoken, isBinary: binary)
  }

  private func grouping(_ spoken: ScoringProtocol, _ target: LoadTarget) -> RequestRows.Grouping {
    if spoken == .azure { return .mixed }
    if target.hasPlaceholder { return .byModel }
    return target.model.map { .model($0) } ?? .mixed
  }
}

extension ArrivalPlan.Spacing: ExpressibleByArgument {}
extension ScoringProtocol: ExpressibleByArgument {}
