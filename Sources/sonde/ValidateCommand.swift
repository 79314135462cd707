import ArgumentParser
import Documents
import Scenario
import Wording

/// `sonde validate`: checks scenarios without running them.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check scenarios, with file:line:column for each fault.",
    discussion: """
      Exit code 64 where a scenario has faults; every fault of every file is named. Of a scenario with several seeds, the \
      plan of each is made: an anomaly may find its place with one seed and not with another.
      """)

  @Argument(help: "The scenario files.", completion: .file(extensions: ["yaml", "yml"]))
  var files: [String]
  @OptionGroup var changes: ScenarioChanges
  @OptionGroup var several: SeedOptions

  func validate() throws { try several.check(beside: changes) }

  func run() throws {
    var faulty = false
    for file in files {
      do {
        let document = try changes.load(file, seeds: several.seeds)
        try document.checkEachSeed { try $0.checkExpectations() }
        let source = document.source.messages
        if let obstacle = document.ingestionObstacle {
          StandardError.write("note: \(obstacle): simulate publishes it, run would not")
        }
        let overSeeds = document.expectations.filter(\.isOverSeeds)
        if document.seeds == nil, let first = overSeeds.first {
          StandardError.write(
            "note: \(first.expression.quoted) is over seeds, and there is one run; give “seeds”, or --seeds 1..10"
          )
        }
        let seeds = document.seeds.map { "\($0.seeds.count) seeds, " } ?? ""
        StandardOutput.write(
          "\(file): \(document.name) is sound: \(seeds)\(source.deviceIDs.count) devices, \(source.messageCount) messages, "
            + "\(source.labels.count) labels, \(document.expectations.count) expectations")
      } catch let diagnostics as Diagnostics {
        faulty = true
        StandardError.write(diagnostics.description)
      }
    }
    if faulty { throw ExitCode(ExitStatus.usage) }
  }
}
