import Documents
import Foundation
import HTTPLoad
import RealTimeScoring
import Telemetry
import Wording

extension ScenarioDecoder {
  /// The scoring service of the run and its load; nil where there is none, or something is wrong.
  func serving(_ reader: MappingReader, _ deployments: ScenarioDeployments?, seed: UInt64) -> ServingSettings?
  {
    guard let section = reader.mapping("serving") else { return nil }
    var settings = ServingSettings()
    settings.endpoint = endpoint(section)
    settings.threads = section.wholeNumber("threads")
    settings.queue = section.wholeNumber("queue")
    let scales = scales(section)
    let hasModels = reader.node("scoring") != nil && deployments?.scheduled.script == nil
    settings.models = deployments?.scheduled.models
    if section.node("endpoint") == nil, !hasModels {
      diagnostics.add(
        section.location,
        reader.node("scoring") == nil
          ? "serving: there is nothing to serve; give “scoring”, whose models are served, or an “endpoint”"
          : "serving: the jobs' deployment is a script for batches; give an “endpoint” whose script answers requests"
      )
    }
    guard let load = section.mapping("load") else {
      if section.node("load") == nil, reader.node("stream_scoring") == nil {
        diagnostics.add(
          section.location, "serving: nobody asks the service; give “load”, or “stream_scoring” beside it")
      }
      return nil
    }
    settings.spoken = section.node("endpoint") == nil ? .oip : .azure
    if let spoken = load.choice("protocol", ScoringProtocol.self) { settings.spoken = spoken }
    settings.isBinary = load.boolean("binary") ?? false
    if settings.isBinary, settings.spoken == .azure {
      diagnostics.add(load.location(of: "binary"), "binary: only oip has binary tensors")
    }
    if let timeout = load.duration("timeout") {
      settings.timeout = timeout
      if timeout > HTTPLoadDefaults.longestTimeout {
        diagnostics.add(
          load.location(of: "timeout"), "timeout: \(HTTPLoadDefaults.longestTimeout.text) at most")
      }
    }
    if let features = load.wholeNumber("features") {
      settings.content = .features(features)
    } else if let body = load.text("body") {
      let path = resolved(body, load.location(of: "body"))
      if !FileManager.default.isReadableFile(atPath: path) {
        diagnostics.add(load.location(of: "body"), "body: cannot read \(path.quoted)")
      }
      settings.content = .file(path)
      settings.spoken = .azure
    } else if !hasModels {
      diagnostics.add(
        load.location,
        "load: the run trains no models whose features requests could carry; give “features” or “body”")
    }
    let rows = counts(load, "rows") ?? [1]
    let connections = counts(load, "connections") ?? [HTTPLoadDefaults.connections]
    for scale in scales {
      for rows in rows {
        guard let plan = plan(load, rows, seed: seed) else { return nil }
        for connections in connections {
          settings.trials.append(
            .init(scale: scale, rowsPerRequest: rows, connections: connections, plan: plan))
        }
      }
    }
    if settings.trials.count > ServingSettings.mostTrials {
      diagnostics.add(
        section.location,
        "serving: \(settings.trials.count) trials, a number of replicas times one of rows and one of connections each; at most \(ServingSettings.mostTrials) are possible"
      )
    }
    return settings
  }

  /// The path of the endpoint file, which must be one.
  private func endpoint(_ section: MappingReader) -> String? {
    guard let name = section.text("endpoint") else { return nil }
    let path = resolved(name, section.location(of: "endpoint"))
    do {
      _ = try EndpointDocument.load(path)
    } catch {
      diagnostics.add(section.location(of: "endpoint"), "endpoint: \(error)")
    }
    return path
  }

  func scales(_ section: MappingReader) -> [ReplicaScale] {
    let fewest = section.wholeNumber("min_instances") ?? ReplicaDefaults.fewestReplicas
    do {
      if let most = section.wholeNumber("max_instances") {
        return [try ReplicaScale(minInstances: fewest, maxInstances: most)]
      }
      return try (counts(section, "replicas") ?? [1]).map { count throws(ReplicaError) in try .fixed(count) }
    } catch {
      diagnostics.add(section.location(of: "max_instances"), "serving: \(error)")
      return []
    }
  }

  /// One number, or several; a wrong one is in the diagnostics.
  private func counts(_ reader: MappingReader, _ key: String) -> [Int]? {
    guard let node = reader.node(key) else { return nil }
    let nodes = if case .sequence(let list) = node.content { list } else { [node] }
    return nodes.compactMap { node in
      let count = node.wholeNumber.flatMap(Int.init(exactly:)).flatMap { $0 >= 1 ? $0 : nil }
      if count == nil {
        diagnostics.add(
          node.location, "\(key): expected a whole number of at least 1, found \(node.summary)")
      }
      return count
    }
  }

  private func plan(_ load: MappingReader, _ rows: Int, seed: UInt64) -> ArrivalPlan? {
    let length = load.duration("for") ?? HTTPLoadDefaults.duration
    var stages: [ArrivalPlan.Stage] = []
    if let list = load.list("stages") {
      stages = list.compactMap { node in
        guard let stage = MappingReader(node, ScenarioSchema.servingStage, diagnostics) else {
          diagnostics.add(
            node.location,
            "stages: expected a mapping such as { rate: 100, for: 10s }, found \(node.summary)")
          return nil
        }
        guard let rate = rate(stage, "rate", .requestRateOrNone), let length = stage.duration("for") else {
          return nil
        }
        return ArrivalPlan.Stage(rate: rate, duration: length)
      }
    } else if let rate = rate(load, "rate", .requestRate) {
      stages = [ArrivalPlan.Stage(rate: rate, duration: length)]
    } else if let rate = rate(load, "row_rate", .requestRate) {
      stages = [ArrivalPlan.Stage(rate: rate / Double(rows), duration: length)]
    }
    guard !stages.isEmpty else { return nil }
    let spacing = load.choice("arrivals", ArrivalPlan.Spacing.self) ?? .poisson
    do {
      return try ArrivalPlan(stages, spacing: spacing, seed: seed)
    } catch {
      diagnostics.add(load.location, "load: \(error)")
      return nil
    }
  }

  private func rate(_ reader: MappingReader, _ key: String, _ bounds: Schema.Bounds) -> Double? {
    reader.number(key, bounds.wanted, where: bounds.contains)
  }
}
