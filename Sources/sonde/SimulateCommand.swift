import ArgumentParser
import DeviceFleet
import Foundation
import MQTT
import Scenario
import Supervision
import Synchronization

/// `sonde simulate`: the fleet of a scenario by itself.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Publish the fleet of a scenario to any broker, and print the ledger.",
    discussion: """
      Every device has a connection of its own and publishes at QoS 1. Equal seeds publish equal bytes.

      The ledger, in JSON: planned, published and acknowledged messages, connections, and, where the clock has a
      schedule, how late publications were (schedule_lag_ms).
      """)

  @OptionGroup var scenario: ScenarioOptions
  @Option(help: ArgumentHelp("The broker.", valueName: "mqtt://host:port"))
  var broker: BrokerAddress
  @Option(
    help: ArgumentHelp(
      "How fast event time passes, in place of the scenario's speed.", valueName: "real|max|x60"))
  var clock: PublishingClock?
  @Option(help: .hidden)
  var session = "sonde-simulate-\(getpid())"
  @Flag(help: .hidden)
  var governed = false

  func run() throws {
    let stop = StopSignal()
    let document = try scenario.load()
    let publisher = try FleetPublisher(
      source: document.source.messages, broker: broker, clock: clock ?? document.clock.speed, session: session
    )
    let allowance = governed ? Allowance.fromStandardInput(stop.flag) : nil
    let ledger = try publisher.run(until: stop.flag, allowance: { allowance?.messages ?? .max })
    try StandardOutput.writeJSON(ledger, indented: !governed)
    if stop.received != 0 { throw ExitCode(ExitStatus.interrupted) }
  }
}

/// How many messages may have been published: the newest number on standard input, which the process that started this
/// one writes as the pipeline moves on. The end of standard input means that this process is gone.
private final class Allowance: Sendable {
  private let value = Atomic<Int>(0)

  var messages: Int { value.load(ordering: .relaxed) }

  static func fromStandardInput(_ stop: StopFlag) -> Allowance {
    let allowance = Allowance()
    // On a thread of its own, because reading blocks.
    Thread.detachNewThread {
      while let line = readLine() {
        if let number = Int(line) { allowance.value.store(number, ordering: .relaxed) }
      }
      stop.set()
    }
    return allowance
  }
}

extension PublishingClock: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
