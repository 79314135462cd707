import ArgumentParser
import BatchScoring
import Wording

/// The options that say what models look like.
struct ModelLayoutOptions: ParsableArguments {
  @Option(help: "One model a device, or one a sensor of it: device or sensor.")
  var per = ModelScope.device

  @Option(
    help:
      "Aggregates of a window that are features, separated by commas, of count, mean, stddev, min, max, range, first, last, slope, p05, p25, median, p75, p95; by default mean,stddev,min,max."
  )
  var features: String?

  @Option(help: "The share of training windows that may be outliers.")
  var nu = 0.01

  @Option(help: "The kernel's width: scale, auto or a number.")
  var gamma = "scale"

  @Option(help: "The kernel: rbf, linear, polynomial or sigmoid.")
  var kernel = "rbf"

  @Option(
    help: ArgumentHelp(
      "Where the boundary is drawn: training or cross_validated.",
      discussion: """
        training is LIBSVM's own, through the outermost training windows. cross_validated lowers it until windows held \
        out of training in ten folds are inside: fewer false alarms where training windows are few.
        """))
  var threshold = "training"

  func layout() throws(ScoringError) -> ModelLayout {
    guard let names = try featureNames() else { return ModelLayout(per: per) }
    var aggregates: [Aggregate] = []
    for name in names {
      guard let aggregate = Aggregate(rawValue: name) else {
        throw ScoringError(
          "--features: \(name.quoted) is none of \(Aggregate.allCases.map(\.rawValue).joined(separator: ", "))"
        )
      }
      aggregates.append(aggregate)
    }
    return ModelLayout(per: per, features: aggregates)
  }

  /// The names that --features has; nil where it is not given.
  func featureNames() throws(ScoringError) -> [String]? {
    guard let features else { return nil }
    let names = features.split(separator: ",").map(String.init)
    guard !names.isEmpty else { throw ScoringError("--features names nothing") }
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw ScoringError("--features names \(name) twice")
    }
    return names
  }

  var settings: ModelSettings { ModelSettings(nu: nu, gamma: gamma, kernel: kernel, threshold: threshold) }
}

extension ModelScope: ExpressibleByArgument {}
