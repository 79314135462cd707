import ArgumentParser
import Documents
import Files
import Foundation
import Ingestion
import Logging
import MQTT
import Scenario
import Sparkplug
import Supervision
import Telemetry
import WindowStore
import Wording

/// `sonde ingest`: the ingestion service by itself.
struct IngestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest",
    abstract: "Take readings from a broker into a SQLite file of time windows.",
    discussion: """
      Runs until SIGTERM or SIGINT; then stores what it has read, acknowledges it and leaves. A message is \
      acknowledged to the broker only when the transaction that holds it is durable. Started again with the same \
      client id and file, it goes on where it was.

      --run DIR makes the folder of a run, with the store and a client id of its own in it; “sonde train”, “schedule”, “score” \
      and “alarms” take that folder. Without it, --store names the file; two ingesters at one broker then need a --client-id each.

      The file can be read meanwhile:  sqlite3 -readonly FILE 'SELECT * FROM window_values LIMIT 10'


      """ + DiscoveryOptions.discussion)

  @Option(
    help: "All of the settings below as a JSON file, as a scenario run writes it, in place of options.",
    completion: .file(extensions: ["json"]))
  var config: String?
  @Option(help: ArgumentHelp("The broker.", valueName: "mqtt[s]://host:port"))
  var broker: BrokerAddress?
  @OptionGroup var access: BrokerAccessOptions
  @OptionGroup var versions: ProtocolOptions
  @Option(
    help: ArgumentHelp(
      """
      The topics to subscribe to. By default \(TelemetryTopic.filter), where the part before the last names the device; with --payload, \
      what the mapping needs.
      """, valueName: "filter"))
  var topic: String?
  @Option(
    help: ArgumentHelp(
      """
      How payloads are read that are not Sonde's own: a YAML file, or a preset such as tasmota (“sonde payload presets” lists them), or sparkplug for Sparkplug B.
      """, valueName: "file|preset"), completion: .file(extensions: ["yaml", "yml"]))
  var payload: String?
  @OptionGroup var discovery: DiscoveryOptions
  @Option(
    help: ArgumentHelp(
      """
      With --payload sparkplug: whether nodes are asked for their births where messages are missing or cannot be told without: ask, or \
      never, which only listens.
      """, valueName: "ask|never"))
  var rebirth: SparkplugSettings.Rebirth?
  @Option(
    help: ArgumentHelp(
      """
      With --payload sparkplug: what devices are called: path (group.node.device), or own (the device's own name, or its node's).
      """, valueName: "path|own"))
  var deviceNames: SparkplugSettings.DeviceNames?
  @Option(
    name: .customLong("run"),
    help: ArgumentHelp(
      "The folder of a run, in place of --store; made where there is none.", valueName: "dir"),
    completion: .directory)
  var runDir: String?
  @Option(
    help: ArgumentHelp("The SQLite file; made where there is none, with its folder.", valueName: "file"))
  var store: String?
  @Option(
    help: ArgumentHelp(
      "The length of a window, such as 60s or 5m; snapshot for windows of one instant.",
      valueName: "duration|snapshot"))
  var window: WindowLength?
  @Option(
    help: ArgumentHelp(
      "From the start of one window to that of the next; left out, windows do not overlap.",
      valueName: "duration"))
  var hop: Span?
  @Option(
    help: ArgumentHelp(
      """
      Session windows in place of windows of a fixed length: a session ends when the device has been silent for so \
      long. A session that lasts is cut at the multiples of --window.
      """, valueName: "duration"))
  var sessionGap: Span?
  @Option(
    help: ArgumentHelp("How far behind its newest reading a device's watermark stays.", valueName: "duration")
  )
  var outOfOrderness = Span(.seconds(5))
  @Option(
    name: .customLong("lateness"),
    help: ArgumentHelp(
      "How long after its end a window still takes readings, in event time.", valueName: "duration"))
  var allowedLateness = Span(.seconds(30))
  @Option(
    help: ArgumentHelp(
      """
      What becomes of readings that come later still: keep (apart, in late_readings), drop (counted), or adjust \
      (stored with the earliest time that is never late).
      """, valueName: "keep|drop|adjust"))
  var latePolicy = LatePolicy.keep
  @Option(
    help: ArgumentHelp(
      "How far behind the fleet's time a device may be before nobody waits for it.",
      valueName: "duration"))
  var idleAfter = Span(IngestionDefaults.idleAfter)
  @Option(
    help: ArgumentHelp(
      "How much event time behind the fleet's time is kept; left out, everything is.", valueName: "duration"
    ))
  var retain: Span?
  @Option(
    help: ArgumentHelp(
      """
      How large the file may become, such as 500MB or 2GiB; the oldest rows go first, once their windows can no longer \
      change. Left out, it has no bound.
      """, valueName: "size"))
  var retainBytes: ByteSize?
  @Option(
    help: ArgumentHelp(
      "How far ahead of every clock a time may lie to be believed; readings beyond it are rejected.",
      valueName: "duration|off"))
  var futureLimit = FutureLimit(duration: IngestionDefaults.futureLimit)
  @Option(help: "Messages a transaction, at most.")
  var messagesPerCommit = IngestionDefaults.messagesPerCommit
  @Option(help: "Stored messages between two checkpoints; a restart folds at most so many again.")
  var messagesPerCheckpoint = IngestionDefaults.messagesPerCheckpoint
  @Option(
    help:
      "The name of the session that the broker keeps for us; by default sonde-ingest, and with --run one of the folder's own."
  )
  var clientID: String?
  @Flag(help: .hidden)
  var events = false

  func validate() throws {
    if discovery.discover != nil { return try validateDiscovery() }
    if config != nil {
      guard broker == nil, store == nil, runDir == nil, window == nil, payload == nil else {
        throw ValidationError(
          "--config has all settings; leave --broker, --run, --store, --window and --payload out")
      }
      return
    }
    if let problem = try settings().problems.first {
      throw ValidationError("\(Self.option(problem.setting)): \(problem.reason)")
    }
  }

  private func validateDiscovery() throws {
    try discovery.refuse([
      ("--store", store != nil), ("--run", runDir != nil), ("--window", window != nil),
      ("--payload", payload != nil), ("--config", config != nil), ("--hop", hop != nil),
      ("--session-gap", sessionGap != nil), ("--retain", retain != nil),
      ("--retain-bytes", retainBytes != nil), ("--client-id", clientID != nil),
    ])
    guard let broker else { throw Self.missing("--broker", "the broker, such as mqtt://127.0.0.1:1883") }
    _ = try access.apply(to: broker)
    if let topic, !TopicFilter.isValid(topic) {
      throw ValidationError("--topic: \(topic.quoted) is no filter of topics")
    }
  }

  private static func missing(_ option: String, _ what: String) -> ValidationError {
    ValidationError("Missing expected argument '\(option)': \(what)")
  }

  /// What the options say.
  private func settings() throws -> IngestionSettings {
    let missing = Self.missing
    guard let broker else { throw missing("--broker", "the broker, such as mqtt://127.0.0.1:1883") }
    guard runDir == nil || store == nil else {
      throw ValidationError(
        "--run and --store exclude each other; the folder of a run has a store of its own")
    }
    guard let store = store ?? runDir else {
      throw missing("--run", "the folder of a run, made where there is none; or --store with a SQLite file")
    }
    guard let window else { throw missing("--window", "the length of a window, such as 60s") }
    guard hop == nil || sessionGap == nil else {
      throw ValidationError("--hop and --session-gap exclude each other; give one")
    }
    var rules = IngestionRules(
      windows: WindowSettings(
        window: window.duration, hop: hop?.duration, sessionGap: sessionGap?.duration,
        outOfOrderness: outOfOrderness.duration, allowedLateness: allowedLateness.duration))
    rules.latePolicy = latePolicy
    rules.futureLimit = futureLimit.duration
    rules.idleAfter = idleAfter.duration
    rules.retain = retain?.duration
    rules.retainBytes = retainBytes?.bytes
    var settings = IngestionSettings(
      broker: try access.apply(to: broker), topic: topic ?? TelemetryTopic.filter,
      clientID: clientID ?? "sonde-ingest", store: store, rules: rules)
    settings.mqtt = versions.mqtt
    if payload == PayloadDocument.sparkplug {
      settings.sparkplug = SparkplugSettings(
        rebirth: rebirth ?? .never, deviceNames: deviceNames ?? .path)
      if topic == nil { settings.topic = "" }
    } else if rebirth != nil || deviceNames != nil {
      throw ValidationError("--rebirth and --device-names need --payload sparkplug")
    }
    settings.messagesPerCommit = messagesPerCommit
    settings.messagesPerCheckpoint = messagesPerCheckpoint
    return settings
  }

  /// What the options say, with the folders made that it needs.
  private func ownSettings() throws -> IngestionSettings {
    var settings = try settings()
    if let payload, settings.sparkplug == nil {
      settings.payload = try PayloadDocument.named(payload)
      if topic == nil { settings.topic = "" }
    }
    if let runDir { return try IngestedFolder(runDir).adopt(settings, clientID: clientID) }
    let parent = (settings.store as NSString).deletingLastPathComponent
    if !parent.isEmpty { try Folder.make(parent) }
    return settings
  }

  /// The option for a setting that scenarios call `setting`.
  private static func option(_ setting: String) -> String {
    setting == "allowed_lateness" ? "--lateness" : "--" + setting.replacing("_", with: "-")
  }

  func run() throws {
    if let discover = discovery.discover, let broker {
      return try discovery.run(
        discover, broker: access.apply(to: broker), topic: topic ?? "#", mqtt: versions.mqtt)
    }
    let stop = StopSignal()
    var logger = Logger(label: "ingest", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = .info
    let settings = try config.map(IngestionSettings.init(path:)) ?? ownSettings()
    let service: IngestionService
    do {
      service = try IngestionService(settings, logger: logger, until: stop.flag)
    } catch MQTTError.stopped {
      return logger.info("stopped before it began, while it waited for \(settings.broker)")
    }
    if events { try StandardOutput.writeMessage(IngestionEvent.ready(service.start)) }
    logger.info("ingesting \(settings.filters.listed) from \(settings.broker) into \(settings.store)")
    try service.run(until: stop.flag) { event in
      if events { try? StandardOutput.writeMessage(event) }
    }
    let statistics = service.statistics
    logger.info("stopped: \(statistics.messages) messages in \(statistics.commits) commits")
    if events { try StandardOutput.writeMessage(IngestionEvent.stopped(statistics)) }
  }
}

extension BrokerAddress: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

extension LatePolicy: ExpressibleByArgument {}

extension SparkplugSettings.Rebirth: ExpressibleByArgument {}

extension SparkplugSettings.DeviceNames: ExpressibleByArgument {}

/// A duration, or `snapshot`.
struct WindowLength: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    guard argument != "snapshot" else {
      duration = WindowSettings.snapshot
      return
    }
    guard let span = Span(argument: argument) else { return nil }
    duration = span.duration
  }
}

/// A number of bytes, such as 500MB.
struct ByteSize: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    guard let bytes = QuantityText.bytes(argument) else { return nil }
    self.bytes = bytes
  }
}

/// A duration, or `off`.
struct FutureLimit: ExpressibleByArgument {
  let duration: Duration?

  init(duration: Duration?) { self.duration = duration }

  init?(argument: String) {
    if argument == "off" {
      duration = nil
    } else if let span = Span(argument: argument) {
      duration = span.duration
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { duration.map { Span($0).defaultValueDescription } ?? "off" }
}
