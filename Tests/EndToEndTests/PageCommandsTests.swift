import Foundation
import MQTT
import Subprocess
import Supervision
import SystemPackage
import TestSupport
import Testing

/// The lists of commands of the pages, run as they stand there: in an empty folder, with an installed `sonde`.
@Suite(.timeLimit(.minutes(30))) struct PageCommandsTests {
  /// What a list of commands came to.
  private struct Outcome {
    let folder: String
    let status: TerminationStatus
    let output: String
    let errors: String
  }

  /// The lists of commands below a heading of a page; below none, those before the first one of the second level.
  private func commands(of page: String, under heading: String? = nil) throws -> [String] {
    let text = try String(contentsOfFile: "\(SondeProgram.packageRoot)/docs/\(page).md", encoding: .utf8)
    let sections = text.split(separator: "\n## ", omittingEmptySubsequences: false)
    let section = try #require(
      heading.map { heading in sections.first { $0.hasPrefix("\(heading)\n") } } ?? sections.first,
      "\(page) has no “\(heading ?? "")”")
    return section.split(separator: "```sh\n", omittingEmptySubsequences: false).dropFirst()
      .compactMap { $0.split(separator: "```", omittingEmptySubsequences: false).first.map(String.init) }
  }

  /// Runs `commands` one after the other; what is left in the background is stopped at the end.
  private func run(_ commands: String, in folder: String) async throws -> Outcome {
    let installation = "\(folder)/installed"
    let installed = try await Subprocess.run(
      .path("/bin/bash"),
      arguments: ["\(SondeProgram.packageRoot)/.ci/install", SondeProgram.path, installation],
      output: .discarded, error: .string(limit: 1 << 16))
    try #require(installed.terminationStatus == .exited(0), "\(installed.standardError)")
    let empty = "\(folder)/empty"
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: false)
    let script = """
      trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
      set -e
      \(commands)
      """
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let result = try await Subprocess.run(
      .path("/bin/bash"), arguments: ["-c", script],
      environment: .inherit.updating(["PATH": "\(installation)/bin:\(path)"]),
      workingDirectory: FilePath(empty), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    return Outcome(
      folder: empty, status: result.terminationStatus, output: result.standardOutput,
      errors: result.standardError)
  }

  /// How many of `lines` are commands of their own.
  private func count(_ commands: String) -> Int {
    commands.split(separator: "\n").count { $0.hasPrefix("sonde ") }
  }

  @Test func fiveCommandsFromABrokerToAnAlarmWithItsReason() async throws {
    let list = try #require(try commands(of: "by-hand").first)
    #expect(count(list) <= 6 && list.contains(":1883"))
    try await withTemporaryFolder { folder in
      // Which press it is.
      let plan = try await SondeProgram.run(
        ["simulate", "Scenarios/presses.yaml", "--plan-only", "--labels", "\(folder)/labels.csv"])
      #expect(plan.status == 0, "\(plan.errors)")
      let label = try String(contentsOfFile: "\(folder)/labels.csv", encoding: .utf8).split(separator: "\n")[
        1
      ]
      .split(separator: ",")
      let brokerFolder = "\(folder)/broker"
      try FileManager.default.createDirectory(atPath: brokerFolder, withIntermediateDirectories: false)
      try await withBroker(in: brokerFolder) { broker in
        let outcome = try await run(list.replacing(":1883", with: ":\(broker.port)"), in: folder)
        #expect(outcome.status == .exited(0), "\(outcome.errors)")
        let alarms = outcome.output.split(separator: "STRENGTH").last.map(String.init) ?? ""
        let first = alarms.split(separator: "\n").dropFirst().first.map(String.init) ?? ""
        #expect(first.contains("  \(label[0])  \(label[1])"), "\(outcome.output)\(outcome.errors)")
        #expect(alarms.contains("          \(label[1])."), "\(alarms)")
      }
    }
  }

  @Test func aClassSeesWhatLateDataAndThresholdsDo() async throws {
    let lists = try commands(of: "tasks", under: "Show a class what late data and thresholds do")
    #expect(lists.count == 2)
    try await withTemporaryFolder { folder in
      let outcome = try await run(lists.joined(separator: "\n"), in: folder)
      #expect(outcome.status == .exited(0), "\(outcome.errors)")
      func count(_ run: String, _ section: String, _ figure: String) throws -> Int {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(outcome.folder)/\(run)/report.json"))
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return try #require((report[section] as? [String: Any])?[figure] as? Int)
      }
      #expect(try count("strict", "readings", "late") > count("patient", "readings", "late"))
      #expect(try count("patient", "windows", "revised") > count("strict", "windows", "revised"))
      #expect(outcome.output.contains("recall"))
      #expect(
        try String(contentsOfFile: "\(outcome.folder)/thresholds.svg", encoding: .utf8).contains("</svg>"))
    }
  }

  @Test func scoresOfAnotherToolGetTheirMetrics() async throws {
    let list = try #require(
      try commands(of: "tasks", under: "Metrics for the scores of another tool").first)
    try await withTemporaryFolder { folder in
      let outcome = try await run(list, in: folder)
      #expect(outcome.status == .exited(0), "\(outcome.errors)")
      for figure in ["precision", "recall"] {
        let line = outcome.output.split(separator: "\n").first { $0.hasPrefix(figure) }
        #expect(line?.contains("1.000") == true, "\(outcome.output)")
      }
    }
  }

  @Test func aFailedJobIsFoundAndRepaired() async throws {
    let list = try #require(try commands(of: "tasks", under: "Find and repair a failed job").first)
    try await withTemporaryFolder { folder in
      let outcome = try await run(list, in: folder)
      #expect(outcome.status == .exited(0), "\(outcome.errors)")
      // 11 hours of 12 windows of one press.
      #expect(outcome.output.contains("132"), "\(outcome.output)")
      #expect(
        (outcome.output + outcome.errors).contains("device_press-0002"), "\(outcome.output)\(outcome.errors)")
      #expect(outcome.output.contains("132 windows scored, 0 failed"), "\(outcome.output)")
    }
  }

  /// As somebody calls who has read Azure's documentation.
  @Test(
    .enabled(
      if: ExecutablePath.find("curl") != nil && ExecutablePath.find("jq") != nil, "needs curl and jq"))
  func batchEndpointsAreAskedByCurl() async throws {
    let list = try #require(
      try commands(of: "batch-rest", under: "A job, from its start to its file").first)
    #expect(list.matches(of: /curl --/).count == 5)
    try await withTemporaryFolder { folder in
      let outcome = try await run(list, in: folder)
      #expect(outcome.status == .exited(0), "\(outcome.errors)")
      let ended = try #require(outcome.output.firstMatch(of: /(batchjob-[0-9a-f-]+): (\w+)/))
      #expect(ended.2 == "Completed", "\(outcome.output)")
      // The list of jobs has it too.
      #expect(outcome.output.contains("\(ended.1) Completed"), "\(outcome.output)")
      let rows = try String(contentsOfFile: "\(outcome.folder)/predictions.csv", encoding: .utf8)
        .split(separator: "\n")
      #expect(rows.first?.hasPrefix("device,sensor,") == true && rows.count > 100)
      let log = try String(contentsOfFile: "\(outcome.folder)/job.log", encoding: .utf8)
      #expect(log.contains("the job is completed"), "\(log)")
    }
  }
}
