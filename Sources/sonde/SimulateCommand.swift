import ArgumentParser
import Detection
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

      With --plan-only nothing is published and no broker is needed: the plan is made, written to --output where that \
      is given, and its SHA-256 printed with that of the labels. Equal scenarios and seeds give equal digests.
      """)

  @OptionGroup var scenario: ScenarioOptions
  @Option(help: ArgumentHelp("The broker.", valueName: "mqtt://host:port"))
  var broker: BrokerAddress?
  @Option(
    help: ArgumentHelp(
      "How fast event time passes, in place of the scenario's speed.", valueName: "real|max|x60"))
  var clock: PublishingClock?
  @Flag(help: "Make the plan, publish nothing.")
  var planOnly = false
  @Option(
    help: ArgumentHelp(
      "How a plan is written: messages (a line each: topic and payload) or csv (a recording that replay reads).",
      valueName: "messages|csv"))
  var format: PlanWriter.Format?
  @Option(help: ArgumentHelp("The file that takes the plan.", valueName: "file"), completion: .file())
  var output: String?
  @Option(
    help: ArgumentHelp("The file that takes the labels of a plan.", valueName: "file"), completion: .file())
  var labels: String?
  @Option(help: .hidden)
  var session = "sonde-simulate-\(getpid())"
  @Flag(help: .hidden)
  var governed = false

  func validate() throws {
    if planOnly {
      guard broker == nil else { throw ValidationError("--plan-only publishes nothing; leave --broker out") }
    } else {
      guard broker != nil else {
        throw ValidationError("--broker is missing: where to publish, such as mqtt://127.0.0.1:1883")
      }
      guard format == nil, output == nil, labels == nil else {
        throw ValidationError("--format, --output and --labels belong to --plan-only")
      }
    }
  }

  func run() throws {
    let document = try scenario.load()
    if let broker { try publish(document, broker) } else { try plan(document) }
  }

  private func plan(_ document: ScenarioDocument) throws {
    let source = document.source.messages
    if let labels { try LabelFile.write(source.labels, to: labels) }
    let summary = try PlanWriter(source).write(format ?? .messages, to: output)
    try StandardOutput.writeJSON(summary, indented: true)
  }

  private func publish(_ document: ScenarioDocument, _ broker: BrokerAddress) throws {
    let stop = StopSignal()
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

extension PlanWriter.Format: ExpressibleByArgument {}
