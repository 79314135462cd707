import BatchScoring
import Files
import HTTP
import Telemetry

/// Jobs and endpoints as Azure's resources, in JSON.
struct JobResource {
  static let type = "Microsoft.MachineLearningServices/workspaces/batchEndpoints/jobs"

  /// Where clients reach the server, such as `https://host:8443`; empty where that is not known.
  let base: String

  static func path(_ endpoint: String) -> String { "/batchEndpoints/\(endpoint)/jobs" }

  func bytes(_ entry: JobEntry) -> [UInt8] {
    var writer = JSONWriter(reserving: 1024)
    write(entry, &writer)
    return writer.bytes
  }

  /// A page of a list; `next` is the name of its last job, where others follow.
  func bytes(_ entries: [JobEntry], of endpoint: String, deployment: String?, next: String?) -> [UInt8] {
    var writer = JSONWriter(reserving: 1024 * (entries.count + 1))
    writer.beginObject()
    writer.key("value")
    writer.beginArray()
    for entry in entries { write(entry, &writer) }
    writer.endArray()
    writer.key("nextLink")
    if let next {
      // Both are names, which need no escapes.
      let only = deployment.map { "&deployment=\($0)" } ?? ""
      writer.text("\(base)\(Self.path(endpoint))?$skiptoken=\(next)\(only)")
    } else {
      writer.null()
    }
    writer.endObject()
    return writer.bytes
  }

  /// An endpoint, with its deployments.
  func bytes(endpoint: String, defaultDeployment: String, deployments: [String]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("id")
    writer.text("/batchEndpoints/\(endpoint)")
    writer.key("name")
    writer.text(endpoint)
    writer.key("type")
    writer.text("Microsoft.MachineLearningServices/workspaces/batchEndpoints")
    writer.key("properties")
    writer.beginObject()
    writer.key("authMode")
    writer.text("Key")
    writer.key("provisioningState")
    writer.text("Succeeded")
    writer.key("scoringUri")
    writer.text(base + Self.path(endpoint))
    writer.key("defaults")
    writer.beginObject()
    writer.key("deploymentName")
    writer.text(defaultDeployment)
    writer.endObject()
    writer.key("properties")
    writer.beginObject()
    writer.key("deployments")
    writer.text(deployments.joined(separator: ","))
    writer.endObject()
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }

  // MARK: - A job

  private func write(_ entry: JobEntry, _ writer: inout JSONWriter) {
    let job = entry.job
    writer.beginObject()
    writer.key("id")
    writer.text("\(Self.path(job.endpoint))/\(job.name)")
    writer.key("name")
    writer.text(job.name)
    writer.key("type")
    writer.text(Self.type)
    writer.key("properties")
    writeProperties(entry, &writer)
    if entry.progress.state == .failed {
      writer.key("error")
      BatchFault.write(
        code: "UserError", message: entry.progress.reason ?? "the job has failed", &writer)
    }
    writer.key("systemData")
    writer.beginObject()
    writer.key("createdAt")
    writer.text("\(job.createdAt)")
    if let client = job.client {
      writer.key("createdBy")
      writer.text(client)
      writer.key("createdByType")
      writer.text("Key")
    }
    writer.key("lastModifiedAt")
    writer.text("\(entry.progress.endedAt ?? entry.progress.startedAt ?? job.createdAt)")
    writer.endObject()
    writer.endObject()
  }

  private func writeProperties(_ entry: JobEntry, _ writer: inout JSONWriter) {
    let (job, deployment) = (entry.job, entry.job.deployment)
    writer.beginObject()
    writer.key("name")
    writer.text(job.name)
    if let about = job.request.about {
      writer.key("description")
      writer.text(about)
    }
    writer.key("status")
    writer.text(entry.status)
    writer.key("provisioningState")
    writer.text(entry.provisioningState)
    writeData(job, &writer)
    writer.key("errorThreshold")
    writer.number(deployment.errorThreshold)
    if case .devices(let count) = deployment.miniBatchSize {
      writer.key("miniBatchSize")
      writer.number(count)
    }
    if let most = deployment.maxConcurrencyPerInstance {
      writer.key("maxConcurrencyPerInstance")
      writer.number(most)
    }
    writer.key("retrySettings")
    writer.beginObject()
    writer.key("maxRetries")
    writer.number(deployment.maxRetries)
    writer.key("timeout")
    writer.text(ISODuration.text(seconds: deployment.taskTimeoutSeconds))
    writer.endObject()
    writer.key("outputFileName")
    writer.text(job.outputFileName)
    writer.key("loggingLevel")
    writer.text(deployment.loggingLevel.rawValue.capitalized)
    writer.key("compute")
    writer.beginObject()
    writer.key("instanceCount")
    writer.number(job.compute.nodes)
    writer.endObject()
    writer.key("tags")
    write(job.request.tags, &writer)
    writer.key("properties")
    write(own(entry).merging(job.request.properties) { own, _ in own }, &writer)
    writer.endObject()
  }

  private func writeData(_ job: BatchJob, _ writer: inout JSONWriter) {
    writer.key("inputData")
    writer.beginObject()
    writer.key(named: job.request.inputName)
    writer.beginObject()
    writer.key("jobInputType")
    writer.text(job.request.inputType.rawValue)
    writer.key("uri")
    writer.text(job.request.uri)
    writer.endObject()
    for (name, time) in [("after", job.request.after), ("through", job.request.through)] {
      guard let time, name != job.request.inputName else { continue }
      writer.key(named: name)
      writer.beginObject()
      writer.key("jobInputType")
      writer.text("Literal")
      writer.key("value")
      writer.text("\(time)")
      writer.endObject()
    }
    writer.endObject()
    writer.key("outputData")
    writer.beginObject()
    writer.key(named: job.request.outputName)
    writer.beginObject()
    writer.key("jobOutputType")
    writer.text("UriFile")
    writer.key("uri")
    writer.text("\(base)\(Self.path(job.endpoint))/\(job.name)/outputs/\(job.outputFileName)")
    writer.endObject()
    writer.endObject()
  }

  /// What Sonde says of a job beyond Azure: all of it texts, as Azure's clients expect.
  private func own(_ entry: JobEntry) -> [String: String] {
    let progress = entry.progress
    var own = [
      "deployment": entry.job.deployment.name, "tasks": String(progress.tasks),
      "tasks_done": String(progress.tasksDone), "predictions": String(progress.predictions),
      "failed_rows": String(progress.failedRows), "starts": String(progress.starts),
    ]
    own["job"] = progress.job
    own["reason"] = progress.reason
    own["started_at"] = progress.startedAt.map { "\($0)" }
    own["ended_at"] = progress.endedAt.map { "\($0)" }
    return own
  }

  private func write(_ texts: [String: String], _ writer: inout JSONWriter) {
    writer.beginObject()
    for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
      writer.key(named: name)
      writer.text(text)
    }
    writer.endObject()
  }
}

extension BatchJob {
  /// Of a run its deployment's; plain files have the usual one.
  var outputFileName: String {
    if case .run = input { deployment.outputFileName } else { ScoringDefaults.outputFileName }
  }
}
