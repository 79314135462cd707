import Wording

/// Where a load that climbs was carried for the last time.
package struct CapacityFinding: Sendable {
  /// The steps that were published.
  package let steps: [LoadFigures]
  /// The last step that was carried; nil where none was.
  package let knee: LoadFigures?
  /// The step after it, and what kept it from being carried; nil where the climb ended with the knee.
  package let broken: LoadFigures?

  package init(_ steps: [LoadFigures]) {
    self.steps = steps
    let index = steps.lastIndex { $0.isCarried == true }
    knee = index.map { steps[$0] }
    let next = index.map { $0 + 1 } ?? 0
    broken = next < steps.count ? steps[next] : nil
  }

  package var limit: LoadLimit? { broken.map { LoadLimit($0) } }

  /// Why the run has not found what it was for; nil where it has.
  package var failure: String? {
    guard let first = steps.first else { return "no step of the climb was published" }
    guard let knee else {
      let why = limit.map { ": \($0.reason)" } ?? ""
      return
        "already the first step, \(Self.rate(first.offered)) messages/s, was not carried\(why); try a lower "
        + "capacity.from, or a machine with less else to do"
    }
    guard broken != nil else {
      return
        "every step was carried, up to \(Self.rate(knee.offered)) messages/s; try more capacity.steps, or a higher "
        + "capacity.from"
    }
    return nil
  }

  /// A rate in whole messages.
  package static func rate(_ rate: Double?) -> String { rate.map { Int($0.rounded()).grouped } ?? "?" }

  /// What was found, in sentences.
  package var sentences: [String] {
    guard let knee, let broken, let limit else { return [] }
    let found = [
      "The knee: step \(knee.stage), \(Self.rate(knee.offered)) messages/s, is the last that was carried (99% of it, "
        + "99th percentile within \(Int(knee.latencyMs)) ms).",
      "The limit of step \(broken.stage), \(Self.rate(broken.offered)) messages/s: \(limit.part.rawValue); "
        + "\(limit.reason).",
    ]
    guard let others = broken.othersCores, others >= LoadDefaults.manyOthers else { return found }
    return found + [
      "Other programs used \(LoadLimit.number(others)) of the \(broken.processors) processors in it: with less else to do, the "
        + "machine may carry more."
    ]
  }
}
