import ArgumentParser
import BatchScoring
import Modelling
import Wording

/// The options that say what models look like.
struct ModelLayoutOptions: ParsableArguments {
  @Option(help: "One model a device, or one a sensor of it: device or sensor; by default device.")
  var per: ModelScope?

  @Option(
    help:
      "Aggregates of a window that are features, separated by commas, of count, mean, stddev, min, max, range, first, last, slope, p05, p25, median, p75, p95; by default mean,stddev,min,max."
  )
  var features: String?

  @Option(help: "The share of training windows that may be outliers, from 1e-9 to 1; by default 0.01.")
  var nu: Double?

  @Option(help: "The kernel's width: scale, auto or a number; by default scale.")
  var gamma: String?

  @Option(help: "The kernel: rbf, linear, polynomial or sigmoid; by default rbf.")
  var kernel: String?

  @Option(
    help: ArgumentHelp(
      "Where the boundary is drawn: training, cross_validated or a number; by default training.",
      discussion: """
        training is LIBSVM's own, through the outermost training windows. cross_validated lowers it until windows held \
        out of training in ten folds are inside: fewer false alarms where training windows are few. A number is one of the \
        table of “sonde thresholds”: the decision value, counted from the boundary of training, at or below which a window is \
        an anomaly. Negative: fewer alarms.
        """))
  var threshold: String?

  var isUnused: Bool {
    per == nil && features == nil && nu == nil && gamma == nil && kernel == nil && threshold == nil
  }

  func layout() throws(ScoringError) -> ModelLayout {
    guard let names = try featureNames() else { return ModelLayout(per: scope) }
    var aggregates: [Aggregate] = []
    for name in names {
      guard let aggregate = Aggregate(rawValue: name) else {
        throw ScoringError(
          "--features: \(name.quoted) is none of \(Aggregate.allCases.map(\.rawValue).joined(separator: ", "))"
        )
      }
      aggregates.append(aggregate)
    }
    return ModelLayout(per: scope, features: aggregates)
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

  var scope: ModelScope { per ?? .device }

  var settings: ModelSettings { settings(over: ModelSettings()) }

  /// What is given here, and else `base`.
  func settings(over base: ModelSettings) -> ModelSettings {
    ModelSettings(
      nu: nu ?? base.nu, gamma: gamma ?? base.gamma, kernel: kernel ?? base.kernel,
      threshold: threshold ?? base.threshold, seed: base.seed)
  }

  /// The layout of models that are there already: theirs, which these options may repeat but not change. Throws
  /// ``ScoringError`` where they say something else, or something of training.
  func layout(ofModels known: ModelLayout?, in folder: String) throws(ScoringError) -> ModelLayout {
    guard nu == nil, gamma == nil, kernel == nil, threshold == nil else {
      throw ScoringError(
        "--nu, --gamma, --kernel and --threshold are of training, and nothing is trained here; give --train-from and "
          + "--train-to, or leave them out")
    }
    guard let known else {
      guard per == nil, features == nil else { return try layout() }
      throw ScoringError(
        "\(folder) holds no models whose features are known, and none are to be trained; run “sonde train” first, or give "
          + "--train-from and --train-to")
    }
    let asked = try layout()
    guard per == nil || asked.per == known.per, features == nil || asked.features == known.features else {
      throw ScoringError(
        "the models in \(folder) are one a \(known.per.rawValue), of \(known.features.map(\.rawValue).joined(separator: ",")); "
          + "leave --per and --features out, or train others")
    }
    return known
  }
}

extension ModelScope: ExpressibleByArgument {}
