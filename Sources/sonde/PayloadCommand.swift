import ArgumentParser
import Files
import Foundation
import PayloadMapping
import Scenario
import Telemetry
import Wording

/// `sonde payload`: mappings of payloads, before anything is stored with them.
struct PayloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "payload",
    abstract:
      "Shows what a payload mapping makes of messages, and the mappings that are part of the program.",
    discussion: """
      A mapping says how topics and payloads become device, sensor, time and value; “sonde ingest --payload” and \
      “ingestion.payload” of scenarios take it. docs/payloads.md has its keys.

        sonde payload presets                                 what is there already
        sonde payload show tasmota > plant.yaml               a preset to start from
        mosquitto_sub -t 'tele/#' -F %j -C 20 > messages      twenty messages of the plant
        sonde payload test plant.yaml messages                what would become of them
      """,
    subcommands: [Test.self, Presets.self, Show.self])

  struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "test",
      abstract: "Shows what would become of messages: readings, and what is not taken, with its reason.",
      discussion: """
        Messages are lines, as mosquitto_sub writes them with -F %j (JSON, with the time of arrival; also for payloads of several lines) or with -v (the topic, a space, the \
        payload). Where a topic has spaces, a line of -v is cut by the topics of the mapping; -F %j is never ambiguous. With --topic each file is the payload of one message, and so is each --text:

          sonde payload test tasmota --topic tele/pump-7/SENSOR \\
            --text '{"Time":"2026-01-01T12:00:00","DS18B20":{"Temperature":21.5}}'

        Nothing is stored, and no broker is asked. Exit code 0 where all was taken or is none of the mapping's, 1 where something was not, \
        64 where the mapping itself is wrong.
        """)

    @Argument(
      help: "A mapping: the name of a preset, or a YAML file.",
      completion: .file(extensions: ["yaml", "yml"]))
    var mapping: String
    @Argument(
      help: ArgumentHelp(
        "Files with messages, or with --topic of a payload each; - for the standard input.",
        valueName: "message"),
      completion: .file())
    var files: [String] = []
    @Option(help: "The topic of the payloads that files and --text are.")
    var topic: String?
    @Option(help: ArgumentHelp("A payload as it is. May be given several times.", valueName: "payload"))
    var text: [String] = []
    @Option(help: ArgumentHelp("When messages come that do not say it; by default now.", valueName: "time"))
    var arrival: String?
    @Option(help: "text or json.")
    var format = OutputFormat.text

    func validate() throws {
      if topic == nil, !text.isEmpty { throw ValidationError("--text is a payload, which needs its --topic") }
      if files.isEmpty, text.isEmpty {
        throw ValidationError(
          "There is no message; name a file that mosquitto_sub -v has written, or give --topic and --text")
      }
      if let topic, topic.contains("+") || topic.contains("#") {
        throw ValidationError("--topic is that of a message, without wildcards")
      }
      if let arrival, Timestamp(iso8601: arrival) == nil {
        throw ValidationError("--arrival is a time such as 2026-01-01T12:00:00Z")
      }
    }

    func run() throws {
      let mapping = try PayloadDocument.named(mapping)
      let arrival = arrival.flatMap { Timestamp(iso8601: $0) } ?? ScoringCommandSupport.now()
      var messages: [PayloadMessage] = []
      for file in files {
        let bytes = try TextFile.bytes(of: file == "-" ? "/dev/stdin" : file)
        if let topic {
          messages.append(PayloadMessage(topic: topic, payload: bytes, arrival: arrival))
        } else {
          messages += try PayloadMessage.lines(bytes, of: file, for: mapping, arrival: arrival)
        }
      }
      messages += text.map { PayloadMessage(topic: topic ?? "", payload: Array($0.utf8), arrival: arrival) }
      var report = PayloadTestReport(format: format)
      var trial = PayloadTrial(mapping)
      for message in messages {
        let outcome = trial.outcome(
          topic: message.topic, payload: message.payload, arrival: message.arrival)
        report.add(message.topic, arrival: message.arrival, outcome)
      }
      try report.end()
      if !report.isAllTaken { throw ExitCode(ExitStatus.expectationFailed) }
    }
  }

  struct Presets: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "presets",
      abstract: "Lists the mappings that are part of the program, with what they subscribe to.")

    @Option(help: "text or json.")
    var format = OutputFormat.text

    private struct Line: Encodable {
      var name: String
      var about: String?
      var topics: [String]
    }

    func run() throws {
      let lines = try PayloadPreset.allCases.map { preset in
        let mapping = try PayloadDocument.mapping(of: preset)
        return Line(name: preset.rawValue, about: mapping.about, topics: mapping.filters)
      }
      switch format {
      case .json: try StandardOutput.writeJSON(lines, indented: true)
      case .text:
        for line in lines {
          StandardOutput.write(line.name)
          if let about = line.about { StandardOutput.write("  \(about)") }
          StandardOutput.write("  \(line.topics.joined(separator: "  "))")
        }
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show",
      abstract: "Prints the YAML of a preset, to start a mapping of one's own from.")

    @Argument(help: "The name of a preset.", completion: .list(PayloadPreset.allCases.map(\.rawValue)))
    var preset: String

    func run() throws {
      guard let preset = PayloadPreset(rawValue: preset) else {
        throw PayloadNameError(name: preset)
      }
      StandardOutput.write(preset.text.trimmingCharacters(in: .newlines))
    }
  }
}
