import ClusterModel
import Compute
import Documents
import Foundation
import Telemetry
import Wording

extension ScenarioDecoder {
  /// The sweep of cluster sizes; nil where there is none.
  func clusters(_ reader: MappingReader, _ scoring: ScenarioDocument.Scoring?) -> SweepSettings? {
    guard let section = reader.mapping("clusters") else { return nil }
    if reader.node("scoring") == nil {
      diagnostics.add(
        reader.location(of: "clusters"), "clusters needs “scoring”, whose job is run on every size")
    }
    var settings = SweepSettings()
    if let size = scoring?.miniBatchSize { settings.miniBatchSize = size.text }
    settings.region = section.text("region")
    settings.prices = section.text("prices").map { resolved($0, section.location(of: "prices")) }
    settings.billing = section.choice("billing", BillingProfile.all.map(\.name))
    settings.deadline = section.duration("deadline")
    if let idle = section.duration("idle_time_before_scale_down", allowsZero: true) {
      settings.idleTimeBeforeScaleDown = idle
    }
    if let dispatch = section.choice("dispatch", SimulatedCluster.Dispatch.self) {
      settings.dispatch = dispatch
    }
    if let profile = startUp(section) { settings.startUp = profile }
    let neverUp = section.read("never_up", Schema.Form.jitter.wanted) {
      $0.text.flatMap(QuantityText.share).flatMap { $0 <= 0.9 ? $0 : nil }
    }
    if let neverUp { settings.startUp.failureShare = neverUp }
    if let name = section.choice("preemption", PreemptionProfile.all.map(\.name)),
      let profile = PreemptionProfile.named(name)
    {
      settings.preemption = profile
    }
    if let stragglers = section.mapping("stragglers") {
      let share = stragglers.read("share", Schema.Form.share.wanted) { $0.text.flatMap(QuantityText.share) }
      let factor = stragglers.number("factor", "a number of at least 1") { $0 >= 1 && $0.isFinite }
      if let share, let factor { settings.stragglers = .init(share: share, factor: factor) }
    }
    if let schedule = section.mapping("schedule") {
      let span = schedule.duration("for") ?? .seconds(30 * 86_400)
      if let every = schedule.duration("every") {
        if every > span {
          diagnostics.add(schedule.location(of: "every"), "every: no job would come within \(span.text)")
        }
        settings.schedule = JobSeries(interval: every, span: span)
      }
    }
    settings.taskCost = taskCost(section)
    if let measure = section.mapping("measure") {
      var measured = SweepSettings.Measured(matrix: matrix(measure))
      if let repeats = measure.wholeNumber("repeats") { measured.repeats = repeats }
      measured.holdOut = combinations(measure, "hold_out")
      if let target = measure.choice("target", ComputeSettings.Kind.self) {
        measured.target = target.rawValue
      }
      settings.measured = measured
    } else if settings.taskCost == nil {
      diagnostics.add(
        section.location,
        "clusters: nothing says what a task costs; write “measure”, or “task” with a cost of your own")
    }
    settings.paced = section.mapping("paced").map(matrix)
    settings.simulated = section.mapping("simulate").map(matrix)
    check(settings, section)
    return settings
  }

  /// Tries every size, so that what cannot be is said before anything runs.
  private func check(_ settings: SweepSettings, _ section: MappingReader) {
    let prices: PriceTable
    do {
      prices = try settings.priceTable()
    } catch {
      diagnostics.add(section.location(of: "prices"), "prices: \(error)")
      return
    }
    let parts: [(key: String, matrix: SweepMatrix?, mode: ClusterMode)] = [
      ("measure", settings.measured?.matrix, .measured), ("paced", settings.paced, .paced),
      ("simulate", settings.simulated, .simulated),
    ]
    for part in parts {
      guard let matrix = part.matrix else { continue }
      do {
        let cells = try settings.cells(matrix, part.mode, prices)
        if cells.isEmpty { diagnostics.add(section.location(of: part.key), "\(part.key): no size is left") }
        if part.mode == .measured, let measured = settings.measured, !measured.holdOut.isEmpty {
          checkHeldOut(cells, settings, section.location(of: part.key))
        }
      } catch {
        diagnostics.add(
          section.location(of: part.key),
          "\(error)".hasPrefix(part.key) ? "\(error)" : "\(part.key): \(error)")
      }
    }
  }

  /// What keeps the measured sizes from being measured here; another machine may have room for them.
  func tooLargeSizes(_ settings: SweepSettings?, _ reader: MappingReader) -> [Diagnostic] {
    guard let settings, let matrix = settings.measured?.matrix, let section = reader.mapping("clusters")
    else {
      return []
    }
    do {
      let prices = try settings.priceTable()
      let cells = try settings.cells(matrix, .measured, prices)
      try SweepSettings.check(cells, cores: ProcessInfo.processInfo.activeProcessorCount)
      return []
    } catch {
      return [Diagnostic(location: section.location(of: "measure"), reason: "\(error)")]
    }
  }

  private func checkHeldOut(_ cells: [ClusterCell], _ settings: SweepSettings, _ location: SourceLocation) {
    let held = cells.filter(settings.isHeldOut)
    if held.isEmpty {
      diagnostics.add(location, "hold_out: none of the measured sizes is one of these")
    } else if held.count == cells.count {
      diagnostics.add(
        location, "hold_out: every measured size is held out, and none is left to fit the model on")
    }
  }

  private func startUp(_ section: MappingReader) -> StartUpProfile? {
    section.read(
      "start_up", "\(Schema.Kind.either(StartUpProfile.all.map(\.name))), or a duration such as 90s"
    ) {
      guard let text = $0.text else { return nil }
      return StartUpProfile.named(text) ?? Duration(text: text).map { .fixed($0.seconds) }
    }
  }

  private func taskCost(_ section: MappingReader) -> TaskTimes? {
    guard let node = section.node("task") else { return nil }
    if node.text == "measured" { return nil }
    guard let cost = MappingReader(node, ScenarioSchema.taskCost, diagnostics) else {
      diagnostics.add(
        node.location, "task: expected measured, or { overhead: 2.3s, per_row: 40us }, found \(node.summary)")
      return nil
    }
    func seconds(_ key: String) -> Double? {
      cost.read(key, Schema.Form.shortDuration.wanted) { $0.text.flatMap(QuantityText.shortSeconds) }
    }
    var times = TaskTimes(overhead: seconds("overhead") ?? 0, perRow: seconds("per_row") ?? 0)
    times.firstTask = seconds("first_task") ?? 0
    return times
  }

  private func matrix(_ section: MappingReader) -> SweepMatrix {
    var axes = axes(section)
    if let inner = section.mapping("matrix") { axes.merge(self.axes(inner)) { $1 } }
    return SweepMatrix(
      axes: axes, exclude: combinations(section, "exclude"), include: combinations(section, "include"))
  }

  private func axes(_ reader: MappingReader) -> [SweepAxis: [String]] {
    var axes: [SweepAxis: [String]] = [:]
    for axis in SweepAxis.allCases {
      guard let node = reader.node(axis.rawValue) else { continue }
      if case .sequence(let nodes) = node.content {
        if nodes.isEmpty { diagnostics.add(node.location, "\(axis.rawValue): expected at least one value") }
        axes[axis] = nodes.compactMap { value($0, axis) }
      } else {
        axes[axis] = [value(node, axis)].compactMap(\.self)
      }
    }
    return axes
  }

  private func value(_ node: DocumentNode, _ axis: SweepAxis) -> String? {
    let found: String?
    switch axis {
    case .nodes, .coresPerNode: found = node.wholeNumber.flatMap { $0 >= 1 ? "\($0)" : nil }
    case .minInstances: found = node.wholeNumber.flatMap { $0 >= 0 ? "\($0)" : nil }
    case .miniBatchSize:
      found = node.text == "auto" ? "auto" : node.wholeNumber.flatMap { $0 >= 1 ? "\($0)" : nil }
    case .vmSize, .tier, .region: found = node.isNull ? nil : node.text
    }
    if found == nil {
      let wanted =
        switch axis {
        case .nodes, .coresPerNode: "a whole number of at least 1"
        case .minInstances: "a whole number"
        case .miniBatchSize: "auto or a whole number of at least 1"
        case .vmSize, .tier, .region: "text"
        }
      diagnostics.add(node.location, "\(axis.rawValue): expected \(wanted), found \(node.summary)")
    }
    return found
  }

  private func combinations(_ reader: MappingReader, _ key: String) -> [SweepMatrix.Combination] {
    (reader.list(key) ?? []).compactMap { node in
      guard let entry = MappingReader(node, ScenarioSchema.combination, diagnostics) else {
        diagnostics.add(
          node.location, "\(key): expected a mapping such as { nodes: 2 }, found \(node.summary)")
        return nil
      }
      return axes(entry).compactMapValues(\.first)
    }
  }
}
