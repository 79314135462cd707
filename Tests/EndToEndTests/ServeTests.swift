import Files
import Foundation
import GRDB
import Supervision
import TestSupport
import Testing

/// `sonde serve`, as a user runs it.
@Suite(.serialized) struct ServeTests {
  private func quickstart(_ folder: String) async throws -> String {
    let run = "\(folder)/run"
    let outcome = try await SondeProgram.run(
      ["run", "Scenarios/quickstart.yaml", "--out", run] + smallScenario)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    return run
  }

  /// The feature vectors of a device's windows by their start, as its model was trained on them.
  private func vectors(of device: String, _ features: [String], in run: String) throws -> [String: [Double]] {
    let database = try DatabaseQueue(path: "\(run)/sonde.sqlite")
    return try database.read { db in
      var vectors: [String: [String: Double]] = [:]
      for row in try Row.fetchAll(
        db, sql: "SELECT * FROM window_values WHERE device = ?", arguments: [device])
      {
        let start = String(row["window_start_ms"] as Int64)
        for aggregate in ["mean", "stddev", "min", "max"] {
          vectors[start, default: [:]]["\(row["sensor"] as String).\(aggregate)"] = row[aggregate]
        }
      }
      return vectors.compactMapValues { values in
        let vector = features.compactMap { values[$0] }
        return vector.count == features.count ? vector : nil
      }
    }
  }

  /// The rows of all prediction files, without their header.
  private func predictions(in run: String) throws -> [[String]] {
    try FileManager.default.contentsOfDirectory(atPath: "\(run)/predictions").flatMap { job in
      try TextFile.text(of: "\(run)/predictions/\(job)/predictions.csv").split(separator: "\n").dropFirst()
        .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }
  }

  /// The same doubles, to the last bit: in both protocols, a row at a time and all at once.
  @Test(.timeLimit(.minutes(30))) func scoresAreThoseOfTheBatchJobs() async throws {
    try await withTemporaryFolder { folder in
      let run = try await quickstart(folder)
      let service = try await RunningService(["--models", "\(run)/models"], in: folder)
      let client = try service.client()
      let names = try #require(try client.ask("GET", "/v2/models").json["models"] as? [String])
      #expect(names.count == 4)
      let rows = try predictions(in: run)
      var compared = 0
      let formatter = ISO8601DateFormatter()
      formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
      for name in names {
        let parameters = try client.ask("GET", "/v2/models/\(name)").json["parameters"] as? [String: Any]
        let features = try #require(parameters?["features"] as? [String])
        let vectors = try vectors(of: name, features, in: run)
        let own = rows.filter { $0[0] == name }
        let given = try own.map { row in
          let date = try #require(formatter.date(from: row[2]))
          return try #require(vectors[String(Int64((date.timeIntervalSince1970 * 1000).rounded()))], "\(row)")
        }
        let data = given.map { "[\($0.map { "\($0)" }.joined(separator: ","))]" }
        let all = try client.ask(
          "POST", "/v2/models/\(name)/infer",
          "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[\(own.count),\(features.count)],\"data\":[\(data.joined(separator: ","))]}]}"
        )
        let outputs = try #require(all.json["outputs"] as? [[String: Any]], "\(all.text)")
        // As they are written: JSONSerialization is not exact to the last bit.
        let written = try #require(all.text.firstMatch(of: /"data":\[([^\]]*)\]/)).1.split(separator: ",")
        #expect(written.map(String.init) == own.map { $0[4] }, "\(name)")
        #expect(outputs[1]["data"] as? [Int] == own.compactMap { Int($0[5]) }, "\(name)")
        #expect(own.allSatisfy { $0[6] == all.json["model_version"] as? String })
        for (row, data) in zip(own, data).prefix(3) {
          let named = try client.ask(
            "POST", "/score",
            "{\"input_data\":{\"columns\":[\"device\",\(features.map { "\"\($0)\"" }.joined(separator: ","))],\"data\":[[\"\(name)\",\(data.dropFirst())]}}"
          )
          #expect(named.text.contains("\"score\":\(row[4]),"), "\(named.text) \(row)")
        }
        compared += own.count
      }
      #expect(compared == rows.count && compared > 100)
      try await service.stop()
      #expect(service.log.count == 1 + names.count * 5)
      #expect(service.told.hasSuffix("ended\n"))
    }
  }

  @Test(.timeLimit(.minutes(30))) func aModelIsReplacedWhileItRuns() async throws {
    try await withTemporaryFolder { folder in
      let run = try await quickstart(folder)
      let service = try await RunningService(["--models", "\(run)/models"], in: folder)
      let client = try service.client()
      func version() throws -> [String]? {
        try client.ask("GET", "/v2/models/pump-0001").json["versions"] as? [String]
      }
      let before = try #require(try version())
      let training = try await SondeProgram.run([
        "train", run, "--device", "pump-0001", "--from", "2026-01-01T00:00:00Z", "--to",
        "2026-01-01T02:00:00Z",
      ])
      #expect(training.status == 0, "\(training.errors)")
      while try version() == before { try await Task.sleep(for: .milliseconds(50)) }
      #expect(service.told.contains("taken over"))
      // A broken one is refused and said, and the one before it goes on.
      let now = try version()
      let path = "\(run)/models/device_pump-0001.model"
      try Data("broken".utf8).write(to: URL(fileURLWithPath: path))
      while !service.told.contains("the one before it goes on") {
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(try version() == now)
      try await service.stop()
    }
  }

  @Test(.timeLimit(.minutes(30))) func withoutAKeyNothingIsAnswered() async throws {
    try await withTemporaryFolder { folder in
      let run = try await quickstart(folder)
      let keys = "\(folder)/keys.json"
      func key(_ arguments: [String]) async throws -> String {
        let outcome = try await SondeProgram.run(["keys"] + arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try #require(outcome.output.firstMatch(of: /sonde_[A-Za-z0-9_-]+/).map { String($0.output) })
      }
      let first = try await key(["create", keys, "--name", "tests"])
      let service = try await RunningService(["--models", "\(run)/models", "--keys", keys], in: folder)
      let routes = try #require(
        try service.ask("GET", "/openapi.json", headers: ["Authorization": "Bearer \(first)"]).json["paths"]
          as? [String: [String: Any]])
      #expect(routes.count >= 15)
      for (path, methods) in routes where !["/", "/v2/health/live", "/v2/health/ready"].contains(path) {
        let path = path.replacing("{model}", with: "pump-0001").replacing("{version}", with: "x")
        for method in methods.keys.map({ $0.uppercased() }) + ["HEAD", "OPTIONS", "DELETE"] {
          for headers in [
            [:], ["Authorization": "Bearer \(first)x"], ["Authorization": "Basic \(first)"], ["X-Key": first],
          ] {
            let answer = try service.ask(method, path, "{}", headers: headers)
            #expect(
              answer.status == 401 && answer.headers["www-authenticate"] == "Bearer",
              "\(method) \(path) \(answer.status)")
          }
        }
      }
      #expect(try service.ask("GET", "/v2/models?key=\(first)").status == 401)
      func status(_ key: String) throws -> Int {
        try service.ask("GET", "/v2/models", headers: ["Authorization": "Bearer \(key)"]).status
      }
      #expect(try status(first) == 200)
      let second = try await key(["rotate", keys, "--name", "tests"])
      while try status(second) != 200 { try await Task.sleep(for: .milliseconds(50)) }
      while try status(first) != 401 { try await Task.sleep(for: .milliseconds(50)) }
      try await service.stop()
      let log = try TextFile.text(of: "\(folder)/serve.out") + service.told + TextFile.text(of: keys)
      #expect(!log.contains(first.dropFirst(6)) && !log.contains(second.dropFirst(6)))
      #expect(service.log.contains { ($0["key"] as? String)?.count == 8 && $0["status"] as? Int == 200 })
    }
  }

  /// Every request is answered while replicas are killed, and their log says so.
  @Test(
    .timeLimit(.minutes(30)),
    .enabled(if: ExecutablePath.find("haproxy") != nil, "needs the package haproxy"))
  func aReplicaThatIsKilledCostsNoRequest() async throws {
    try await withTemporaryFolder { folder in
      let run = try await quickstart(folder)
      let state = "\(folder)/serving"
      let service = try await RunningService(
        ["--models", "\(run)/models", "--replicas", "2", "--folder", state], in: folder)
      let client = try service.client()
      let features = try #require(
        (try client.ask("GET", "/v2/models/pump-0001").json["parameters"] as? [String: Any])?["features"]
          as? [String])
      let data = features.map { _ in "1.5" }.joined(separator: ",")
      var answered = 0
      var killed = 0
      for number in 0..<600 {
        if number == 100 || number == 300 {
          let process = try #require(try replicaProcess(in: state))
          kill(process, SIGKILL)
          killed += 1
        }
        let answer = try client.ask(
          "POST", "/v2/models/pump-0001/infer",
          "{\"id\":\"\(number)\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,\(features.count)],\"data\":[\(data)]}]}"
        )
        #expect(
          answer.status == 200 && answer.json["id"] as? String == "\(number)", "\(number) \(answer.text)")
        answered += 1
      }
      #expect(answered == 600 && killed == 2)
      let metrics = try service.ask("GET", "/metrics").text
      #expect(metrics.contains("sonde_serving_replicas{state=\"ready\"}"), "\(metrics)")
      try await service.stop()
      let states = try TextFile.text(of: "\(state)/replicas.csv")
      #expect(states.contains(",killed"), "\(states)")
      #expect(try Processes.naming(folder).isEmpty)
    }
  }

  /// The process of a replica that is ready, out of the lines of `replicas.csv`: `time,replica,process,state,reason`.
  private func replicaProcess(in state: String) throws -> Int32? {
    var processes: [String: Int32] = [:]
    for line in try TextFile.text(of: "\(state)/replicas.csv").split(separator: "\n").dropFirst() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      processes[fields[1]] = fields[3] == "ready" ? Int32(fields[2]) : nil
    }
    return processes.sorted { $0.key < $1.key }.first?.value
  }

  @Test func whatCannotBeServedIsSaid() async throws {
    try await withTemporaryFolder { folder in
      for (arguments, status, words) in [
        ([], 64, "--endpoint"), (["--models", "a", "--endpoint", "b"], 64, "either"),
        (["--models", "\(folder)/none"], 64, "does not exist"), (["--models", folder], 64, "there is none"),
        (["--models", folder, "--listen", "8080"], 64, "127.0.0.1:8080"),
        (["--models", folder, "--run", folder], 64, "--run"),
        (["--models", folder, "--tls-cert", "x"], 64, "--tls-key"),
        (["--models", folder, "--threads", "0"], 64, "--threads"),
        (["--models", folder, "--keys", "k", "--listen", "0.0.0.0:0"], 64, "--plain-http-with-keys"),
      ] as [([String], Int32, String)] {
        let outcome = try await SondeProgram.run(["serve"] + arguments)
        #expect(
          outcome.status == status && outcome.errors.contains(words),
          "\(arguments) \(outcome.status) \(outcome.errors)")
      }
      let batch = "name: a\ndeployments:\n  b:\n    code_configuration: { code: ., scoring_script: s.py }\n"
      try batch.write(toFile: "\(folder)/batch.yaml", atomically: true, encoding: .utf8)
      try "def init(): raise ValueError('not today')\n".write(
        toFile: "\(folder)/s.py", atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(["serve", "--endpoint", "\(folder)/batch.yaml"])
      #expect(outcome.status == 69 && outcome.errors.contains("deployment b: "), "\(outcome.errors)")
      let traffic =
        "name: a\ntraffic: { b: 60, c: 30 }\ndefault_deployment: b\ndeployments:\n  b: { models: . }\n  c: { models: . }\n"
      try traffic.write(toFile: "\(folder)/traffic.yaml", atomically: true, encoding: .utf8)
      let shares = try await SondeProgram.run(["serve", "--endpoint", "\(folder)/traffic.yaml"])
      #expect(shares.status == 64 && shares.errors.contains("90% in all"), "\(shares.errors)")
    }
  }
}
