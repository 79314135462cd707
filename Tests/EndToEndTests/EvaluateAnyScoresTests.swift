import Detection
import Foundation
import TestSupport
import Testing

/// `sonde evaluate` on the scores and labels of other tools, with what it says where something is missing.
@Suite struct EvaluateAnyScoresTests {
  private func write(_ text: String, to path: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func figures(_ arguments: [String]) async throws -> (metrics: DetectionMetrics, errors: String) {
    let outcome = try await SondeProgram.run(["evaluate"] + arguments + ["--format", "json"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    return (try JSONDecoder().decode(DetectionMetrics.self, from: Data(outcome.output.utf8)), outcome.errors)
  }

  /// A row a minute for an hour; a fault from minute 20 to 30 with high scores, and an alarm at minute 50.
  private func scores(_ isHigh: Bool = true, from: Int = 20, extra: String = "") -> String {
    (0..<60).map { minute in
      let score = from..<30 ~= minute || minute == 50 ? 0.9 : 0.1 + Double(minute) / 1000
      return "pump,2026-01-01T00:\(String(format: "%02d", minute)):00Z,\(isHigh ? score : -score)\(extra)\n"
    }.joined()
  }

  @Test func threeColumnsAreEnough() async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/s.csv"
      let labels = "\(folder)/l.csv"
      try write("device,time,score\n" + scores(), to: file)
      try write("device,start,end\npump,2026-01-01T00:20:00Z,2026-01-01T00:30:00Z\n", to: labels)
      let (metrics, errors) = try await figures([
        file, labels, "--higher-is", "anomalous", "--threshold", "0.5",
      ])
      #expect(metrics.windows == 60 && metrics.anomalousWindows == 10 && errors.isEmpty, "\(errors)")
      #expect(metrics.recall == 1 && metrics.precision == 10.0 / 11 && metrics.falseAlarmsPerDeviceDay == 24)
      #expect(metrics.delaySeconds?.max == 60)
      // Other names, another separator, milliseconds.
      let other = (0..<60).map { minute in
        let isHigh = 20..<30 ~= minute || minute == 50
        return "\(1_767_225_600_000 + minute * 60_000);\(isHigh ? 0.9 : 0.1)\n"
      }
      try write("When;Anomaly\n" + other.joined(), to: file)
      let again = try await figures([
        file, labels, "--columns", "time=When,score=Anomaly", "--delimiter", "semicolon", "--device", "pump",
        "--higher-is", "anomalous", "--threshold", "0.5",
      ])
      #expect(again.metrics.recall == 1 && again.metrics.precision == metrics.precision)
    }
  }

  @Test func aRankingTheWrongWayRoundIsSuspected() async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/s.csv"
      let labels = "\(folder)/l.csv"
      try write("device,start,end\npump,2026-01-01T00:20:00Z,2026-01-01T00:30:00Z\n", to: labels)
      try write("device,time,score\n" + scores(), to: file)
      let wrong = try await figures([file, labels, "--threshold", "0"])
      #expect(
        wrong.errors.hasPrefix(
          "the scores rank worse than drawing lots would (area under the ROC curve 0.01); if a higher"))
      #expect(wrong.errors.contains("give --higher-is anomalous"))
      #expect(
        try await figures([file, labels, "--threshold", "0", "--higher-is", "anomalous"]).errors.isEmpty)
      try write("device,time,score\n" + scores(false), to: file)
      #expect(try await figures([file, labels, "--threshold", "-0.5"]).errors.isEmpty)
      let other = try await figures([file, labels, "--threshold", "-0.5", "--higher-is", "anomalous"])
      #expect(other.errors.contains("give --higher-is normal"))
    }
  }

  @Test func labelsStandBesideTheScoresOrComeFromTheBenchmark() async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/s.csv"
      let rows = scores().split(separator: "\n").enumerated().map { index, row in
        "\(row),\(20..<30 ~= index ? "1.0" : "0.0")\n"
      }
      try write("device,time,score,is_anomaly\n" + rows.joined(), to: file)
      let options = ["--higher-is", "anomalous", "--threshold", "0.5"]
      let marked = try await figures([file, "--label-column", "is_anomaly"] + options).metrics
      #expect(marked.recall == 1 && marked.precision == 10.0 / 11 && marked.detectedEvents == 1)
      let json = "\(folder)/combined_windows.json"
      try write(
        "{\"real/pump.csv\": [[\"2026-01-01 00:20:00.000000\", \"2026-01-01 00:29:00.000000\"]]}", to: json)
      let benchmark = try await figures([file, json] + options).metrics
      #expect(
        benchmark.recall == 1 && benchmark.precision == marked.precision && benchmark.ignoredWindows == 0)
      let other = try await SondeProgram.run(
        ["evaluate", file, json, "--columns", "device=is_anomaly"] + options)
      #expect(
        other.status == 64 && other.errors.contains("is not a device id")
          || other.errors.contains("--device pump"))
    }
  }

  @Test func whatIsMissingIsNamedAtOnceWithTheWay() async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/s.csv"
      let labels = "\(folder)/l.csv"
      try write("device,start,end\npump,2026-01-01T00:20:00Z,2026-01-01T00:30:00Z\n", to: labels)
      try write("unit,when,value\npump,2026-01-01,1\n", to: file)
      try write("device,time,score\npump,2026-01-01,1\n", to: "\(folder)/good.csv")
      try write("device,time,score,job\npump,2026-01-01,1,x\n", to: "\(folder)/more/good.csv")
      for (arguments, message) in [
        (
          [file, labels],
          "\(file):1: there is no column “device”, “window_start”, “score”, “prediction”; the columns are unit, when, value; "
            + "--columns device=NAME,time=NAME,score=NAME says what yours are called; in place of predictions, --threshold says from "
            + "which score on a window is flagged"
        ),
        (
          [file, labels, "--threshold", "1", "--columns", "device=unit,time=when"],
          "there is no column “score”; the columns"
        ),
        ([file, labels, "--columns", "time=a,time"], "“time” is not of the form device=NAME"),
        ([file, labels, "--columns", "scoer=a"], "did you mean “score”?"),
        (
          ["\(folder)/good.csv", file, "--threshold", "1"],
          "of which start and end are needed; the columns are unit, when, value"
        ),
        ([labels, "\(folder)/good.csv", "--threshold", "1"], "the file of labels comes last"),
        (["\(folder)/good.csv", "\(folder)/l2.csv"], "\(folder)/l2.csv: there is no such file"),
        (["\(folder)/good.csv"], "or name the column of labels with --label-column"),
        (["\(folder)/good.csv", "--label-column", "is", "--threshold", "1"], "there is no column “is”"),
        (
          ["\(folder)/good.csv", labels, "--label-column", "score", "--label-columns", "start=a"], "give one"
        ),
        (["\(folder)/good.csv", labels, "--threshold", "nan"], "--threshold is nan"),
        (["\(folder)/good.csv", labels, "--seed", "1"], "--resamples and --seed belong to --compare"),
        (["--compare", "\(folder)/good.csv", labels], "--compare needs at least two"),
        (
          ["--compare", file, file, labels, "--resamples", "5"],
          "--resamples is 5; it must be between 100 and 1000000"
        ),
        (
          ["\(folder)/good.csv", labels, "--threshold", "1", "--device", "a b"],
          "--device a b is no device id"
        ),
        (
          ["\(folder)/good.csv", labels, "--threshold", "1", "--delay-until", "job"],
          "--delay-until job needs to know when its job fired"
        ),
        (["\(folder)/more", labels], "no file in it has the columns device, sensor, window_start"),
      ] {
        let outcome = try await SondeProgram.run(["evaluate"] + arguments)
        #expect(outcome.status != 0 && outcome.output.isEmpty)
        #expect(outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
      }
      // With what is said of other tools' files, a folder has them.
      #expect(try await figures(["\(folder)/more", labels, "--threshold", "1"]).metrics.windows == 1)
      let help = try await SondeProgram.run(["evaluate", "--help"])
      for words in [
        "device,time,score", "device,start,end", "--label-column", "combined_windows.json", "--higher-is",
      ] {
        #expect(help.output.contains(words), "\(words)")
      }
    }
  }

  @Test func aDelayCanLastUntilTheJob() async throws {
    try await withTemporaryFolder { folder in
      let header = "device,sensor,window_start,window_end,score,prediction\n"
      try write(
        header + "pump,*,2026-01-01T00:20:00Z,2026-01-01T00:25:00Z,-1,1\n",
        to: "\(folder)/p/2026-01-01T01-00-00Z/predictions.csv")
      try write(
        header + "pump,*,2026-01-01T01:20:00Z,2026-01-01T01:25:00Z,-1,1\n",
        to: "\(folder)/p/closing/predictions.csv")
      try write(
        "device,start,end\npump,2026-01-01T00:20:00Z,2026-01-01T00:25:00Z\npump,2026-01-01T01:20:00Z,2026-01-01T01:25:00Z\n",
        to: "\(folder)/l.csv")
      let files = ["\(folder)/p", "\(folder)/l.csv"]
      #expect(try await figures(files).metrics.delaySeconds?.max == 300)
      let job = try await figures(files + ["--delay-until", "job"]).metrics
      // The closing job fires when the stream has ended.
      #expect(job.delaySeconds?.max == 2400 && job.delaySeconds?.p50 == 300)
      let text = try await SondeProgram.run(["evaluate"] + files + ["--delay-until", "job"])
      #expect(text.output.contains("until the job fired; waiting for it counts"))
      let plain = try await SondeProgram.run(["evaluate"] + files)
      #expect(plain.output.contains("until the window's end; waiting for the job does not count"))
      let json = try await SondeProgram.run(
        ["evaluate"] + files + ["--delay-until", "job", "--format", "json"])
      #expect(json.output.contains("\"delay_until\" : \"job\""))
      let standard = try await SondeProgram.run(["evaluate"] + files + ["--format", "json"])
      #expect(!standard.output.contains("delay_until"))
    }
  }

  @Test func detectorsStandSideBySide() async throws {
    try await withTemporaryFolder { folder in
      let labels = "\(folder)/l.csv"
      try write("device,start,end\npump,2026-01-01T00:20:00Z,2026-01-01T00:30:00Z\n", to: labels)
      try write("device,time,score\n" + scores(from: 26), to: "\(folder)/a.csv")
      try write("device,time,score\n" + scores(), to: "\(folder)/b.csv")
      let arguments = [
        "evaluate", "--compare", "\(folder)/a.csv", "\(folder)/b.csv", labels, "--higher-is", "anomalous",
        "--threshold",
        "0.5",
      ]
      let text = try await SondeProgram.run(arguments)
      #expect(text.status == 0 && text.errors.isEmpty, "\(text.errors)")
      #expect(
        text.output.contains("1000 paired resamples of") && text.output.contains("blocks of time, seed 1"))
      #expect(text.output.contains("B less A") && text.output.contains("+0.600"))
      let json = try await SondeProgram.run(
        arguments + ["--format", "json", "--seed", "7", "--resamples", "200"])
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect(object["resamples"] as? Int == 200 && object["seed"] as? String == "7")
      #expect((object["files"] as? [Any])?.count == 2)
      let differences = try #require(object["differences"] as? [[String: Any]])
      let recall = try #require(differences.first { $0["figure"] as? String == "recall" })
      #expect(abs((recall["difference"] as? Double ?? 0) - 0.6) < 1e-9)
      let again = try await SondeProgram.run(
        arguments + ["--format", "json", "--seed", "7", "--resamples", "200"])
      #expect(again.output == json.output)
    }
  }

  /// Real recordings, with labels in the forms in which they come.
  @Test(.enabled(if: RealData.folder != nil, "there are no recordings (SONDE_DATA)"))
  func realRecordings() async throws {
    let data = try #require(RealData.folder)
    try await withTemporaryFolder { folder in
      // Its values as scores: a machine that cools down before it fails.
      let (machine, errors) = try await figures([
        "\(data)/nab/machine_temperature_system_failure.csv", "\(data)/nab/combined_windows.json",
        "--columns",
        "score=value", "--device", "machine_temperature_system_failure", "--threshold", "45",
      ])
      #expect(errors.hasPrefix("12 rows contradict"), "twelve times stand there twice")
      // By scikit-learn, of rows that lie in the four windows, both ends among them.
      #expect(machine.windows == 22_683 && machine.anomalousWindows == 2268 && machine.events == 4)
      #expect(abs((machine.aucPR ?? 0) - 0.6069647624599435) < 1e-9)
      #expect(abs((machine.precision ?? 0) - 0.9893162393162394) < 1e-12)
      #expect(abs((machine.recall ?? 0) - 0.20414462081128748) < 1e-12)
      let valve = try await figures([
        "\(data)/skab/valve1-0.csv", "--columns", "time=datetime,score=Current", "--delimiter", ";",
        "--device", "valve",
        "--label-column", "anomaly", "--threshold", "1", "--higher-is", "anomalous",
      ]).metrics
      #expect(valve.windows == 1147 && valve.anomalousWindows == 401 && valve.events == 1)
      #expect(abs((valve.aucPR ?? 0) - 0.33153810165731856) < 1e-9)
      #expect(abs((valve.precision ?? 0) - 0.33116883116883117) < 1e-12)
      #expect(abs((valve.recall ?? 0) - 0.5087281795511222) < 1e-12)
    }
  }
}
