import Files
import Foundation
import Supervision
import Telemetry
import TestSupport
import Testing
import WindowStore

/// `sonde serve` with scripts that jobs run too: the rows of a request are windows.
@Suite(.serialized) struct ServeWindowScriptTests {
  /// Scores a window by how far the means of its sensors are from 10, and says which windows it was given.
  private static let script = """
    import csv, os, time
    def init():
        pass
    def run(mini_batch):
        rows = {}
        for path in mini_batch:
            with open(path, newline="") as file:
                for row in csv.DictReader(file):
                    if float(row["mean"]) == 666:
                        raise ValueError("no devils")
                    if float(row["mean"]) == 777:
                        time.sleep(3600)
                    if float(row["mean"]) == 888:
                        continue
                    key = (row["device"], row["window_start"])
                    far = abs(float(row["mean"]) - 10) + (float(row["stddev"]) if row["stddev"] else 0)
                    rows[key] = min(rows.get(key, 5.0), 5 - far)
        return [key + (score, 1 if score < 4 else 0) for key, score in rows.items()]
    """

  /// A busy machine is waited for.
  private static let patient = "request_settings: { request_timeout_ms: 600000, max_queue_wait_ms: 600000 }"

  private func endpoint(_ folder: String, _ settings: [String] = []) throws -> String {
    try Folder.make("\(folder)/code")
    try Self.script.write(toFile: "\(folder)/code/score.py", atomically: true, encoding: .utf8)
    let lines = ["code_configuration: { code: code, scoring_script: score.py }"] + settings
    try ("name: fleet\ndeployments:\n  own:\n" + lines.map { "    \($0)\n" }.joined()).write(
      toFile: "\(folder)/endpoint.yaml", atomically: true, encoding: .utf8)
    return "\(folder)/endpoint.yaml"
  }

  private func results(_ response: RawClient.Response) -> [(score: Double, prediction: Int)] {
    let list = (try? JSONSerialization.jsonObject(with: Data(response.body))) as? [[String: Any]]
    return (list ?? []).compactMap { row in
      guard let score = row["score"] as? Double, let prediction = row["prediction"] as? Int else {
        return nil
      }
      return (score, prediction)
    }
  }

  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func rowsAreWindows() async throws {
    try await withTemporaryFolder { folder in
      let service = try await RunningService(
        ["--endpoint", try endpoint(folder, [Self.patient])], in: folder)
      #expect(service.told.contains("own (a script)"), "\(service.told)")
      // Two sensors a row; the rows of a device need not follow each other, and need not say when they were.
      let answer = try service.ask(
        "POST", "/score",
        """
        {"input_data": {"columns": ["device", "a.mean", "b.mean", "b.stddev"],
          "data": [["d-2", 10, 11, 0], ["d-1", 8, 10, 0], ["d-2", 10, 10, 0.5]]}}
        """)
      #expect(results(answer).map(\.score) == [4, 3, 4.5], "\(answer.text)")
      // What the script says of an anomaly counts, and not the sign of the score.
      #expect(results(answer).map(\.prediction) == [0, 1, 0])
      // In the other protocol, a tensor a column, to the endpoint's name.
      let tensors = try service.ask(
        "POST", "/v2/models/fleet/infer",
        """
        {"id": "x", "inputs": [{"name": "device", "shape": [2], "datatype": "BYTES", "data": ["d-1", "d-1"]},
          {"name": "window_start_ms", "shape": [2, 1], "datatype": "INT64", "data": [1800000000000, 1800000300000]},
          {"name": "window_end_ms", "shape": [2, 1], "datatype": "INT64", "data": [1800000300000, 1800000600000]},
          {"name": "a.mean", "shape": [2, 1], "datatype": "FP64", "data": [9.5, 13]}]}
        """)
      let outputs = tensors.json["outputs"] as? [[String: Any]] ?? []
      #expect(
        outputs.first { $0["name"] as? String == "score" }?["data"] as? [Double] == [4.5, 2],
        "\(tensors.text)")
      #expect(outputs.first { $0["name"] as? String == "prediction" }?["data"] as? [Int] == [0, 1])
      for (body, words) in [
        ("{\"data\": [[1, 2]]}", "need names"),
        ("{\"data\": [{\"a.mean\": 1}]}", "add a column device"),
        ("{\"data\": [{\"device\": \"d\", \"a.middle\": 1}]}", "“a.middle” is no aggregate"),
        ("{\"data\": [{\"device\": \"d\", \"mean\": 1}]}", "“mean” is no aggregate of a sensor"),
        ("{\"data\": [{\"device\": \"d\", \"sensor\": \"a\", \"a.mean\": 1}]}", "no aggregate of a window"),
        ("{\"data\": [{\"device\": \"a/b\", \"a.mean\": 1}]}", "“a/b” is no device"),
        ("{\"data\": [{\"device\": \"d\", \"window_start_ms\": 0.5, \"a.mean\": 1}]}", "whole milliseconds"),
        (
          "{\"data\": [{\"device\": \"d\", \"window_start_ms\": 5, \"window_end_ms\": 5, \"a.mean\": 1}]}",
          "ends before"
        ),
        (
          "{\"data\": [{\"device\": \"d\", \"window_start_ms\": 5, \"a.mean\": 1}, {\"device\": \"d\", \"window_start_ms\": 5, \"a.mean\": 1}]}",
          "row 1: there is another one of the same window"
        ),
      ] {
        let refused = try service.ask("POST", "/score", body)
        #expect(refused.status == 400 && refused.text.contains(words), "\(body): \(refused.text)")
      }
      let named = try service.ask("POST", "/v2/models/d-1/infer", "{}")
      #expect(named.status == 404, "\(named.text)")
      // A fault of the script is told, and the next request is answered. A row without a score makes the whole answer a fault.
      let failed = try service.ask("POST", "/score", "{\"data\": [{\"device\": \"d\", \"a.mean\": 666}]}")
      #expect(failed.status == 500 && failed.text.contains("no devils"), "\(failed.text)")
      let gap = try service.ask(
        "POST", "/score",
        "{\"data\": [{\"device\": \"d\", \"a.mean\": 10}, {\"device\": \"d\", \"a.mean\": 888}]}")
      #expect(gap.status == 500 && gap.text.contains("row 1"), "\(gap.text)")
      #expect(try results(service.ask("POST", "/score", "{\"data\": []}")).isEmpty)
      let again = try service.ask("POST", "/score", "{\"data\": [{\"device\": \"d\", \"a.mean\": 10}]}")
      #expect(results(again).map(\.score) == [5], "\(again.text)")
      #expect(try await service.stop() == .exited(code: 0))
      #expect(try Processes.naming("\(folder)/code").isEmpty)
    }
  }

  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func rowsOfOneSensor() async throws {
    try await withTemporaryFolder { folder in
      let service = try await RunningService(
        ["--endpoint", try endpoint(folder, [Self.patient])], in: folder)
      // Sensors of one window have its score together: it is a score of the device.
      let answer = try service.ask(
        "POST", "/score",
        """
        {"input_data": {"columns": ["device", "sensor", "window_start_ms", "mean"],
          "data": [["d", "a", 60000, 10], ["d", "b", 60000, 12], ["d", "a", 120000, 10]]}}
        """)
      #expect(results(answer).map(\.score) == [3, 3, 5], "\(answer.text)")
      try await service.stop()
    }
  }

  /// A script that hangs is ended in time, and is there again for the next request.
  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func aScriptThatHangsIsEnded() async throws {
    try await withTemporaryFolder { folder in
      let service = try await RunningService(
        [
          "--endpoint",
          try endpoint(folder, [Self.patient.replacing("timeout_ms: 600000", with: "timeout_ms: 1500")]),
        ],
        in: folder)
      let hung = try service.ask("POST", "/score", "{\"data\": [{\"device\": \"d\", \"a.mean\": 777}]}")
      try #require(hung.status == 504, "\(hung.text)")
      // On a busy machine the next one may be late too.
      var again = try service.ask("POST", "/score", "{\"data\": [{\"device\": \"d\", \"a.mean\": 10}]}")
      while again.status != 200 {
        try await Task.sleep(for: .milliseconds(50))
        again = try service.ask("POST", "/score", "{\"data\": [{\"device\": \"d\", \"a.mean\": 10}]}")
      }
      #expect(results(again).map(\.score) == [5])
      try await service.stop()
    }
  }

  private static let scenario = """
    name: scripted
    seed: 5
    clock: { duration: 3h, speed: max }
    fleet:
      - device: d
        count: 3
        every: 30s
        sensors: { a: { signal: [{ noise: { stddev: 2 } }] }, b: { signal: [{ noise: { stddev: 1 } }] } }
    ingestion: { window: 5m, out_of_orderness: 30s }
    endpoint: endpoint.yaml
    model: { train_on: [0h, 1h] }
    scoring: { from: 1h, every: 1h }
    expect: [scoring.failed == 0]
    """

  /// One score: what a job has written for a window, the service answers for it, to the last bit.
  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func scoresAreThoseOfTheJob() async throws {
    try await withTemporaryFolder { folder in
      let endpoint = try endpoint(
        folder, [Self.patient])
      try AtomicFile.write(Self.scenario, to: "\(folder)/scripted.yaml")
      let run = "\(folder)/run"
      let outcome = try await SondeProgram.run(["run", "\(folder)/scripted.yaml", "--out", run])
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
      let service = try await RunningService(["--endpoint", endpoint, "--run", run], in: folder)
      let reader = try WindowStoreReader(path: "\(run)/sonde.sqlite")
      var compared = 0
      for job in try FileManager.default.contentsOfDirectory(atPath: "\(run)/predictions") {
        var predictions = try CSVReader(path: "\(run)/predictions/\(job)/predictions.csv")
        let column = { (name: String) in try predictions.column(name) }
        let (device, start, score) = (try column("device"), try column("window_start"), try column("score"))
        while let row = try predictions.nextRow() {
          let from = try #require(Timestamp(iso8601: row.fields[start]))
          let owner = try #require(DeviceID(row.fields[device]))
          let windows = try reader.windows(
            visibleAfter: nil, through: nil, devices: [owner], columns: [.mean, .stddev])[0]
          var values = ["\"device\":\"\(owner)\"", "\"window_start_ms\":\(from.milliseconds)"]
          for (index, window) in windows.rows.enumerated() where window.start == from {
            let sensor = windows.sensors[window.sensor]
            values.append("\"\(sensor).mean\":\(windows.values[2 * index])")
            values.append("\"\(sensor).stddev\":\(windows.values[2 * index + 1])")
          }
          let answer = try service.ask("POST", "/score", "{\"data\":[{\(values.joined(separator: ","))}]}")
          struct Row: Decodable { var score: Double }
          let found = try JSONDecoder().decode([Row].self, from: Data(answer.body))
          #expect(found.map(\.score.bitPattern) == [Double(row.fields[score])?.bitPattern], "\(answer.text)")
          compared += 1
        }
      }
      // The last window of two hours is still open.
      #expect(compared == 3 * 23)
      try await service.stop()
    }
  }
}
