/// The named streams of random numbers. Who draws from which is settled by the name, so that what one device draws depends on
/// nothing that another one does; ``table`` lists them all, and no other name is used.
package enum RandomStream {
  /// One row of the table.
  package struct Entry: Hashable, Sendable {
    /// With what varies in angle brackets.
    package let name: String
    /// What is drawn, in a sentence.
    package let draws: String
  }

  /// All streams.
  package static let table = [
    Entry(name: offset("<device>"), draws: "When the device publishes first, within its interval."),
    Entry(name: jitter("<device>"), draws: "By how much each publication is put off."),
    Entry(
      name: signal("<device>", "<sensor>", 0).replacingZero,
      draws: "The parameters of a part of a signal and its course; parts of parts follow after a slash."),
    Entry(name: chosenDevices("<group>", anomaly: 0).replacingZero, draws: "Which devices an anomaly hits."),
    Entry(name: anomaly("<device>", 0).replacingZero, draws: "Where an anomaly lies, and its course."),
    Entry(
      name: chosenDevices("<group>", transport: 0).replacingZero,
      draws: "Which devices a transport fault hits."),
    Entry(
      name: transport(0).replacingZero,
      draws: "Where a transport fault lies that hits all its devices at once."),
    Entry(name: transport("<device>", 0).replacingZero, draws: "Where a transport fault of one device lies."),
    Entry(
      name: transportCourse("<device>", 0).replacingZero,
      draws: "Which messages the transport fault takes, and how."),
    Entry(name: faults, draws: "The random faults of a run."),
    Entry(name: randomFloor, draws: "The scores of the detector that knows nothing."),
    Entry(name: comparison, draws: "The resamples by which detectors are compared."),
    Entry(
      name: failingTask(0, attempt: 0).replacing("0/0", with: "<task>/<attempt>"),
      draws: "Whether a task fails on purpose."),
    Entry(
      name: simulatedCluster, draws: "Starts, failures and preemptions of simulated nodes, and stragglers."),
    Entry(name: taskResiduals, draws: "By how much each simulated task differs from its predicted time."),
    Entry(name: bootstrap, draws: "The rounds that a bootstrap of cluster sizes takes."),
    Entry(name: requestArrivals, draws: "When the requests of a load on a scoring service are sent."),
    Entry(name: requestRows, draws: "The made-up rows of such requests."),
  ]

  package static func offset(_ device: String) -> String { "\(device)/offset" }
  package static func jitter(_ device: String) -> String { "\(device)/jitter" }
  package static func signal(_ device: String, _ sensor: String, _ number: Int) -> String {
    "\(device)/\(sensor)/signal-\(number)"
  }
  /// The stream of a part of what `signal` is the stream of.
  package static func part(_ number: Int, of signal: String) -> String { "\(signal)/\(number)" }
  package static func chosenDevices(_ group: String, anomaly number: Int) -> String {
    "\(group)/anomaly-\(number)/devices"
  }
  package static func chosenDevices(_ group: String, transport number: Int) -> String {
    "\(group)/\(transport(number))/devices"
  }
  package static func anomaly(_ device: String, _ number: Int) -> String { "\(device)/anomaly-\(number)" }
  package static func transport(_ number: Int) -> String { "transport-\(number)" }
  package static func transport(_ device: String, _ number: Int) -> String {
    "\(device)/\(transport(number))"
  }
  package static func transportCourse(_ device: String, _ number: Int) -> String {
    "\(transport(device, number))/course"
  }
  package static let faults = "faults"
  package static let randomFloor = "detection/random-floor"
  package static let comparison = "detection/comparison"
  package static let simulatedCluster = "cluster/nodes"
  package static let taskResiduals = "cluster/residuals"
  package static let bootstrap = "cluster/bootstrap"
  package static let requestArrivals = "requests/arrivals"
  package static let requestRows = "requests/rows"
  package static func failingTask(_ task: Int, attempt: Int) -> String { "\(task)/\(attempt)" }
}

extension String {
  /// With `<number>` in place of the only zero.
  fileprivate var replacingZero: String { replacing("0", with: "<number>") }
}
