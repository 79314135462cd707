import ArgumentParser
import Files
import Foundation
import HTTP
import Harness
import Modelling
import RealTimeScoring
import Service
import Supervision
import Wording

// `sonde serve --batch`: the REST face of batch endpoints.
extension ServeCommand {
  func checkBatchOptions(_ address: ListenAddress) throws {
    guard models == nil, run == nil else {
      throw ServingError(
        "--batch serves the models of its runs, or those of --endpoint: leave --models and --run out")
    }
    guard replicas.isUnused else {
      throw ServingError("--batch is one process; its jobs have workers of their own, which --endpoint says")
    }
    guard !openHealth, threads == 1, queue == ServingDefaults.queuedRequests else {
      throw ServingError(
        "--open-health, --threads and --queue are for models: leave them out; batch endpoints answer nothing without a key, and --jobs says how many run"
      )
    }
    if let jobs = batch.jobs, let fault = LeastNumber(1).fault(jobs, "--jobs") { throw ServingError(fault) }
    guard keys != nil || address.isLoopback else {
      throw ServingError(
        "jobs that anybody may start on \(address) are everybody's: give --keys, or listen on 127.0.0.1")
    }
  }

  func serveBatch(_ address: ListenAddress) async throws {
    let settings = try batch.settings.map { try BatchSettings.load($0) }
    let folders = try ServedFolders(batch.batch)
    let parts = BatchService.Parts(
      endpoints: try BatchEndpoints(files: (endpoint.map { [$0] } ?? []) + (settings?.endpoints ?? [])),
      inputs: InputCatalog(folders: folders, registered: settings?.inputs ?? []),
      folder: JobsFolder(""), now: { ScoringCommandSupport.now() },
      runJob: { paths in
        try await JobProcess.run(
          ExecutablePath.current, ["batch-job", paths.path], log: paths.log)
      })
    let server = BatchServer(
      try batchSettings(address, folders.roots[0].path), try with(parts),
      report: { event in
        Self.tell(event)
        if case .ready(let address, _) = event { writeAddress(address) }
      })
    let (end, sink) = AsyncStream.makeStream(of: Void.self)
    let stop = StopSignal { sink.finish() }
    try await server.run(until: end)
    if stop.received == SIGINT { throw ExitCode(ExitStatus.interrupted) }
  }

  private func with(_ parts: BatchService.Parts) throws -> BatchService.Parts {
    var parts = parts
    parts.log = AccessLog(descriptor: try logDescriptor())
    return parts
  }

  private func batchSettings(_ address: ListenAddress, _ firstRun: String) throws -> BatchServer.Settings {
    var http = HTTPServerSettings(address, tls: tls)
    http.limits.bodyBytes = min(maxBodyBytes, BatchDefaults.bodyBytes)
    http.limits.connections = maxConnections
    http.limits.requestTimeout = BatchDefaults.answerTimeout
    let state = URL(fileURLWithPath: batch.state ?? "\(firstRun)/batch").standardizedFileURL.path
    return BatchServer.Settings(
      http: http, keys: keys, folder: state, jobsAtATime: batch.jobs ?? BatchDefaults.jobsAtATime,
      drain: drain?.duration ?? ServingDefaults.drain, version: Versions.sonde)
  }

  private static func tell(_ event: BatchServer.Event) {
    switch event {
    case .ready(let address, let endpoints):
      StandardError.write(
        "\(endpoints.listed) \(endpoints.count == 1 ? "is" : "are") served on \(address): batch endpoints")
    case .tookUp(let jobs):
      StandardError.write("\(jobs) \(jobs == 1 ? "job goes" : "jobs go") on from before")
    case .notice(let text): StandardError.write(text)
    case .ended(let cutOff, let jobs):
      StandardError.write(
        "ended" + (cutOff == 0 ? "" : "; \(cutOff) requests were cut off")
          + (jobs == 0
            ? "" : "; \(jobs) \(jobs == 1 ? "job goes" : "jobs go") on, and the next server finds them"))
    }
  }
}
