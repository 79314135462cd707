import Files
import Foundation
import TestSupport
import Testing

/// Plans are the same bytes in every process.
@Suite struct PlanTests {
  @Test func processesAgreeOnPlanAndLabels() async throws {
    try await withTemporaryFolder { folder in
      var outcomes: Set<String> = []
      for number in 0..<3 {
        let outcome = try await SondeProgram.run([
          "simulate", "Scenarios/quickstart.yaml", "--plan-only", "--set", "clock.duration=16h", "--set",
          "fleet[0].anomalies[0].between=[13h, 16h]", "--set", "fleet[0].anomalies[1].between=[13h, 16h]",
          "--set",
          "fleet[0].anomalies[2].between=[13h, 16h]", "--output", "\(folder)/plan-\(number)", "--labels",
          "\(folder)/labels-\(number).csv",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        outcomes.insert(outcome.output)
        #expect(outcome.output.contains(try Digest.sha256(file: "\(folder)/plan-\(number)")))
        #expect(outcome.output.contains(try Digest.sha256(file: "\(folder)/labels-\(number).csv")))
      }
      #expect(outcomes.count == 1)
      let other = try await SondeProgram.run([
        "simulate", "Scenarios/quickstart.yaml", "--plan-only", "--seed", "43",
      ])
      #expect(other.status == 0 && !outcomes.contains(other.output))
    }
  }

  @Test(arguments: [
    ["--plan-only", "--broker", "mqtt://127.0.0.1:1"], [],
    ["--broker", "mqtt://127.0.0.1:1", "--format", "csv"],
  ])
  func whatDoesNotGoTogetherIsRefused(arguments: [String]) async throws {
    let outcome = try await SondeProgram.run(["simulate", "Scenarios/quickstart.yaml"] + arguments)
    #expect(outcome.status == 64)
  }

  @Test func theGalleryIsWhatTheGeneratorDraws() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run([folder], program: "gallery")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let shipped = "\(SondeProgram.packageRoot)/docs/gallery"
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(try FileManager.default.contentsOfDirectory(atPath: shipped).sorted() == names)
      for name in names {
        #expect(
          try Digest.sha256(file: "\(folder)/\(name)") == Digest.sha256(file: "\(shipped)/\(name)"),
          "\(name) is not what the generator draws; `make gallery` draws it anew")
      }
    }
  }
}
