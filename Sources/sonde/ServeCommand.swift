import ArgumentParser
import Files
import Foundation
import HTTP
import Harness
import Modelling
import RealTimeScoring
import Scenario
import Supervision
import Wording

/// `sonde serve`: the scoring service, and the REST face of batch endpoints.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serves models over HTTP: a row a request, or a thousand; or batch endpoints.",
    discussion: """
      Clients of the Open Inference Protocol v2 (KServe, Triton) post rows to /v2/models/DEVICE/infer, those of \
      Azure's online endpoints to /score. What there is else stands in /openapi.json.

      What changes in the files of the models or the endpoint is taken over while it runs. SIGTERM ends it when \
      all requests that it has are answered. Standard output has a line of JSON a request.

      Try it:  sonde serve --models RUN_DIR/models
               curl 127.0.0.1:8080/v2/models
               sonde serve --batch RUN_DIR

      With --kubernetes it prints the same service as manifests (Deployment, Service, Ingress, HorizontalPodAutoscaler, Secret), and \
      with --containerfile the image; docs/kubernetes.md says how they are used.
      """)

  @Option(
    help: "An endpoint file: its deployments, with their shares of the traffic.",
    completion: .file(extensions: ["yaml", "yml"]))
  var endpoint: String?

  @Option(help: "The folder of a run, whose models a deployment has that names none.", completion: .directory)
  var run: String?

  @Option(help: "A folder of models, without an endpoint file.", completion: .directory)
  var models: String?

  @Option(help: ArgumentHelp("Where it listens.", valueName: "host:port | unix:path"))
  var listen = "127.0.0.1:8080"

  @Option(
    help: "A file of keys, as “sonde keys” makes it; every request then needs one.", completion: .file())
  var keys: String?

  @Flag(
    help: "Take keys over plain HTTP from other machines too, which anybody on the way can read and use.")
  var plainHttpWithKeys = false

  @Flag(help: "Say without a key too whether it lives and is ready, for the probes of a cluster.")
  var openHealth = false

  @Option(
    help: "A certificate as a PEM file, with those that sign it: HTTPS, with TLS 1.2 or later.",
    completion: .file())
  var tlsCert: String?

  @Option(help: "The private key of --tls-cert as a PEM file.", completion: .file())
  var tlsKey: String?

  @Option(help: "How many long requests are answered at a time.")
  var threads = 1

  @Option(help: "How many requests may wait; more are answered with 503.")
  var queue = ServingDefaults.queuedRequests

  @Option(help: "The largest body of a request in bytes; a larger one is answered with 413.")
  var maxBodyBytes = HTTPDefaults.bodyBytes

  @Option(help: "How many connections it has at a time.")
  var maxConnections = HTTPDefaults.connections

  @Option(help: "How long requests may go on after SIGTERM.")
  var drain: Span?

  @Option(
    help: "A file that is made when it takes requests, with where it listens; for --listen 127.0.0.1:0.",
    completion: .file())
  var addressFile: String?

  @OptionGroup var replicas: ReplicaOptions

  @OptionGroup var batch: BatchServeOptions

  @Option(
    help: "Where the line of each request goes: a file, or - for standard output, or none.",
    completion: .file())
  var accessLog = "-"

  @OptionGroup var kubernetes: KubernetesOptions

  @Option(
    help:
      "With --kubernetes: under which name clients outside the cluster find it; makes an Ingress with TLS.")
  var host: String?

  func run() async throws {
    if try hasPrinted() { return }
    let address = try ListenAddress(listen)
    try checkOptions(address)
    if batch.isAsked {
      try await serveBatch(address)
    } else if let scale = try replicas.scale() {
      try await serveReplicas(scale, address)
    } else {
      try await serve(address)
    }
  }

  /// Serves in this process.
  private func serve(_ address: ListenAddress) async throws {
    var http = HTTPServerSettings(address, tls: tls)
    http.limits.bodyBytes = maxBodyBytes
    http.limits.connections = maxConnections
    var settings = ScoringServer.Settings(
      http: http, keys: keys, threads: threads, queued: queue,
      drain: drain?.duration ?? ServingDefaults.drain, version: Versions.sonde)
    settings.opensHealth = openHealth
    let (endpoint, folder, models) = (endpoint, run.map { RunFolder($0) }, models)
    let server = ScoringServer(
      settings, source: endpoint, log: AccessLog(descriptor: try logDescriptor()),
      plan: {
        guard let endpoint else {
          return .models(in: URL(fileURLWithPath: models ?? "").standardizedFileURL.path)
        }
        let document = try EndpointDocument.load(endpoint)
        let environment = PythonEnvironment { StandardError.write($0) }
        return try await document.servingPlan(run: folder) { try await environment.interpreter(of: $0) }
      },
      scriptLog: { StandardError.write(raw: String(decoding: $0, as: UTF8.self)) },
      report: { event in
        Self.tell(event)
        if case .ready(let address, _, _) = event { writeAddress(address) }
      })
    let (end, sink) = AsyncStream.makeStream(of: Void.self)
    let stop = StopSignal { sink.finish() }
    try await server.run(until: end)
    if stop.received == SIGINT { throw ExitCode(ExitStatus.interrupted) }
  }

  /// Serves with processes of their own behind haproxy.
  private func serveReplicas(_ scale: ReplicaScale, _ address: ListenAddress) async throws {
    let folder = replicas.folder ?? run.map { "\($0)/serving" } ?? ReplicaOptions.standardFolder
    try Folder.make(folder)
    var settings = ReplicaSettings(
      listen: address, scale: scale, folder: folder, program: ExecutablePath.current,
      arguments: replicaArguments(folder))
    settings.tls = tls
    settings.connections = maxConnections
    // A replica says itself that a request has taken too long.
    let longest = try endpoint.map { try EndpointDocument.load($0).longestRequestTimeout } ?? .zero
    settings.requestTimeout = max(settings.requestTimeout, longest + .seconds(5))
    settings.stopDeadline = drain?.duration ?? ServingDefaults.drain
    let metrics = ReplicaMetrics(keys: try keys.map { try KeyRing($0) })
    let socket = FileManager.default.temporaryDirectory.appendingPathComponent("sonde-metrics-\(getpid())")
      .path
    let metricsServer = try HTTPServer(
      HTTPServerSettings(ListenAddress(.socketFile(socket))), handler: metrics)
    defer { metricsServer.stop(within: .zero) }
    settings.metricsSocket = socket
    let stop = StopSignal()
    let set = try await ReplicaSet.start(settings) { StandardError.write($0) }
    let counting = Task {
      while !Task.isCancelled {
        metrics.take(await set.figures())
        try await Task.sleep(for: .seconds(1))
      }
    }
    defer { counting.cancel() }
    let count =
      scale.minInstances == scale.maxInstances
      ? "\(scale.minInstances)" : "\(scale.minInstances) to \(scale.maxInstances)"
    StandardError.write(
      "the endpoint is served on \(set.address) by \(count) replicas; \(folder) says what they do")
    writeAddress(set.address)
    try await set.run(until: stop.flag)
    if stop.received == SIGINT { throw ExitCode(ExitStatus.interrupted) }
  }

  /// What each replica is started with; its socket is added.
  private func replicaArguments(_ folder: String) -> [String] {
    var arguments = ["serve"]
    func add(_ name: String, _ value: String?) { if let value { arguments += [name, value] } }
    add("--endpoint", endpoint)
    add("--run", run)
    add("--models", models)
    add("--keys", keys)
    if openHealth { arguments.append("--open-health") }
    add("--threads", String(threads))
    add("--queue", String(queue))
    add("--max-body-bytes", String(maxBodyBytes))
    add("--drain", drain?.duration.text)
    // All of them write to one file, line by line.
    add("--access-log", accessLog == "-" ? "\(folder)/logs/access.jsonl" : accessLog)
    return arguments
  }

  var tls: TLSFiles? {
    guard let tlsCert, let tlsKey else { return nil }
    return TLSFiles(certificate: tlsCert, key: tlsKey)
  }

  private func checkModelOptions() throws {
    guard (endpoint == nil) != (models == nil) else {
      throw ServingError("give either --endpoint with an endpoint file or --models with a folder")
    }
    guard run == nil || endpoint != nil else { throw ServingError("--run belongs to --endpoint") }
  }

  func checkOptions(_ address: ListenAddress) throws {
    if batch.isAsked {
      try checkBatchOptions(address)
    } else {
      guard batch.isUnused else {
        throw ServingError("--settings, --state and --jobs belong to --batch")
      }
      try checkModelOptions()
    }
    guard (tlsCert == nil) == (tlsKey == nil) else {
      throw ServingError("--tls-cert and --tls-key need each other")
    }
    for (value, name, least) in [
      (threads, "--threads", 1), (queue, "--queue", 1), (maxBodyBytes, "--max-body-bytes", 1),
      (maxConnections, "--max-connections", 1),
    ] {
      if let fault = LeastNumber(least).fault(value, name) { throw ServingError(fault) }
    }
    guard keys == nil || tls != nil || address.isLoopback || plainHttpWithKeys else {
      throw ServingError(
        "keys over plain HTTP on \(address) can be read by everybody on the way: give --tls-cert and --tls-key, listen on 127.0.0.1, or "
          + "say --plain-http-with-keys")
    }
  }

  func logDescriptor() throws -> Int32 {
    switch accessLog {
    case "-": return STDOUT_FILENO
    case "none": return -1
    default:
      let descriptor = open(accessLog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
      guard descriptor >= 0 else {
        throw FileError(path: accessLog, action: .write, reason: String(cString: strerror(errno)))
      }
      return descriptor
    }
  }

  /// Says where it listens to those who wait for it. A service that takes requests goes on where that cannot be written.
  func writeAddress(_ address: ListenAddress) {
    guard let addressFile else { return }
    do {
      try AtomicFile.write(Array("\(address)\n".utf8), to: addressFile, existing: .replace)
    } catch {
      StandardError.write("\(error)")
    }
  }

  private static func tell(_ event: ScoringServer.Event) {
    switch event {
    case .ready(let address, let endpoint, let deployments):
      let parts = deployments.map { name, models in
        models == 0 ? "\(name) (a script)" : "\(name) (\(models) \(models == 1 ? "model" : "models"))"
      }
      StandardError.write("\(endpoint) is served on \(address): \(parts.listed)")
    case .reloaded: StandardError.write("what has changed in the files is taken over")
    case .notice(let text): StandardError.write(text)
    case .ended(let cutOff):
      StandardError.write(cutOff == 0 ? "ended" : "ended; \(cutOff) requests were cut off")
    }
  }
}
