import Foundation
import OneClassSVM

/// What was measured, where, and how it stands to what is asked.
struct BenchmarkReport: Codable {
  struct Machine: Codable {
    let cpu: String
    let cores: Int
    /// Processes that wanted a core over the last minute, this benchmark among them: with more than cores, the wall
    /// times of training say little.
    let load: Double
    let paths: [String]

    static var current: Machine {
      let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
      let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
      let name = line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
      var load = 0.0
      getloadavg(&load, 1)
      return Machine(
        cpu: name ?? "unknown", cores: ProcessInfo.processInfo.activeProcessorCount, load: load,
        paths: CPUPath.available.map(\.rawValue))
    }
  }

  /// A ratio or a time that is asked for.
  struct Check: Codable {
    let what: String
    let value: Double
    let bound: Double
    let atLeast: Bool
    let met: Bool

    enum CodingKeys: String, CodingKey {
      case what, value, bound, met
      case atLeast = "at_least"
    }
  }

  let machine: Machine
  let versions: [String: String]
  let training: TrainingFigure
  let scoring: [ScoringFigure]
  let checks: [Check]

  static func checks(machine: Machine, scoring: [ScoringFigure], training: TrainingFigure) -> [Check] {
    func nsPerRow(_ scorer: String, _ features: Int, _ vectors: Int, _ batch: Int) -> Double? {
      scoring.first {
        $0.scorer == scorer && $0.features == features && $0.vectors == vectors && $0.batch == batch
      }?.nsPerRow
    }
    var checks: [Check] = []
    func add(_ what: String, _ value: Double?, bound: Double, atLeast: Bool) {
      guard let value else { return }
      checks.append(
        Check(
          what: what, value: value, bound: bound, atLeast: atLeast,
          met: atLeast ? value >= bound : value <= bound))
    }
    let asked: [(path: CPUPath, scikitLearn: Double, onnx: Double?)] = [
      (.avx512, 30, 8), (.avx2, 20, 5), (.baseline, 5, nil),
    ]
    for (path, scikitLearn, onnx) in asked {
      guard let own = nsPerRow("Sonde \(path)", 12, 300, 100_000) else { continue }
      add(
        "\(path), 12 features, 300 vectors: times scikit-learn",
        nsPerRow("scikit-learn", 12, 300, 100_000).map { $0 / own }, bound: scikitLearn, atLeast: true)
      if let onnx {
        add(
          "\(path), 12 features, 300 vectors: times ONNX Runtime",
          nsPerRow("ONNX Runtime", 12, 300, 100_000).map { $0 / own }, bound: onnx, atLeast: true)
      }
    }
    for features in [1, 4, 12] {
      for vectors in [50, 300, 2000] {
        add(
          "avx512, \(features) features, \(vectors) vectors: ns a kernel evaluation",
          nsPerRow("Sonde avx512", features, vectors, 100_000).map { $0 / Double(vectors) }, bound: 1.5,
          atLeast: false)
      }
    }
    // Of every path the shape that comes off worst.
    for path in CPUPath.available {
      var worst: (ratio: Double, shape: String) = (0, "")
      for features in [1, 4, 12, 32] {
        for vectors in [2, 50, 300, 2000] {
          guard let large = nsPerRow("Sonde \(path)", features, vectors, 100_000),
            let small = nsPerRow("Sonde \(path)", features, vectors, 24)
          else { continue }
          if small / large > worst.ratio {
            worst = (small / large, "\(features) features, \(vectors) vectors")
          }
        }
      }
      add(
        "\(path), \(worst.shape), the worst of all: a 24-row call, in 24 rows of a large batch", worst.ratio,
        bound: 1.2, atLeast: false)
    }
    add(
      "training, \(training.devices) devices of \(training.windows) windows: times scikit-learn in "
        + "\(training.workers) processes",
      training.peerSeconds / training.seconds, bound: 1, atLeast: true)
    // Wall time: where others use the cores, this says nothing about the training.
    if machine.load <= Double(machine.cores) + 0.5 {
      add(
        "training: \(training.workers) workers, times one worker",
        training.secondsOneWorker / training.seconds,
        bound: 0.75 * Double(training.workers), atLeast: true)
    }
    return checks
  }

  var text: String {
    var lines = [
      "\(machine.cpu), \(machine.cores) cores, load \(String(format: "%.1f", machine.load)); "
        + versions.map { "\($0) \($1)" }.sorted().joined(separator: ", ")
    ]
    lines.append("")
    lines.append("ns a row (ns a kernel evaluation); the ratio is to the fastest path of Sonde")
    let best = "Sonde \(CPUPath.available.last ?? .baseline)"
    let ordered = scoring.sorted {
      ($0.features, $0.vectors, $0.batch, $0.nsPerRow) < ($1.features, $1.vectors, $1.batch, $1.nsPerRow)
    }
    var shape: [Int] = []
    for figure in ordered {
      if shape != [figure.features, figure.vectors, figure.batch] {
        shape = [figure.features, figure.vectors, figure.batch]
        lines.append("\(figure.features) features, \(figure.vectors) vectors, batches of \(figure.batch)")
      }
      let reference = ordered.first {
        $0.scorer == best && [$0.features, $0.vectors, $0.batch] == shape
      }
      let ratio = reference.map { figure.nsPerRow / $0.nsPerRow } ?? .nan
      let name = figure.scorer.padding(toLength: 16, withPad: " ", startingAt: 0)
      lines.append(
        "  \(name)"
          + String(format: "%12.1f  (%9.2f)  %9.1f x", figure.nsPerRow, figure.nsPerEvaluation, ratio))
    }
    lines.append("")
    lines.append(
      String(
        format:
          "training %d devices of %d windows: %.2f s with %d workers, %.2f s with one; scikit-learn %.2f s in %d processes",
        training.devices, training.windows, training.seconds, training.workers, training.secondsOneWorker,
        training.peerSeconds, training.workers))
    lines.append("support vectors: \(training.supportVectors), scikit-learn's \(training.peerSupportVectors)")
    lines.append("")
    for check in checks {
      let sign = check.atLeast ? "≥" : "≤"
      lines.append(
        "\(check.met ? "met   " : "MISSED") \(check.what): \(String(format: "%.2f", check.value)) (\(sign) \(check.bound))"
      )
    }
    return lines.joined(separator: "\n")
  }
}
