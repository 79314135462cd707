import BatchScoring
import Compute
import Documents
import Files
import Foundation
import Modelling
import RealTimeScoring
import Scenario
import Telemetry
import TestSupport
import Testing

@Suite struct EndpointDocumentTests {
  private static let text = """
    # The pumps of hall 3.
    name: pumps
    default_deployment: blue  # since January
    compute: { local: { max_instances: 4, cores_per_node: 2, idle_time_before_scale_down: 30s } }
    deployments:
      blue:
        mini_batch_size: 20
        retry_settings: { max_retries: 1, timeout: 90s }
        error_threshold: 100
        output_action: summary_only
        output_file_name: pumps.csv
        logging_level: debug
        max_concurrency_per_instance: 1
      # Two more features.
      green:
        models: models-2
        per: sensor
        features: [mean, p95]
        nu: 0.02
        threshold: cross_validated

    """

  private func faults(_ text: String) -> [String] {
    do {
      _ = try EndpointDocument.parse(text, path: "e.yaml")
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  @Test func readsEverySetting() throws {
    let endpoint = try EndpointDocument.parse(Self.text, path: "/etc/sonde/e.yaml").endpoint
    #expect(endpoint.name == "pumps" && endpoint.defaultDeployment == "blue")
    #expect(
      endpoint.compute
        == ComputeSettings(
          coresPerNode: 2, scale: AutoscaleSettings(maxInstances: 4, idleTimeBeforeScaleDown: .seconds(30))))
    #expect(
      try endpoint.deployment()
        == Deployment(
          name: "blue", endpoint: "pumps", miniBatchSize: .devices(20), maxRetries: 1, taskTimeoutSeconds: 90,
          errorThreshold: 100, outputAction: .summaryOnly, outputFileName: "pumps.csv", loggingLevel: .debug,
          maxConcurrencyPerInstance: 1))
    let green = try endpoint.deployment("green")
    #expect(green.models == "/etc/sonde/models-2")
    #expect(green.layout == ModelLayout(per: .sensor, features: [.mean, .p95]))
    #expect(green.model == ModelSettings(nu: 0.02, threshold: "cross_validated"))
    let error = #expect(throws: ScoringError.self) { try endpoint.deployment("red") }
    #expect(error?.description.contains("blue, green") == true)
  }

  @Test(arguments: [
    (
      "error_threshold: 100", "eror_threshold: 100",
      "e.yaml:9:5: unknown key “eror_threshold”; did you mean “error_threshold”?"
    ),
    (
      "default_deployment: blue ", "default_deployment: bleu ",
      "e.yaml:3:21: default_deployment: expected blue or green, found “bleu”; did you mean “blue”?"
    ),
    (
      "summary_only", "sumary_only",
      "e.yaml:10:20: output_action: expected append_row or summary_only, found “sumary_only”; did you mean “summary_only”?"
    ),
    ("[mean, p95]", "[mean, p96]", "e.yaml:18:22: features: expected"),
    ("timeout: 90s", "timeout: soon", "e.yaml:8:48: timeout: expected a duration"),
    ("pumps.csv", "../x.csv", "e.yaml:11:23: output_file_name: expected"),
    ("local: {", "locl: {", "e.yaml:4:12: unknown key “locl”; did you mean “local”?"),
    (
      "max_instances: 4", "nodes: 4, max_instances: 4",
      "e.yaml:4:46: nodes and max_instances exclude each other"
    ),
    ("default_deployment: blue  # since January\n", "", "endpoint lacks “default_deployment”"),
    ("name: pumps\n", "", "endpoint lacks “name”"),
  ]) func saysWhereAndWhatIsWrong(good: String, bad: String, fault: String) throws {
    let changed = Self.text.replacing(good, with: bad)
    #expect(changed != Self.text)
    let found = faults(changed)
    #expect(found.contains { $0.contains(fault) }, "\(found)")
  }

  private static let served = """
    name: pumps
    default_deployment: blue
    traffic: { blue: 90, green: 10 }
    deployments:
      blue: { models: blue }
      green: { models: green, request_settings: { request_timeout_ms: 250, max_queue_wait_ms: 20, max_concurrent_requests_per_instance: 3 } }
      own: { models: own }

    """

  @Test func aServiceGetsSharesAndBounds() async throws {
    let document = try EndpointDocument.parse(Self.served, path: "/x/e.yaml")
    let plan = try await document.servingPlan(run: nil) { _ in nil }
    #expect(plan.traffic == ["blue": 90, "green": 10])
    #expect(plan.deployments.map(\.name) == ["blue", "green", "own"])
    #expect(plan.deployments[0].source == .models(folder: "/x/blue"))
    #expect(plan.deployments[0].limits == RequestLimits())
    #expect(
      plan.deployments[1].limits
        == RequestLimits(requestTimeoutSeconds: 0.25, maxQueueWaitSeconds: 0.02, maxConcurrentRequests: 3))
  }

  @Test(arguments: [
    ("green: 10 }", "green: 11 }", "101% in all"), ("green: 10 }", "red: 10 }", "no deployment “red”"),
    ("blue: 90", "blue: 90.5", "whole number"), ("blue: 90", "blue: 101", "whole number"),
    ("{ blue: 90, green: 10 }", "{}", "traffic"), ("{ blue: 90, green: 10 }", "100", "traffic"),
    ("request_timeout_ms: 250", "request_timeout_ms: 0", "request_timeout_ms"),
    ("request_timeout_ms: 250", "request_timeout: 250", "request_timeout_ms"),
  ]) func whatAServiceCannotHaveIsSaid(good: String, bad: String, fault: String) {
    let text = Self.served.replacing(good, with: bad)
    #expect(text != Self.served)
    #expect(faults(text).contains { $0.contains(fault) }, "\(faults(text))")
  }

  @Test func aDeploymentWithoutModelsNeedsARun() async throws {
    let text = Self.served.replacing("own: { models: own }", with: "own:")
    let document = try EndpointDocument.parse(text, path: "/x/e.yaml")
    await #expect(throws: ScoringError.self) { try await document.servingPlan(run: nil) { _ in nil } }
    let plan = try await document.servingPlan(run: RunFolder("/run")) { _ in nil }
    #expect(plan.deployments[2].source == .models(folder: "/run/models"))
  }

  @Test func theDefaultIsChangedInPlaceAndBack() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/e.yaml"
      try Self.text.write(toFile: path, atomically: true, encoding: .utf8)
      let changed = try EndpointDocument.load(path).setDefault("green")
      #expect(changed.endpoint.defaultDeployment == "green")
      #expect(
        try String(contentsOfFile: path, encoding: .utf8)
          == Self.text.replacing("default_deployment: blue", with: "default_deployment: green"))
      _ = try changed.setDefault("blue")
      #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.text)
      #expect(throws: ScoringError.self) { try EndpointDocument.load(path).setDefault("red") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["e.yaml"])
    }
  }

  @Test func aDeploymentIsAddedBesideTheOthers() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/e.yaml"
      try Self.text.write(toFile: path, atomically: true, encoding: .utf8)
      let settings = ["models=models-3", "retry_settings.timeout=5s", "retry_settings.max_retries=0"]
      let added = try EndpointDocument.load(path).add("red", settings: settings, isDefault: true).endpoint
      #expect(added.defaultDeployment == "red" && added.deployments.map(\.name) == ["red", "blue", "green"])
      let red = try added.deployment()
      #expect(red.models == "\(folder)/models-3" && red.taskTimeoutSeconds == 5 && red.maxRetries == 0)
      #expect(try String(contentsOfFile: path, encoding: .utf8).contains("# Two more features."))
      #expect(throws: ScoringError.self) {
        try EndpointDocument.load(path).add("red", settings: [], isDefault: false)
      }
      let before = try String(contentsOfFile: path, encoding: .utf8)
      #expect {
        try EndpointDocument.load(path).add("gray", settings: ["models_folder=x"], isDefault: false)
      } throws: {
        "\($0)".hasPrefix("nothing is changed") && "\($0)".contains("unknown key “models_folder”")
      }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == before, "a wrong setting changes nothing")
    }
  }

  @Test func aSingleDeploymentNeedsNoDefaultUntilThereIsASecond() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/e.yaml"
      try "name: e\ndeployments:\n  only:\n".write(toFile: path, atomically: true, encoding: .utf8)
      let added = try EndpointDocument.load(path).add("next", settings: [], isDefault: false).endpoint
      #expect(added.defaultDeployment == "only" && added.deployments.count == 2)
      #expect(try EndpointDocument.load(path).setDefault("next").endpoint.defaultDeployment == "next")
    }
  }

  @Test func lineEndsOfWindowsAreKept() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/e.yaml"
      try AtomicFile.write(Self.text.replacing("\n", with: "\r\n"), to: path)
      let settings = ["features=mean,max", "error_threshold=7"]
      _ = try EndpointDocument.load(path).add("red", settings: settings, isDefault: false)
      let changed = try EndpointDocument.load(path).setDefault("red").endpoint
      #expect(changed.defaultDeployment == "red" && changed.deployments.count == 3)
      #expect(try changed.deployment().layout.features == [.mean, .max])
      let bytes = try TextFile.bytes(of: path)
      let feeds = bytes.indices.filter { bytes[$0] == 0x0A }
      #expect(feeds.count > 10 && feeds.allSatisfy { bytes[$0 - 1] == 0x0D })
    }
  }

  @Test func aByteOrderMarkIsNoText() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/e.yaml"
      let text = "\u{FEFF}default_deployment: a\nname: e\ndeployments:\n  a: {}\n  b: {}\n"
      try AtomicFile.write(text, to: path)
      #expect(try EndpointDocument.load(path).setDefault("b").endpoint.defaultDeployment == "b")
    }
  }

  @Test func aliasesOfAliasesAreBounded() {
    var text = "x0: &x0 [" + Array(repeating: "1", count: 10).joined(separator: ", ") + "]\n"
    for level in 1..<10 {
      let aliases = Array(repeating: "*x\(level - 1)", count: 10).joined(separator: ", ")
      text += "x\(level): &x\(level) [\(aliases)]\n"
    }
    #expect { try EndpointDocument.parse(text, path: "e.yaml") } throws: {
      "\($0)".contains("more than 200000 values")
    }
  }

  @Test func aLinkToAnEndpointFileStaysOne() async throws {
    try await withTemporaryFolder { folder in
      try AtomicFile.write(Self.text, to: "\(folder)/real.yaml")
      symlink("\(folder)/real.yaml", "\(folder)/link.yaml")
      _ = try EndpointDocument.load("\(folder)/link.yaml").setDefault("green")
      #expect(try EndpointDocument.load("\(folder)/real.yaml").endpoint.defaultDeployment == "green")
      try AtomicFile.write("name: e\rdeployments:\r  a: {}\r", to: "\(folder)/old.yaml")
      #expect(throws: ScoringError.self) { try EndpointDocument.load("\(folder)/old.yaml").setDefault("a") }
    }
  }

  /// What is not said comes from the models, each by itself.
  @Test func whatADeploymentDoesNotSayItsModelsDo() async throws {
    try await withTemporaryFolder { folder in
      let setup = TrainingSetup(
        range: TrainingRange(from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: 1)),
        layout: ModelLayout(per: .device, features: [.median]), settings: ModelSettings())
      try TrainingRecord(setup: setup).write(to: RunFolder("\(folder)/run").making())
      let text = """
        name: e
        default_deployment: none
        deployments:
          none: {}
          scope: { per: sensor }
          features: { features: [max] }
        """
      let document = try EndpointDocument.parse(text, path: "\(folder)/e.yaml")
      func layout(_ name: String) throws -> ModelLayout {
        try document.deployment(name, in: RunFolder("\(folder)/run")).layout
      }
      #expect(try layout("none") == setup.layout)
      #expect(try layout("scope") == ModelLayout(per: .sensor, features: [.median]))
      #expect(try layout("features") == ModelLayout(per: .device, features: [.max]))
    }
  }
}

extension RunFolder {
  /// The same, with a folder for models on disk.
  fileprivate func making() throws -> RunFolder {
    try Folder.make(models)
    return self
  }
}
