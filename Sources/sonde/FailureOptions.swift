import ArgumentParser
import Wording

/// What else than a failed job makes a command of scoring leave with 1.
enum FailureCondition: String, CaseIterable, ExpressibleByArgument {
  /// A row that could not be scored.
  case failedRows = "failed-rows"
}

/// The option that says when scoring leaves with 1.
struct FailureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What makes the command leave with 1 besides a job that failed: failed-rows.",
      discussion: "failed-rows: any row that could not be scored, and that no later job has scored."))
  var failOn: FailureCondition?

  /// Leaves with 1 where that was asked for and `rows` could not be scored.
  func leave(unscored rows: @autoclosure () throws -> Int) throws {
    guard failOn == .failedRows else { return }
    let rows = try rows()
    guard rows > 0 else { return }
    StandardError.write(
      "\(rows) \(rows == 1 ? "row" : "rows") could not be scored, and --fail-on failed-rows was given")
    throw ExitCode(ExitStatus.expectationFailed)
  }
}
