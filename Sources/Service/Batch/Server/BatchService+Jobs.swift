import BatchScoring
import Compute
import Files
import Foundation
import HTTP
import Modelling
import Wording

// What is done with jobs; called on the thread of the service, one call at a time.
extension BatchService {
  /// The job that a path names, as it is now. Throws ``RequestFault`` with 404.
  func entry(_ names: [String]) throws(RequestFault) -> JobEntry {
    guard registry.withLock({ $0.entry(names[1], of: names[0]) }) != nil else {
      throw RequestFault(.notFound, "the endpoint \(names[0].quoted) has no job \(names[1].quoted)")
    }
    refresh(names[1])
    guard let entry = registry.withLock({ $0.entry(names[1]) }) else {
      throw RequestFault(.notFound, "the endpoint \(names[0].quoted) has no job \(names[1].quoted)")
    }
    return entry
  }

  // MARK: - Start

  /// Starts a job, or finds the one that the same request has started before. It is on disk before this returns.
  func start(_ endpoint: String, _ request: HTTPRequest, _ resource: JobResource) throws(RequestFault) -> (
    HTTPAnswer, job: String
  ) {
    let deployment = request.headers["azureml-model-deployment"]
    let client = parts.keys?.client(authorization: request.headers["Authorization"])
    let key = try Repeatability.key(of: request)
    let digest = JobRequest.digest(of: request.body, deployment: deployment)
    if let key {
      let repetition = registry.withLock {
        $0.repetition(of: key, endpoint: endpoint, client: client, digest: digest)
      }
      switch repetition {
      case .isNew: break
      case .isSame(let name): return (created(try entry([endpoint, name]), resource, key: key), name)
      case .isOther:
        throw RequestFault(
          "the idempotency key \(key.quoted) was used for another request; a new request needs a new key")
      }
    }
    let wanted = try JobRequest(body: request.body)
    guard registry.withLock({ $0.hasRoom }) else {
      throw RequestFault(
        .serviceUnavailable, "\(BatchDefaults.waitingJobs) jobs are waiting already", retryAfter: 60)
    }
    let models = try parts.endpoints.models(of: endpoint, deployment: deployment)
    let input = try parts.inputs.resolve(wanted, models: models)
    let choice = try parts.endpoints.choice(endpoint, deployment: deployment, for: input)
    let job = BatchJob(
      name: "batchjob-\(UUID().uuidString.lowercased())", endpoint: endpoint,
      deployment: try Self.deployment(of: wanted, choice, input),
      compute: try Self.compute(of: wanted, choice.compute), request: wanted, input: input, client: client,
      key: key, digest: digest, createdAt: parts.now())
    do {
      try parts.folder.add(job)
    } catch {
      throw RequestFault(.internalError, "the job cannot be kept: \(error)")
    }
    let entry = JobEntry(job: job)
    registry.withLock { $0.add(entry) }
    look()
    return (created(registry.withLock { $0.entry(job.name) } ?? entry, resource, key: key), job.name)
  }

  private static func deployment(
    of wanted: JobRequest, _ choice: BatchEndpoints.Choice, _ input: ResolvedInput
  ) throws(RequestFault) -> Deployment {
    if case .files = input {
      guard wanted.settings.isEmpty, wanted.after == nil, wanted.through == nil else {
        throw RequestFault("plain files are scored as they are: settings, after and through are for runs")
      }
    }
    do throws(ScoringError) {
      return try wanted.applied(to: choice.deployment)
    } catch {
      throw RequestFault("\(error)")
    }
  }

  /// A request may ask for fewer nodes than its endpoint has, and not for more.
  private static func compute(of wanted: JobRequest, _ compute: ComputeSettings) throws(RequestFault)
    -> ComputeSettings
  {
    guard let count = wanted.instanceCount else { return compute }
    guard count <= compute.nodes else {
      throw RequestFault("instanceCount \(count) is more than the \(compute.nodes) nodes of the endpoint")
    }
    var compute = compute
    compute.scale = .fixed(count)
    return compute
  }

  private func created(_ entry: JobEntry, _ resource: JobResource, key: String?) -> HTTPAnswer {
    var answer = HTTPAnswer.json(.created, resource.bytes(entry))
    answer.headers.add(
      "Location", "\(resource.base)\(JobResource.path(entry.job.endpoint))/\(entry.job.name)")
    if key != nil { answer.headers.add(Repeatability.resultHeader, "accepted") }
    return answer
  }

  // MARK: - Cancel

  /// Asks for the end of a job; of one that was canceled already nothing. Throws ``RequestFault`` with 409 where it has ended otherwise.
  func cancel(_ entry: JobEntry) throws(RequestFault) -> JobEntry {
    let name = entry.job.name
    switch entry.progress.state {
    case .canceled: return entry
    case .completed, .failed:
      throw RequestFault(
        .conflict, "the job cannot be canceled: it has ended as \(entry.status)")
    case .queued, .provisioning, .running, .finalizing: break
    }
    let paths = parts.folder.job(name)
    do {
      try paths.askForCancel()
      // One that nobody has begun with needs no process for that.
      if !entry.isAlive, entry.progress.starts == 0, let lock = try? DatabaseLock(path: paths.lock) {
        var progress = paths.progress ?? BatchProgress()
        progress.state = .canceled
        progress.endedAt = parts.now()
        try paths.write(progress)
        withExtendedLifetime(lock) {}
      }
    } catch {
      throw RequestFault(.internalError, "the job cannot be canceled: \(error)")
    }
    refresh(name)
    look()
    return registry.withLock { $0.entry(name) } ?? entry
  }

  // MARK: - Logs and outputs

  /// What the process of a job has said, and then what its workers have.
  func logs(of entry: JobEntry) -> String {
    let paths = parts.folder.job(entry.job.name)
    var lines = (try? LogTail.lines(of: paths.log, bytes: BatchDefaults.logBytes)) ?? []
    if case .run(let folder) = entry.job.input, let job = entry.progress.job {
      let path = RunFolder(folder).workerLogs
      let count = (try? FileManager.default.contentsOfDirectory(atPath: path))?.count ?? 0
      var logs = WorkerLogs(
        folder: path, job: job,
        tailBytes: max(BatchDefaults.leastLogBytes, BatchDefaults.logBytes / max(1, count)))
      lines += (try? logs.newLines()) ?? []
    }
    return lines.suffix(BatchDefaults.logLines).map { "\($0)\n" }.joined()
  }

  /// A file of a job's output. Throws ``RequestFault`` with 404 where there is none of that name, or not yet.
  func output(_ file: String, of entry: JobEntry) throws(RequestFault) -> HTTPAnswer {
    let state = entry.progress.state
    let isThere: Bool
    switch file {
    case entry.job.outputFileName, "_SUCCESS": isThere = state == .completed
    case "failed.csv": isThere = state.isFinal
    default:
      throw RequestFault(
        .notFound,
        "there is no output \(file.quoted); there are \(entry.job.outputFileName), failed.csv and _SUCCESS")
    }
    guard isThere, let (descriptor, count) = outputs(of: entry)?.descriptor(of: file) else {
      throw RequestFault(.notFound, "the job has no \(file); it is \(entry.status)")
    }
    let type = file == "_SUCCESS" ? "application/json" : "text/csv; charset=utf-8"
    var answer = HTTPAnswer(.ok, headers: ["Content-Type": type])
    answer.file = HTTPFile(descriptor: descriptor, count: count)
    return answer
  }

  private func outputs(of entry: JobEntry) -> HeldFolder? {
    switch entry.job.input {
    case .run(let folder):
      entry.progress.job.flatMap { HeldFolder.unlinked(folder)?.folder(below: ["predictions", $0]) }
    case .files: HeldFolder(parts.folder.job(entry.job.name).outputs)
    }
  }
}

/// The last lines of a log.
enum LogTail {
  /// Throws where the file cannot be read.
  static func lines(of path: String, bytes: Int) throws -> [String] {
    guard let file = FileHandle(forReadingAtPath: path) else { return [] }
    defer { try? file.close() }
    let end = try file.seekToEnd()
    let start = end > UInt64(bytes) ? end - UInt64(bytes) : 0
    try file.seek(toOffset: start)
    let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init)
    return start > 0 ? Array(lines.dropFirst()) : lines
  }
}
