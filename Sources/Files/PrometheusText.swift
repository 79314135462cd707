import Foundation

/// Metrics in Prometheus' text format, version 0.0.4: a `# HELP` and a `# TYPE` line a metric, then a line a sample.
/// https://prometheus.io/docs/instrumenting/exposition_formats/
package struct PrometheusText: Sendable {
  package enum Kind: String, Sendable {
    /// Goes up only; its name ends in `_total`.
    case counter
    case gauge
    /// How many observations lie at or below each of some bounds, their sum and their number; see ``addHistogram``.
    case histogram
  }

  /// One value and its labels.
  package struct Sample: Hashable, Sendable {
    package var labels: [String: String]
    package var value: Double

    package init(_ value: Double, labels: [String: String] = [:]) {
      self.labels = labels
      self.value = value
    }
  }

  /// Labels that Prometheus gives to whatever it scrapes. A sample that has one of its own is stored under another name.
  private static let reservedLabels: Set = ["job", "instance"]

  package private(set) var text = ""
  private let labels: [String: String]

  /// - Parameter labels: Labels that every sample has. Files of one folder are read as one, in which a sample may stand once:
  ///   what writes them must tell itself apart from others here.
  package init(labels: [String: String] = [:]) { self.labels = labels }

  /// Adds a metric with its samples, each with labels of its own. One without samples is left out.
  package mutating func add(_ name: String, _ kind: Kind, help: String, _ samples: [Sample]) {
    guard !samples.isEmpty else { return }
    head(name, kind, help)
    for sample in samples { line(name, sample) }
  }

  /// Observations of one kind, such as durations: how many lie at or below each bound.
  package struct Histogram: Sendable {
    package var labels: [String: String]
    /// Upper bounds, rising.
    package let bounds: [Double]
    /// How many lie in each of the ranges that the bounds make, and above the last one.
    package private(set) var counts: [Int]
    package private(set) var sum = 0.0

    package init(bounds: [Double], labels: [String: String] = [:]) {
      self.labels = labels
      self.bounds = bounds
      counts = [Int](repeating: 0, count: bounds.count + 1)
    }

    package mutating func add(_ value: Double) {
      counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
      sum += value
    }
  }

  /// Adds a metric of histograms, each with labels of its own. One without histograms is left out.
  package mutating func addHistogram(_ name: String, help: String, _ histograms: [Histogram]) {
    guard !histograms.isEmpty else { return }
    head(name, .histogram, help)
    for histogram in histograms {
      var total = 0
      for (count, bound) in zip(histogram.counts, histogram.bounds + [.infinity]) {
        total += count
        line(
          name + "_bucket",
          Sample(Double(total), labels: histogram.labels.merging(["le": Self.number(bound)]) { $1 }))
      }
      line(name + "_sum", Sample(histogram.sum, labels: histogram.labels))
      line(name + "_count", Sample(Double(total), labels: histogram.labels))
    }
  }

  private mutating func head(_ name: String, _ kind: Kind, _ help: String) {
    precondition(Self.isName(name), "“\(name)” is no name of a metric")
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n"
    text += "# TYPE \(name) \(kind.rawValue)\n"
  }

  private mutating func line(_ name: String, _ sample: Sample) {
    let all = labels.merging(sample.labels) { _, own in own }
    for label in all.keys { precondition(Self.isLabel(label), "“\(label)” is no name of a label here") }
    let labels = all.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
    text +=
      name + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}")
      + " \(Self.number(sample.value))\n"
  }

  private static func isName(_ text: String) -> Bool {
    text.wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil
  }

  private static func isLabel(_ text: String) -> Bool {
    text.wholeMatch(of: /[a-zA-Z_][a-zA-Z0-9_]*/) != nil && !text.hasPrefix("__")
      && !reservedLabels.contains(text)
  }

  /// Scalar by scalar: in Swift a line feed after a carriage return, or a quote before an accent, is part of another character.
  private static func escaped(_ text: String, quotes: Bool = true) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
  }
}
