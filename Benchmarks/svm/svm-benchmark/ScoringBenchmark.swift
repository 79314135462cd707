import CSVM
import OneClassSVM

/// One row of the table: a scorer on a model, in calls of `batch` rows.
struct ScoringFigure: Codable {
  let scorer: String
  let features: Int
  let vectors: Int
  let batch: Int
  let nsPerRow: Double
  var nsPerEvaluation: Double { nsPerRow / Double(vectors) }

  enum CodingKeys: String, CodingKey {
    case scorer, features, vectors, batch
    case nsPerRow = "ns_per_row"
    case nsPerEvaluation = "ns_per_evaluation"
  }

  init(scorer: String, features: Int, vectors: Int, batch: Int, nsPerRow: Double) {
    self.scorer = scorer
    self.features = features
    self.vectors = vectors
    self.batch = batch
    self.nsPerRow = nsPerRow
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    scorer = try values.decode(String.self, forKey: .scorer)
    features = try values.decode(Int.self, forKey: .features)
    vectors = try values.decode(Int.self, forKey: .vectors)
    batch = try values.decode(Int.self, forKey: .batch)
    nsPerRow = try values.decode(Double.self, forKey: .nsPerRow)
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(scorer, forKey: .scorer)
    try values.encode(features, forKey: .features)
    try values.encode(vectors, forKey: .vectors)
    try values.encode(batch, forKey: .batch)
    try values.encode(nsPerRow, forKey: .nsPerRow)
    try values.encode(nsPerEvaluation, forKey: .nsPerEvaluation)
  }
}

enum ScoringBenchmark {
  /// Rows of the large batch: enough that a call's own cost is nothing against them.
  private static let largeBatch = 100_000

  static func run(folder: String, peers: [PeerFigures.Scoring]) throws -> [ScoringFigure] {
    var figures = peers.map {
      ScoringFigure(
        scorer: $0.peer, features: $0.features, vectors: $0.vectors, batch: $0.batch, nsPerRow: $0.nsPerRow)
    }
    var rows: [Int: [Double]] = [:]
    for shape in Set(peers.map { [$0.features, $0.vectors] }).sorted(by: { $0.lexicographicallyPrecedes($1) })
    {
      let (features, vectors) = (shape[0], shape[1])
      let values = try rows[features] ?? doubles(of: "\(folder)/rows_\(features)")
      rows[features] = values
      let model = try ModelFile.read(folder: "\(folder)/models", stem: "d\(features)_n\(vectors)")
      for batch in [1, 24, largeBatch] {
        let taken = min(batch, values.count / features)
        let some = FeatureMatrix(values: Array(values[..<(taken * features)]), columns: features)
        var decisions = [Double](repeating: 0, count: taken)
        func add(_ scorer: String, _ seconds: Double, rows: Int) {
          figures.append(
            ScoringFigure(
              scorer: scorer, features: features, vectors: vectors, batch: batch,
              nsPerRow: seconds / Double(rows) * 1e9))
        }
        // A single call of few rows is shorter than the clock's own cost: many calls are timed together.
        let repeats = max(1, 500_000 / (taken * vectors))
        for path in CPUPath.available {
          let seconds = try typicalSeconds(budget: batch == largeBatch ? 0.3 : 0.1) {
            for _ in 0..<repeats { try model.decide(some, into: &decisions, on: path) }
          }
          add("Sonde \(path)", seconds, rows: taken * repeats)
        }
        if batch == 24 {
          add("LIBSVM", libsvmSeconds(model, some), rows: taken)
        }
      }
    }
    return figures
  }

  /// LIBSVM's own `svm_predict_values`, row by row, on rows that are scaled already.
  private static func libsvmSeconds(_ model: OneClassModel, _ raw: FeatureMatrix) -> Double {
    let rows = model.scaler?.scaled(raw) ?? raw
    var vectorNodes = nodes(of: model.supportVectors)
    var rowNodes = nodes(of: rows)
    var coefficients = model.coefficients
    var rho = model.rho
    let width = rows.columns + 1
    return vectorNodes.withUnsafeMutableBufferPointer { vectorNodes in
      rowNodes.withUnsafeMutableBufferPointer { rowNodes in
        coefficients.withUnsafeMutableBufferPointer { coefficients in
          var starts: [UnsafeMutablePointer<svm_node>?] = model.coefficients.indices.map {
            vectorNodes.baseAddress! + $0 * width
          }
          var weights: [UnsafeMutablePointer<Double>?] = [coefficients.baseAddress]
          return starts.withUnsafeMutableBufferPointer { starts in
            weights.withUnsafeMutableBufferPointer { weights in
              withUnsafeMutablePointer(to: &rho) { rho in
                var foreign = svm_model()
                foreign.param.svm_type = Int32(ONE_CLASS)
                foreign.param.kernel_type = Int32(RBF)
                foreign.param.gamma = model.kernel.gamma ?? 0
                foreign.nr_class = 2
                foreign.l = Int32(model.coefficients.count)
                foreign.SV = starts.baseAddress
                foreign.sv_coef = weights.baseAddress
                foreign.rho = rho
                var decision = 0.0
                return typicalSeconds(budget: 0.1) {
                  for row in 0..<rows.rowCount {
                    _ = svm_predict_values(&foreign, rowNodes.baseAddress! + row * width, &decision)
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  private static func nodes(of rows: FeatureMatrix) -> [svm_node] {
    var nodes: [svm_node] = []
    for row in 0..<rows.rowCount {
      for column in 0..<rows.columns {
        nodes.append(svm_node(index: Int32(column + 1), value: rows[row, column]))
      }
      nodes.append(svm_node(index: -1, value: 0))
    }
    return nodes
  }
}
