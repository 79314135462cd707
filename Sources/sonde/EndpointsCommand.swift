import ArgumentParser
import BatchScoring
import Compute
import Scenario

/// `sonde endpoints`: the deployments of an endpoint file, and which of them is the default.
struct EndpointsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "endpoints",
    abstract: "Shows endpoint files, adds deployments, and makes one of them the default.",
    subcommands: [List.self, Show.self, Add.self, SetDefault.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists endpoints and their deployments.")

    @Argument(help: "Endpoint files.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]

    func run() throws {
      let endpoints = try files.map { try EndpointDocument.load($0).endpoint }
      printTable(
        ["ENDPOINT", "DEPLOYMENT", "DEFAULT", "COMPUTE", "MODELS"],
        endpoints.flatMap { endpoint in
          endpoint.deployments.map { deployment in
            [
              endpoint.name, deployment.name, deployment.name == endpoint.defaultDeployment ? "yes" : "",
              endpoint.compute.summary, deployment.models ?? "of the run",
            ]
          }
        })
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show",
      abstract: "Shows an endpoint with every setting of its deployments, as JSON.")

    @Argument(help: "An endpoint file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    func run() throws {
      try StandardOutput.writeJSON(try EndpointDocument.load(file).endpoint, indented: true)
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add",
      abstract: "Adds a deployment beside the others, in one step.",
      discussion: "Readers of the file see it as it was or as it is then. Comments are kept.")

    @Argument(help: "An endpoint file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Argument(help: "The name of the new deployment.")
    var deployment: String

    @Option(
      name: .customLong("set"),
      help: "A setting of it, such as models=models-2 or retry_settings.timeout=60s; can be repeated.")
    var settings: [String] = []

    @Flag(name: .customLong("default"), help: "Makes it the default in the same step.")
    var isDefault = false

    func run() throws {
      let endpoint = try EndpointDocument.load(file).add(deployment, settings: settings, isDefault: isDefault)
        .endpoint
      StandardOutput.write("\(endpoint.name) has \(deployment); its default is \(endpoint.defaultDeployment)")
    }
  }

  struct SetDefault: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set-default", abstract: "Makes a deployment the default, in one step.",
      discussion: """
        A schedule that runs takes it for its next job. The way back is the same command with the other name. No window \
        is left out or scored twice over it: the jobs of an endpoint follow each other whichever deployment they use.
        """)

    @Argument(help: "An endpoint file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Argument(help: "The name of a deployment.")
    var deployment: String

    func run() throws {
      let before = try EndpointDocument.load(file)
      let endpoint = try before.setDefault(deployment).endpoint
      StandardOutput.write(
        "the default of \(endpoint.name) is \(deployment); it was \(before.endpoint.defaultDeployment)")
    }
  }
}

extension ComputeSettings {
  /// Such as `local, 2 nodes` or `slurm, 0 to 8 nodes`.
  var summary: String {
    let nodes =
      scale.minInstances == scale.maxInstances ? "\(self.nodes)" : "\(scale.minInstances) to \(self.nodes)"
    return "\(kind.rawValue), \(nodes) nodes × \(coresPerNode)"
  }
}
