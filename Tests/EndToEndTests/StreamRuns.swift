import Files
import Foundation
import GRDB
import Supervision
import TestSupport
import Testing

/// What `stream_predictions` says, a line a row in order, with the score's bits: equal means equal.
func streamPredictions(of folder: String) throws -> [String] {
  let database = try DatabaseQueue(path: "\(folder)/sonde.sqlite")
  return try database.read { db in
    try Row.fetchAll(
      db,
      sql: """
        SELECT device, sensor, window_start_ms, window_end_ms, score, prediction, model_version, revision
        FROM stream_predictions ORDER BY device, sensor, window_start_ms, revision
        """
    ).map { row in
      let score: Double = row[4]
      return [
        row[0] as String, row[1], "\(row[2] as Int64)", "\(row[3] as Int64)", "\(score.bitPattern)",
        "\(row[5] as Int64)", row[6], "\(row[7] as Int64)",
      ].joined(separator: "|")
    }
  }
}

/// One number that SQL finds in a run's store.
func storedNumber(_ sql: String, in folder: String) throws -> Int? {
  try DatabaseQueue(path: "\(folder)/sonde.sqlite").read { try Int.fetchOne($0, sql: sql) }
}

/// Changes the store of a run, as nobody should.
enum StoreEdit {
  static func run(_ sql: String, on path: String) throws {
    try DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
  }
}

/// A `sonde serve` of a test on a free port of loopback.
final class StreamService {
  let url: String
  private let service: Service

  init(models: String, in folder: String) async throws {
    let address = "\(folder)/address"
    let service = try await Service.start(
      name: "serve", executable: SondeProgram.path,
      arguments: [
        "serve", "--models", models, "--listen", "127.0.0.1:0", "--address-file", address, "--access-log",
        "none",
      ], log: "\(folder)/serve.err")
    self.service = service
    while !FileManager.default.fileExists(atPath: address) {
      guard getpgid(service.processID) > 0 else {
        throw RawClient.Broken(description: try TextFile.text(of: "\(folder)/serve.err"))
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    let place = try TextFile.text(of: address).trimmingCharacters(in: .whitespacesAndNewlines)
    url = "http://\(place)/v2/models/models/infer"
  }

  func stop() async throws { _ = try await service.stop(grace: .seconds(600)) }
}

/// What a scoring service says of a request of the stream: each row has the score `score`.
enum StreamReply {
  static func rows(of request: ScriptedServer.Request) -> Int {
    guard let length = request.headers["inference-header-content-length"].flatMap({ Int($0) }),
      let head = try? JSONSerialization.jsonObject(with: Data(request.body.prefix(length))) as? [String: Any],
      let inputs = head["inputs"] as? [[String: Any]],
      let shape = inputs.first?["shape"] as? [Int]
    else { return 0 }
    return shape.first ?? 0
  }

  static func id(of request: ScriptedServer.Request) -> String { request.headers["x-request-id"] ?? "" }

  static func answer(to request: ScriptedServer.Request, score: Double = 0.5) -> [UInt8] {
    let count = rows(of: request)
    let version = Array("v".utf8)
    var binary: [UInt8] = []
    for _ in 0..<count {
      withUnsafeBytes(of: score.bitPattern.littleEndian) { binary.append(contentsOf: $0) }
    }
    binary += [UInt8](repeating: 0, count: count * 8)
    for _ in 0..<count {
      withUnsafeBytes(of: UInt32(version.count).littleEndian) { binary.append(contentsOf: $0) }
      binary += version
    }
    func output(_ name: String, _ type: String, _ size: Int) -> String {
      #"{"name":"\#(name)","datatype":"\#(type)","shape":[\#(count)],"parameters":{"binary_data_size":\#(size)}}"#
    }
    let head = Array(
      #"{"model_name":"models","id":"\#(id(of: request))","outputs":[\#(output("score", "FP64", count * 8)),\#(output("prediction", "INT64", count * 8)),\#(output("model_version", "BYTES", count * (4 + version.count)))]}"#
        .utf8)
    let lines =
      "HTTP/1.1 200 OK\r\nInference-Header-Content-Length: \(head.count)\r\nContent-Length: \(head.count + binary.count)\r\n\r\n"
    return Array(lines.utf8) + head + binary
  }
}
