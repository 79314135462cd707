import ArgumentParser
import Harness
import Supervision

/// The command line. Every subcommand has a file of its own.
@main
struct Sonde: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sonde",
    abstract: "Simulate a fleet of devices end to end, and check what becomes of their readings.",
    discussion: """
      Simulated devices publish over MQTT, ingestion aggregates their readings into SQLite windows, a scheduled \
      batch job scores every window with one-class SVMs, and a scenario file says what must come out.

      Begin with:  sonde run Scenarios/quickstart.yaml

      Exit codes: 0 every expectation held, 1 one failed, 3 the run is invalid, 64 bad arguments or scenario, \
      69 a needed part is unavailable, 70 an internal fault, 130 interrupted.
      """,
    version: Versions.sonde,
    subcommands: [
      RunCommand.self, ViewCommand.self, ReportCommand.self, VerifyCommand.self, ClustersCommand.self,
      PlanCommand.self,
      ValidateCommand.self,
      SimulateCommand.self, IngestCommand.self, PayloadCommand.self, StreamCommand.self,
      DoctorCommand.self,
      ScheduleCommand.self,
      TrainCommand.self, LintCommand.self, ModelsCommand.self, ScoreCommand.self, EndpointsCommand.self,
      JobsCommand.self,
      KeysCommand.self, LoadCommand.self,
      ComputeCommand.self, AlarmsCommand.self, EvaluateCommand.self, ThresholdsCommand.self,
      ServeCommand.self,
      ScoreWorkerCommand.self, BatchJobCommand.self,
      ScoreSizeCommand.self,
    ])

  static func main() async {
    // Writing to a pipe that nobody reads is an error, not a death.
    StopSignal.ignoreBrokenPipes()
    do {
      try BrokerAccessOptions.refuseCredentials(in: CommandLine.arguments)
      var command = try parseAsRoot(NegativeValues.joined(Array(CommandLine.arguments.dropFirst())))
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      Failure.leave(error)
    }
  }
}
