import ArgumentParser
import Documents
import Scenario
import Wording

/// `sonde validate`: checks scenarios without running them.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check scenarios, with file:line:column for each fault.",
    discussion: "Exit code 64 where a scenario has faults; every fault of every file is named.")

  @Argument(help: "The scenario files.", completion: .file(extensions: ["yaml", "yml"]))
  var files: [String]
  @OptionGroup var changes: ScenarioChanges

  func run() throws {
    var faulty = false
    for file in files {
      do {
        let document = try changes.load(file)
        try document.checkExpectations()
        let source = document.source.messages
        if let obstacle = document.ingestionObstacle {
          StandardError.write("note: \(obstacle): simulate publishes it, run would not")
        }
        StandardOutput.write(
          "\(file): \(document.name) is sound: \(source.deviceIDs.count) devices, \(source.messageCount) messages, "
            + "\(source.labels.count) labels, \(document.expectations.count) expectations")
      } catch let diagnostics as Diagnostics {
        faulty = true
        StandardError.write(diagnostics.description)
      }
    }
    if faulty { throw ExitCode(ExitStatus.usage) }
  }
}
