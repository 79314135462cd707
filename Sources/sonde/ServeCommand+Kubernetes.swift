import Files
import HTTP
import Manifests
import RealTimeScoring
import Telemetry

extension ServeCommand {
  /// Prints what was asked for in place of serving; false where nothing was.
  func hasPrinted() throws -> Bool {
    guard try kubernetes.asks(others: [("--host", host != nil)]) else { return false }
    if kubernetes.kubernetes { StandardOutput.write(String(try manifests().text.dropLast())) }
    return true
  }

  /// This command as Kubernetes runs it. Throws what is wrong with its options.
  func manifests() throws -> ServiceManifests {
    try refuseWhatIsOfOneMachine()
    let address = try podAddress()
    try checkOptions(address)
    let arguments = try podArguments(address)
    // What a pod runs is read by the same parser and checked as here.
    let pod = try ServeCommand.parse(Array(arguments.dropFirst()))
    try pod.checkOptions(address)
    for (path, option) in [(models, "--models"), (endpoint, "--endpoint"), (run, "--run")] {
      if let path { try ContainerPaths.check(path, option) }
    }
    guard case .network(_, let port) = address.place else { throw ManifestError("a pod listens on a port") }
    let drain = drain?.duration ?? ServingDefaults.drain
    var manifests = try ServiceManifests(
      name: kubernetes.resourceName(like: endpoint ?? models ?? ""),
      namespace: kubernetes.checkedNamespace(),
      image: kubernetes.checkedImage(), arguments: arguments, port: port, scale: replicas.podScale(),
      drainSeconds: Int(drain.seconds.rounded(.up)), threads: threads)
    manifests.host = try host.map { try ResourceName.dotted($0, "--host") }
    manifests.keys = try keys.map { path in
      _ = try KeyFile.read(path)
      return try TextFile.text(of: path)
    }
    if let tlsCert, let tlsKey { manifests.tls = .init(certificate: tlsCert, key: tlsKey) }
    manifests.volumes = try kubernetes.mounts()
    return manifests
  }

  /// The words behind `sonde` in a pod.
  func podArguments(_ address: ListenAddress) throws -> [String] {
    // What is not given.
    let standard = try ServeCommand.parse([])
    var arguments = ["serve"]
    func add(_ name: String, _ value: String?) { if let value { arguments += [name, value] } }
    func add<Value: Equatable>(_ name: String, _ value: Value, unless standard: Value) {
      if value != standard { arguments += [name, "\(value)"] }
    }
    add("--endpoint", endpoint)
    add("--run", run)
    add("--models", models)
    add("--listen", "\(address)")
    if keys != nil {
      // A cluster's probes have no key.
      arguments += ["--keys", "\(ContainerPaths.keys)/keys.json", "--open-health"]
    }
    if plainHttpWithKeys { arguments.append("--plain-http-with-keys") }
    if tlsCert != nil {
      // As Kubernetes calls them in secrets of its type “tls”.
      add("--tls-cert", "\(ContainerPaths.tls)/tls.crt")
      add("--tls-key", "\(ContainerPaths.tls)/tls.key")
    }
    add("--threads", threads, unless: standard.threads)
    add("--queue", queue, unless: standard.queue)
    add("--max-body-bytes", maxBodyBytes, unless: standard.maxBodyBytes)
    add("--max-connections", maxConnections, unless: standard.maxConnections)
    add("--drain", drain?.duration.text)
    add("--access-log", accessLog, unless: standard.accessLog)
    return arguments
  }

  /// A pod has an address of its own, which nobody knows before: of --listen the port counts, and whether it is IPv6.
  private func podAddress() throws -> ListenAddress {
    guard case .network(let host, let port) = try ListenAddress(listen).place, port > 0 else {
      throw ManifestError(
        "--listen \(listen): clients reach a pod by a port; give one, such as 0.0.0.0:8080")
    }
    return ListenAddress(.network(host: host.contains(":") ? "::" : "0.0.0.0", port: port))
  }

  private func refuseWhatIsOfOneMachine() throws(ManifestError) {
    guard !batch.isAsked else {
      throw ManifestError(
        "--kubernetes is for models: what --batch starts are jobs of one machine, and “sonde schedule --kubernetes” has those of a cluster"
      )
    }
    guard replicas.folder == nil else {
      throw ManifestError("--folder is of haproxy and replicas on one machine; Kubernetes does without")
    }
    guard addressFile == nil else {
      throw ManifestError("--address-file is for those who start a service on one machine; leave it out")
    }
    guard accessLog == "-" || accessLog == "none" else {
      throw ManifestError(
        "--access-log \(accessLog): a pod writes to no file of its own; its standard output is kept, which “-” is, the default"
      )
    }
    guard keys == nil || tlsCert != nil || plainHttpWithKeys else {
      throw ManifestError(
        "keys over plain HTTP can be read by everybody between the Ingress and the pods: give --tls-cert and --tls-key, with which "
          + "the pods speak TLS, or say --plain-http-with-keys")
    }
  }
}

extension ReplicaOptions {
  /// How many pods there are to be. Throws ``ManifestError``.
  func podScale() throws(ManifestError) -> ServiceManifests.Scale {
    if let replicas {
      guard minInstances == nil, maxInstances == nil else {
        throw ManifestError("give either --replicas or --min-instances and --max-instances")
      }
      return .fixed(replicas)
    }
    guard minInstances != nil || maxInstances != nil else { return .fixed(1) }
    let least = minInstances ?? 1
    let most = maxInstances ?? least
    return least == most ? .fixed(least) : .between(least: least, most: most)
  }
}
