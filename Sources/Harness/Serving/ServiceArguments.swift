import Files

/// How a run starts `sonde serve`, for the stream and for a load alike.
struct ServiceArguments {
  let run: RunFolder
  /// The folder of the service's own files.
  let files: String
  /// The file into which it writes where it listens.
  let address: String
  /// The endpoint file that is served; nil: the models.
  var endpoint: String?
  /// The folder of the models; nil: the run's own.
  var models: String?
  var threads: Int?
  var queue: Int?
  /// The fewest and the most replicas behind haproxy; nil: one process without haproxy.
  var instances: (fewest: Int, most: Int)?

  init(run: RunFolder, files: String, address: String) {
    self.run = run
    self.files = files
    self.address = address
  }

  var arguments: [String] {
    var arguments = [
      "serve", "--listen", "127.0.0.1:0", "--address-file", address, "--access-log", "none",
    ]
    if let endpoint {
      arguments += ["--endpoint", endpoint, "--run", run.path]
    } else {
      arguments += ["--models", models ?? run.models]
    }
    if let threads { arguments += ["--threads", "\(threads)"] }
    if let queue { arguments += ["--queue", "\(queue)"] }
    if let instances {
      arguments += [
        "--min-instances", "\(instances.fewest)", "--max-instances", "\(instances.most)", "--folder", files,
      ]
    }
    return arguments
  }
}
