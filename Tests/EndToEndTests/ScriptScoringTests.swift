import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// Jobs with scoring scripts: the same bytes whatever runs them, and every setting of a deployment.
@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
struct ScriptScoringTests {
  /// The job of a run, with its files alone.
  private func files(_ run: ScoringRun) throws -> [String: Data] {
    Dictionary(
      uniqueKeysWithValues: try run.outputs().map { (($0.key as NSString).lastPathComponent, $0.value) })
  }

  private static let expected: @Sendable () async throws -> [String: Data] = {
    try await ScoringRun.with(devices: 6) { run in
      let outcome = try await run.score(
        try run.endpoint(ScoringRun.script(), settings: ["mini_batch_size: 2"]))
      #expect(outcome.status == 0 && outcome.failed.isEmpty, "\(outcome.errors)")
      return try ScriptScoringTests().files(run)
    }
  }

  @Test func theSameBytesOnAnyNumberOfWorkersAndInMiniBatchesOfAnySize() async throws {
    let expected = try await Self.expected()
    let text = String(decoding: try #require(expected["predictions.csv"]), as: UTF8.self)
    let lines = text.split(separator: "\n")
    #expect(lines.count > 6 * 140)
    #expect(
      lines[1].firstMatch(
        of: /^pump-0,\*,2026-01-01T12:00:00.000Z,2026-01-01T12:05:00.000Z,-?[0-9.]+,[01],s[0-9a-f]{11},1$/)
        != nil, "\(lines[1])")
    #expect(lines.dropFirst() == lines.dropFirst().sorted()[...], "by device and start")
    for (size, nodes) in [("1", "1"), ("1", "2"), ("2", "4"), ("auto", "2"), ("6", "1")] {
      try await ScoringRun.with(devices: 6) { run in
        let endpoint = try run.endpoint(ScoringRun.script(), settings: ["mini_batch_size: \(size)"])
        let outcome = try await run.score(endpoint, ["--nodes", nodes])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try files(run) == expected, "\(size) devices a task on \(nodes) nodes")
        try await run.expectNoProcessIsLeft("\(size), \(nodes)")
      }
    }
  }

  /// Its worker is killed while the script is at a task, from inside: nobody else knows when that is. Nothing of the script stays behind, a
  /// child of its own neither.
  @Test func theSameBytesAfterAWorkerIsKilled() async throws {
    let expected = try await Self.expected()
    try await ScoringRun.with(devices: 6) { run in
      let kill = """
        marker = os.environ["TEST_FOLDER"] + "/killed"
        if "_pump-3." in mini_batch[-1] and not os.path.exists(marker):
            if os.fork() == 0:
                with open(os.environ["TEST_FOLDER"] + "/pids", "a") as file: file.write(f"{os.getpid()}\\n")
                time.sleep(3600)
            open(marker, "w").close()
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(3600)
        """
      let endpoint = try run.endpoint(ScoringRun.script(kill), settings: ["mini_batch_size: 2"])
      let outcome = try await run.score(endpoint, ["--nodes", "2"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(FileManager.default.fileExists(atPath: "\(run.folder)/killed"))
      #expect(outcome.failed.isEmpty)
      let found = try files(run)
      // The version is that of another script; everything else is the same.
      func withoutVersion(_ data: Data?) -> String {
        String(decoding: data ?? Data(), as: UTF8.self).replacing(/,s[0-9a-f]{11},/, with: ",")
      }
      #expect(withoutVersion(found["predictions.csv"]) == withoutVersion(expected["predictions.csv"]))
      try await run.expectNoProcessIsLeft("its worker was killed")
    }
  }

  @Test func aSchedulerThatIsStoppedOrKilledLeavesNoScriptBehind() async throws {
    for signal in [SIGTERM, SIGKILL] {
      try await ScoringRun.with(devices: 2) { run in
        let wait = "open(os.environ['TEST_FOLDER'] + '/running', 'w').close()\ntime.sleep(3600)"
        let endpoint = try run.endpoint(
          ScoringRun.script(wait), settings: ["mini_batch_size: 1", "retry_settings: { timeout: 3600s }"])
        let service = try await run.start(
          [
            "schedule", run.folder, "--endpoint", endpoint, "--every", "1h", "--from", "2026-01-01T12:00:00Z",
          ],
          environment: ["TEST_FOLDER": run.folder])
        try await waitUntil("the script is at a task") {
          FileManager.default.fileExists(atPath: "\(run.folder)/running")
        }
        service.send(signal: signal)
        for await _ in service.lines {}
        let exit = try await service.exit()
        #expect(
          signal == SIGKILL ? exit == .killed(signal: SIGKILL) : exit != .killed(signal: SIGTERM), "\(exit)")
        try await run.expectNoProcessIsLeft("the scheduler got signal \(signal)")
      }
    }
  }

  /// What a script imports, and what its `init()` reads, it does once a worker, however many tasks and jobs there are.
  @Test func aScriptStartsOnceAWorker() async throws {
    try await ScoringRun.with(devices: 6) { run in
      let imported = "with open(os.environ['TEST_FOLDER'] + '/imported', 'a') as file: file.write('x')\n"
      let endpoint = try run.endpoint(
        ScoringRun.script("print('a task of', len(rows))", before: imported), settings: ["mini_batch_size: 1"]
      )
      let service = try await run.start(
        [
          "schedule", run.folder, "--endpoint", endpoint, "--every", "2h", "--from", "2026-01-01T12:00:00Z",
          "--nodes", "2",
          "--until-stdin-closes",
        ], environment: ["TEST_FOLDER": run.folder])
      service.closeInput()
      for await _ in service.lines {}
      #expect(try await service.exit() == .exited(code: 0))
      let scored = try run.scored()
      #expect(scored.count == 6 * 144 && Set(scored).count == scored.count)
      let starts = try TextFile.text(of: "\(run.folder)/imported").count
      #expect((1...2).contains(starts), "\(starts) starts in two workers, 36 tasks")
    }
  }

  @Test func eachSensorByItself() async throws {
    try await ScoringRun.with(devices: 2, windows: 24, watermark: .seconds(7500)) { run in
      try run.store(
        try ScoringRun.rows(of: "pump-1", windows: 24, sensor: "vibration"),
        watermark: .seconds(7500))
      let script =
        ScoringRun.sound + """
          def run(mini_batch):
              print([os.path.basename(path) for path in mini_batch])
              assert os.environ["SONDE_PER"] == "sensor"
              rows = []
              for path in mini_batch:
                  with open(path, newline="") as file:
                      for row in csv.DictReader(file):
                          rows.append({"score": -1.5 if row["sensor"] == "vibration" else 2, "window_start": row["window_start"],
                                       "sensor": row["sensor"], "device": row["device"], "ignored": 7})
              return reversed(rows)

          """
      let endpoint = try run.endpoint(script, settings: ["per: sensor", "mini_batch_size: 2"])
      let outcome = try await run.score(endpoint, after: "2026-01-01T01:00:00Z")
      #expect(outcome.status == 0 && outcome.rows.count == 36, "\(outcome.errors)")
      #expect(
        outcome.rows.filter { $0[1] == "vibration" }.allSatisfy {
          $0[4] == "-1.5" && $0[5] == "1" && $0[0] == "pump-1"
        })
      #expect(outcome.rows.filter { $0[1] == "temperature" }.allSatisfy { $0[4] == "2.0" && $0[5] == "0" })
      let keys = outcome.rows.map { "\($0[0]),\($0[1]),\($0[2])" }
      #expect(keys == keys.sorted())
      let job = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions").first)
      #expect(
        try await run.sonde(["jobs", "logs", run.folder, job]).contains(
          "['device_pump-0_sensor_temperature.csv', 'device_pump-1_sensor_temperature.csv', 'device_pump-1_sensor_vibration.csv']"
        ))
    }
  }

  @Test func aRowAModelAndRowsThatMayFail() async throws {
    try await ScoringRun.with(devices: 3, windows: 24, watermark: .seconds(7500)) { run in
      let summary = try await run.score(
        try run.endpoint(ScoringRun.script(), settings: ["output_action: summary_only"]),
        after: "2026-01-01T01:00:00Z")
      #expect(summary.rows.count == 3 && summary.rows.allSatisfy { $0[2] == "12" }, "\(summary.rows)")
    }
    for (threshold, status) in [("11", Int32(1)), ("12", 0)] {
      try await ScoringRun.with(devices: 3, windows: 24, watermark: .seconds(7500)) { run in
        let fail = "if '_pump-1.' in mini_batch[0]: raise ValueError('no')"
        let outcome = try await run.score(
          try run.endpoint(
            ScoringRun.script(fail),
            settings: [
              "mini_batch_size: 1", "error_threshold: \(threshold)", "retry_settings: { max_retries: 0 }",
            ]),
          after: "2026-01-01T01:00:00Z")
        #expect(outcome.status == status, "\(outcome.errors)")
        #expect(outcome.errors.contains("error threshold") == (status == 1))
      }
    }
  }

  /// A script that needs something of the machine, which is missing first and there then.
  @Test func failedRowsAreScoredAgain() async throws {
    try await ScoringRun.with(devices: 3, windows: 24, watermark: .seconds(7500)) { run in
      let need = "if '_pump-1.' in mini_batch[0]: open(os.environ['TEST_FOLDER'] + '/licence').close()"
      let endpoint = try run.endpoint(
        ScoringRun.script(need), settings: ["mini_batch_size: 1", "retry_settings: { max_retries: 0 }"])
      let first = try await run.score(endpoint, after: "2026-01-01T01:00:00Z")
      #expect(
        first.rows.count == 24 && first.reasons(of: "pump-1").allSatisfy { $0.contains("FileNotFoundError") })
      try "licence".write(toFile: "\(run.folder)/licence", atomically: true, encoding: .utf8)
      let job = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions").first)
      let again = try await SondeProgram.run(
        ["jobs", "rerun", run.folder, job], environment: ["TEST_FOLDER": run.folder])
      #expect(again.status == 0, "\(again.errors)")
      let scored = try run.scored()
      #expect(scored.count == 36 && Set(scored).count == 36)
    }
  }

  /// `train()` is called once, on the windows of its range; what it leaves is the model of every job, and its digest the version.
  @Test func aScriptTrainsItsOwnModel() async throws {
    try await ScoringRun.with { run in
      let script =
        ScoringRun.sound + """
          def train(windows_path, model_dir):
              means = {}
              with open(windows_path, newline="") as file:
                  for row in csv.DictReader(file):
                      assert row["window_start"] < "2026-01-01T12"
                      means.setdefault(row["device"], []).append(float(row["mean"]))
              with open(model_dir + "/highest.json", "w") as file:
                  json.dump({device: max(values) for device, values in means.items()}, file)
              with open(os.environ["TEST_FOLDER"] + "/trained", "a") as file: file.write("x")

          def init():
              global highest
              with open(os.environ["AZUREML_MODEL_DIR"] + "/highest.json") as file: highest = json.load(file)

          def run(mini_batch):
              return [(device, start, highest[device] - 60.9 + score) for device, start, score in scores(mini_batch)]

          """
      let endpoint = try run.endpoint(script)
      let arguments = [
        "schedule", run.folder, "--endpoint", endpoint, "--every", "6h", "--from", "2026-01-01T12:00:00Z",
        "--train-from",
        "2026-01-01T00:00:00Z", "--train-to", "2026-01-01T12:00:00Z", "--until-stdin-closes",
      ]
      for _ in 0..<2 {
        let service = try await run.start(arguments, environment: ["TEST_FOLDER": run.folder])
        service.closeInput()
        for await _ in service.lines {}
        #expect(try await service.exit() == .exited(code: 0))
      }
      #expect(try TextFile.text(of: "\(run.folder)/trained") == "x", "once")
      let outcome = try run.outcome(status: 0, errors: "")
      #expect(outcome.rows.count == 6 * 144 && outcome.failed.isEmpty)
      #expect(Set(outcome.rows.map { $0[6] }).count == 1)
      // A window is an anomaly where its mean is higher than any in training.
      #expect(outcome.rows.contains { $0[5] == "0" })
    }
  }

  /// A training that fails says why, and leaves no model; one that hangs ends with its scheduler.
  @Test(arguments: [
    ("raise ValueError('too few')", "the script's train() failed: ValueError: too few (score.py:"),
    ("pass", "the script's train() has left no file in the folder of the model"),
    ("os._exit(7)", "the script's train() failed: it exited with code 7"),
    ("os.kill(os.getpid(), signal.SIGKILL)", "the script's train() was ended by signal 9"),
    ("for _ in range(64): print('x' * (1 << 20))", "has left no file"),
    (
      "open(os.environ['TEST_FOLDER'] + '/running', 'w').close(); time.sleep(3600)",
      "the training was stopped"
    ),
  ])
  func aTrainingThatFails(body: String, reason: String) async throws {
    try await ScoringRun.with(devices: 1) { run in
      let endpoint = try run.endpoint(
        ScoringRun.script(before: "def train(windows_path, model_dir):\n    init()\n    \(body)\n"))
      let service = try await run.start(
        [
          "schedule", run.folder, "--endpoint", endpoint, "--every", "12h", "--from", "2026-01-01T12:00:00Z",
          "--train-from",
          "2026-01-01T00:00:00Z", "--train-to", "2026-01-01T12:00:00Z", "--until-stdin-closes",
        ], environment: ["TEST_FOLDER": run.folder])
      if body.contains("running") {
        try await waitUntil("it trains") {
          FileManager.default.fileExists(atPath: "\(run.folder)/running")
        }
        service.send(signal: SIGTERM)
      }
      service.closeInput()
      for await _ in service.lines {}
      _ = try await service.exit()
      let said = try TextFile.text(of: "\(run.folder)/schedule.err")
      #expect(said.contains(reason), "\(said)")
      let left = (try? FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/models/script")) ?? []
      #expect(left.allSatisfy { !$0.hasPrefix("t") }, "\(left)")
      let log =
        (try? FileManager.default.attributesOfItem(atPath: "\(run.folder)/logs/train-script.log")[.size]
          as? Int) ?? 0
      // A mebibyte of each of two attempts, and what is said of the rest.
      #expect(log < 2 << 20 + 4096)
      try await run.expectNoProcessIsLeft("train")
    }
  }
}
