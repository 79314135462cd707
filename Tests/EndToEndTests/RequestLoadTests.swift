import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// `sonde load` on a server that answers as each test wants, by the real program.
@Suite(.timeLimit(.minutes(30))) struct RequestLoadTests {
  private static let answers: ScriptedServer.Script = { request in
    .bytes(ScriptedServer.answer(ScriptedServer.inference(request.id)))
  }

  private func inference(_ server: ScriptedServer, _ model: String = "m") -> String {
    "http://127.0.0.1:\(server.port)/v2/models/\(model)/infer"
  }

  /// Runs a short load, and returns its report as JSON and how it ended.
  private func load(
    _ url: String, _ arguments: [String] = ["--features", "3"], rate: Int = 100,
    environment: [String: String?] = [:]
  ) async throws -> (report: [String: Any], outcome: SondeProgram.Outcome) {
    let outcome = try await SondeProgram.run(
      ["load", url, "--rate", "\(rate)", "--for", "1s", "--arrivals", "even", "--timeout", "60s"]
        + ["--connections", "4", "--format", "json"] + arguments, environment: environment)
    let object = try? JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    return (object as? [String: Any] ?? [:], outcome)
  }

  /// The exit code of a load: `expected`, unless this machine was too busy for its generator, which it then says.
  private func isStatus(_ expected: Int32, _ outcome: SondeProgram.Outcome, _ report: [String: Any]) -> Bool {
    report["plan_kept"] as? Bool == false ? outcome.status == 3 : outcome.status == expected
  }

  @Test func theReportHasEveryKey() async throws {
    try await withTemporaryFolder { folder in
      try await withScriptedServer(Self.answers) { server in
        let (report, outcome) = try await load(
          inference(server), ["--features", "3", "--rows", "2", "--out", "\(folder)/load"])
        #expect(isStatus(0, outcome, report), "\(outcome.errors)")
        #expect(report["requests"] as? Int == 100 && report["answered"] as? Int == 100)
        #expect(report["rows"] as? Int == 200 && report["errors"] as? Int == 0)
        #expect(report["offered_per_second"] as? Double == 100)
        #expect(report["cpu_us_per_request"] is NSNull)
        let latency = try #require(report["latency_ms"] as? [String: Any])
        #expect(Set(latency.keys) == ["p50", "p90", "p99", "p99.9", "max"])
        #expect(latency["p99.9"] is NSNull && latency["p50"] is Double)
        #expect(
          try String(contentsOfFile: "\(folder)/load/timeline.csv", encoding: .utf8)
            .hasPrefix("second,planned,answered,"))
        #expect(
          try String(contentsOfFile: "\(folder)/load/latency.hgrm", encoding: .utf8).contains("Percentile"))
        let data = Data(try TextFile.bytes(of: "\(folder)/load/load.json"))
        let written = try #require(try JSONSerialization.jsonObject(with: data) as? NSDictionary)
        #expect(written == report as NSDictionary)
        // A folder with something in it is nobody's to write into, and nothing is sent.
        let again = try await load(inference(server), ["--features", "3", "--out", "\(folder)/load"])
        #expect(again.outcome.status == 64 && server.requests.count == 100)
      }
    }
  }

  @Test func errorsAreAFailureUnlessTheyAreAllowed() async throws {
    try await withScriptedServer { request in
      request.number % 10 == 0
        ? .bytes(ScriptedServer.answer("{}", status: "500 Oh")) : Self.answers(request)
    } _: { server in
      let (report, outcome) = try await load(inference(server))
      #expect(isStatus(1, outcome, report), "\(outcome.errors)")
      #expect((report["errors_by_kind"] as? [String: Int])?["status"] == 10)
      let allowed = try await load(inference(server), ["--features", "3", "--allow-errors"])
      #expect(isStatus(0, allowed.outcome, allowed.report), "\(allowed.outcome.errors)")
    }
  }

  /// The generator stands still for a second: what was due then was late by its own doing.
  @Test func aGeneratorThatWasLateSaysThatNothingMayBeConcluded() async throws {
    try await withTemporaryFolder { folder in
      try await withScriptedServer(Self.answers) { server in
        let service = try await Service.start(
          name: "load", executable: SondeProgram.path,
          arguments: [
            "load", inference(server), "--features", "3", "--rate", "100", "--for", "4s", "--arrivals",
            "even",
            "--timeout", "60s",
          ], log: "\(folder)/err")
        while server.requests.count < 20 { try await Task.sleep(for: .milliseconds(10)) }
        service.send(signal: SIGSTOP)
        try await Task.sleep(for: .seconds(1))
        service.send(signal: SIGCONT)
        for await _ in service.lines {}
        #expect(try await service.exit() == .exited(code: 3))
        let said = try String(contentsOfFile: "\(folder)/err", encoding: .utf8)
        #expect(said.contains("the generator was late by its own doing"), "\(said)")
      }
    }
  }

  @Test func anInterruptedLoadTellsWhatItHas() async throws {
    try await withTemporaryFolder { folder in
      try await withScriptedServer(Self.answers) { server in
        let service = try await Service.start(
          name: "load", executable: SondeProgram.path,
          arguments: [
            "load", inference(server), "--features", "3", "--rate", "50", "--for", "1h", "--format", "json",
          ], log: "\(folder)/err")
        while server.requests.count < 20 { try await Task.sleep(for: .milliseconds(10)) }
        service.send(signal: SIGINT)
        var text = ""
        for await line in service.lines { text += line }
        #expect(try await service.exit() == .exited(code: 130))
        let report = try #require(
          try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(report["complete"] as? Bool == false)
        #expect(try #require(report["answered"] as? Int) >= 20)
      }
    }
  }

  @Test func keysTravelInAHeaderAndAreToldNobody() async throws {
    try await withTemporaryFolder { folder in
      try "file-key-123\nmore\n".write(toFile: "\(folder)/key", atomically: true, encoding: .utf8)
      try await withScriptedServer { request in
        request.headers["authorization"] == "Bearer file-key-123"
          ? Self.answers(request) : .bytes(ScriptedServer.answer("{}", status: "401 Unauthorized"))
      } _: { server in
        let (report, outcome) = try await load(
          inference(server), ["--features", "3", "--key-file", "\(folder)/key", "--out", "\(folder)/load"])
        #expect(isStatus(0, outcome, report), "\(outcome.errors)")
        let written = try String(contentsOfFile: "\(folder)/load/load.json", encoding: .utf8)
        #expect(!(outcome.output + outcome.errors + written).contains("file-key"))
        let other = try await load(inference(server), environment: ["SONDE_KEY": "other-key"])
        #expect((other.report["statuses"] as? [String: Int]) == ["401": 100])
        #expect(server.requests.last?.headers["authorization"] == "Bearer other-key")
      }
    }
  }

  @Test func whatCannotBeIsRefusedBeforeAnythingIsSent() async throws {
    try await withScriptedServer(Self.answers) { server in
      let url = inference(server)
      let features = ["--features", "3"]
      for (arguments, word) in [
        ([url], "--run FOLDER, --features N and --body FILE"),
        ([url, "--body", "x"] + features, "by one of"),
        (["https://127.0.0.1/score"] + features, "https is not spoken here"),
        (["http://192.0.2.1/score"] + features, "add --remote"),
        (["http://127.0.0.1:\(server.port)/predict"] + features, "--protocol"),
        ([url, "--stages", "1:1s", "--rate", "1"] + features, "leave --rate and --for out"),
        ([url, "--stages", "1"] + features, "is no stage"), ([url, "--rate", "-1"] + features, "a rate is"),
        ([url, "--connections", "0"] + features, "connections"),
        ([url, "--timeout", "0s"] + features, "time-out"),
        ([inference(server, "{model}")] + features, "{model}"),
        (["http://127.0.0.1:\(server.port)/score", "--binary"] + features, "binary tensors"),
        ([url, "--run", "/nonexistent"], "there is no folder"),
        (["http://a:hunter2@127.0.0.1/score"] + features, "--key-file"),
      ] {
        let outcome = try await SondeProgram.run(["load"] + arguments)
        #expect(outcome.status == 64, "\(arguments): \(outcome.errors)")
        #expect(outcome.errors.contains(word), "\(arguments): \(outcome.errors)")
        #expect(!outcome.errors.contains("hunter2"))
      }
      let key = try await SondeProgram.run(
        ["load", "http://192.0.2.1/score", "--remote"] + features, environment: ["SONDE_KEY": "k3y"])
      #expect(key.status == 64 && key.errors.contains("--send-key-in-clear") && !key.errors.contains("k3y"))
      #expect(server.requests.isEmpty)
    }
  }

  @Test func whereNobodyListensThatIsSaid() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run([
        "load", "http://x/score", "--unix", "\(folder)/none", "--features", "3",
      ])
      #expect(outcome.status == 69 && outcome.errors.contains("nobody answers at \(folder)/none"))
    }
  }

  private struct Inference: Decodable {
    struct Input: Decodable {
      var name: String
      var shape: [Int]
      var data: [Double]?
    }
    var inputs: [Input]
  }

  private struct Table: Decodable {
    /// A row's cells: a device, and numbers.
    enum Cell: Decodable, Equatable {
      case text(String)
      case number(Double)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self =
          try (try? container.decode(Double.self)).map { .number($0) } ?? .text(container.decode(String.self))
      }
    }
    struct Input: Decodable {
      var columns: [String]
      var index: [Int]
      var data: [[Cell]]
    }
    var inputData: Input

    enum CodingKeys: String, CodingKey { case inputData = "input_data" }
  }

  @Test func windowsOfARunGoToTheModelsOfTheirDevices() async throws {
    try await ScoringRun.trained { run in
      try await withScriptedServer(Self.answers) { server in
        let (report, outcome) = try await load(
          inference(server, "{model}"), ["--run", run.folder, "--rows", "2"], rate: 60)
        #expect(isStatus(0, outcome, report), "\(outcome.errors)")
        let paths = Set(server.requests.map(\.path))
        #expect(paths == Set((0..<6).map { "/v2/models/pump-\($0)/infer" }))
        // Mean, deviation, least and greatest of the first two windows of the device.
        for request in server.requests where request.id.hasSuffix("-0") {
          let rows = try ScoringRun.rows(of: "pump-0", windows: 2)
          // JSONSerialization is off by a last digit now and then.
          let inputs = try JSONDecoder().decode(Inference.self, from: Data(request.body)).inputs
          #expect(
            inputs[0].data
              == rows.flatMap {
                [$0.aggregates.mean, $0.aggregates.stddev, $0.aggregates.min, $0.aggregates.max]
              })
          #expect(inputs[0].shape == [2, 4])
        }
      }
    }
  }

  /// A URL that names one device, and one that names an endpoint, whose rows say of which device they are.
  @Test func aURLThatNamesAModelGetsItsWindows() async throws {
    try await ScoringRun.trained { run in
      try await withScriptedServer(Self.answers) { server in
        let arguments = ["--run", run.folder, "--rows", "6"]
        let (own, outcome) = try await load(inference(server, "pump-3"), arguments, rate: 5)
        #expect(isStatus(0, outcome, own), "\(outcome.errors)")
        let rows = try ScoringRun.rows(of: "pump-3", windows: 6)
        for request in server.requests where request.id.hasSuffix("-0") {
          let inputs = try JSONDecoder().decode(Inference.self, from: Data(request.body)).inputs
          #expect(inputs.map(\.name) == ["features"])
          let data = try #require(inputs.first?.data)
          #expect(stride(from: 0, to: 24, by: 4).map { data[$0] } == rows.map { $0.aggregates.mean })
        }
        let (mixed, _) = try await load(inference(server, "pumps"), arguments, rate: 5)
        #expect(mixed["answered"] as? Int == 5)
        let request = try #require(server.requests.last)
        #expect(request.path == "/v2/models/pumps/infer")
        let inputs = try #require(request.json?["inputs"] as? [[String: Any]])
        #expect(inputs.map { $0["name"] as? String } == ["device", "features"])
        #expect(inputs[0]["data"] as? [String] == (0..<6).map { "pump-\($0)" })
        #expect(inputs[0]["datatype"] as? String == "BYTES" && inputs[0]["shape"] as? [Int] == [6])
        let (binary, _) = try await load(inference(server, "pumps"), arguments + ["--binary"], rate: 5)
        #expect(binary["requests"] as? Int == 5)
        let sent = try #require(server.requests.last)
        let length = try #require(sent.headers["inference-header-content-length"].flatMap { Int($0) })
        // Six names with their lengths, then six rows of four doubles.
        #expect(sent.body.count - length == 6 * (4 + 6) + 6 * 4 * 8)
        #expect(Array(sent.body[length..<length + 10]) == [6, 0, 0, 0] + Array("pump-0".utf8))
      }
    }
  }

  @Test func azureIsToldTheDeviceOfEveryRow() async throws {
    try await ScoringRun.trained { run in
      try await withScriptedServer { request in
        .bytes(
          ScriptedServer.answer(
            "[0.5]", headers: ["x-request-id: \(request.headers["x-request-id"] ?? "")"]))
      } _: { server in
        let (report, outcome) = try await load(
          "http://127.0.0.1:\(server.port)/score",
          // One after the other: over several connections the second may come first.
          ["--run", run.folder, "--rows", "7", "--connections", "1"], rate: 20)
        #expect(isStatus(0, outcome, report), "\(outcome.errors)")
        #expect(report["protocol"] as? String == "azure" && report["answered"] as? Int == 20)
        let body = try #require(server.requests.first?.body)
        let input = try JSONDecoder().decode(Table.self, from: Data(body)).inputData
        #expect(
          input.columns
            == ["device", "temperature.mean", "temperature.stddev", "temperature.min", "temperature.max"])
        #expect(input.index == Array(0..<7))
        // Devices in turns, as windows of a fleet close.
        #expect(input.data.map(\.first) == [0, 1, 2, 3, 4, 5, 0].map { .text("pump-\($0)") })
        let first = try ScoringRun.rows(of: "pump-0", windows: 1)
        #expect(input.data[0][1] == .number(first[0].aggregates.mean))
      }
    }
  }
}
