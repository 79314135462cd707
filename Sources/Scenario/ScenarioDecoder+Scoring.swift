import BatchScoring
import Compute
import Documents
import Ingestion
import Modelling
import Telemetry

extension ScenarioDecoder {
  func model(_ reader: MappingReader) -> ScenarioDocument.Model? {
    guard let section = reader.mapping("model") else { return nil }
    var settings = ModelSettings()
    if let nu = section.nu() {
      settings.nu = nu
    }
    if let kernel = section.choice("kernel", ScenarioSchema.kernels) { settings.kernel = kernel }
    if let threshold = section.threshold() { settings.threshold = threshold }
    if let gamma = section.gamma() { settings.gamma = gamma }
    let layout = ModelLayout(
      per: section.choice("per", ModelScope.self) ?? .device,
      features: section.features() ?? ModellingDefaults.features)
    guard let trainOn = section.span("train_on") else { return nil }
    return .init(layout: layout, settings: settings, trainOn: trainOn)
  }

  func scoring(_ reader: MappingReader, _ model: ScenarioDocument.Model?) -> ScenarioDocument.Scoring? {
    let isModelGiven = reader.node("model") != nil
    guard let section = reader.mapping("scoring") else {
      if isModelGiven, reader.node("scoring") == nil {
        diagnostics.add(reader.location(of: "model"), "a model without “scoring” would never be used")
      }
      return nil
    }
    if !isModelGiven { diagnostics.add(section.location, "scoring needs a “model” to score with") }
    let from = section.duration("from", allowsZero: true)
    if let from, let model, model.trainOn.upperBound > from {
      diagnostics.add(
        section.location(of: "from"),
        "from: scoring would begin at \(from.text), inside train_on, which ends at \(model.trainOn.upperBound.text)"
      )
    }
    let size = section.miniBatchSize() ?? .auto
    let threshold = section.wholeNumber("error_threshold")
    let retry = section.retrySettings()
    let compute = section.choice("compute", ComputeSettings.Kind.self) ?? .local
    guard let trigger = trigger(section), let from = from ?? model?.trainOn.upperBound else { return nil }
    return .init(
      from: from, trigger: trigger, miniBatchSize: size,
      errorThreshold: threshold ?? ScoringDefaults.errorThreshold, retry: retry, compute: compute)
  }

  private func trigger(_ section: MappingReader) -> ScenarioDocument.Trigger? {
    let every = section.duration("every")
    let cron = section.text("cron")
    do {
      if let cron { _ = try Schedule(cron: cron) }
    } catch {
      diagnostics.add(section.location(of: "cron"), "\(error)")
      return nil
    }
    do {
      if let every { _ = try Schedule(every: every, origin: ScenarioDefaults.start) }
    } catch {
      diagnostics.add(section.location(of: "every"), "\(error)")
      return nil
    }
    return cron.map { .cron($0) } ?? every.map { .every($0) }
  }

  /// Checks what depends on how long the clock runs.
  func checkTimes(
    _ reader: MappingReader, _ duration: Duration,
    ingestion: IngestionRules, model: ScenarioDocument.Model?, scoring: ScenarioDocument.Scoring?,
    faults breaks: [LocatedFault]
  ) {
    let end = duration.text
    func check(_ isSound: Bool, _ section: String, _ key: String, _ reason: String) {
      guard !isSound else { return }
      diagnostics.add(location(reader, section, key), "\(key): \(reason)")
    }
    let window = ingestion.windows.window
    // A scenario that only publishes has no windows.
    let hasWindows = reader.node("ingestion") != nil || model != nil || scoring != nil
    check(
      window <= duration || !hasWindows, "ingestion", "window",
      "longer than the clock, which runs for \(end)")
    if hasWindows, reader.node("fleet") != nil, window <= duration, ingestion.windows.sessionGap == nil {
      check(
        duration.milliseconds % window.milliseconds == 0, "ingestion", "window",
        "the clock's \(end) are not a whole number of windows; the last would be cut short")
    }
    if let model {
      check(
        model.trainOn.upperBound <= duration, "model", "train_on",
        "the clock ends at \(end), before this does")
      check(
        model.trainOn.upperBound - model.trainOn.lowerBound >= window, "model", "train_on",
        "shorter than one window of \(window.text)")
    }
    if let scoring {
      check(scoring.from < duration, "scoring", "from", "the clock ends at \(end); nothing would be scored")
    }
    for fault in breaks where fault.fault.at >= duration {
      diagnostics.add(fault.location, "at: the clock ends at \(end), before this happens")
    }
  }

  /// Where `key` of `section` is written, or the nearest that is there.
  func location(_ reader: MappingReader, _ section: String, _ key: String) -> SourceLocation {
    guard case .mapping(let entries) = reader.node(section)?.content else { return reader.location }
    return entries.first { $0.key == key }?.value.location ?? reader.location(of: section)
  }
}
