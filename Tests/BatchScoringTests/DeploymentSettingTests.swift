import BatchScoring
import Files
import Foundation
import Modelling
import Telemetry
import Testing

@Suite struct DeploymentSettingTests {
  @Test func everySettingIsPutWhereItBelongs() throws {
    var deployment = Deployment()
    try deployment.set(
      [
        "per=sensor", "features=mean,p95", "nu=0.05", "gamma=auto", "kernel=linear",
        "threshold=cross_validated",
        "mini_batch_size=7", "max_concurrency_per_instance=2",
        "retry_settings.max_retries=0",
        "retry_settings.timeout=5s", "error_threshold=-1", "error_threshold=12", "output_action=summary_only",
        "output_file_name=scores.csv", "logging_level=debug",
      ], trains: true)
    let expected = Deployment(
      layout: ModelLayout(per: .sensor, features: [.mean, .p95]),
      model: ModelSettings(nu: 0.05, gamma: "auto", kernel: "linear", threshold: "cross_validated"),
      miniBatchSize: .devices(7), maxRetries: 0,
      taskTimeoutSeconds: 5, errorThreshold: 12,
      outputAction: .summaryOnly, outputFileName: "scores.csv", loggingLevel: .debug,
      maxConcurrencyPerInstance: 2)
    #expect(deployment == expected)
    #expect(Deployment().maxConcurrencyPerInstance == nil, "one a core")
  }

  @Test(arguments: [
    "mini_batch_size=0", "max_concurrency_per_instance=none", "retry_settings.max_retries=-1",
    "retry_settings.timeout=0s", "error_threshold=-2", "output_action=both", "output_file_name=../x",
    "output_file_name=failed.csv", "output_file_name=_SUCCESS", "logging_level=loud", "mini_batch=1",
    "error_threshold", "features=mean,maen", "features=mean,mean", "features=", "models=no/such/folder",
    "per=fleet", "nu=0", "nu=nan", "gamma=-1", "kernel=round", "threshold=high",
  ]) func whatIsNoValueIsRefusedByName(override: String) throws {
    var deployment = Deployment()
    let error = #expect(throws: ScoringError.self) {
      try deployment.set([override], trains: true)
    }
    let name = override.split(separator: "=")[0]
    #expect(error?.description.contains(name) == true, "\(String(describing: error))")
    #expect(deployment == Deployment())
  }

  @Test func aSlipIsToldWithWhatWasMeant() throws {
    var deployment = Deployment()
    #expect { try deployment.set(["eror_threshold=1"], trains: true) } throws: {
      "\($0)".contains("there is no setting “eror_threshold”; did you mean “error_threshold”?")
    }
    #expect { try deployment.set(["colour=red"], trains: true) } throws: {
      "\($0)".contains("there are models, code_configuration.code,")
    }
  }

  @Test(arguments: ["nu=0.1", "gamma=auto", "kernel=linear", "threshold=cross_validated"])
  func settingsOfTrainingComeTooLateForTrainedModels(override: String) throws {
    var deployment = Deployment()
    #expect { try deployment.set([override], trains: false) } throws: {
      "\($0)".contains("are trained already")
    }
    #expect(deployment == Deployment())
  }

  @Test func otherModelsComeWithWhatTheySee() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: ScoringFixture.hour(15))
      let layout = ModelLayout(per: .sensor, features: [.median])
      let trainer = Trainer(folder: run.folder, layout: layout, settings: ModelSettings(), threads: 2)
      _ = try await trainer.train(
        TrainingRange(from: ScoringFixture.start, to: ScoringFixture.hour(12)))
      var deployment = Deployment()
      try deployment.set(["models=\(run.folder.models)"], trains: true)
      #expect(deployment.models == run.folder.models)
      #expect(deployment.layout == layout)
    }
  }

  @Test func aSummaryHasARowAModel() async throws {
    try await ScoringFixture.with { run in
      try run.store(ScoringFixture.windows(), watermark: ScoringFixture.hour(15))
      var configuration = run.configuration()
      try configuration.deployment.set(
        ["output_action=summary_only", "output_file_name=summary.csv"], trains: true)
      try await run.schedule(configuration)
      let files = run.folder.job("2026-01-01T15-00-00Z", output: "summary.csv")
      let lines = try TextFile.text(of: files.predictions).split(separator: "\n")
      #expect(lines[0] == "device,sensor,windows,anomalies,lowest_score,model_version")
      #expect(lines.count == 5 && lines.dropFirst().allSatisfy { $0.contains(",*,12,") })
      let lowest = lines.dropFirst().compactMap { Double($0.split(separator: ",")[4]) }
      #expect(lowest.count == 4 && lowest.min() == lowest.last, "the shifted window")
      let digest = try Digest.sha256(file: files.predictions)
      #expect(try TextFile.text(of: files.success) == "{\"rows\":4,\"sha256\":\"\(digest)\"}\n")
      #expect(try run.jobs().first?.predictions == 48)
    }
  }
}
