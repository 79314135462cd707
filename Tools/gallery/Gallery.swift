import ArgumentParser
import DeviceFleet
import Files
import Foundation
import Telemetry

/// The pictures of `docs/gallery`, drawn from the real generator. A program of its own, because it is for the project's pages
/// alone; `make gallery` calls it.
@main
struct Gallery: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gallery", abstract: "Draws every signal, anomaly, fault and load.")

  @Argument(help: "The folder for the pictures and their page.", completion: .directory)
  var folder: String

  func run() throws {
    try Folder.make(folder)
    var page = GalleryPage()
    for exhibit in SignalExhibit.all {
      try write(try exhibit.picture().svg, "signal-\(exhibit.name)")
      page.signals.append(exhibit)
    }
    for kind in AnomalyCatalogue.kinds {
      let exhibit = AnomalyExhibit(kind: kind)
      try write(try exhibit.picture().svg, "anomaly-\(kind.name)")
      page.anomalies.append(exhibit)
    }
    for kind in TransportCatalogue.kinds {
      try write(try TransportExhibit(kind: kind).picture().svg, "transport-\(kind.name)")
    }
    for exhibit in LoadExhibit.all { try write(try exhibit.svg(), "load-\(exhibit.name)") }
    try AtomicFile.write(page.text, to: "\(folder)/README.md", existing: .replace)
  }

  private func write(_ svg: String, _ name: String) throws {
    try AtomicFile.write(svg, to: "\(folder)/\(name).svg", existing: .replace)
  }
}

/// What every exhibit shares.
enum Exhibition {
  static let start = Timestamp(iso8601: "2026-03-02T00:00:00Z")!
  static let seed: UInt64 = 7
  static let sensor = SensorID("value")!

  /// The messages of one device.
  static func messages(
    _ sensors: [SensorPlan], every: Duration, hours: Int, anomalies: [AnomalyPlacement] = []
  ) throws -> FleetPlan {
    try FleetPlan(
      seed: seed, start: start, duration: .seconds(3600 * hours),
      groups: [DeviceGroup(name: "device", count: 1, every: every, sensors: sensors, anomalies: anomalies)])
  }

  static func hours(_ timestamp: Timestamp) -> Double { (timestamp - start).seconds / 3600 }
}

/// One signal of the gallery.
struct SignalExhibit {
  let name: String
  let about: String
  let yaml: String
  let hours: Int
  /// The first is shown; the others are what it depends on, in a panel of their own.
  let signals: [(sensor: String, parts: [any Signal])]

  func picture() throws -> LineChart {
    let sensors = signals.map { SensorPlan(id: SensorID($0.sensor)!, signal: $0.parts) }
    let plan = try Exhibition.messages(sensors, every: .seconds(Int64(hours * 9)), hours: hours)
    var chart = LineChart(hours: Double(hours))
    for (index, sensor) in sensors.enumerated() {
      let points = plan.devices[0].messages().map {
        (x: Exhibition.hours($0.timestamp), y: $0.values[index].value)
      }
      chart.panels.append(.init(title: sensor.id.name, lines: [.init(points: points, style: .normal)]))
    }
    return chart
  }

  static let all: [SignalExhibit] = [
    one("constant", "The same value for ever.", "constant: { value: 3 }", ConstantSignal(value: 3)),
    one(
      "sine", "A swing.", "sine: { offset: 50, amplitude: 10, period: 6h }",
      SineSignal(offset: 50, amplitude: 10, period: .seconds(21_600))),
    one(
      "square", "High for a share of each period, then low.",
      "square: { offset: 50, amplitude: 10, period: 6h, duty: 0.3 }",
      SquareSignal(offset: 50, amplitude: 10, period: .seconds(21_600), duty: 0.3)),
    one(
      "sawtooth", "An even rise in each period, and a fall at once.",
      "sawtooth: { offset: 50, amplitude: 10, period: 6h }",
      SawtoothSignal(offset: 50, amplitude: 10, period: .seconds(21_600))),
    one(
      "diurnal", "The swing of a day, highest at its peak.",
      "diurnal: { offset: 18, amplitude: 6, peak: 15h }",
      hours: 72, DiurnalSignal(offset: 18, amplitude: 6)),
    one(
      "weekly", "A level for each day of the week.", "weekly: { levels: [9, 10, 10, 10, 8, 3, 2] }",
      hours: 336,
      WeeklySignal(levels: [9, 10, 10, 10, 8, 3, 2])),
    one(
      "random_walk", "Wanders, and is drawn back.", "random_walk: { per_hour: 2, memory: 3h }",
      RandomWalkSignal(perHour: 2, memory: .seconds(10_800))),
    one(
      "ecg", "A heartbeat-like pattern.", "ecg: { amplitude: 1, period: 3h }",
      ECGSignal(amplitude: 1, period: .seconds(10_800))),
    one(
      "polynomial", "A polynomial of the time.", "polynomial: { coefficients: [10, -20, 15], unit: 24h }",
      PolynomialSignal(coefficients: [10, -20, 15])),
    one("trend", "A steady rise or fall.", "trend: { per_day: 4 }", TrendSignal(perDay: 4)),
    one("noise", "Gaussian noise.", "noise: { stddev: 1 }", NoiseSignal(standardDeviation: 1)),
    one(
      "noise-uniform", "Noise evenly between two bounds.", "noise: { stddev: 1, distribution: uniform }",
      NoiseSignal(standardDeviation: 1, distribution: .uniform)),
    one(
      "noise-heavy_tailed", "Noise that is mostly small, and now and then far out.",
      "noise: { stddev: 1, distribution: heavy_tailed }",
      NoiseSignal(standardDeviation: 1, distribution: .heavyTailed)),
    one(
      "states", "A machine that is off, idle or under load.",
      "states: [{ name: off, level: 0, dwell: 2h }, { name: idle, level: 20, dwell: 1h }, { name: load, level: 80, dwell: 3h }]",
      Self.machine),
    one(
      "recorded", "Values of a file, over and over.", "recorded: { file: values.csv, column: v, every: 1h }",
      RecordedSignal(values: [3, 4, 4, 6, 9, 7, 5, 4], every: .seconds(3600))),
    SignalExhibit(
      name: "follow", about: "Follows another sensor of the device, as a temperature follows a load.",
      yaml: "follow: { sensor: load, offset: 20, gain: 0.5, lag: 40m }", hours: 24,
      signals: [
        ("temperature", [FollowSignal(SensorID("load")!, offset: 20, gain: 0.5, lag: .seconds(2400))]),
        ("load", [Self.machine]),
      ]),
    SignalExhibit(
      name: "sum", about: "Parts added up; the list of a sensor's parts is a sum by itself.",
      yaml: "sum: [{ sine: { amplitude: 10, period: 12h } }, { sine: { amplitude: 2, period: 1h } }]",
      hours: 24,
      signals: [
        (
          "value",
          [
            SumSignal([
              SineSignal(amplitude: 10, period: .seconds(43_200)),
              SineSignal(amplitude: 2, period: .seconds(3600)),
            ])
          ]
        )
      ]),
    one(
      "product", "Parts multiplied: a swing that fades at the weekend.",
      "product: [{ diurnal: { offset: 10, amplitude: 8 } }, { weekly: { levels: [1, 1, 1, 1, 0.8, 0.2, 0.2] } }]",
      hours: 336,
      ProductSignal([
        DiurnalSignal(offset: 10, amplitude: 8), WeeklySignal(levels: [1, 1, 1, 1, 0.8, 0.2, 0.2]),
      ])),
    one(
      "clamp", "Parts kept between two bounds.",
      "clamp: { min: 0, max: 12, of: [{ sine: { offset: 6, amplitude: 10, period: 6h } }] }",
      ClampSignal(minimum: 0, maximum: 12, [SineSignal(offset: 6, amplitude: 10, period: .seconds(21_600))])),
    one(
      "delay", "Parts as they were some time before.",
      "delay: { by: 2h, of: [{ diurnal: { offset: 18, amplitude: 6, peak: 12h } }] }", hours: 48,
      DelaySignal(by: .seconds(7200), [DiurnalSignal(offset: 18, amplitude: 6, peak: .seconds(43_200))])),
  ]

  private static let machine = MachineStatesSignal(states: [
    .init(name: "off", level: 0, dwell: .seconds(7200)),
    .init(name: "idle", level: 20, dwell: .seconds(3600)),
    .init(name: "load", level: 80, dwell: .seconds(10_800)),
  ])

  private static func one(
    _ name: String, _ about: String, _ yaml: String, hours: Int = 24, _ signal: any Signal
  ) -> SignalExhibit {
    SignalExhibit(name: name, about: about, yaml: yaml, hours: hours, signals: [("value", [signal])])
  }
}

/// One kind of anomaly of the gallery: on a load with waves and noise, and what a sensor that follows it shows.
struct AnomalyExhibit {
  let kind: any Anomaly.Type

  private static let load = SensorID("load")!
  private static let temperature = SensorID("temperature")!

  private static let sensors = [
    SensorPlan(
      id: load,
      signal: [
        SineSignal(offset: 50, amplitude: 10, period: .seconds(7200)), NoiseSignal(standardDeviation: 1),
      ]),
    SensorPlan(
      id: temperature,
      signal: [
        FollowSignal(load, offset: 20, gain: 0.5, lag: .seconds(300)), NoiseSignal(standardDeviation: 0.3),
      ]),
  ]

  func picture() throws -> LineChart {
    // A broken correlation is shown where there is one to break: on the sensor that follows.
    let hits = kind == ModeCorrelationAnomaly.self ? Self.temperature : Self.load
    let placement = AnomalyPlacement(
      kind, severity: kind == ClockSkewAnomaly.self ? 1810 : nil,
      sensor: kind.origin == .clock ? nil : hits, between: .seconds(10_800)...(.seconds(21_660)),
      length: .seconds(10_740))
    let clean = try Exhibition.messages(Self.sensors, every: .seconds(60), hours: 9)
    let plan = try Exhibition.messages(Self.sensors, every: .seconds(60), hours: 9, anomalies: [placement])
    let label = plan.labels[0]
    var chart = LineChart(hours: 9)
    chart.band = (
      Exhibition.hours(label.start), max(Exhibition.hours(label.end), Exhibition.hours(label.start) + 0.03)
    )
    for sensor in Self.sensors.map(\.id) {
      func points(_ plan: FleetPlan, where isShown: (Message) -> Bool) -> [(x: Double, y: Double)] {
        plan.devices[0].messages().filter(isShown).compactMap { message in
          let value = message.values.first { $0.sensor == sensor }?.value
          return value.map { (Exhibition.hours(message.timestamp), $0) }
        }
      }
      // A clock that was wrong and is right again repeats the times under the label: those are right.
      let right = Set(clean.devices[0].messages().map(\.timestamp))
      func isInside(_ message: Message) -> Bool {
        let isCovered = label.start <= message.timestamp && message.timestamp < label.end
        return isCovered && (kind.origin != .clock || !right.contains(message.timestamp))
      }
      let end = kind.origin == .clock ? label.end - .seconds(1810) : label.end
      chart.panels.append(
        .init(
          title: sensor.name + (sensor == Self.temperature ? ", which follows the load" : ""),
          lines: [
            .init(points: points(clean) { _ in true }, style: .expected),
            .init(points: points(plan) { $0.timestamp < label.start }, style: .normal),
            .init(points: points(plan) { $0.timestamp >= end && !isInside($0) }, style: .normal),
            .init(points: points(plan, where: isInside), style: .wrong),
          ]))
    }
    return chart
  }
}

/// `docs/gallery/README.md`.
private struct GalleryPage {
  var signals: [SignalExhibit] = []
  var anomalies: [AnomalyExhibit] = []

  var text: String {
    var text = """
      # Gallery

      What the fleet can do, drawn by `make gallery` from the generator that publishes it: how sensors go wrong, how messages
      go wrong on their way, how load comes and goes, and what sensors measure while all is well. How it is written in a
      scenario is in [Signals and anomalies](../anomalies.md), [Transport faults](../transport.md) and [The fleet](../fleet.md).

      [Anomalies](#anomalies): \(index(anomalies.map { $0.kind.name }))

      [Transport faults](#transport-faults): \(index(TransportCatalogue.kinds.map { $0.name }))

      [Load](#load): \(index(LoadExhibit.all.map(\.name)))

      [Signals](#signals): \(index(signals.map(\.name), after: anomalies.map { $0.kind.name }))

      ## Anomalies

      Each hits a load that swings, with a temperature that follows it. Blue is what is reported, grey what it would have
      been, red what is reported under the label, and the band is the label. Look at the lower panel to tell a process that goes
      wrong from a sensor that does: what follows the process shows the one and not the other.

      """
    for exhibit in anomalies {
      let kind = exhibit.kind
      let severity =
        kind.severity.map { "Severity is \($0.about); \(shown($0.standard)) unless given." } ?? ""
      text += """

        ### \(kind.name)

        \(kind.about) \(origin(kind)) \(severity)

        ![\(kind.name)](anomaly-\(kind.name).svg)

        """
    }
    text += """

      ## Transport faults

      Nothing is wrong with the values here; the way to the broker is. A device measures every half minute, above, and each line
      runs to when the message leaves, below. Blue leaves as it is measured; red is what the fault does, and the band is its
      label. A cross is a message that never leaves, a ring one that leaves a second time, a square bytes that are no message, and
      a bar a connection that breaks and is made again.

      """
    for kind in TransportCatalogue.kinds {
      text += """

        ### \(kind.name)

        \(kind.about)

        ![\(kind.name)](transport-\(kind.name).svg)

        """
    }
    text += "\n## Load\n"
    for exhibit in LoadExhibit.all {
      text += """

        ### \(exhibit.name)

        \(exhibit.about) `\(exhibit.yaml)`

        ![\(exhibit.name)](load-\(exhibit.name).svg)

        """
    }
    text += "\n## Signals\n"
    for exhibit in signals {
      text += """

        ### \(exhibit.name)

        \(exhibit.about) `\(exhibit.yaml)`

        ![\(exhibit.name)](signal-\(exhibit.name).svg)

        """
    }
    return text
  }

  /// Links to sections. Those that have the name of an earlier one get a number, as pages of Markdown have it.
  private func index(_ names: [String], after earlier: [String] = []) -> String {
    names.map { "[\($0)](#\($0)\(earlier.contains($0) ? "-1" : ""))" }.joined(separator: " · ")
  }

  private func origin(_ kind: any Anomaly.Type) -> String {
    switch kind.origin {
    case .process: "The process goes wrong."
    case .sensor: "The sensor goes wrong."
    case .clock: "The device's clock goes wrong: the stretch is seen half an hour late."
    }
  }

  private func shown(_ number: Double) -> String { Int(exactly: number).map(String.init) ?? "\(number)" }
}
