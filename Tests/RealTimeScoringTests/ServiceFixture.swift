import Files
import Foundation
import HTTP
import OneClassSVM
import RealTimeScoring
import Synchronization
import Telemetry
import TestSupport

/// A service over models in a temporary folder, asked without a socket.
final class ServiceFixture {
  let folder: String
  let loader: ModelLoader
  let service: ScoringService
  let notices: Notices

  final class Notices: Sendable {
    let all = Mutex<[String]>([])
    func add(_ text: String) { all.withLock { $0.append(text) } }
  }

  static let features = ["temperature.mean", "temperature.stddev", "vibration.mean"]

  /// Rows around a center, from a seed.
  static func rows(_ count: Int, seed: UInt64, center: Double = 10) -> [[Double]] {
    var generator = SeededGenerator(seed: seed, stream: "rows")
    return (0..<count).map { _ in
      features.indices.map { center * Double($0 + 1) + Double.random(in: -1...1, using: &generator) }
    }
  }

  /// Writes a model of `device` into `folder`, and returns it.
  @discardableResult
  static func writeModel(
    _ device: String, sensor: String? = nil, in folder: String, seed: UInt64, rows count: Int = 60
  ) throws -> OneClassModel {
    try Folder.make(folder)
    let model = try OneClassModel.train(
      rows: FeatureMatrix(rows: rows(count, seed: seed)), featureNames: features,
      provenance: ModelMetadata(device: device, sensor: sensor)
    ).model
    let stem = ModelFile.stem(device: device, sensor: sensor)
    try ModelFile.write(model, folder: folder, stem: stem)
    // As everybody reads it who scores.
    return try ModelFile.read(folder: folder, stem: stem)
  }

  init(_ plan: ServingPlan, folder: String, threads: Int = 1) throws {
    self.folder = folder
    let notices = Notices()
    self.notices = notices
    loader = ModelLoader(report: { notices.add($0) })
    service = try ScoringService(plan, loader, version: "1.2.3", threads: threads)
  }

  deinit { service.stop() }

  /// What it has told so far.
  var told: [String] { notices.all.withLock { $0 } }

  /// The answer to a request, whether it comes at once or later.
  func ask(
    _ method: HTTPMethod, _ path: String, _ body: String = "", headers: HTTPHeaders = HTTPHeaders()
  ) async -> HTTPAnswer {
    await ask(HTTPRequest(method, path, headers: headers, body: Array(body.utf8)))
  }

  func ask(_ request: HTTPRequest) async -> HTTPAnswer {
    var head = request
    head.body = []
    if let refusal = service.refusal(ofHead: head) { return refusal }
    return await withCheckedContinuation { continuation in
      let answer = service.answer(request) { HTTPReply { continuation.resume(returning: $0) } }
      if let answer { continuation.resume(returning: answer) }
    }
  }
}

extension HTTPAnswer {
  var text: String { String(decoding: body, as: UTF8.self) }

  var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
  }

  /// The objects of a list.
  var list: [[String: Any]] {
    (try? JSONSerialization.jsonObject(with: Data(body))) as? [[String: Any]] ?? []
  }

  /// The data of the output called `name`.
  func output(_ name: String) -> [Any]? {
    let outputs = json["outputs"] as? [[String: Any]]
    return outputs?.first { $0["name"] as? String == name }?["data"] as? [Any]
  }

  /// The scores of an answer. JSONSerialization is not exact to the last bit, and JSONDecoder is.
  var scores: [Double]? {
    struct Answer: Decodable {
      struct Output: Decodable {
        var name: String
        var data: [Double]?

        enum CodingKeys: String, CodingKey { case name, data }

        init(from decoder: any Decoder) throws {
          let container = try decoder.container(keyedBy: CodingKeys.self)
          name = try container.decode(String.self, forKey: .name)
          data = try? container.decode([Double].self, forKey: .data)
        }
      }

      var outputs: [Output]
    }
    return try? JSONDecoder().decode(Answer.self, from: Data(body)).outputs.first { $0.name == "score" }?.data
  }

  /// The scores of a list of objects, or of the results of a web service.
  var listedScores: [Double]? {
    struct Row: Decodable { var score: Double }
    struct Results: Decodable {
      var results: [String: [Row]]
      enum CodingKeys: String, CodingKey { case results = "Results" }
    }
    let rows =
      (try? JSONDecoder().decode([Row].self, from: Data(body)))
      ?? (try? JSONDecoder().decode(Results.self, from: Data(body)))?.results.values.first
    return rows?.map(\.score)
  }
}
