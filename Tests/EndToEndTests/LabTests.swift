import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The labs, and what holds them to their pages. `make labs` runs all of them; here are the pages, and the damages that must be found.
@Suite(
  .timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
struct LabTests {
  private static let labs = "\(SondeProgram.packageRoot)/Labs"

  private func check(_ arguments: [String]) async throws -> (
    status: TerminationStatus, output: String, errors: String
  ) {
    let result = try await Subprocess.run(
      .path(FilePath("\(Self.labs)/check")), arguments: Arguments(arguments),
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    return (result.terminationStatus, result.standardOutput, result.standardError)
  }

  @Test func everyPageHasWhatALabMustHave() async throws {
    let outcome = try await check(["--pages"])
    #expect(outcome.status == .exited(0), "\(outcome.errors)")
  }

  @Test func everyScenarioIsSound() async throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.labs)
      .filter { $0.contains(/^\d\d-/) }
    #expect(folders.count == 8)
    for folder in folders {
      for name in ["start", "solution"] {
        let outcome = try await SondeProgram.run(["validate", "Labs/\(folder)/\(name).yaml"])
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
    }
  }

  @Test func theCheckerFindsEveryDamage() async throws {
    let outcome = try await check(["--self-test", "--sonde", SondeProgram.path])
    #expect(outcome.status == .exited(0), "\(outcome.output)\(outcome.errors)")
    let summary = try #require(outcome.output.firstMatch(of: /(\d+) damages, (\d+) not found/))
    #expect((Int(summary.1) ?? 0) > 30 && summary.2 == "0", "\(outcome.output)")
    // The undamaged lab has no finding.
    #expect(outcome.output.contains("ok    nothing is damaged"), "\(outcome.output)")
  }

  @Test func aLabThatIsNotThereIsNamed() async throws {
    let outcome = try await check(["--pages", "09-nothing"])
    #expect(outcome.status == .exited(64))
    #expect(outcome.errors.contains("09-nothing"), "\(outcome.errors)")
  }
}
