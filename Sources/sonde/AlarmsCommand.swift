import Alarms
import ArgumentParser
import BatchScoring
import Foundation
import MQTT
import Modelling
import Supervision
import Telemetry
import Wording

/// `sonde alarms`: what the jobs of a run have found, for somebody who is to act on it.
struct AlarmsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alarms",
    abstract:
      "Lists alarms: neighbouring anomalous windows of a device, the strongest first, with the reason.",
    discussion: """
      An alarm says which device, from when to when, which sensors, which job has found it and when that was known, how strong \
      it is, and why: the features that lie farthest from what the model was trained on, in standard deviations. The strength is \
      the same distance over all features of the worst window; unlike the score of a one-class SVM it goes on growing with the fault.

      --follow goes on as jobs complete, and tells each alarm once, in the order in which they become known. --publish tells \
      others, once an alarm, also over restarts:

        sonde alarms RUN_DIR --follow --publish mqtt://127.0.0.1:1883 --topic 'alarms/${device}'
      """)

  @Argument(help: "The folder of a run.", completion: .directory)
  var runDir: String

  @Flag(help: "Goes on as jobs complete, until SIGTERM or SIGINT.")
  var follow = false

  @Option(help: "Only alarms that end after this time, such as 2026-01-01T12:00:00Z.")
  var since: String?

  @Option(
    help: "How long windows may be normal between two anomalous ones that are of one alarm, such as 10m.")
  var gap = Span(.zero)

  @Option(help: "text, csv, or json: a list of objects, with --follow an object a line.")
  var format = TableFormat.text

  @Option(
    help: ArgumentHelp("Publishes each alarm as JSON to this broker.", valueName: "mqtt[s]://host:port"))
  var publish: BrokerAddress?

  @Option(help: "The topic that alarms are published to; ${device} stands for the name of the device.")
  var topic = "alarms/${device}"

  @OptionGroup var access: BrokerAccessOptions
  @OptionGroup var versions: ProtocolOptions

  func validate() throws {
    guard gap.duration >= .zero else { throw ValidationError("--gap must not be below zero") }
    if let fault = AlarmPublisher.Destination.fault(ofTopic: topic) {
      throw ValidationError("--topic: \(fault)")
    }
  }

  func run() async throws {
    let folder = try ScoringCommandSupport.folder(runDir)
    let since = try since.map { try ScoringCommandSupport.instant($0, "--since") }
    let publisher = try publish.map { broker in
      try AlarmPublisher(
        folder, to: .init(broker: try access.apply(to: broker), topic: topic, mqtt: versions.mqtt),
        gap: gap.duration)
    }
    var log = try AlarmLog(folder, gap: gap.duration)
    func isAsked(_ alarm: Alarm) -> Bool { since.map { alarm.to > $0 } ?? true }
    guard follow else {
      _ = try log.refresh()
      for notice in log.notices { StandardError.write("note: \(notice)") }
      let alarms = log.all.filter(isAsked)
      try write(alarms)
      if let publisher {
        let published = try publisher.publish(alarms.sorted { ($0.from, $0.device) < ($1.from, $1.device) })
        StandardError.write(
          "\(published.count) of \(alarms.count) alarms published; the others had been before")
      }
      return
    }
    try await tell(&log, isAsked, publisher)
  }

  /// Tells of alarms as they become known, until a signal.
  private func tell(_ log: inout AlarmLog, _ isAsked: (Alarm) -> Bool, _ publisher: AlarmPublisher?)
    async throws
  {
    let stop = StopSignal()
    var told = ToldAlarms(gap: gap.duration)
    var notices = 0
    var complaint: String?
    if let head { StandardOutput.write(head) }
    while true {
      let isLast = stop.flag.isSet
      let known = try log.refresh().filter(isAsked).sorted { a, b in
        (a.knownAt?.milliseconds ?? 0, a.from, a.device) < (b.knownAt?.milliseconds ?? 0, b.from, b.device)
      }
      for notice in log.notices.dropFirst(notices) { StandardError.write("note: \(notice)") }
      notices = log.notices.count
      for alarm in known {
        if !told.contains(alarm) { try writeLine(alarm) }
        told.add(alarm)
      }
      do {
        // Those that could not be published before as well.
        _ = try publisher?.publish(
          log.all.filter(isAsked).sorted { ($0.from, $0.device) < ($1.from, $1.device) })
        complaint = nil
      } catch let error as MQTTError {
        if complaint == nil {
          StandardError.write("\(error); the alarms are published when the broker is back")
        }
        complaint = "\(error)"
      }
      if isLast { break }
      try await Task.sleep(for: ScoringDefaults.metricsInterval)
    }
    if let complaint {
      throw ScoringError("alarms are left unpublished: \(complaint); the next start publishes them")
    }
  }

  private func write(_ alarms: [Alarm]) throws {
    switch format {
    case .json: return try StandardOutput.writeJSON(alarms, indented: true)
    case .text where alarms.isEmpty: return StandardOutput.write("no alarms")
    case .text, .csv:
      if let head { StandardOutput.write(head) }
      for alarm in alarms { try writeLine(alarm) }
    }
  }

  /// What stands above all alarms.
  private var head: String? {
    switch format {
    case .text: AlarmText.header
    case .csv: String(AlarmText.csvHeader.dropLast())
    case .json: nil
    }
  }

  private func writeLine(_ alarm: Alarm) throws {
    switch format {
    case .text: AlarmText.lines(of: alarm).forEach(StandardOutput.write)
    case .csv: StandardOutput.write(String(AlarmText.csvLine(of: alarm).dropLast()))
    case .json: try StandardOutput.writeJSON(alarm)
    }
  }
}
