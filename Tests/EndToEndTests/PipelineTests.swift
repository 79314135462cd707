import Files
import Foundation
import Supervision
import TestSupport
import Testing
import WindowStore

/// The whole way of a reading, with real parts. One after another: each uses all there is.
@Suite(.serialized) struct PipelineTests {
  private func run(_ name: String, in folder: String, _ arguments: [String] = []) async throws -> Remains {
    let outcome = try await SondeProgram.run(
      ["run", "Scenarios/quickstart.yaml", "--out", "\(folder)/\(name)"] + smallScenario + arguments)
    #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
    return try Remains(of: "\(folder)/\(name)")
  }

  @Test func theSameComesOutWhateverHappensOnTheWay() async throws {
    try await withTemporaryFolder { folder in
      let plain = try await run("plain", in: folder)
      #expect(!plain.windows.isEmpty)
      #expect(plain.files.keys.contains { $0.hasSuffix("predictions.csv") })
      #expect(plain.files.keys.contains { $0.hasSuffix(".model") })

      let again = try await run("again", in: folder)
      #expect(again == plain)
      let oneWorker = try await run("one-worker", in: folder, ["--set", "compute.local.nodes=1"])
      #expect(oneWorker == plain)
      let killed = try await run(
        "killed", in: folder,
        ["--set", "faults=[{at: 1h, kill: ingestion}, {at: 2h, kill: ingestion}, {at: 5h, kill: ingestion}]"])
      #expect(killed == plain)
      let figures = try report(of: "\(folder)/killed")
      #expect((figures["ingestion"] as? [String: Any])?["restarts"] as? Int == 3)
      let otherSeed = try await run("other-seed", in: folder, ["--seed", "43"])
      #expect(otherSeed.windows != plain.windows)
    }
  }

  @Test func everyReadingIsInThePublicViews() async throws {
    try await withTemporaryFolder { folder in
      _ = try await run("views", in: folder)
      let figures = try report(of: "\(folder)/views")
      let readings = try #require(figures["readings"] as? [String: Any])
      #expect(readings["planned"] as? Int == 4 * 2160 * 3)
      #expect(readings["stored"] as? Int == readings["planned"] as? Int)
      #expect(figures["verdict"] as? String == "passed")
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/views")
      for name in ["manifest.json", "sonde.sqlite", "jobs.sqlite", "labels.csv", "report.json", "junit.xml"] {
        #expect(names.contains(name))
      }
      #expect(!names.contains { $0.hasSuffix("-wal") })
    }
  }

  @Test func anExpectationThatFailsIsExitCodeOne() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run(
        ["run", "Scenarios/quickstart.yaml", "--out", "\(folder)/run"] + smallScenario
          + ["--set", "expect=[readings.lost > 0]"])
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("FAIL"))
      let junit = try String(contentsOfFile: "\(folder)/run/junit.xml", encoding: .utf8)
      let text = "readings.lost &gt; 0: it is 0"
      #expect(junit.contains("<failure type=\"expectation\" message=\"\(text)\">\(text)</failure>"))
    }
  }

  @Test func aClockWithAScheduleRecordsItsLag() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run(
        ["run", "Scenarios/quickstart.yaml", "--out", "\(folder)/clock", "--set", "clock.speed=x7200"]
          + smallScenario)
      let lag = try #require(try report(of: "\(folder)/clock")["schedule_lag_ms"] as? [String: Any])
      let late = try #require(lag["p99"] as? NSNumber).doubleValue
      // On a busy machine the schedule may not be kept, and then nothing is concluded.
      #expect(outcome.status == (late > 1000 ? 3 : 0), "\(late) ms\n\(outcome.output)\n\(outcome.errors)")
    }
  }

  /// A line a second from the start of the fleet to the end of the run, with figures that grow, and with what each part uses.
  private func expectTimeline(of folder: String, seconds: Int) throws {
    var reader = try CSVReader(path: "\(folder)/timeline.csv")
    let columns = try [
      "seconds", "phase", "published", "stored", "predictions", "ingest_memory_bytes", "simulate_cpu_seconds",
    ].map(reader.column)
    var rows: [[String]] = []
    while let row = try reader.nextRow() { rows.append(columns.map { row.fields[$0] }) }
    #expect(rows.count >= seconds, "\(rows)")
    let times = rows.compactMap { Double($0[0]) }
    #expect(times.count == rows.count && times == times.sorted() && times[0] < 1)
    let published = rows.compactMap { Int($0[2]) }
    #expect(published == published.sorted() && published.first != published.last)
    #expect(rows[1][1] == "publishing" && (Int(rows[1][5]) ?? 0) > 0 && !rows[1][6].isEmpty, "\(rows)")
    #expect(rows.allSatisfy { (Int($0[2]) ?? 0) >= (Int($0[3]) ?? 0) }, "\(rows)")
    let last = try #require(rows.last)
    #expect(last[2] == last[3] && (Int(last[4]) ?? 0) > 0, "\(last)")
  }

  /// A fleet that was halted for three of its five seconds has not kept its schedule, whatever else the run says.
  @Test func aFleetThatMissesItsScheduleMakesTheRunInvalid() async throws {
    try await withTemporaryFolder { folder in
      let halt = haltOfFleet(of: "\(folder)/run")
      let run = try await Service.start(
        name: "run", executable: SondeProgram.path,
        arguments: [
          "run", "\(SondeProgram.packageRoot)/Scenarios/quickstart.yaml", "--out", "\(folder)/run", "--set",
          "clock.speed=x4320",
        ] + smallScenario,
        log: "\(folder)/run.log")
      try await halt.finish()
      #expect(try await run.exit() == .exited(code: 3))
      let figures = try report(of: "\(folder)/run")
      #expect(figures["verdict"] as? String == "invalid")
      #expect((figures["reason"] as? String)?.contains("did not keep its schedule") == true)
      try expectTimeline(of: "\(folder)/run", seconds: 5)
      let junit = try TextFile.text(of: "\(folder)/run/junit.xml")
      #expect(junit.contains("the run comes to a verdict") && junit.contains("errors=\"1\""))
    }
  }
}

/// A run that is ended from outside.
@Suite(.serialized) struct InterruptedRunTests {
  /// Starts a run, waits until readings are stored, sends `signal` to it, and returns how it ended.
  private func interrupt(_ folder: String, with signal: Int32) async throws -> ServiceExit {
    let run = try await Service.start(
      name: "run", executable: SondeProgram.path,
      arguments: ["run", "\(SondeProgram.packageRoot)/Scenarios/quickstart.yaml", "--out", folder]
        // Slow enough to be caught in the middle, whatever the machine.
        + ["--set", "clock.speed=x20"],
      log: "\(folder).log")
    // The file comes before its tables.
    try await waitUntil("messages are stored") {
      let progress = try? WindowStoreReader(path: "\(folder)/sonde.sqlite").progress()
      return progress.map { $0.storedMessages > 0 } ?? false
    }
    run.send(signal: signal)
    return try await run.exit()
  }

  @Test(arguments: [SIGINT, SIGKILL]) func nothingIsLeftRunning(signal: Int32) async throws {
    try await withTemporaryFolder { folder in
      let exit = try await interrupt("\(folder)/run", with: signal)
      #expect(exit == (signal == SIGINT ? .exited(code: 130) : .killed(signal: SIGKILL)))
      try await waitUntil("no process of the run is left") { try Processes.naming(folder).isEmpty }
      if signal == SIGINT {
        #expect(try report(of: "\(folder)/run")["verdict"] as? String == "error")
        // What the run did not come to is not silently left out.
        let junit = try String(contentsOfFile: "\(folder)/run/junit.xml", encoding: .utf8)
        let counts = try #require(
          junit.firstMatch(of: /tests="([0-9]+)" failures="0" errors="1" skipped="([0-9]+)"/))
        #expect(Int(counts.1) == (Int(counts.2) ?? 0) + 1 && Int(counts.2) ?? 0 > 0)
        #expect(junit.split(separator: "<skipped ").count == Int(counts.1) && junit.contains("<error "))
      }
    }
  }
}
