import Files
import Foundation
import HTTPLoad
import RealTimeScoring
import Scenario
import Supervision
import Telemetry
import Verdict
import Wording

/// Starts the scoring service of a run when its jobs are over, once for each trial, puts it under its load, and stops it.
///
/// The service and the load are processes of their own, as a user would start them: `sonde serve`, `sonde load`. What they say of
/// themselves is in a folder for each trial.
struct ServingTrials {
  private let settings: ServingSettings
  private let seed: UInt64
  private let executable: String
  private let folder: RunFolder
  private let stop: StopFlag
  private let observe: @Sendable (RunEvent) -> Void

  init(
    _ settings: ServingSettings, seed: UInt64, executable: String, folder: RunFolder, stop: StopFlag,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.settings = settings
    self.seed = seed
    self.executable = executable
    self.folder = folder
    self.stop = stop
    self.observe = observe
  }

  /// Throws ``RunError`` where service or load break off. Leaves nothing running.
  func run() async throws -> ServingAccount {
    var account = ServingAccount([])
    for (number, trial) in settings.trials.enumerated() {
      account.trials.append(try await run(trial, number + 1))
    }
    return account
  }

  private func run(_ trial: ServingSettings.Trial, _ number: Int) async throws -> ServingAccount.Trial {
    let scale = trial.scale
    let files = ServingFiles(folder, trial, namesConnections: settings.variesConnections)
    try Folder.make(files.path)
    func tell(_ what: String) {
      let name = ServingAccount.Trial.name(scale.minInstances, scale.maxInstances, trial.rowsPerRequest)
      observe(.trial("serving \(number) of \(settings.trials.count)  \(name)  \(what)"))
    }
    tell("starting")
    let service = try await RunPart.start(
      "serve", executable: executable, arguments: serviceArguments(trial, files), log: files.serviceLog
    ) { _ in }
    do {
      while !FileManager.default.fileExists(atPath: files.address) {
        try await Self.pause(stop, service)
      }
      let address = try TextFile.text(of: files.address).trimmingCharacters(in: .whitespacesAndNewlines)
      let load = try await RunPart.start(
        "load", executable: executable,
        arguments: loadArguments(trial, files, address: address, service: service.processID),
        log: files.loadLog
      ) { _ in }
      do {
        let begin = ContinuousClock.now
        while load.exit == nil {
          let elapsed = Duration.seconds((ContinuousClock.now - begin).seconds.rounded(.down))
          tell("\(min(elapsed, trial.plan.duration).text) of \(trial.plan.duration.text)")
          try await Self.pause(stop, service)
        }
      } catch {
        await load.stop()
        throw error
      }
      // Errors are for the expectations to judge, and what the generator could not keep makes the run invalid.
      if let exit = load.exit, exit != .exited(code: 0),
        exit != .exited(code: Int32(ExitStatus.invalidRun.rawValue))
      {
        throw load.failure(exit)
      }
    } catch {
      await service.stop()
      throw error
    }
    tell("stopping")
    let end = await service.stop()
    guard end == .exited(code: 0) else { throw service.failure(end) }
    return ServingAccount.Trial(
      minReplicas: scale.minInstances, maxReplicas: scale.maxInstances,
      mostReplicas: try files.mostReplicas() ?? scale.maxInstances, rowsPerRequest: trial.rowsPerRequest,
      connections: trial.connections,
      report: try JSONFile.read(LoadReport.self, files.report))
  }

  /// Waits a moment. Throws where the run is to end, or the service has ended by itself.
  private static func pause(_ stop: StopFlag, _ service: RunPart) async throws {
    guard !stop.isSet else { throw RunError.interrupted }
    if let exit = service.exit { throw service.failure(exit) }
    try await Task.sleep(for: RunDefaults.pollInterval)
  }

  private func serviceArguments(_ trial: ServingSettings.Trial, _ files: ServingFiles) -> [String] {
    var service = ServiceArguments(run: folder, files: files.path, address: files.address)
    service.endpoint = settings.endpoint
    service.models = settings.models
    service.threads = settings.threads
    service.queue = settings.queue
    if settings.needsHAProxy { service.instances = (trial.scale.minInstances, trial.scale.maxInstances) }
    return service.arguments
  }

  private func loadArguments(
    _ trial: ServingSettings.Trial, _ files: ServingFiles, address: String, service: Int32
  ) -> [String] {
    let path = settings.spoken == .azure ? "/score" : "/v2/models/\(LoadTarget.placeholder)/infer"
    let stages = trial.plan.stages.map { "\($0.rate):\($0.duration.text)" }.joined(separator: ",")
    var arguments = [
      "load", "http://\(address)\(path)", "--stages", stages, "--arrivals", trial.plan.spacing.rawValue,
      "--seed", "\(seed)", "--rows", "\(trial.rowsPerRequest)", "--connections", "\(trial.connections)",
      "--timeout", settings.timeout.text, "--process", "\(service)", "--out", files.load, "--allow-errors",
    ]
    switch settings.content {
    case .windows: arguments += ["--run", folder.path]
    case .features(let count): arguments += ["--features", "\(count)"]
    case .file(let path): arguments += ["--body", path]
    }
    if settings.isBinary { arguments.append("--binary") }
    return arguments
  }
}

/// The files of one trial of a service: `serving/NAME` in the folder of the run.
private struct ServingFiles {
  let path: String
  /// Where the service listens, once it does.
  var address: String { "\(path)/address" }
  var serviceLog: String { "\(path)/serve.log" }
  var loadLog: String { "\(path)/load.log" }
  /// What the load says of itself.
  var load: String { "\(path)/load" }
  var report: String { "\(load)/load.json" }

  init(_ folder: RunFolder, _ trial: ServingSettings.Trial, namesConnections: Bool) {
    let (fewest, most) = (trial.scale.minInstances, trial.scale.maxInstances)
    let replicas = fewest == most ? "\(most)" : "\(fewest)-to-\(most)"
    path =
      "\(folder.serving)/replicas-\(replicas)-rows-\(trial.rowsPerRequest)"
      + (namesConnections ? "-connections-\(trial.connections)" : "")
  }

  /// The most replicas that were there at a time; nil where the service had one process.
  func mostReplicas() throws -> Int? {
    let record = "\(path)/replicas.csv"
    guard FileManager.default.fileExists(atPath: record) else { return nil }
    return ReplicaUsage(try ReplicaRecord.read(record)).mostReplicas
  }
}
