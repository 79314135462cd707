import ArgumentParser
import Discovery
import Foundation
import MQTT
import Scenario
import Supervision
import Telemetry
import Wording

/// `sonde ingest --discover`: listens to a plant that one does not know, and stores nothing.
struct DiscoveryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Store nothing: listen for so long, and print what comes, with the mapping that would take it. All topics, where \
      --topic does not say which.
      """, valueName: "duration"))
  var discover: Span?
  @Option(
    help:
      "How --discover prints: text, which is the file of a mapping with the rest in its comments, or json.")
  var format: OutputFormat?

  /// For the help of the command.
  static let discussion = """
    What does the plant send? --discover listens and stores nothing. What it prints is a file for --payload:

      sonde ingest --broker mqtt://127.0.0.1:1883 --discover 60s > plant.yaml
      sonde ingest --broker mqtt://127.0.0.1:1883 --payload plant.yaml --store readings.sqlite --window 60s
    """

  func validate() throws {
    if let discover, discover.duration <= .zero {
      throw ValidationError("--discover is how long to listen, such as 60s")
    }
    if discover == nil, format != nil {
      throw ValidationError("--format is how --discover prints, and --discover is not given")
    }
  }

  /// Throws `ValidationError` where `options`, which are given, say how to store.
  func refuse(_ options: [(name: String, isGiven: Bool)]) throws {
    guard let given = options.first(where: \.isGiven) else { return }
    throw ValidationError(
      "--discover and \(given.name) exclude each other; --discover stores nothing and keeps no session")
  }

  /// Listens, and prints what came.
  func run(_ discover: Span, broker: BrokerAddress, topic: String, mqtt: ProtocolChoice) throws {
    let stop = StopSignal()
    let isStopped = { stop.flag.isSet }
    // Of the 23 characters that every broker takes; another one who listens at the same time is not put out.
    let clientID = "sonde-discover-" + String(UInt32.random(in: 0...UInt32.max), radix: 16)
    let agreed = try AgreedProtocol.ask(broker, clientID: clientID, mqtt, until: isStopped)
    if let notice = agreed.notice { StandardError.write(notice) }
    var survey = TopicSurvey()
    let listener = try TopicListener(
      address: broker, clientID: clientID, filter: topic, version: agreed.version, until: isStopped
    ) { delivery in
      survey.take(
        topic: delivery.topic, payload: delivery.payload, arrival: ScoringCommandSupport.now(),
        isRetained: delivery.isRetained)
    }
    let began = (time: ScoringCommandSupport.now(), instant: ContinuousClock.now)
    let end = began.instant + discover.duration
    let progress = ProgressLine()
    var broken: MQTTError?
    while !stop.flag.isSet, ContinuousClock.now < end {
      do {
        try listener.listen(for: min(.milliseconds(200), end - .now))
      } catch let error as MQTTError {
        // What is known until now is still worth telling.
        broken = error
        break
      }
      progress.show { _ in
        let heard = (ContinuousClock.now - began.instant).components.seconds
        return
          "listening, \(heard) s of \(discover.duration.text): \(survey.messages.grouped) messages on \(survey.topics.grouped) topics"
      }
    }
    progress.clear()
    let heard = ContinuousClock.now - began.instant
    listener.close()
    if let broken {
      guard survey.messages > 0 else { throw broken }
      StandardError.write("\(broken); this is what came before")
    }
    let presets = try PayloadPreset.allCases.map { try PayloadDocument.mapping(of: $0) }
    let plant = PlantSurvey(survey, heardFor: heard, presets: presets)
    switch format ?? .text {
    case .json: try StandardOutput.writeJSON(plant, indented: true)
    case .text:
      let text = plant.document(of: topic, at: "\(broker)", from: began.time)
      StandardOutput.write(String(text.dropLast()))
    }
    if broken != nil { throw ExitCode(ExitStatus.unavailable) }
    if plant.advice == .nothingHeard { throw ExitCode(ExitStatus.expectationFailed) }
  }
}
