import ArgumentParser
import Detection
import DeviceFleet
import Files
import Foundation
import MQTT
import Scenario
import Supervision
import Synchronization
import Telemetry
import Wording

/// `sonde simulate`: the fleet of a scenario by itself.
struct SimulateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Publish the fleet of a scenario to any broker, and print the ledger.",
    discussion: """
      Every device has a connection of its own, or gateways carry them, as the scenario says. Equal seeds publish equal \
      bytes, whatever the number of processes and connections.

      The ledger, in JSON: planned, published and acknowledged messages, connections, and, where the clock has a \
      schedule, how late publications were (schedule_lag_ms), all together and stage by stage of the load (stages). Exit \
      code 3 where the schedule was not kept, with what to try.

      With --plan-only nothing is published and no broker is needed: the plan is made, written to --output where that \
      is given, and its SHA-256 printed with that of the labels. Equal scenarios and seeds give equal digests.
      """)

  @Argument(help: "The scenario file.", completion: .file(extensions: ["yaml", "yml"]))
  var file: String?
  @OptionGroup var changes: ScenarioChanges
  @Option(
    help:
      "Scenario and settings as a JSON file, as a scenario run writes it, in place of the file and options.",
    completion: .file(extensions: ["json"]))
  var config: String?
  @Option(help: ArgumentHelp("The broker.", valueName: "mqtt[s]://host:port"))
  var broker: BrokerAddress?
  @OptionGroup var access: BrokerAccessOptions
  @Option(
    help: ArgumentHelp(
      "How fast event time passes, in place of the scenario's speed.", valueName: "real|max|x60"))
  var clock: PublishingClock?
  @Option(
    help: ArgumentHelp(
      "Processes that share the connections, in place of the scenario's number. By default as many as file descriptors ask for.",
      valueName: "n"))
  var processes: Int?
  @Option(
    help: ArgumentHelp(
      "Connections made a second, in place of the scenario's rate.", valueName: "n"))
  var connectionRate: Double?
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
  /// `2/5`: as the second of five processes, which the first governs.
  @Option(help: .hidden)
  var share: FleetShare?

  func validate() throws {
    if let config {
      guard file == nil, broker == nil, !planOnly else {
        throw ValidationError(
          "\(config) has scenario and broker; leave the file, --broker and --plan-only out")
      }
      return
    }
    guard file != nil else { throw ValidationError("Missing expected argument '<file>': the scenario file") }
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
    if let processes, processes < 1 { throw ValidationError("--processes is at least 1") }
    if let connectionRate, !(connectionRate > 0) {
      throw ValidationError("--connection-rate is above 0")
    }
  }

  func run() async throws {
    if planOnly, let file { return try plan(changes.load(file)) }
    let stop = StopSignal()
    let settings = try settings()
    // In functions of their own: a document of many devices is not kept while they publish.
    if let share {
      try publish(try part(settings, share, stop), stop)
    } else {
      try await publish(settings, stop)
    }
    if stop.received != 0 { throw ExitCode(ExitStatus.interrupted) }
  }

  private func settings() throws -> FleetSettings {
    if let config { return try JSONFile.read(FleetSettings.self, config) }
    guard let file, let broker else {
      throw ValidationError("give a scenario file and --broker, or --config")
    }
    var settings = FleetSettings(
      scenario: try changes.text(file), broker: try access.apply(to: broker),
      session: "sonde-simulate-\(getpid())")
    settings.clock = clock
    settings.processes = processes
    settings.connectionRate = connectionRate
    return settings
  }

  private func plan(_ document: ScenarioDocument) throws {
    let source = document.source.messages
    if let labels { try LabelFile.write(source.labels, to: labels) }
    let summary = try PlanWriter(source, labelsText: LabelFile.text(of: source.labels))
      .write(format ?? .messages, to: output)
    try StandardOutput.writeJSON(summary, indented: true)
  }

  // MARK: - The whole fleet

  private func publish(_ settings: FleetSettings, _ stop: StopSignal) async throws {
    let allowance = settings.isGoverned ? StandardInputNumber(stop.flag) : nil
    let progress = settings.isGoverned ? PublishingProgress() : nil
    let climbs = settings.isClimbing
    let ledger: FleetLedger
    var failure: (any Error)?
    let start = try begin(settings, stop)
    ProcessMemory.trim()
    switch start {
    case .here(let publisher):
      if climbs, let allowance {
        // The schedule begins when the first step may.
        try publisher.wait { allowance.value != nil || stop.flag.isSet }
        ledger = try publisher.run(
          until: stop.flag, allowance: HorizonAllowance(number: allowance), observe: { progress?.tell($0) })
      } else {
        ledger = try publisher.run(
          until: stop.flag, allowance: MessageAllowance(number: allowance), observe: { progress?.tell($0) })
      }
      failure = publisher.failure
    case .processes(let count, let outline, let clock):
      var limit: (@Sendable () -> FleetProcesses.Limit)?
      if let allowance {
        limit = { climbs ? .horizon(allowance.value) : .messages(Int(clamping: allowance.value ?? 0)) }
      }
      // By hand there is no file of settings yet, by which the processes are told.
      let file = config ?? AtomicFile.temporaryPath(for: NSTemporaryDirectory() + "sonde-simulate.json")
      if config == nil { try JSONFile.write(settings, to: file) }
      defer { if config == nil { try? FileManager.default.removeItem(atPath: file) } }
      let processes = FleetProcesses(
        executable: ExecutablePath.current, arguments: ["simulate", "--config", file], count: count)
      (ledger, failure) = try await processes.run(
        outline, clock: clock, until: stop.flag, limit: limit
      ) { progress?.tell($0) }
    }
    // Processes that were stopped with this one have not failed.
    if stop.flag.isSet { failure = nil }
    if settings.isGoverned, let failure { throw failure }
    try StandardOutput.writeJSON(ledger, indented: !settings.isGoverned)
    if let failure { throw failure }
    if !settings.isGoverned, let missed = ledger.missedSchedule {
      StandardError.write("sonde: \(missed); \(ledger.advice)")
      throw ExitCode(ExitStatus.invalidRun)
    }
  }

  private enum Start {
    case here(FleetPublisher)
    case processes(Int, FleetOutline, PublishingClock)
  }

  /// Settles who publishes. The document does not outlive it.
  private func begin(_ settings: FleetSettings, _ stop: StopSignal) throws -> Start {
    let document = try ScenarioDocument.parse(settings.scenario)
    let source = document.source.messages
    let speed = settings.clock ?? document.clock.speed
    let connections = source.connections.all.count
    DescriptorLimit.raise()
    let count = min(
      connections,
      settings.processes ?? document.publishing.processes ?? DescriptorLimit.processes(for: connections))
    guard count > 1 else { return .here(try publisher(document, settings, nil, stop)) }
    return .processes(
      count, FleetOutline(start: source.start, end: document.clock.end, messages: source.messageCount), speed)
  }

  /// Connects what falls to this process: all where there is no `share`.
  private func publisher(
    _ document: ScenarioDocument, _ settings: FleetSettings, _ share: FleetShare?, _ stop: StopSignal
  ) throws -> FleetPublisher {
    var broker = settings.broker
    // What the scenario says of the same broker holds unless the command line says otherwise.
    if let known = document.broker, known.description == broker.description, broker.access == BrokerAccess() {
      broker.access = known.access
    }
    let rate = settings.connectionRate ?? document.publishing.connectionRate
    var options = FleetPublisher.Options(session: settings.session)
    options.connectionsPerSecond = rate.map { $0 / Double(share?.count ?? 1) }
    if let share { options.share = share }
    options.stages = document.loadStages
    options.tellsStages = settings.isGoverned
    options.version = settings.mqtt ?? document.mqtt?.version ?? .five
    return try FleetPublisher(
      source: document.source.messages, broker: broker, clock: settings.clock ?? document.clock.speed,
      options: options, until: stop.flag)
  }

  // MARK: - A part of it

  /// Connects the share of this process. Of the document only that is kept.
  private func part(_ settings: FleetSettings, _ share: FleetShare, _ stop: StopSignal) throws
    -> FleetPublisher
  {
    try publisher(try ScenarioDocument.parse(settings.scenario), settings, share, stop)
  }

  private func publish(_ publisher: FleetPublisher, _ stop: StopSignal) throws {
    ProcessMemory.trim()
    let horizon = StandardInputNumber(stop.flag)
    try StandardOutput.writeMessage(FleetEvent.connected)
    // The first horizon is the common start.
    try publisher.wait { horizon.value != nil || stop.flag.isSet }
    let ledger = try publisher.run(until: stop.flag, allowance: HorizonAllowance(number: horizon)) {
      try? StandardOutput.writeMessage($0)
    }
    try StandardOutput.writeMessage(FleetEvent.finished(ledger, publisher.lag))
    if let failure = publisher.failure { throw failure }
  }
}

/// The newest number on standard input, which the process that started this one writes as things move on. The end of
/// standard input means that this process is gone.
private final class StandardInputNumber: Sendable {
  private let newest = Atomic<Int64>(.min)

  /// Nil before the first.
  var value: Int64? {
    let value = newest.load(ordering: .relaxed)
    return value == .min ? nil : value
  }

  init(_ stop: StopFlag) {
    // On a thread of its own, because reading blocks.
    Thread.detachNewThread { [self] in
      while let line = readLine() {
        if let number = Int64(line) { newest.store(number, ordering: .relaxed) }
      }
      stop.set()
    }
  }
}

/// Tells the process that started this one how many messages have left, now and then.
private final class PublishingProgress {
  /// Often enough for a line a second.
  private static let interval = Duration.milliseconds(200)

  private var last: (published: Int, at: ContinuousClock.Instant)?

  func tell(_ event: FleetEvent) {
    if case .progress(let published, _) = event {
      let now = ContinuousClock.now
      if let last, last.published == published || now - last.at < Self.interval { return }
      last = (published, now)
    }
    try? StandardOutput.writeMessage(event)
  }
}

/// How many messages may have been published.
private struct MessageAllowance: PublishingAllowance {
  /// Nil: any number.
  let number: StandardInputNumber?

  func permits(published: Int, due: Timestamp) -> Bool {
    number.map { published < $0.value ?? 0 } ?? true
  }
}

/// Up to which event time may be published, in milliseconds since 1970 UTC.
private struct HorizonAllowance: PublishingAllowance {
  let number: StandardInputNumber

  func permits(published: Int, due: Timestamp) -> Bool { due.milliseconds <= number.value ?? .min }
}

extension PublishingClock: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension FleetShare: ExpressibleByArgument {
  package init?(argument: String) {
    let numbers = argument.split(separator: "/").compactMap { Int($0) }
    guard numbers.count == 2 else { return nil }
    self.init(index: numbers[0] - 1, count: numbers[1])
  }
}

extension PlanWriter.Format: ExpressibleByArgument {}
