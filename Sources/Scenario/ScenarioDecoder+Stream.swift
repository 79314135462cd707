import Documents
import RealTimeScoring
import StreamScoring
import Wording

extension ScenarioDecoder {
  /// Scoring inside the stream; nil where there is none, or something is wrong.
  func streamScoring(
    _ reader: MappingReader, _ deployments: ScenarioDeployments?, _ faults: [LocatedFault]
  ) -> StreamScoringSettings? {
    guard let section = reader.mapping("stream_scoring") else {
      for fault in faults where fault.fault.target.isOfStream {
        diagnostics.add(
          fault.location,
          "\(fault.fault.kind.name): only “stream_scoring” has a \(fault.fault.target.rawValue) to break")
      }
      return nil
    }
    var settings = StreamScoringSettings()
    if let count = section.wholeNumber("max_batch_count") { settings.maxBatchCount = count }
    if let count = section.wholeNumber("parallel_requests") { settings.parallelRequests = count }
    if let codes = section.choice("fatal_codes", FatalCodes.self) { settings.fatalCodes = codes }
    // Also a script may find its model in the folder that the run writes.
    settings.awaitsTraining = reader.node("scoring") != nil && deployments?.scheduled.models == nil
    settings.isBroken = faults.contains { [.replica, .haproxy].contains($0.fault.target) }
    if let serving = reader.mapping("serving") {
      settings.threads = serving.wholeNumber("threads")
      settings.queue = serving.wholeNumber("queue")
      let scales = scales(serving)
      if scales.count > 1 {
        diagnostics.add(
          serving.location(of: "replicas"),
          "replicas: one service scores the stream; give one number, or leave “stream_scoring” out")
      }
      if let scale = scales.first { settings.scale = scale }
      if serving.node("endpoint") != nil {
        let scheduled = deployments?.scheduled
        let isTrained =
          reader.node("scoring") != nil && scheduled?.script == nil && scheduled?.models == nil
        readEndpoint(serving, &settings, isTrained: isTrained)
        return settings
      }
    }
    settings.models = deployments?.scheduled.models
    if reader.node("scoring") == nil || deployments?.scheduled.script != nil {
      diagnostics.add(
        section.location,
        reader.node("scoring") == nil
          ? "stream_scoring: there are no models; give “scoring”, whose models are served, or “serving” with an “endpoint”"
          : "stream_scoring: the jobs' deployment is a script; name its endpoint file in “serving” too")
    }
    return settings
  }

  /// What the stream has to know of the endpoint that is served.
  private func readEndpoint(
    _ serving: MappingReader, _ settings: inout StreamScoringSettings, isTrained: Bool
  ) {
    guard let name = serving.text("endpoint") else { return }
    let path = resolved(name, serving.location(of: "endpoint"))
    settings.endpoint = path
    // What is wrong with the file is said where serving itself is read.
    guard let document = try? EndpointDocument.load(path),
      let deployment = document.endpoint.deployments.first(where: {
        $0.name == document.endpoint.defaultDeployment
      })
    else { return }
    settings.model = document.endpoint.name
    settings.models = deployment.models
    if let script = deployment.script {
      settings.script = deployment.layout.per
      if script.input == .raw {
        diagnostics.add(
          serving.location(of: "endpoint"),
          "endpoint: the script of \(deployment.name.quoted) takes any requests (input: raw), and the stream has windows"
        )
      }
    } else if deployment.models == nil, !isTrained {
      diagnostics.add(
        serving.location(of: "endpoint"),
        "endpoint: \(deployment.name.quoted) names no models, and the jobs of the run train none")
    }
  }
}
