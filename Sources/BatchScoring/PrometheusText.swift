import Foundation

/// Metrics in Prometheus' text format, version 0.0.4: a `# HELP` and a `# TYPE` line a metric, then a line a sample.
/// https://prometheus.io/docs/instrumenting/exposition_formats/
public struct PrometheusText: Sendable {
  public enum Kind: String, Sendable {
    /// Goes up only; its name ends in `_total`.
    case counter
    case gauge
  }

  /// One value and its labels.
  public struct Sample: Hashable, Sendable {
    public var labels: [String: String]
    public var value: Double

    public init(_ value: Double, labels: [String: String] = [:]) {
      self.labels = labels
      self.value = value
    }
  }

  public private(set) var text = ""

  public init() {}

  /// Adds a metric with its samples, each with labels of its own. One without samples is left out.
  public mutating func add(_ name: String, _ kind: Kind, help: String, _ samples: [Sample]) {
    precondition(Self.isName(name), "“\(name)” is no name of a metric")
    guard !samples.isEmpty else { return }
    text += "# HELP \(name) \(help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\n"
    text += "# TYPE \(name) \(kind.rawValue)\n"
    for sample in samples {
      let labels = sample.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
      text +=
        name + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}")
        + " \(Self.number(sample.value))\n"
    }
  }

  private static func isName(_ text: String) -> Bool {
    text.wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
  }
}
